# SPDX-License-Identifier: MIT
# image.sh OUT: OUT.tsc, which measures the TSC, and the base of every guest, an uncompressed cpio archive: busybox,
# the C library and libdrm for programs that are not static, our init.
set -euo pipefail
out=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,usr/lib/x86_64-linux-gnu,usr/bin,dev,proc,sys,tmp,job,etc}
ln -s usr/lib "$root/lib"
mkdir -p "$root/usr/lib64"
ln -s usr/lib64 "$root/lib64"
cp /bin/busybox "$root/bin/"
for lib in libc.so.6 libm.so.6 libgcc_s.so.1 libdrm.so.2 libdrm_nouveau.so.2 libnuma.so.1 libcap.so.2; do
	f=/usr/lib/x86_64-linux-gnu/$lib
	[ -e "$f" ] && cp -L "$f" "$root/usr/lib/x86_64-linux-gnu/"
done
cp -L /lib64/ld-linux-x86-64.so.2 "$root/usr/lib64/"
echo root:x:0:0:root:/root:/bin/sh > "$root/etc/passwd"
echo root:x:0: > "$root/etc/group"
cp guest/init "$root/init"
gcc -O2 -Wall -Wextra -Werror -o "$out.tsc" guest/tsc-khz.c
(cd "$root" && find . | cpio -o -H newc --quiet) > "$out.part"
mv "$out.part" "$out"
