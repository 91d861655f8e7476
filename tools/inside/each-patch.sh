# SPDX-License-Identifier: MIT
# each-patch.sh: build the kernel after each hook of the series in turn, in a
# source and an object tree of its own. Prints "@result NAME ok|REASON" for each.
# What built once with the same content is not built again.
#
# Everything is compiled as in *release*; nothing is linked into a kernel image
# except after the last patch, which *release* itself shows.
set -euo pipefail
cache=/hugesvm/cache
pristine=$(bash tools/inside/kernel.sh where release)
tree=$cache/tree/each-patch obj=$cache/obj/each-patch done=$cache/each-patch
stage=$(mktemp -d -p "$cache" stage.XXXXXX)
trap 'rm -rf "$stage"' EXIT

export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026'
export KBUILD_BUILD_USER=hugesvm KBUILD_BUILD_HOST=sandbox KBUILD_BUILD_VERSION=1

[ "$(cat "$tree.of" 2> /dev/null)" = "$pristine" ] || rm -rf "$tree" "$tree.manifest" "$obj"
if [ ! -d "$tree" ]; then
	rm -rf "$tree.part"
	mkdir -p "$cache/tree"
	cp -al "$pristine" "$tree.part"
	mv "$tree.part" "$tree"
	echo "$pristine" > "$tree.of"
fi
mkdir -p "$obj" "$done" /hugesvm/linux /hugesvm/obj

build() {
	make -s -C /hugesvm/linux O=/hugesvm/obj olddefconfig
	make -C /hugesvm/linux O=/hugesvm/obj CC="ccache gcc" HOSTCC="ccache gcc" -j"$JOBS" -k \
		KBUILD_MODPOST_WARN=1 vmlinux.a modules
}

# The configuration is release's; an option that a later patch brings is
# simply unknown before.
mount --bind "$tree" /hugesvm/linux
mount --bind "$obj" /hugesvm/obj
if [ ! -f "$obj/.config" ]; then
	make -s -C /hugesvm/linux O=/hugesvm/obj tinyconfig
	(cd "$obj" && /hugesvm/linux/scripts/kconfig/merge_config.sh -m .config \
		/hugesvm/src/guest/kernel/base.config /hugesvm/src/guest/kernel/overlay.config > /dev/null)
fi

n=0
while read -r name; do
	n=$((n + 1))
	echo "@progress patch $n, $name"
	python3 tools/inside/overlay.py --pristine "$pristine" --top . --stage "$stage" --first "$n" \
		--manifest "$stage.manifest" --tree "$tree"
	key=$({ cat "$stage.manifest" guest/kernel/base.config guest/kernel/overlay.config; basename "$pristine"; gcc --version; } |
		sha256sum | cut -c1-20)
	rm -f "$stage.manifest"
	rm -rf "${stage:?}"/*
	if [ -e "$done/$key" ]; then
		echo "@result $name ok"
	elif build > "$obj/each-patch.log" 2>&1; then
		touch "$done/$key"
		echo "@result $name ok"
	else
		grep -E 'error:|Error ' "$obj/each-patch.log" | head -n 20 || tail -n 20 "$obj/each-patch.log"
		echo "@result $name does not build: $(grep -m 1 'error:' "$obj/each-patch.log" || echo 'see the log')"
	fi
done < <(sed 's/#.*//' hooks/series | grep .)
