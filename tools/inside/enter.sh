# SPDX-License-Identifier: MIT
# enter.sh ROOT CHECKOUT CACHE CMD...
# Runs first in the sandbox's own namespaces, still seeing the host's files.
set -eu
root=$1 src=$2 cache=$3
shift 3
mount --make-rprivate /
mount --bind "$src" "$root/hugesvm/src"
mount --bind "$cache" "$root/hugesvm/cache"
mount --rbind /dev "$root/dev"
[ ! -e /etc/resolv.conf ] || mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf" 2> /dev/null || true
mount -t proc proc "$root/proc"
# Some libraries count the machine's processors there.
mount --rbind /sys "$root/sys" 2> /dev/null || true
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" /usr/bin/env -i -C /hugesvm/src \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/tmp LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" JOBS="${JOBS:-2}" \
	KERNEL_VERSION="${KERNEL_VERSION-}" \
	CCACHE_DIR=/hugesvm/cache/ccache CCACHE_MAXSIZE=6G CCACHE_COMPILERCHECK=content CCACHE_DEPEND=1 \
	"$@"
