# SPDX-License-Identifier: MIT
# prove: all IGT tests on the checked kernel

prove_igt() {
	. "$TOP/tools/lib/igt.sh"
	igt_ready
	igt_defaults checked
	igt_run all-checked match . || true
	igt_count igt/checked all-checked
}
