# SPDX-License-Identifier: MIT
# judges.sh NAME: a program that nobody here wrote, with its verdict as TAP.
# Runs in the tree "judges"; without a guest under Mesa's drm-shim.
set -euo pipefail
name=$1
shim=
if [ ! -e /dev/dri/renderD128 ]; then
	. guest/images/environment
	export NOUVEAU_CHIPSET=134
	shim=$PWD/build/programs/tests/compute/libgr-preload.so:/usr/lib/x86_64-linux-gnu/libnouveau_noop_drm_shim.so
fi
export HOME=/tmp

# one NAME PATTERN CMD...: a test that passes when CMD prints PATTERN
one() {
	local what=$1 pattern=$2 log
	shift 2
	log=$(mktemp)
	(cd /tmp && LD_PRELOAD=$shim exec "$@") > "$log" 2>&1 < /dev/null || true
	grep -qE -- "$pattern" "$log" || printf 'not '
	echo "ok 1 - $what"
	grep -qE -- "$pattern" "$log" || sed 's/^/# /' "$log"
	echo 1..1
	rm -f "$log"
}

case $name in
hashcat)
	# a word of three letters, by its MD5; small launches, the model is no card
	printf gpu | md5sum | cut -c1-32 > /tmp/hash
	one "hashcat finds a word by its MD5" ':gpu$' \
		hashcat -m 0 -a 3 -n 1 -u 1 -O --self-test-disable --force -D 2 --potfile-disable \
		/tmp/hash '?l?l?l' ;;
clblast)
	# its largest variant takes 1024 * 8 * 8 elements at once
	one "CLBlast: all 80 variants of xaxpy match its own reference" '^80 of 80 match$' sh -c \
		'clblast_tuner_xaxpy -n 65536 -runs 1 > /tmp/tuned
		echo "$(grep -c "results match" /tmp/tuned) of $(grep -cE "^\| +[0-9]" /tmp/tuned) match"' ;;
numpy)
	# every platform: rusticl on the model, and pocl on the CPU
	OCL_ICD_VENDORS=/etc/OpenCL/vendors LD_PRELOAD=$shim python3 tests/compute/numpy_judge.py ;;
same)
	# gcc is the reference; nv50_ir and pocl through OpenCL, NAK and lavapipe through Vulkan
	dir=$(mktemp -d)
	./build/judges/same "$dir"
	LD_PRELOAD=$shim ./build/judges/same-vulkan "$dir/in" "$dir/NAK" >&2 || true
	VK_LOADER_DRIVERS_SELECT='lvp*' ./build/judges/same-vulkan "$dir/in" "$dir/lavapipe" >&2 || true
	OCL_ICD_VENDORS=/etc/OpenCL/vendors LD_PRELOAD=$shim python3 tests/compute/same/same_judge.py \
		tests/compute/same "$dir" NAK lavapipe
	rm -rf "$dir" ;;
vulkan)
	LD_PRELOAD=$shim ./build/judges/vulkan-compute ;;
vulkan-cpu)
	VK_LOADER_DRIVERS_SELECT='lvp*' ./build/judges/vulkan-compute ;;
*)
	echo "judges.sh: no '$name'" >&2
	exit 2 ;;
esac
