# SPDX-License-Identifier: MIT
# prove: libusvm and its programs on the checked kernel

prove_usvm_checked() {
	. "$TOP/tools/suites/usvm.sh"
	programs_ready
	programs_ready usvm-test-kernels
	usvm_kernel checked
	usvm_out_of_core checked
}
