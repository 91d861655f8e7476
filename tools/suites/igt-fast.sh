# SPDX-License-Identifier: MIT
# The fast-feedback list of the IGT tests on both kernels.

suite_igt_fast() {
	local kernel
	. "$TOP/tools/lib/igt.sh"
	igt_ready
	for kernel in release checked; do
		igt_defaults $kernel
		igt_run "fast-$kernel" list fast-feedback.testlist || true
		igt_count "igt-fast/$kernel" "fast-$kernel"
	done
}
