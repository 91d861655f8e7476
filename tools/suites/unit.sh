# SPDX-License-Identifier: MIT
# Everything that meson knows as a test: user-space units, no guest.

suite_unit() { meson_suite unit; }

# meson_suite NAME: the tests of meson's suite NAME, a test each program.
meson_suite() {
	local suite=$1 log=$LOGS/$1.log row name state
	programs_ready
	# Kernels that Mesa compiles are no part of the default build.
	[ "$suite" != compute ] || programs_ready usvm-kernels igt-kernels-compiled
	mkdir -p "$LOGS"
	sandbox meson test -C build/programs --no-rebuild --print-errorlogs --suite "$suite" > "$log" 2>&1 || true
	while IFS= read -r row; do
		name=$(sed -E 's/^ *[0-9]+\/[0-9]+ +(.*[^ ]) +(OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) +.*$/\1/' <<< "$row")
		state=$(grep -oE ' (OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) ' <<< "$row" | tail -n 1 | tr -d ' ')
		case $state in
		OK|EXPECTEDFAIL) pass "$suite $name" ;;
		SKIP) skip "$suite $name" "see $log" ;;
		*) fail "$suite $name" "$state; log: $log" ;;
		esac
	done < <(sed '/^Summary of Failures/,$d' "$log" | grep -E '^ *[0-9]+/[0-9]+ .* (OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) ')
}
