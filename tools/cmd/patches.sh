# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/kernel.sh"
. "$TOP/tools/lib/sandbox.sh"

patches_help() {
	cat <<-'U'
	usage: ./hugesvm patches

	Writes the overlay and the hooks as a series of patches for 6.12.y into
	build/patches, one subject and one reason a patch, and checks that 'git am'
	takes it and gives the same tree.
	U
}

patches_main() {
	[ $# = 0 ] || usage_error "patches: unknown argument '$1'"
	sandbox_ready
	mkdir -p "$LOGS" "$BUILD/patches"
	logged patches-source "kernel source" sandbox bash tools/inside/kernel.sh source release || die "no kernel source"
	logged patches "patches" sandbox bash -c 'python3 tools/inside/patches.py \
		--pristine "$(bash tools/inside/kernel.sh where release)" --top . --out build/patches' ||
		die "the series could not be written"
	cat "$LOGS/patches.log"
	note "the series is in $BUILD/patches"
}
