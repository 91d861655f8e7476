# SPDX-License-Identifier: MIT
# debian-kernel.sh: Debian's own linux-image-6.12, unmodified, as a kernel that
# the guest can boot; prints "@key KEY". Its nouveau.ko is the witness that the
# GPU model is not tuned to a kernel of ours. (It has no DEVICE_PRIVATE, so no
# SVM.)
set -euo pipefail
cache=/hugesvm/cache
package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-6\.12[^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || { echo "the mirror offers no linux-image-6.12"; exit 1; }
version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
# Bumped when other modules are taken.
key=debian-$version-2
out=$cache/kernels/$key
if [ ! -d "$out" ]; then
	tmp=$(mktemp -d -p "$cache" debian.XXXXXX)
	trap 'rm -rf "$tmp"' EXIT
	(cd "$tmp" && apt-get -o APT::Sandbox::User=root -q download "$package" && dpkg-deb -x ./*.deb root && rm ./*.deb)
	release=$(basename "$tmp"/root/usr/lib/modules/*)
	mkdir "$tmp/out"
	cp "$tmp"/root/boot/vmlinuz-* "$tmp/out/vmlinux"
	cp "$tmp"/root/boot/config-* "$tmp/out/config"
	# Only what the guest needs: the whole is 700 MB.
	modules=$tmp/pick/usr/lib/modules/$release
	mkdir -p "$modules"
	depmod -b "$tmp/root/usr" "$release" 2> /dev/null || depmod -b "$tmp/root" "$release"
	for m in nouveau virtio_pci virtio_console virtio_blk erofs; do
		modprobe -d "$tmp/root/usr" -S "$release" --show-depends "$m" 2> /dev/null ||
			modprobe -d "$tmp/root" -S "$release" --show-depends "$m"
	done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r f; do
		rel=${f#*/modules/"$release"/}
		mkdir -p "$modules/$(dirname "$rel")"
		cp "$tmp/root/usr/lib/modules/$release/$rel" "$modules/$rel"
	done
	# busybox's modprobe takes plain files only.
	find "$modules" -name '*.ko.xz' -exec unxz {} +
	cp "$tmp/root/usr/lib/modules/$release"/modules.{builtin,order} "$modules/" 2> /dev/null || true
	ln -s usr/lib "$tmp/pick/lib"
	depmod -b "$tmp/pick" "$release"
	rm "$tmp/pick/lib"
	(cd "$tmp/pick" && find usr/lib | cpio -o -H newc --quiet > "$tmp/out/modules.cpio")
	echo "$release" > "$tmp/out/release"
	echo "debian $version" > "$tmp/out/flavour"
	mv "$tmp/out" "$out"
fi
echo "@key $key"
