# SPDX-License-Identifier: MIT
# Kernels, seen from outside. tools/inside/kernel.sh does the work.

KERNEL_DISK_MIB=9000

# kernel_ready FLAVOUR: sets KERNEL_KEY; the kernel is in
# $CACHE/kernels/$KERNEL_KEY (vmlinux, modules.cpio, config, release).
kernel_ready() {
	local flavour=$1 key
	sandbox_ready
	lock 9 "$CACHE/kernel.lock" "building kernel $flavour"
	mkdir -p "$LOGS"
	if ! sandbox bash tools/inside/kernel.sh prepare "$flavour" > "$LOGS/kernel-prepare.log" 2>&1; then
		say "---- the end of $LOGS/kernel-prepare.log"
		tail -n 25 "$LOGS/kernel-prepare.log" >&2
		die "kernel $flavour: the source could not be prepared; full log: $LOGS/kernel-prepare.log"
	fi
	key=$(sed -n 's/^@key //p' "$LOGS/kernel-prepare.log")
	[ -n "$key" ] || die "kernel $flavour: no key; see $LOGS/kernel-prepare.log"
	if [ ! -d "$CACHE/kernels/$key" ]; then
		need_disk "$CACHE" "$KERNEL_DISK_MIB" "a kernel build"
		logged "kernel-$flavour" "kernel $flavour" \
			sandbox bash tools/inside/kernel.sh build "$flavour" "$key" ||
			die "kernel $flavour does not build"
	fi
	touch "$CACHE/kernels/$key"
	unlock 9
	KERNEL_KEY=$key
}
