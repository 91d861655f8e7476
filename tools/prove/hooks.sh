# SPDX-License-Identifier: MIT
# prove: the hooks land in the right functions of every linux-source-6.12 on offer

prove_hooks() {
	local mirror security v log=$LOGS/prove-hooks.log
	sandbox_ready
	read -r mirror security <<< "$(sandbox_mirrors)"
	mkdir -p "$LOGS"
	sandbox bash tools/inside/all-sources.sh "$mirror" "$security" > "$log" 2>&1 || true
	while read -r _ v state; do
		if [ "$state" = ok ]; then
			pass "hooks on linux-source-6.12 $v"
		else
			fail "hooks on linux-source-6.12 $v" "$state; log: $log"
		fi
	done < <(grep '^@result ' "$log")
	sed -n 's/^@result //p' "$log" > "$BUILD/prove/hooks.notes"
}
