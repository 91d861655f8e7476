# SPDX-License-Identifier: MIT
# libusvm in a guest on the GPU model, on release: what the model counts, the
# driver's ioctls, the whole API, every example program; a stencil that is larger than
# VRAM. Copy-engine faults are fatal, as on a card. On checked they are a part of
# `prove` (usvm-checked).

suite_usvm() {
	programs_ready
	programs_ready usvm-test-kernels
	usvm_kernel release
	usvm_out_of_core release
	usvm_cost release
}

# usvm_cost KERNEL: what a prefetch executes in user space, by an instruction counter
# in QEMU. A prefetch that moves something spends at most 5 % there.
usvm_cost() {
	local log=$LOGS/usvm-$1-cost.log n user kernel seen=0
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_LOAD_HMM=no G_COUNT=yes
	if [ "$(guest_accel)" != tcg ]; then
		skip "usvm/$1/cost" "instructions are counted under TCG only"
		return
	fi
	G_PUT=("$BUILD/programs/tests/guest/usvm/usvm-guest-cost")
	guest_run ./usvm-guest-cost > "$log" 2>&1 || true
	while read -r n user kernel; do
		note "usvm: prefetch $n: $user instructions in user space, $kernel in the kernel"
		seen=$((seen + 1))
		[ "$n" != 5 ] || continue	# nothing to move
		if [ $((user * 20)) -le $((user + kernel)) ]; then
			pass "usvm/$1/cost prefetch $n: at most 5 % in user space"
		else
			fail "usvm/$1/cost prefetch $n: at most 5 % in user space" "$user and $kernel; $G_DIR"
		fi
	done < <(cat "$G_DIR/instructions" 2> /dev/null)
	if [ "$seen" = 5 ] && [ "$G_STATUS" = 0 ]; then
		pass "usvm/$1/cost all were counted"
	else
		fail "usvm/$1/cost all were counted" "$seen of 5; status $G_STATUS $G_WHY; log: $log, $G_DIR"
	fi
}

# usvm_kernel KERNEL
usvm_kernel() {
	usvm_guest "$1"
	guest_tap "usvm/$1" "usvm-$1" sh -c './usvm-guest-counters; ./usvm-guest-ioctls; ./usvm-guest-waits; ./usvm-guest-arguments
		sh ./programs.sh; ./test-usvm-gpu --kernels vadd.usvm --bad-access'
}

# usvm_out_of_core KERNEL: 72 MiB of grids, 64 MiB of VRAM
usvm_out_of_core() {
	usvm_guest "$1"
	G_VRAM=64M
	guest_tap "usvm/$1/out-of-core" "usvm-$1-out-of-core" sh -c 'USVM_DEVICE=nouveau ./usvm-stencil 72 1 &&
		echo "ok 1 - a stencil larger than VRAM" || echo "not ok 1 - a stencil larger than VRAM"; echo 1..1'
}

# usvm_guest KERNEL: a guest with the programs and the kernels of the examples
usvm_guest() {
	local name p=$BUILD/programs
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_LOAD_HMM=no
	[ "$1" = release ] && G_LIMIT=1200 || G_LIMIT=2700
	G_PUT=("$TOP/tests/guest/usvm/programs.sh" "$p/tests/unit/libusvm/test-usvm-gpu" "$p/tests/unit/libusvm/vadd.usvm")
	for name in arguments counters hold ioctls waits; do
		G_PUT+=("$p/tests/guest/usvm/usvm-guest-$name")
	done
	for name in bandwidth join map pipe stencil top vector; do
		G_PUT+=("$p/libusvm/usvm-$name")
	done
	for name in mixed turned vectors; do
		G_PUT+=("$p/tests/unit/libusvm/$name.usvm")
	done
	for name in join stencil vector; do
		G_PUT+=("$p/libusvm/$name.usvm")
	done
}
