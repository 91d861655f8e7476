# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/suites.sh"

# What `test` without arguments runs, in this order.
TEST_SUITES="self unit compute judge hmm selftests gpu dmem usvm igt-fast"

test_help() {
	cat <<-U
	usage: ./hugesvm test [SUITE...]

	Runs the SUITEs, by default: $TEST_SUITES
	Known suites: $(suites_known | paste -sd' ')
	The last line is 'N passed, N failed, N skipped'; the exit status is 0 only if
	nothing failed. Results by name are in build/results, logs in build/logs.
	U
}

test_main() {
	local s
	for s in "$@"; do
		case $s in
		-*) usage_error "test: unknown option '$s'" ;;
		esac
		[ -f "$TOP/tools/suites/$s.sh" ] || usage_error "test: unknown suite '$s' (known: $(suites_known | paste -sd' '))"
	done
	if [ $# = 0 ]; then
		# shellcheck disable=SC2086
		set -- $TEST_SUITES
	fi
	suites_run "$@"
}
