# SPDX-License-Identifier: MIT
# The judge itself: each kind of bug, made on purpose on *checked*, must fail
# the run, and for the right reason; a run without a bug must not.

suite_judge() {
	judge_sees none ''
	judge_sees kasan 'KASAN: slab-out-of-bounds'
	judge_sees lock 'possible circular locking dependency'
	judge_sees leak 'kmemleak: [0-9]+ new suspected'
	judge_sees hung 'task hugesvm_sleeper:[0-9]+ blocked for more than'
}

# judge_sees BUG PATTERN
judge_sees() {
	local bug=$1 pattern=$2 log=$LOGS/judge-$1.log
	guest_defaults
	G_KERNEL=checked G_LOAD_HMM=no G_LOAD_NOUVEAU=no G_MEM=1024 G_LIMIT=300
	guest_run sh -c 'modprobe hugesvm_bugs bug='"$bug"' || exit 1
		if [ '"$bug"' = hung ]; then
			echo 2 > /proc/sys/kernel/hung_task_timeout_secs
			sleep 8
			echo 0 > /proc/sys/kernel/hung_task_timeout_secs
		fi
		rmmod hugesvm_bugs' > "$log" 2>&1 || true
	if [ -z "$pattern" ]; then
		if [ "$G_STATUS" = 0 ]; then
			pass "judge: a run without a bug has no complaint"
		else
			fail "judge: a run without a bug has no complaint" "$G_WHY (status $G_STATUS, $G_DIR)"
			guest_show
		fi
	elif [ "$G_STATUS" = 99 ] && grep -qE "^complaint: .*$pattern" "$G_DIR/complaints"; then
		pass "judge: sees $bug"
	else
		fail "judge: sees $bug" "status $G_STATUS, $G_WHY ($G_DIR)"
	fi
}
