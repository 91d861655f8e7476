# SPDX-License-Identifier: MIT
# The 6.12 kernel's own hmm-tests, unchanged, on release and on checked.

suite_hmm() {
	local k
	sandbox_ready
	kernel_ready release
	logged hmm-tests "building the kernel's hmm-tests" \
		sandbox bash tools/inside/kselftest.sh hmm-tests || { fail hmm "hmm-tests does not build"; return; }
	for k in release checked; do
		hmm_on "$k"
	done
}

hmm_on() {
	guest_defaults
	G_KERNEL=$1 G_HUGEPAGES=16 G_LOAD_NOUVEAU=no
	[ "$1" = release ] && G_LIMIT=300 || G_LIMIT=1200
	G_PUT=("$BUILD/kselftest/hmm-tests")
	guest_tap "hmm/$1" "hmm-$1" ./hmm-tests
}
