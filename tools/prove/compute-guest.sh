# SPDX-License-Identifier: MIT
# prove: programs that nobody here wrote compute in a guest, on nouveau and the model

# A chosen few of piglit, for the guest: compiling takes its time there.
PIGLIT_IN_GUEST="tests/cl/program/execute/for-loop.cl tests/cl/program/execute/switch-case.cl
	tests/cl/program/execute/sha256-Ch.cl tests/cl/program/execute/get-local-id.cl
	tests/cl/program/execute/v2i32-stack.cl
	bin/cl-api-enqueue-copy-buffer-rect bin/cl-api-enqueue-map-buffer bin/cl-custom-use-sub-buffer-in-kernel"

prove_compute_guest() {
	. "$TOP/tools/lib/judges.sh"
	programs_ready
	tree_ready judges
	mkdir -p "$BUILD/judges"
	vulkan_programs compute/guest
	guest_defaults
	G_IMAGE=judges G_GPU=on G_LOAD_HMM=no G_LIMIT=3000
	G_PUT=("$BUILD/judges/vulkan-compute" "$TOP/tools/inside/judges.sh" "$TOP/tools/inside/piglit.sh")
	# shellcheck disable=SC2086
	guest_tap compute/guest prove-compute-guest sh -c 'mkdir -p build/judges && cp vulkan-compute build/judges/
		bash judges.sh vulkan; bash judges.sh hashcat
		bash piglit.sh results "$@"; sed "s/^/# piglit: /" results' - $PIGLIT_IN_GUEST
	sed -n 's/^# piglit: //p' "$LOGS/prove-compute-guest.tap" > "$BUILD/judges/piglit-guest"
	piglit_judge compute/guest/piglit build/judges/piglit-guest
}
