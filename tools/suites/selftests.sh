# SPDX-License-Identifier: MIT
# This project's HMM selftests (tests/selftests): large device-private folios
# through test_hmm. All variants on *release*; on *checked* base pages, one
# mTHP order and THP.

SELFTESTS="hmm_roundtrip hmm_mapping hmm_fork hmm_fallback hmm_threads"

suite_selftests() {
	sandbox_ready
	kernel_ready release
	logged selftests "building the HMM selftests" \
		sandbox bash tools/inside/selftests.sh || { fail selftests "the selftests do not build"; return; }
	selftests_on release 1500 2 "$SELFTESTS" ""
	selftests_on release 600 4 "hmm_races" ""
	selftests_on checked 2400 2 "$SELFTESTS" "-v private_order0 -v private_order4 -v private_order9"
	selftests_on checked 900 4 "hmm_races" "-v private_order9"
}

# selftests_on KERNEL LIMIT CPUS PROGRAMS ARGUMENTS
selftests_on() {
	local p script=
	guest_defaults
	G_KERNEL=$1 G_LIMIT=$2 G_SMP=$3 G_LOAD_NOUVEAU=no G_HUGEPAGES=16
	for p in $4; do
		G_PUT+=("$BUILD/selftests/$p")
		script+="./$p $5; "
	done
	guest_tap "selftests/$1" "selftests-$1-$3" sh -c "$script"
}
