# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/suites.sh"

# What `test` without arguments runs, in this order.
TEST_SUITES="self unit compute judge hmm selftests gpu dmem opencl usvm igt-fast"

test_help() {
	cat <<-U
	usage: ./hugesvm test [SUITE...]

	Runs the SUITEs, by default: $TEST_SUITES
	Known suites: $(names_in suites | paste -sd' ')
	The last line is 'N passed, N failed, N skipped'; the exit status is 0 only if
	nothing failed. Results by name are in build/results, logs in build/logs.
	U
}

test_main() {
	names_check suites "test suite" "$@"
	if [ $# = 0 ]; then
		# shellcheck disable=SC2086
		set -- $TEST_SUITES
	fi
	suites_run "$@"
}
