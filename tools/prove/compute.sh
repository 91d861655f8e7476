# SPDX-License-Identifier: MIT
# prove: the model computes, judged by programs that nobody here wrote

prove_compute() {
	programs_ready
	tree_ready judges
	mkdir -p "$BUILD/judges"
	compute_rate
	compute_native
	compute_piglit
	compute_guest
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
	logged vulkan-programs "the Vulkan programs" tree_run "$TREE" bash tools/inside/vulkan.sh build/judges ||
		fail "compute: the Vulkan programs" "do not build"
	for judge in vulkan vulkan-cpu same numpy clblast hashcat; do
		log=$LOGS/judge-$judge.tap
		note "judge $judge ..."
		tree_run "$TREE" bash tools/inside/judges.sh "$judge" > "$log" 2> "$log.err" || true
		tap "compute/native/$judge" "$log"
	done
}

# Results are kept under what was judged, so that an interrupted run goes on.
compute_piglit() {
	local key results
	key=$(sha256sum "$BUILD/programs/tests/compute/libgr-preload.so" | cut -c1-16)
	results=build/judges/piglit.$key
	logged piglit "piglit's CL programs" tree_run "$TREE" env JOBS="$JOBS" bash tools/inside/piglit.sh "$results" ||
		fail "compute/piglit" "see $LOGS/piglit.log"
	compute_piglit_judge compute/piglit "$results"
}

# compute_piglit_judge PREFIX RESULTS
compute_piglit_judge() {
	sandbox python3 tools/inside/piglit_judge.py tests/compute/piglit.known "$2" > "$LOGS/${1//\//-}.tap" || true
	tap "$1" "$LOGS/${1//\//-}.tap"
}

# A chosen few of piglit, for the guest: compiling takes its time there.
PIGLIT_IN_GUEST="tests/cl/program/execute/for-loop.cl tests/cl/program/execute/switch-case.cl
	tests/cl/program/execute/sha256-Ch.cl tests/cl/program/execute/get-local-id.cl
	tests/cl/program/execute/v2i32-stack.cl
	bin/cl-api-enqueue-copy-buffer-rect bin/cl-api-enqueue-map-buffer bin/cl-custom-use-sub-buffer-in-kernel"

# The same on the real driver.
compute_guest() {
	local judge
	guest_defaults
	G_IMAGE=judges G_GPU=on G_LOAD_HMM=no G_LIMIT=3000
	G_PUT=("$BUILD/judges/vulkan-compute" "$TOP/tools/inside/judges.sh" "$TOP/tools/inside/piglit.sh")
	# shellcheck disable=SC2086
	guest_tap compute/guest prove-compute-guest sh -c 'mkdir -p build/judges && cp vulkan-compute build/judges/
		bash judges.sh vulkan; bash judges.sh hashcat
		bash piglit.sh results "$@"; sed "s/^/# piglit: /" results' - $PIGLIT_IN_GUEST
	sed -n 's/^# piglit: //p' "$LOGS/prove-compute-guest.tap" > "$BUILD/judges/piglit-guest"
	compute_piglit_judge compute/guest/piglit build/judges/piglit-guest
}
