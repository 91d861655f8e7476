# SPDX-License-Identifier: MIT
# callers.sh: compile the drivers that use the core's device memory and that none
# of our kernels contains: KVM's secure guests on powerpc, with Debian's cross
# compiler, amdgpu's SVM, PCI's peer-to-peer memory and DAX. Prints a line
# "@result OBJECT ok|failed" for each.
# The caller holds the lock of obj/callers-*.
set -euo pipefail
cache=/hugesvm/cache
version=${KERNEL_VERSION:-$(dpkg-query -W -f '${Version}' linux-source-6.12)}
tree=$cache/tree/$version-callers
cross=powerpc64le-linux-gnu

# Unpacked, not installed: it is of no other use to the sandbox.
cross_compiler() {
	local gcc packages dir
	gcc=$(apt-cache depends "gcc-$cross" | sed -n 's/^ *Depends: \(gcc-[0-9]*-.*\)$/\1/p' | head -n 1)
	packages="$gcc c${gcc/#gcc/pp} binutils-$cross"
	dir=$cache/cross/$(for p in $packages; do apt-cache policy "$p" | sed -n 's/^ *Candidate: //p'; done | sha256sum | cut -c1-12)
	if [ ! -d "$dir" ]; then
		mkdir -p "$dir.part/debs"
		# shellcheck disable=SC2086
		(cd "$dir.part/debs" && apt-get -o APT::Sandbox::User=root -q download $packages)
		for p in "$dir.part/debs"/*.deb; do dpkg-deb -x "$p" "$dir.part"; done
		ln -sf "$cross-$(sed 's/-powerpc.*//' <<< "$gcc")" "$dir.part/usr/bin/$cross-gcc"
		rm -r "$dir.part/debs"
		mv "$dir.part" "$dir"
	fi
	PATH=$dir/usr/bin:$PATH
	# The linker's and assembler's own libraries.
	export LD_LIBRARY_PATH=$dir/usr/lib/$(uname -m)-linux-gnu
}

# compile OBJ DEFCONFIG OPTION... -- MAKE-ARGUMENT... -- OBJECT...
compile() {
	local obj=$cache/obj/callers-$1 defconfig=$2 options=() flags=() o missing
	shift 2
	while [ "$1" != -- ]; do options+=("$1"); shift; done; shift
	while [ "$1" != -- ]; do flags+=("$1"); shift; done; shift
	mkdir -p "$obj"
	make -s -C "$tree" O="$obj" "${flags[@]}" "$defconfig"
	"$tree/scripts/config" --file "$obj/.config" $(printf -- '-e %s ' "${options[@]}")
	make -s -C "$tree" O="$obj" "${flags[@]}" olddefconfig
	missing=$(for o in "${options[@]}"; do grep -qE "^CONFIG_$o=[ym]" "$obj/.config" || echo "$o"; done)
	if [ -n "$missing" ]; then
		echo "options that were not to be had: $missing"
		for o; do echo "@result $o failed"; done
		return
	fi
	make -s -C "$tree" O="$obj" "${flags[@]}" -j"$JOBS" prepare
	for o; do
		rm -f "$obj/$o"
		if make -C "$tree" O="$obj" "${flags[@]}" KCFLAGS=-Werror "$o" && [ -s "$obj/$o" ]; then
			echo "@result $o ok"
		else
			echo "@result $o failed"
		fi
	done
}

main() {
	local stage
	bash tools/inside/kernel.sh source release
	[ -d "$tree" ] || { cp -al "$cache/linux/$version" "$tree.part" && mv "$tree.part" "$tree"; }
	stage=$(mktemp -d -p "$cache" stage.XXXXXX)
	# shellcheck disable=SC2064
	trap "rm -rf '$stage'" EXIT
	python3 tools/inside/overlay.py --pristine "$cache/linux/$version" --top . --stage "$stage" --tree "$tree"

	cross_compiler
	compile powerpc ppc64le_defconfig PPC_UV KVM_BOOK3S_64_HV TRANSPARENT_HUGEPAGE DEVICE_PRIVATE -- \
		ARCH=powerpc CROSS_COMPILE=$cross- -- \
		arch/powerpc/kvm/book3s_hv_uvmem.o \
		mm/{zone_device_folio,migrate_split,huge_device_private,device_private_fault,device_exclusive}.o \
		mm/migrate_device{,_collect,_insert,_pages,_range}.o
	compile x86 x86_64_defconfig MEMORY_HOTPLUG MEMORY_HOTREMOVE ZONE_DEVICE DEVICE_PRIVATE \
		DRM_AMDGPU HSA_AMD HSA_AMD_SVM PCI_P2PDMA DAX DEV_DAX FS_DAX TRANSPARENT_HUGEPAGE -- \
		CC="ccache gcc" -- drivers/gpu/drm/amd/amdgpu/../amdkfd/kfd_migrate.o \
		drivers/pci/p2pdma.o drivers/dax/device.o fs/dax.o
}

main
