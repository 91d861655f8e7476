# SPDX-License-Identifier: MIT
# prove: the series builds after each of its patches

prove_patches() {
	local name state log=$LOGS/prove-patches.log
	kernel_ready release
	lock 9 "$CACHE/each-patch.lock" "building patch by patch"
	logged prove-patches "each patch" sandbox bash tools/inside/each-patch.sh || fail patches "the log is $log"
	unlock 9
	while read -r _ name state; do
		if [ "$state" = ok ]; then
			pass "patches: the tree builds with ${name%.patch}"
		else
			fail "patches: the tree builds with ${name%.patch}" "$state; log: $log"
		fi
	done < <(grep '^@result ' "$log")
}
