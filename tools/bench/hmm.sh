# SPDX-License-Identifier: MIT
# bench: migration through test_hmm by size and folio order, this kernel beside stock

bench_hmm() {
	local k turn files='' sizes=64,512,2048,16384,262144 repetitions=4 dir=$BENCH_DIR
	[ "$BENCH_QUICK" = no ] || { sizes=64,2048,16384; repetitions=2; }
	sandbox_ready
	logged bench-hmm "building bench/hmm_migration" sandbox make -C bench \
		CC="ccache gcc" OUT=/hugesvm/src/build/bench/hmm || return 1
	# They take turns: a machine that gets slower meanwhile does so for both.
	for turn in 1 2; do
		for k in stock release; do
			note "bench hmm: on $k, turn $turn"
			guest_defaults
			G_KERNEL=$k G_LOAD_NOUVEAU=no G_LIMIT=1800 G_PUT=("$dir/hmm/hmm_migration")
			guest_run ./hmm_migration -r "$repetitions" -s "$sizes" > "$dir/hmm-$k-$turn.tsv" || true
			if [ "$G_STATUS" != 0 ]; then
				guest_show
				return 1
			fi
			files+=" $k=build/bench/hmm-$k-$turn.tsv"
		done
	done
	# shellcheck disable=SC2086
	sandbox python3 bench/hmm_migration.py $files --svg build/bench/hmm.svg --json build/bench/hmm.json
}
