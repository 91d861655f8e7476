# SPDX-License-Identifier: MIT
# Device memory of nouveau in a guest on the GPU model: TAP programs on release;
# on checked they are a part of `prove` (gpu-checked). GPU faults are made by the
# copy engine (ce-fault=replay), but where a missing translation is to be fatal.

DMEM_PROGRAMS="figures rules races storm life visible injected pressure mapped scarce"

suite_dmem() {
	programs_ready
	dmem_kernel release
}

dmem_kernel() {
	local name
	for name in $DMEM_PROGRAMS; do
		dmem_on "$1" "$name"
	done
}

# dmem_guest KERNEL PROGRAM: the guest that a program wants
dmem_guest() {
	local fault=replay
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_VRAM=512M G_LOAD_HMM=no G_LIMIT=300
	[ "$1" != checked ] || G_LIMIT=1200
	case $2 in
	pressure) G_VRAM=64M ;;
	mapped) G_VRAM=64M fault=fatal ;;
	scarce) G_VRAM=64M G_MEM=768 ;;
	esac
	G_GPU_OPTS=" --opt ce-fault=$fault"
	G_PUT=("$BUILD/programs/tests/unit/dmem/dmem-guest-$2")
}

# dmem_on KERNEL PROGRAM
dmem_on() {
	dmem_guest "$1" "$2"
	guest_tap "dmem/$1/$2" "dmem-$1-$2" "./dmem-guest-$2"
}
