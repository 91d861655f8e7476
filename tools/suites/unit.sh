# SPDX-License-Identifier: MIT
# Everything that meson knows as a test: user-space units, no guest.

suite_unit() {
	local log=$LOGS/unit.log row name state
	programs_ready
	mkdir -p "$LOGS"
	sandbox meson test -C build/programs --no-rebuild --print-errorlogs --suite unit > "$log" 2>&1 || true
	while IFS= read -r row; do
		name=$(sed -E 's/^ *[0-9]+\/[0-9]+ +(.*[^ ]) +(OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) +.*$/\1/' <<< "$row")
		state=$(grep -oE ' (OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) ' <<< "$row" | tail -n 1 | tr -d ' ')
		case $state in
		OK|EXPECTEDFAIL) pass "unit $name" ;;
		SKIP) skip "unit $name" "see $log" ;;
		*) fail "unit $name" "$state; log: $log" ;;
		esac
	done < <(grep -E '^ *[0-9]+/[0-9]+ .* (OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT) ' "$log")
}
