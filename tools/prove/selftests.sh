# SPDX-License-Identifier: MIT
# prove: the HMM selftests, every order, private and coherent, on release and checked

# A guest for each program: what one does to a kernel does not count for another.
prove_selftests() {
	. "$TOP/tools/suites/selftests.sh"
	selftests_ready || return 0
	local p
	for p in $SELFTESTS hmm_daemons; do
		selftests_on release 1800 2 "$p" ""
	done
	selftests_on release 1200 4 hmm_races ""
	for p in $SELFTESTS hmm_daemons; do
		selftests_on checked 3600 2 "$p" "$SELFTESTS_QUICK"
	done
	selftests_on checked 1800 4 hmm_races "$SELFTESTS_QUICK"
}
