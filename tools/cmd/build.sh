# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/sandbox.sh"
. "$TOP/tools/lib/kernel.sh"
. "$TOP/tools/lib/programs.sh"

build_help() {
	cat <<-'U'
	usage: ./hugesvm build [PART...]

	Builds PARTs, by default sandbox, programs and release:
	  sandbox    the Debian 13 root tree with all tools
	  programs   what is C and runs in user space (meson)
	  release    6.12 with this project's overlay, small and fast
	  checked    the same with every checker switched on
	  stock      6.12 without the overlay, release's configuration
	  stock-checked   6.12 without the overlay, checked's configuration
	  kernels    all four kernels
	U
}

build_main() {
	local part
	[ $# -gt 0 ] || set -- sandbox programs release
	for part in "$@"; do
		case $part in
		sandbox|programs|release|checked|stock|stock-checked|kernels) ;;
		*) usage_error "build: unknown part '$part'" ;;
		esac
	done
	sandbox_ready
	for part in "$@"; do
		case $part in
		sandbox) note "sandbox: ${SANDBOX}" ;;
		programs) programs_ready ;;
		kernels) for part in release stock checked stock-checked; do kernel_ready "$part"; done ;;
		*) kernel_ready "$part" ;;
		esac
	done
}
