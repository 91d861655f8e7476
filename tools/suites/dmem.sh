# SPDX-License-Identifier: MIT
# Device memory of nouveau in a guest on the GPU model: TAP programs on release;
# on checked they are a part of `prove` (gpu-checked). GPU faults are made by the
# copy engine (ce-fault=replay), but where a missing translation is to be fatal.

suite_dmem() {
	programs_ready
	dmem_kernel release
}

dmem_kernel() {
	local name
	for name in figures rules races storm life visible injected; do
		dmem_on "$1" "$name" 512M
	done
	dmem_on "$1" pressure 64M
	dmem_on "$1" mapped 64M fatal
	dmem_on "$1" scarce 64M replay 768
}

# dmem_on KERNEL PROGRAM VRAM [CE-FAULT [MIB-OF-RAM]]
dmem_on() {
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_GPU_OPTS=" --opt ce-fault=${4-replay}" G_VRAM=$3 G_LOAD_HMM=no G_MEM=${5-$GUEST_MEM}
	[ "$1" = release ] && G_LIMIT=300 || G_LIMIT=1200
	G_PUT=("$BUILD/programs/tests/unit/dmem/dmem-guest-$2")
	guest_tap "dmem/$1/$2" "dmem-$1-$2" "./dmem-guest-$2"
}
