# SPDX-License-Identifier: MIT
# programs.sh [TARGET...]: configure (once) and build TARGETs, or everything, in
# build/programs.
set -euo pipefail
b=/hugesvm/src/build/programs
# Folders come and go by their meson.build, which meson does not see by itself.
key=$({ dpkg-query -W -f '${Version}' meson gcc
	cd /hugesvm/src && find . -path ./build -prune -o -name 'meson*' -type f -print | sort; } | sha256sum)
if [ "$(cat $b/.hugesvm 2>/dev/null)" != "$key" ]; then
	rm -rf $b
	CC="ccache gcc" meson setup --buildtype=debugoptimized $b /hugesvm/src
	echo "$key" > $b/.hugesvm
fi
ninja -C $b -j"$JOBS" "$@"

# The placeholder firmware that nouveau asks for, as an archive for the guest.
if [ -x $b/gpu-model/gpu-model-firmware ]; then
	d=$(mktemp -d)
	mkdir -p "$d/usr/lib/firmware"
	$b/gpu-model/gpu-model-firmware "$d/usr/lib/firmware"
	(cd "$d" && find usr/lib/firmware | cpio -o -H newc --quiet) > $b/gpu-model/firmware.cpio.part
	mv $b/gpu-model/firmware.cpio.part $b/gpu-model/firmware.cpio
	rm -rf "$d"
fi
