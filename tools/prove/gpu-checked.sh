# SPDX-License-Identifier: MIT
# prove: nouveau with large device memory on the checked kernel

prove_gpu_checked() {
	. "$TOP/tools/suites/gpu.sh"
	. "$TOP/tools/suites/dmem.sh"
	programs_ready
	gpu_demo checked gp104 900
	gpu_demo checked gp100 900
	dmem_kernel checked
}
