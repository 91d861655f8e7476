# SPDX-License-Identifier: MIT
# kvm-probe.sh KEY: succeed only if KVM boots this kernel far enough to look
# for its root file system, within seconds.
set -u
log=$(mktemp)
timeout -k 1 10 qemu-system-x86_64 -machine q35,accel=kvm -cpu host -m 512M -nodefaults -display none \
	-no-reboot -kernel "/hugesvm/cache/kernels/$1/vmlinux" -append "console=ttyS0 panic=-1" \
	-serial "file:$log" < /dev/null
cat "$log"
grep -q 'VFS: ' "$log"
