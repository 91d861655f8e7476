# SPDX-License-Identifier: MIT
# prove: the kernel's own mm selftests give the same results as on stock

# What each is, is told in the kernel's tools/testing/selftests/mm.
MM_SELFTESTS="split_huge_page_test cow mremap_test uffd-unit-tests migration madv_populate pagemap_ioctl khugepaged"

prove_mm_selftests() {
	local p k
	sandbox_ready
	kernel_ready stock
	# shellcheck disable=SC2086
	logged mm-selftests "building the kernel's mm selftests" sandbox bash tools/inside/kselftest.sh $MM_SELFTESTS ||
		{ fail mm-selftests "they do not build"; return 0; }
	: > "$BUILD/prove/mm-selftests.notes"
	for p in $MM_SELFTESTS; do
		for k in stock release; do
			mm_selftest_on "$k" "$p" || continue 2
		done
		if sandbox python3 tools/inside/same_results.py "build/logs/mm-$p-stock.log" "build/logs/mm-$p-release.log" \
			> "$LOGS/mm-$p.diff"; then
			pass "$p: same results on stock and release"
		else
			fail "$p: same results on stock and release" "see $LOGS/mm-$p.diff"
		fi
		sed "s/^/$p: /" "$LOGS/mm-$p.diff" >> "$BUILD/prove/mm-selftests.notes"
	done
}

mm_selftest_on() {
	guest_defaults
	G_KERNEL=$1 G_LIMIT=2400 G_LOAD_NOUVEAU=no G_LOAD_HMM=no G_HUGEPAGES=64 G_PUT=("$BUILD/kselftest/$2")
	G_CMDLINE=" rcupdate.rcu_cpu_stall_timeout=300"
	# Its status is a result, too: 0 passed, 1 failed, 4 all skipped.
	guest_run sh -c "./$2 2>&1; echo '@status '\$?" > "$LOGS/mm-$2-$1.log" 2> "$LOGS/mm-$2-$1.err" || true
	if [ -n "$G_WHY" ]; then
		fail "$2 on $1" "$G_WHY; log: $LOGS/mm-$2-$1.log, $G_DIR"
		return 1
	fi
}
