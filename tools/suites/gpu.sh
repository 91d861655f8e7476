# SPDX-License-Identifier: MIT
# The kernel with this project's nouveau on the emulated GPU: both chips probe
# without a complaint, and the demo is right on both. On *checked* it is a part
# of `prove` (gpu-checked).

suite_gpu() {
	local chip
	programs_ready libusvm/usvm-demo
	for chip in gp104 gp100; do
		gpu_demo release "$chip" 200
	done
}

# gpu_demo KERNEL CHIP LIMIT
gpu_demo() {
	local log=$LOGS/gpu-$1-$2.log
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_LIMIT=$3 G_LOAD_HMM=no
	G_GPU_OPTS=" --chip $2"
	G_PUT=("$BUILD/programs/libusvm/usvm-demo")
	guest_run ./usvm-demo > "$log" 2>&1 || true
	if [ "$G_STATUS" = 0 ]; then
		pass "gpu: the demo on $2, $1"
	else
		fail "gpu: the demo on $2, $1" "status $G_STATUS $G_WHY; log: $log, $G_DIR"
		guest_show
	fi
}
