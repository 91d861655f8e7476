# SPDX-License-Identifier: MIT
# Configure (once) and build everything user-space in build/programs.
set -euo pipefail
b=/hugesvm/src/build/programs
key=$(dpkg-query -W -f '${Version}' meson gcc | sha256sum)
if [ "$(cat $b/.hugesvm 2>/dev/null)" != "$key" ]; then
	rm -rf $b
	CC="ccache gcc" meson setup --buildtype=debugoptimized $b /hugesvm/src
	echo "$key" > $b/.hugesvm
fi
ninja -C $b -j"$JOBS"
