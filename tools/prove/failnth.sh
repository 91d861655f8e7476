# SPDX-License-Identifier: MIT
# prove: every allocation of an operation failed once, on checked, with memory on the device

# A guest for each kind of memory: fork makes hundreds of allocations, and the
# program gives each of its tests 15 minutes.
prove_failnth() {
	. "$TOP/tools/suites/selftests.sh"
	selftests_ready || return 0
	local kind
	for kind in private_order0 private_order4 private_order9 coherent_order9; do
		selftests_on checked 3600 2 hmm_failnth "-v $kind"
	done
}
