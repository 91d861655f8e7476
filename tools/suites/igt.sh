# SPDX-License-Identifier: MIT
# All IGT tests on release, on the GPU model.

suite_igt() {
	. "$TOP/tools/lib/igt.sh"
	igt_ready
	igt_defaults release
	igt_run all-release match . || true
	igt_count igt/release all-release
}
