# SPDX-License-Identifier: MIT
# prove: the hooks land in the right functions of every linux-source-6.12 on offer

prove_hooks() {
	local mirror security log=$LOGS/prove-hooks.log
	sandbox_ready
	read -r mirror security <<< "$(sandbox_mirrors)"
	mkdir -p "$LOGS"
	sandbox bash tools/inside/all-sources.sh "$mirror" "$security" > "$log" 2>&1 || true
	results_in "$log" "hooks on linux-source-6.12"
	sed -n 's/^@result //p' "$log" > "$BUILD/prove/hooks.notes"
}
