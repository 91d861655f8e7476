# SPDX-License-Identifier: MIT
# piglit.sh OUT [PROGRAM...]: piglit's CL programs, by default all that compute.
# Runs in the tree "judges": without a guest on the model's graphics engine in
# the program's own process; in a guest on its driver. A line of OUT for each
# program as it ends: result, name, why. Results:
#   pass, fail, skip, warn   what piglit says
#   died:STATUS              it did not live to say it
#   late                     it did not end within three minutes of CPU time
# What OUT has already is not run again.
set -euo pipefail
out=$1
shift
piglit=/usr/lib/x86_64-linux-gnu/piglit
if [ ! -e /dev/dri/renderD128 ]; then
	. guest/images/environment
	export NOUVEAU_CHIPSET=134 GR_PRELOAD_THREADS=1
	preload=$PWD/build/programs/tests/compute/libgr-preload.so:/usr/lib/x86_64-linux-gnu/libnouveau_noop_drm_shim.so
fi
export piglit preload=${preload-} PIGLIT_SOURCE_DIR=$piglit

# The programs that compute; the other cl-* are about the API alone.
all() {
	(cd "$piglit" && find tests/cl generated_tests/cl \( -name '*.cl' -o -name '*.program_test' \) ! -name 'template_*' | sort)
	printf 'bin/%s\n' cl-api-enqueue-copy-buffer cl-api-enqueue-copy-buffer-rect \
		cl-api-enqueue-fill-buffer cl-api-enqueue-map-buffer cl-api-enqueue-migrate-mem-objects \
		cl-api-enqueue-read_write-buffer cl-custom-flush-after-enqueue-kernel \
		cl-custom-run-simple-kernel cl-custom-use-sub-buffer-in-kernel \
		cl-program-bitcoin-phatk cl-program-max-work-item-sizes
}

# one PROGRAM: its line
one() {
	local name=$1 rc=0 result why log
	local -a cmd=("$piglit/bin/cl-program-tester" "$piglit/$name")
	case $name in
	bin/*) cmd=("$piglit/$name" -auto) ;;
	esac
	log=$(mktemp)
	(
		ulimit -c 0 -t 180
		cd "$piglit"	# some include files by relative paths
		LD_PRELOAD=$preload exec "${cmd[@]}"
	) > "$log" 2>&1 || rc=$?
	result=$(grep -oE 'PIGLIT: \{"result": "[a-z]+"' "$log" | tail -n 1 | sed 's/.*"\([a-z]*\)"$/\1/') || true
	if [ $rc = 137 ] || [ $rc = 152 ]; then
		result=late
	elif [ -z "$result" ]; then
		result=died:$rc
	fi
	why=$(grep -m 1 -E 'gr-preload:|translation failed|Could not build|Unresolved external|compilation action|[Aa]ssert|panicked|unreachable|Error at|Expecting' "$log" |
		tr -s ' \t' ' ' | cut -c1-160) || true
	rm -f "$log"
	echo "$result $name $why"
}
export -f one

# No <(...): a guest has no /dev/fd.
touch "$out"
done=$(mktemp)
awk '{ print $2 }' "$out" > "$done"
{ [ $# = 0 ] && all || printf '%s\n' "$@"; } | awk -v had="$done" 'FILENAME == had { done[$0]; next } !($0 in done)' "$done" - |
	xargs -P "${JOBS:-1}" -d '\n' -I{} nice -n 19 bash -c 'one "$1" >> "$2"' - {} "$out"
rm -f "$done"
