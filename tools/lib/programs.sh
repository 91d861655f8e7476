# SPDX-License-Identifier: MIT
# What is C and runs in user space: meson in the sandbox, build tree in
# build/programs.

programs_ready() {
	[ -z "${PROGRAMS_READY-}" ] || return 0
	sandbox_ready
	mkdir -p "$BUILD"
	lock 7 "$BUILD/programs.lock" "building programs"
	logged programs "programs" sandbox bash tools/inside/programs.sh ||
		die "the programs do not build"
	unlock 7
	PROGRAMS_READY=1
}
