# SPDX-License-Identifier: MIT
# This project's HMM selftests (tests/selftests): large device-private folios
# through test_hmm. Base pages, one mTHP order and THP here; every order and both
# kinds of device memory in `prove selftests`.

SELFTESTS="hmm_roundtrip hmm_mapping hmm_fork hmm_fallback hmm_exclusive hmm_ioctls hmm_pinned hmm_threads hmm_counters"
SELFTESTS_QUICK="-v private_order0 -v private_order4 -v private_order9 -v coherent_order9"

suite_selftests() {
	selftests_ready || return 0
	selftests_on release 900 2 "$SELFTESTS" "$SELFTESTS_QUICK"
	selftests_on release 600 4 "hmm_races" "-v private_order4 -v private_order9"
	selftests_on checked 900 2 hmm_roundtrip "-v private_order9"
}

selftests_ready() {
	sandbox_ready
	kernel_ready release
	logged selftests "building the HMM selftests" sandbox bash tools/inside/selftests.sh && return
	fail selftests "the selftests do not build"
	return 1
}

# selftests_on KERNEL LIMIT CPUS PROGRAMS ARGUMENTS
selftests_on() {
	local p script='modprobe hmm_delay; ' name=selftests-$1-$3
	guest_defaults
	G_KERNEL=$1 G_LIMIT=$2 G_SMP=$3 G_LOAD_NOUVEAU=no G_HUGEPAGES=16
	for p in $4; do
		G_PUT+=("$BUILD/selftests/$p")
		script+="./$p $5; "
	done
	guest_tap "selftests/$1" "$name" sh -c "$script"
}
