# SPDX-License-Identifier: MIT
# What is C and runs in user space: meson in the sandbox, build tree in
# build/programs.

# programs_ready [TARGET...]: build the TARGETs, or everything.
programs_ready() {
	sandbox_ready
	mkdir -p "$BUILD"
	lock 7 "$BUILD/programs.lock" "building programs"
	logged programs "programs" sandbox bash tools/inside/programs.sh "$@" ||
		die "the programs do not build"
	unlock 7
}

# What a guest with a GPU needs of them.
GPU_PROGRAMS="gpu-model/gpu-model gpu-model/gpu-model-firmware"
