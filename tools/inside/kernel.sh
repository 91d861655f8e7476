# SPDX-License-Identifier: MIT
# kernel.sh key FLAVOUR      prints "@key KEY" of what would be built
# kernel.sh build FLAVOUR    builds it into the cache; prints its "@key KEY"
# kernel.sh source FLAVOUR   only unpacks the source
# kernel.sh where FLAVOUR    prints where the pristine source is
# FLAVOUR mutant is release with one more patch, PATCH, after the series:
# kernel.sh key|build mutant PATCH
# All but key and where want the caller to hold the flavour's lock.
#
# Trees (all in the cache, so that every checkout shares them; the caller holds
# the flavour's lock):
#   linux/VERSION     Debian's source, never written to again; *stock* builds it
#   tree/FLAVOUR      the same with overlay and hooks; *release* and *checked*
#   obj/FLAVOUR       object trees
#   kernels/KEY       what is finished; KEY is a hash of all that goes in
set -euo pipefail
cache=/hugesvm/cache
top=/hugesvm/src
# Bumped when the way kernels are built changes.
recipe=5

export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026'
export KBUILD_BUILD_USER=hugesvm KBUILD_BUILD_HOST=sandbox KBUILD_BUILD_VERSION=1

test_modules=(guest/modules tests/selftests/module)

verb=$1 flavour=$2 mutant=
case $flavour in
release|checked) overlay=1 ;;
mutant)
	overlay=1 mutant=${3-}
	[ -f "$mutant" ] || { echo "no mutant '$mutant'"; exit 2; } ;;
stock|stock-checked) overlay=0 ;;
*) echo "unknown kernel '$flavour'"; exit 2 ;;
esac
fragments=("$top/guest/kernel/base.config")
[ $overlay = 0 ] || fragments+=("$top/guest/kernel/overlay.config")
# QEMU boots a vmlinux by its PVH entry, which spares the decompression. With
# KASAN that entry dies in 6.12: it calls instrumented string functions before
# there is a shadow. Then it is a bzImage.
image=vmlinux
case $flavour in
*checked)
	fragments+=("$top/guest/kernel/checked.config")
	image=bzImage ;;
esac

# The version that is wanted: the newest, or what KERNEL_VERSION= pins.
installed_version() { dpkg-query -W -f '${Version}' linux-source-6.12; }
version=${KERNEL_VERSION:-$(installed_version)}
pristine=$cache/linux/$version
obj=$cache/obj/$flavour

unpack_source() {
	[ -d "$pristine" ] && return
	# Flavours may be built side by side.
	exec 5>> "$cache/unpack.lock"
	flock 5
	[ -d "$pristine" ] || unpack_source_locked
	exec 5>&-
}

