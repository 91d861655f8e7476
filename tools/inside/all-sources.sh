# SPDX-License-Identifier: MIT
# all-sources.sh MIRROR SECURITY: try the hooks on every linux-source-6.12 that
# trixie and bookworm, with their security suites, offer. Prints a line
# "@result VERSION ok|REASON" for each.
set -euo pipefail
mirror=$1 security=${2-}
apt=$(mktemp -d) d=
trap 'rm -rf "$apt" ${d:+"$d"}' EXIT
mkdir -p "$apt/lists/partial"
for s in trixie bookworm; do
	echo "deb $mirror $s main"
	[ -z "$security" ] || echo "deb $security $s-security main"
done > "$apt/sources.list"
opts=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/nonexistent
	-o "Dir::State::lists=$apt/lists" -o APT::Sandbox::User=root)
apt-get "${opts[@]}" -q update
versions=$(apt-cache "${opts[@]}" madison linux-source-6.12 | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | sort -uV)
[ -n "$versions" ] || { echo "the mirror offers no linux-source-6.12"; exit 1; }
# All that the hooks and the overlay name, and what tells the version.
mapfile -t wanted < <({ echo Makefile; sed -n 's|^--- a/||p; s|^Overlay: *||p; s|^In: *\([^:]*\):.*|\1|p' hooks/*.patch |
	tr -s ' \t' '\n\n' | grep .; } | sort -u | sed 's|^|*/|')
for v in $versions; do
	d=$(mktemp -d -p /hugesvm/cache source.XXXXXX)
	state=ok
	if (cd "$d" && apt-get "${opts[@]}" -q download "linux-source-6.12=$v" && dpkg-deb --fsys-tarfile ./*.deb |
		tar -x --wildcards './usr/src/*.tar.xz' && rm ./*.deb); then
		mkdir "$d/linux"
		tar -xf "$d"/usr/src/*.tar.xz -C "$d/linux" --strip-components=1 --wildcards "${wanted[@]}" 2> "$d/tar" ||
			[ -f "$d/linux/Makefile" ] # what the overlay brings anew is not there
		rm -rf "$d/usr"
		python3 tools/inside/overlay.py --pristine "$d/linux" --top . --stage "$d/stage" \
			> "$d/log" 2>&1 || state=$(grep -m 1 "^hooks:" "$d/log" || echo "cannot be laid")
		cat "$d/log"
	else
		state="could not be fetched"
	fi
	echo "@result $v $state"
	rm -rf "$d"
	d=
done
