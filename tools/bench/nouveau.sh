# SPDX-License-Identifier: MIT
# bench: nouveau to VRAM and back on the GPU model, time and instructions, beside stock

bench_nouveau() {
	local k dir=$BENCH_DIR in=build/bench arguments=() repetitions=3
	[ "$BENCH_QUICK" = no ] || repetitions=2
	sandbox_ready
	logged bench-nouveau "building bench/nouveau_migration" sandbox make -C bench nouveau \
		CC="ccache gcc" OUT=/hugesvm/src/build/bench/nouveau || return 1
	for k in stock release; do
		# Without the plugin, which slows the guest down. Stock needs minutes for
		# 64 MiB back, and what it takes for 8 MiB is enough to see.
		bench_nouveau_on "$k" '' "$dir/nouveau-$k.tsv" -s 8192 -r "$repetitions" || return 1
		bench_nouveau_on "$k" '' "$dir/nouveau-$k-64m.tsv" -s 65536 -n -r "$repetitions" || return 1
		bench_nouveau_on "$k" "$dir/nouveau/count_instructions.so" \
			"$dir/nouveau-$k-counted.tsv" -s 8192 -r 2 || return 1
		cp "$G_DIR/instructions" "$dir/nouveau-$k-markers.tsv"
		arguments+=("$k=$in/nouveau-$k.tsv+$in/nouveau-$k-64m.tsv,$in/nouveau-$k-counted.tsv,$in/nouveau-$k-markers.tsv")
	done
	sandbox python3 bench/nouveau_migration.py "${arguments[@]}"
}

# bench_nouveau_on KERNEL PLUGIN OUTPUT ARGUMENT...: of nouveau_migration
bench_nouveau_on() {
	local kernel=$1 plugin=$2 output=$3
	shift 3
	note "bench nouveau: on $kernel, $*${plugin:+, counting instructions}"
	guest_defaults
	G_KERNEL=$kernel G_GPU=on G_LOAD_HMM=no G_LIMIT=1800 G_PLUGIN=$plugin
	G_PUT=("$BENCH_DIR/nouveau/nouveau_migration")
	guest_run ./nouveau_migration "$@" > "$output" || true
	[ "$G_STATUS" = 0 ] && return
	guest_show
	return 1
}
