#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in the guest: the tests of a list or of a pattern, results as a tar archive on
# standard output, everything else on standard error.
#
#	run.sh RUNNER SECONDS list FILE | match REGULAR-EXPRESSION
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/lib"
runner=$1 seconds=$2 how=$3 what=$4
results=/tmp/results
mkdir -p $results

case $how in
list)
	select="--test-list=$here/lists/$what"
	;;
match)
	select="--include-tests=$what"
	;;
esac

# A list without an entry is an error to igt_runner.
block=
if grep -q '^[^#]' "$here/lists/blocklist.txt"; then
	block="--blacklist=$here/lists/blocklist.txt"
fi

case $runner in
igt_runner)
	# Each program is started once for all its subtests. Warnings of the kernel are
	# judged by who started the guest: killed channels are meant to be logged.
	# The newer runner takes the older library's socket messages apart wrongly.
	export IGT_RUNNER_DISABLE_SOCKET_COMMUNICATION=1
	"$here/bin/igt_runner" --overwrite --multiple-mode --log-level=verbose \
		--dmesg-warn-level=0 --per-test-timeout="$seconds" \
		$block "$select" "$here/tests" $results >&2
	;;
*)
	"$here/bin/small_runner" --per-test-timeout="$seconds" \
		$block "$select" "$here/tests" $results >&2
	;;
esac
echo "runner: $runner, status $?" >&2
tar -C $results -c results.json
