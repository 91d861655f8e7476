# SPDX-License-Identifier: MIT
# prove: the series builds after each of its patches

prove_patches() {
	local log=$LOGS/prove-patches.log
	kernel_ready release
	lock 9 "$CACHE/each-patch.lock" "building patch by patch"
	logged prove-patches "each patch" sandbox bash tools/inside/each-patch.sh || fail patches "the log is $log"
	unlock 9
	results_in "$log" "patches: the tree builds with"
}
