# SPDX-License-Identifier: MIT
# prove: exit, suspend, unbind with memory in VRAM, ten times over

prove_dmem_life() {
	local i
	. "$TOP/tools/suites/dmem.sh"
	programs_ready
	for i in 1 2 3 4 5 6 7 8 9 10; do
		dmem_on release life
	done
}
