# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/guest.sh"

demo_help() {
	cat <<-'U'
	usage: ./hugesvm demo [OPT...] [-- DEMO-ARG...]

	Boots Linux 6.12 with this project's changes on the emulated Pascal GPU and
	runs the unified-memory demo: ordinary malloc'ed memory goes to VRAM, is copied
	and filled there by the GPU, and comes back on CPU touch, every byte verified.

	U
	guest_options_help
}

demo_main() {
	guest_defaults
	G_GPU=on G_LOAD_HMM=no
	while [ $# -gt 0 ]; do
		case $1 in
		--) shift; break ;;
		*)
			guest_option "$@" || usage_error "demo: unknown argument '$1'"
			shift 2 ;;
		esac
	done
	programs_ready libusvm/usvm-demo
	G_PUT+=("$BUILD/programs/libusvm/usvm-demo")
	guest_run ./usvm-demo "$@"
	guest_show
	[ "$G_STATUS" != 0 ] || note "demo: done; logs: $G_DIR/"
	exit "$G_STATUS"
}
