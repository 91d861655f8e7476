# SPDX-License-Identifier: MIT
# prove: the model computes, judged by programs that nobody here wrote

prove_compute() {
	. "$TOP/tools/lib/judges.sh"
	programs_ready
	tree_ready judges
	mkdir -p "$BUILD/judges"
	compute_rate
	compute_native
	compute_piglit
}

# Figures of the interpreter alone.
compute_rate() {
	local log=$BUILD/prove/compute.notes
	if sandbox build/programs/tests/unit/sm/sm-bench 20 > "$log" 2>&1; then
		pass "compute: the interpreter does 20 M warp instructions/s on a core"
	else
		fail "compute: the interpreter does 20 M warp instructions/s on a core" "$(head -n 1 "$log")"
	fi
}

# Under Mesa's drm-shim: the model's graphics engine in the program's process.
compute_native() {
	local judge log
	vulkan_programs compute
	for judge in vulkan vulkan-cpu same numpy clblast hashcat; do
		log=$LOGS/judge-$judge.tap
		note "judge $judge ..."
		tree_run "$TREE" bash tools/inside/judges.sh "$judge" > "$log" 2> "$log.err" || true
		tap "compute/native/$judge" "$log"
	done
}

# Results are kept under what was judged, so that an interrupted run goes on. Written down:
# how many ended how, and each that is known to fail.
compute_piglit() {
	local key results
	key=$(sha256sum "$BUILD/programs/tests/compute/libgr-preload.so" | cut -c1-16)
	results=build/judges/piglit.$key
	logged piglit "piglit's CL programs" tree_run "$TREE" env JOBS="$JOBS" bash tools/inside/piglit.sh "$results" ||
		fail "compute/piglit" "see $LOGS/piglit.log"
	piglit_judge compute/piglit "$results"
	{
		echo
		awk '{ n[$1]++ } END { for (r in n) print n[r] " of piglit: " r }' "$BUILD/${results#build/}" | sort -rn
		sed -n 's/^ok [0-9]* - \(.*\) # SKIP \(known to fail: .*\)/\1: \2/p' "$LOGS/compute-piglit.tap"
	} >> "$BUILD/prove/compute.notes"
}