unpack_source_locked() {
	local tar=/usr/src/linux-source-6.12.tar.xz tmp=$pristine.part deb
	rm -rf "$tmp"
	mkdir -p "$tmp"
	if [ "$version" != "$(installed_version)" ]; then
		deb=$(mktemp -d)
		(cd "$deb" && apt-get download "linux-source-6.12=$version" && dpkg-deb -x ./*.deb .) ||
			{ echo "the mirror does not offer linux-source-6.12 $version"; exit 1; }
		tar=$deb/usr/src/linux-source-6.12.tar.xz
	fi
	echo "@progress unpacking linux-source-6.12 $version"
	tar -xf "$tar" -C "$tmp" --strip-components=1
	mv "$tmp" "$pristine"
	[ -z "${deb-}" ] || rm -rf "$deb"
}

# Apply the series in a directory of its own; what it changes is the key's part.
manifest=$(mktemp)
stage=$(mktemp -d -p "$cache" stage.XXXXXX)
trap 'rm -rf "$stage" "$manifest"' EXIT
# What was killed could not clean up.
find "$cache" -maxdepth 1 -name 'stage.*' -mmin +120 -exec rm -rf {} + 2> /dev/null || true

stage_source() {
	python3 tools/inside/overlay.py --pristine "$pristine" --top "$top" \
		--stage "$stage" --manifest "$manifest" ${mutant:+--mutant "$mutant"} "$@"
}

# The key of release, of which a mutant is made.
release_key() {
	local stage=$stage.release manifest=$manifest.release flavour=release mutant=
	mkdir "$stage"
	stage_source > /dev/null
	key
	rm -rf "$stage" "$manifest"
}

# The overlaid tree: links to the pristine files, and our own in their place.
overlay_source() {
	local tree=$cache/tree/$version-$flavour
	if [ ! -d "$tree" ]; then
		echo "@progress linking the source tree"
		rm -rf "$tree.part"
		mkdir -p "$cache/tree"
		cp -al "$pristine" "$tree.part"
		mv "$tree.part" "$tree"
	fi
	stage_source --tree "$tree"
}

# A mutant differs from release by a line or two: it starts as a copy of it, times
# and all, so that only what differs is compiled.
seed_mutant() {
	local tree=$cache/tree/$version-mutant
	[ "$flavour" = mutant ] && [ ! -d "$obj" ] && [ -e "$cache/obj/release/.config" ] || return 0
	echo "@progress copying release"
	exec 6>> "$cache/kernel-release.lock"
	flock 6
	rm -rf "$tree" "$tree.manifest" "$obj.part"
	cp -al "$cache/tree/$version-release" "$tree"
	cp -p "$cache/tree/$version-release.manifest" "$tree.manifest"
	cp -a "$cache/obj/release" "$obj.part"
	mv "$obj.part" "$obj"
	exec 6>&-
}

source_tree() {
	if [ $overlay = 1 ]; then echo "$cache/tree/$version-$flavour"; else echo "$pristine"; fi
}

key() {
	{
		echo "$recipe $version $flavour"
		cat "${fragments[@]}"
		gcc --version | head -n 1
		[ $overlay = 0 ] || cat "$manifest"
		for d in "${test_modules[@]}"; do
			[ ! -f "$top/$d/Makefile" ] || cat "$top/$d/Makefile" "$top/$d"/*.[ch]
		done
	} | sha256sum | cut -c1-20
}

# Every flavour is compiled at the same paths, so that ccache serves one from
# another wherever the source is the same.
fixed_paths() {
	mkdir -p /hugesvm/linux /hugesvm/obj "$obj"
	mount --bind "$1" /hugesvm/linux
	mount --bind "$obj" /hugesvm/obj
	src=/hugesvm/linux obj=/hugesvm/obj
}

configure() {
	local src=$1 stamp
	stamp=$(cat "${fragments[@]}" "$src/init/Kconfig" "$src/mm/Kconfig" "$src/lib/Kconfig.debug" \
		"$src/drivers/gpu/drm/nouveau/Kconfig" | sha256sum)
	stamp="$version $recipe $stamp"
	[ "$(cat "$obj/.hugesvm-config" 2>/dev/null)" = "$stamp" ] && return
	mkdir -p "$obj"
	make -s -C "$src" O="$obj" tinyconfig
	(cd "$obj" && "$src/scripts/kconfig/merge_config.sh" -m .config "${fragments[@]}" > /dev/null)
	make -s -C "$src" O="$obj" olddefconfig
	missing=$(cat "${fragments[@]}" | grep -E '^CONFIG_[A-Z0-9_]+=[ym]' | grep -vxF -f "$obj/.config" || true)
	if [ -n "$missing" ]; then
		echo "Asked for and not got (a dependency is missing):"
		echo "$missing"
		exit 1
	fi
	echo "$stamp" > "$obj/.hugesvm-config"
}

# What has to be made again for a mutant: vmlinux, or a module. Fails if the patch
# changes what others are compiled with.
mutant_targets() {
	local file targets=
	while read -r file; do
		case $file in
		lib/test_hmm*.c) targets+=" lib/test_hmm.ko" ;;
		drivers/gpu/drm/nouveau/*.c) targets+=" drivers/gpu/drm/nouveau/nouveau.ko" ;;
		mm/*.c|fs/*.c) targets+=" vmlinux" ;;
		*) return 1 ;;
		esac
	done < <(sed -n 's#^+++ b/##p' "$mutant")
	[ -n "$targets" ] || return 1
	tr ' ' '\n' <<< "$targets" | sed '/^$/d' | sort -u
}

# finish_mutant OUT RELEASE TARGETS: release's files, and in their place what the
# targets have given. Modules that come later in an initramfs replace earlier ones.
finish_mutant() {
	local out=$1 release=$cache/kernels/$2 root=$1/root t m
	rm -rf "$out"
	mkdir -p "$out"
	cp -l "$release"/{vmlinux,modules.cpio,config,release,System.map} "$out/"
	for t in $3; do
		case $t in
		vmlinux)
			rm "$out"/{vmlinux,System.map}
			strip --strip-debug -o "$out/vmlinux" "$obj/vmlinux"
			cp "$obj/System.map" "$out/" ;;
		*)
			m=$root/usr/lib/modules/$(cat "$out/release")/kernel/$t
			mkdir -p "${m%/*}"
			strip --strip-debug -o "$m" "$obj/$t" ;;
		esac
	done
	[ -d "$root" ] || return 0
	rm "$out/modules.cpio"
	{ cat "$release/modules.cpio"; cd "$root" && find usr | cpio -o -H newc --quiet; } > "$out/modules.cpio"
	rm -rf "$root"
}

# Modules that only tests load, built beside the kernel's own.
build_test_modules() {
	local src=$1 root=$2 d m
	for d in "${test_modules[@]}"; do
		[ -f "$top/$d/Makefile" ] || continue
		m=$obj/hugesvm/$d
		mkdir -p "$m"
		cp -u "$top/$d/Makefile" "$top/$d"/*.[ch] "$m/"
		make -s -C "$src" O="$obj" CC="ccache gcc" M="$m" modules
		make -s -C "$src" O="$obj" M="$m" INSTALL_MOD_PATH="$root" INSTALL_MOD_STRIP=1 modules_install
	done
}

# make's output, with a line of progress now and then. (Not awk: mawk reads
# pipes in large blocks.)
count_objects() {
	local line n=0
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		"  CC"*|"  LD"*|"  AS"*)
			n=$((n + 1))
			[ $((n % 25)) -ne 0 ] || printf '@progress %d objects, now %s\n' $n "${line##* }" ;;
		esac
	done
}

# A build that was killed may leave files half written, which make would take
# for whole. While the marker is there a build is under way, or was cut off.
compile() {
	local marker=$obj/.hugesvm-building rc=0 targets=${1:-$image modules}
	if [ -e "$marker" ]; then
		echo "the last build was cut off: what it wrote is made again"
		find "$obj/" -newer "$marker" \( -name '*.cmd' -o -name '*.o' -o -name '*.a' -o -name '*.d' \) -delete
	fi
	touch "$marker"
	# shellcheck disable=SC2086
	make -C "$src" O="$obj" CC="ccache gcc" HOSTCC="ccache gcc" -j"$JOBS" $targets 2>&1 |
		count_objects || rc=$?
	rm -f "$marker"
	return $rc
}

# finish PART KEY: what is complete gets its name; the last few of each flavour stay.
finish() {
	local d
	echo "$flavour $version" > "$1/flavour"
	mv "$1" "$cache/kernels/$2"
	grep -l "^$flavour " "$cache"/kernels/*/flavour | xargs ls -t | tail -n +13 | while read -r d; do
		rm -rf "${d%/flavour}"
	done
}

# A function, so that the whole script has been read before anything long runs.
main() {
	case $verb in
	key)
		[ -d "$pristine" ] || { echo "@unpack"; exit 0; }
		[ $overlay = 0 ] || stage_source
		echo "@key $(key)"
		;;
	source)
		unpack_source
		;;
	where)
		echo "$pristine"
		;;
	build)
		unpack_source
		seed_mutant
		local src key out d targets release
		src=$(source_tree)
		[ $overlay = 0 ] || overlay_source
		# Of what is built now, whatever it was when the caller asked.
		key=$(key)
		echo "@key $key"
		[ ! -d "$cache/kernels/$key" ] || exit 0
		out=$cache/kernels/$key.part
		if [ "$flavour" = mutant ] && targets=$(mutant_targets) && release=$(release_key) &&
			[ -d "$cache/kernels/$release" ]; then
			fixed_paths "$src"
			configure "$src"
			echo "@progress compiling" $targets
			compile "$targets" || exit 1
			finish_mutant "$out" "$release" "$targets"
			finish "$out" "$key"
			exit 0
		fi
		fixed_paths "$src"
		configure "$src"
		echo "@progress compiling"
		compile || exit 1
		rm -rf "$out"
		mkdir -p "$out/root"
		make -s -C "$src" O="$obj" INSTALL_MOD_PATH="$out/root" INSTALL_MOD_STRIP=1 modules_install
		make -s -C "$src" O="$obj" kernelrelease > "$out/release"
		build_test_modules "$src" "$out/root"
		rm -f "$out/root/lib/modules/"*/{build,source}
		depmod -b "$out/root" "$(cat "$out/release")"
		# No directory lib at the top: in the guest that is a link to usr/lib.
		(cd "$out/root" && mkdir usr && mv lib usr/ && find usr/lib | cpio -o -H newc --quiet > ../modules.cpio)
		rm -rf "$out/root"
		if [ $image = bzImage ]; then
			cp "$obj/arch/x86/boot/bzImage" "$out/vmlinux"
		else
			strip --strip-debug -o "$out/vmlinux" "$obj/vmlinux"
		fi
		cp "$obj/.config" "$out/config"
		cp "$obj/System.map" "$out/"
		finish "$out" "$key"
		;;
	*)
		echo "unknown verb '$verb'"; exit 2 ;;
	esac
}

main "$@"
