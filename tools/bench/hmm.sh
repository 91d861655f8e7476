# SPDX-License-Identifier: MIT
# bench: migration through test_hmm by size and folio order, this kernel beside stock

# Under emulation the guest's clock counts instructions (see G_CLOCK): that does
# not depend on what else the host does. With KVM it is time, and the kernels take
# turns, so that a machine which gets slower meanwhile does so for both.
bench_hmm() {
	local k turn turns=1 files='' sizes=64,512,2048,16384,262144 repetitions=3 dir=$BENCH_DIR
	[ "$BENCH_QUICK" = no ] || { sizes=64,2048,16384; repetitions=2; }
	sandbox_ready
	logged bench-hmm "building bench/hmm_migration" sandbox make -C bench \
		CC="ccache gcc" OUT=/hugesvm/src/build/bench/hmm || return 1
	for ((turn = 1; turn <= turns; turn++)); do
		for k in stock release; do
			note "bench hmm: on $k, turn $turn"
			guest_defaults
			G_KERNEL=$k G_LOAD_NOUVEAU=no G_LIMIT=2400 G_SMP=1 G_CLOCK=instructions
			G_PUT=("$dir/hmm/hmm_migration")
			guest_run ./hmm_migration -r "$repetitions" -s "$sizes" > "$dir/hmm-$k-$turn.tsv" || true
			if [ "$G_STATUS" != 0 ]; then
				guest_show
				return 1
			fi
			files+=" $k=build/bench/hmm-$k-$turn.tsv"
			grep -q '^ACCEL=tcg' "$G_DIR/options" || turns=2
		done
	done
	[ $turns = 2 ] || echo "A nanosecond is an instruction of the guest; each word of a copy in the kernel is one."
	# shellcheck disable=SC2086
	sandbox python3 bench/hmm_migration.py $files --svg build/bench/hmm.svg --json build/bench/hmm.json
}
