# SPDX-License-Identifier: MIT
# prove: the kernel's own mm selftests give the same results as on stock

# What each is, is told in the kernel's tools/testing/selftests/mm. An interrupted
# run goes on where it was; MM_SELFTESTS="NAME..." runs only those.
MM_SELFTESTS=${MM_SELFTESTS:-madv_populate mremap_test uffd-unit-tests pagemap_ioctl migration cow khugepaged split_huge_page_test}

prove_mm_selftests() {
	local p kernels known=$BUILD/prove/mm-selftests.known
	sandbox_ready
	kernel_ready stock
	kernels=$KERNEL_KEY
	kernel_ready release
	kernels+=" $KERNEL_KEY"
	# shellcheck disable=SC2086
	logged mm-selftests "building the kernel's mm selftests" sandbox bash tools/inside/kselftest.sh $MM_SELFTESTS ||
		{ fail mm-selftests "they do not build"; return 0; }
	touch "$known"
	for p in $MM_SELFTESTS; do
		if ! grep -q "^$p $kernels " "$known"; then
			mm_selftest_on stock "$p" && mm_selftest_on release "$p" || continue
			if ! sandbox python3 tools/inside/same_results.py "build/logs/mm-$p-stock.log" \
				"build/logs/mm-$p-release.log" > "$LOGS/mm-$p.diff"; then
				fail "$p: same results on stock and release" "see $LOGS/mm-$p.diff"
				continue
			fi
			echo "$p $kernels $(cat "$LOGS/mm-$p.diff")" >> "$known"
		fi
		pass "$p: $(sed -n "s/^$p $kernels //p" "$known" | tail -n 1)"
	done
	sed 's/^\([^ ]*\) [^ ]* [^ ]* /\1: /' "$known" > "$BUILD/prove/mm-selftests.notes"
}

# With swap, and for page migration two nodes and a CPU more than it has threads:
# else the tests that need them are skipped on both kernels.
mm_selftest_on() {
	local swap='echo 256M > /sys/block/zram0/disksize && busybox mkswap /dev/zram0 && busybox swapon /dev/zram0'
	guest_defaults
	G_KERNEL=$1 G_LIMIT=2400 G_LOAD_NOUVEAU=no G_LOAD_HMM=no G_HUGEPAGES=64 G_PUT=("$BUILD/kselftest/$2")
	G_CMDLINE=" rcupdate.rcu_cpu_stall_timeout=300"
	if [ "$2" = migration ]; then
		G_SMP=4 G_CMDLINE+=" numa=fake=2"
	fi
	# Its status is a result, too: 0 passed, 1 failed, 4 all skipped.
	guest_run sh -c "{ $swap; } > /dev/null || exit; ./$2 2>&1; echo '@status '\$?" > "$LOGS/mm-$2-$1.log" 2> "$LOGS/mm-$2-$1.err" || true
	if [ -n "$G_WHY" ]; then
		fail "$2 on $1" "$G_WHY; log: $LOGS/mm-$2-$1.log, $G_DIR"
		return 1
	fi
}
