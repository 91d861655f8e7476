# SPDX-License-Identifier: MIT
# prove: OpenCL on shared virtual memory on the checked kernel

prove_opencl_checked() {
	. "$TOP/tools/suites/opencl.sh"
	programs_ready
	opencl_on checked
}
