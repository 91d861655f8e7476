# SPDX-License-Identifier: MIT
# Kernels, seen from outside. tools/inside/kernel.sh does the work.

KERNEL_DISK_MIB=9000

# The patch that makes the flavour mutant, as a path in the checkout.
KERNEL_MUTANT=

# kernel_ready FLAVOUR: sets KERNEL_KEY; the kernel is in
# $CACHE/kernels/$KERNEL_KEY (vmlinux, modules.cpio, config, release).
kernel_ready() {
	local flavour=$1 key
	sandbox_ready
	if [ "$flavour" = debian ]; then
		kernel_debian
		return
	fi
	mkdir -p "$LOGS"
	kernel_key "$flavour"
	if [ -z "$KERNEL_KEY" ] || [ ! -d "$CACHE/kernels/$KERNEL_KEY" ]; then
		lock 9 "$CACHE/kernel-$flavour.lock" "building kernel $flavour"
		need_disk "$CACHE" "$KERNEL_DISK_MIB" "a kernel build"
		logged "kernel-$flavour" "kernel $flavour" \
			sandbox bash tools/inside/kernel.sh build "$flavour" $KERNEL_MUTANT ||
			die "kernel $flavour does not build"
		unlock 9
		KERNEL_KEY=$(sed -n 's/^@key //p' "$LOGS/kernel-$flavour.log")
	fi
	touch "$CACHE/kernels/$KERNEL_KEY"
}

# kernel_key FLAVOUR: sets KERNEL_KEY; empty when the source is not there yet.
kernel_key() {
	local log=$LOGS/kernel-key.$$.log
	if ! sandbox bash tools/inside/kernel.sh key "$1" $KERNEL_MUTANT > "$log" 2>&1; then
		tail -n 25 "$log" >&2
		rm -f "$log"
		die "kernel $1: the overlay cannot be laid over the source"
	fi
	KERNEL_KEY=$(sed -n 's/^@key //p' "$log")
	rm -f "$log"
}

# Debian's own package, fetched and not built.
kernel_debian() {
	lock 9 "$CACHE/kernel-debian.lock" "fetching Debian's kernel"
	logged kernel-debian "kernel debian" sandbox bash tools/inside/debian-kernel.sh ||
		die "Debian's kernel package could not be had"
	KERNEL_KEY=$(sed -n 's/^@key //p' "$LOGS/kernel-debian.log")
	unlock 9
}
