# SPDX-License-Identifier: MIT
# The kernel with this project's nouveau on the emulated GPU: both chips probe
# without a complaint, and the demo is right on both; and the command lines in
# the documentation work. On *checked* the demo is a part of `prove` (gpu-checked).

suite_gpu() {
	local chip
	programs_ready libusvm/usvm-demo
	for chip in gp104 gp100; do
		gpu_demo release "$chip" 200
	done
	gpu_by_hand
}

gpu_by_hand() {
	local log=$LOGS/gpu-by-hand.log
	guest_defaults
	kernel_ready release
	guest_image_ready
	# shellcheck disable=SC2086
	programs_ready $GPU_PROGRAMS
	if sandbox bash tools/inside/by-hand.sh "$GUEST_IMAGE" "/hugesvm/cache/kernels/$KERNEL_KEY" \
		/hugesvm/src/build/programs/gpu-model/firmware.cpio > "$log" 2>&1; then
		pass "gpu: the command lines in Documentation/gpu-model/use.rst"
	else
		fail "gpu: the command lines in Documentation/gpu-model/use.rst" "$(tail -n 1 "$log"); log: $log"
	fi
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
	gpu_quiet "the demo on $2, $1"
}

# gpu_quiet WHAT: in the guest that ran, the driver touched no register that
# nothing models, and polled none for ever.
gpu_quiet() {
	local words
	words=$(grep -E '^(gpu-model: )?(not modelled|watchdog):' "$G_DIR/gpu.log" || true)
	if [ ! -e "$G_DIR/gpu.log" ]; then
		fail "gpu: $1 touches only what is modelled" "the model left no log in $G_DIR"
	elif [ -z "$words" ]; then
		pass "gpu: $1 touches only what is modelled"
	else
		fail "gpu: $1 touches only what is modelled" "$(head -n 1 <<< "$words"); log: $G_DIR/gpu.log"
	fi
}

# gpu_probe_seconds: from nouveau's first word, when it has read which chip it is,
# to the end of modprobe, by the guest's clock.
gpu_probe_seconds() {
	tr -d '\r' < "$G_DIR/console.log" | awk -F '[][]' '
		/ nouveau .*: NVIDIA GP/ && !a { a = $2 + 0 }
		/ guest: drivers at/ { b = $2 + 0 }
		END { if (a && b) printf "%.2f", b - a; else print "?" }'
}
