# SPDX-License-Identifier: MIT
# prove: the HMM selftests, every order, private and coherent, on release and checked

prove_selftests() {
	. "$TOP/tools/suites/selftests.sh"
	selftests_ready || return 0
	local k
	for k in release checked; do
		selftests_on "$k" 2400 2 "$SELFTESTS" ""
		selftests_on "$k" 1200 4 hmm_races ""
	done
	selftests_on checked 1200 2 hmm_failnth ""
}
