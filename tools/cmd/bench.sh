# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/suites.sh"

bench_help() {
	cat <<-U
	usage: ./hugesvm bench [--quick] [PART...]

	Measures side by side and prints tables. Parts:
	$(names_help bench bench)
	Each part leaves its table, its raw numbers and its plots in build/bench/ as
	PART.txt, PART-*.tsv and PART*.svg. --quick measures the smaller sizes, and less often.
	Under emulation times are good for ratios of one run on one machine only; what
	is counted (instructions, launches, faults) is exact.
	U
}

bench_main() {
	local part failed=0
	BENCH_QUICK=no BENCH_DIR=$BUILD/bench
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) BENCH_QUICK=yes; shift ;;
		-*) usage_error "bench: unknown option '$1'" ;;
		*) break ;;
		esac
	done
	names_check bench "bench part" "$@"
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(names_in bench)
	mkdir -p "$BENCH_DIR"
	for part in "$@"; do
		bench_part "$part" || failed=1
	done
	return $failed
}

# One part in a shell of its own. bench_PART writes its table to stdout and its
# other files to $BENCH_DIR; what does not fit its own expectation is a failure.
bench_part() {
	local part=$1 start=$SECONDS txt=$BENCH_DIR/$1.txt
	note "bench $part ..."
	{
		echo "# $part, $(date -u +%Y-%m-%d), $(git -C "$TOP" rev-parse --short=12 HEAD 2>/dev/null || echo 'no commit'), $(bench_machine)"
		echo
	} > "$txt"
	. "$TOP/tools/bench/$part.sh"
	if ! apart "bench_${part//-/_}" >> "$txt"; then
		say "hugesvm: bench $part failed; what it had so far: $txt"
		return 1
	fi
	cat "$txt"
	note "bench $part: done in $((SECONDS - start)) s; files: $(cd "$BENCH_DIR" && ls -d "$part".* "$part"-* 2>/dev/null | paste -sd' ') in $BENCH_DIR"
}

bench_machine() {
	printf '%d CPUs, %s, load %s' "$(nproc)" \
		"$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
		"$(cut -d' ' -f1 /proc/loadavg)"
}
