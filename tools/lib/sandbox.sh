# SPDX-License-Identifier: MIT
# Debian 13 root trees: the sandbox, in which everything is built and run, so
# that the host's release does not matter and nothing is installed on it, and
# the trees that become images of a guest.
#
# A tree is keyed by its list of packages and lives in the cache. Inside, the
# checkout is always /hugesvm/src and the cache /hugesvm/cache: compilers see
# the same paths on every machine, and ccache hits.

SANDBOX_SUITE=trixie
SANDBOX_DISK_MIB=6000
# Bumped when the way trees are made changes.
SANDBOX_RECIPE=2

# tree_packages NAME: what the tree NAME is made of, a package a line.
tree_packages() {
	local lists
	case $1 in
	sandbox) lists="$TOP/tools/sandbox.packages" ;;
	mesa) lists="$TOP/guest/images/mesa.packages" ;;
	judges) lists="$TOP/guest/images/mesa.packages $TOP/guest/images/judges.packages" ;;
	esac
	# shellcheck disable=SC2086
	sed -e 's/#.*//' $lists | tr -s ' \t\n' '\n\n\n' | sed '/^$/d'
}

# tree_dir NAME: where it is, or will be.
tree_dir() {
	local key
	key=$({ echo "$SANDBOX_SUITE $SANDBOX_RECIPE"; tree_packages "$1"; } | content_key)
	printf '%s/sandbox/%s' "$CACHE" "$key"
}

sandbox_dir() { tree_dir sandbox; }

# sandbox_mirrors: "MIRROR SECURITY" (SECURITY may be empty), from --mirror or
# from the host's own apt settings.
sandbox_mirrors() {
	local mirror= security= code
	if [ -n "${HUGESVM_MIRROR-}" ]; then
		mirror=${HUGESVM_MIRROR%/}
		printf '%s %s\n' "$mirror" "${mirror%/*}/debian-security"
		return
	fi
	code=$(. /etc/os-release 2>/dev/null; echo "${VERSION_CODENAME-}")
	if command -v apt-get > /dev/null && grep -qs '^ID=debian$' /etc/os-release; then
		mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			awk -v r="$code" '$1 == r && $2 == "main" { print $3; exit }')
		security=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			awk -v r="$code-security" '$1 == r && $2 == "main" { print $3; exit }')
	fi
	[ -n "$mirror" ] || lack "this host's apt settings name no Debian mirror; say which to use:
    ./hugesvm --mirror URL ..."
	printf '%s %s\n' "${mirror%/}" "${security%/}"
}

is_root() { [ "$(id -u)" = 0 ]; }

# What enters the sandbox: root needs a mount namespace, others a user
# namespace besides.
sandbox_unshare() {
	if is_root; then
		echo unshare --mount
	else
		echo unshare --map-root-user --mount
	fi
}

sandbox_check_host() {
	local t
	for t in unshare chroot flock setpriv mount; do
		command -v "$t" > /dev/null || lack "'$t' (package util-linux, mount or coreutils) is missing here"
	done
	if ! $(sandbox_unshare) true 2> /dev/null; then
		if is_root; then
			lack "this host forbids mount namespaces even to root (a container without CAP_SYS_ADMIN?); a sandbox cannot be made here"
		fi
		lack "this host forbids user namespaces; as root, one line helps:
    apt-get install -y mmdebstrap uidmap && sysctl kernel.unprivileged_userns_clone=1
  or run ./hugesvm as root"
	fi
}

# sandbox_mmdebstrap: sets MMDEBSTRAP to a command that makes root trees.
sandbox_mmdebstrap() {
	if command -v mmdebstrap > /dev/null; then
		MMDEBSTRAP=mmdebstrap
		return
	fi
	command -v apt-get > /dev/null ||
		lack "mmdebstrap is missing; install it with this host's package manager"
	if is_root; then
		logged apt-mmdebstrap "installing mmdebstrap" \
			sh -ec 'export DEBIAN_FRONTEND=noninteractive
				apt-get install -y --no-install-recommends mmdebstrap ||
				{ apt-get update; apt-get install -y --no-install-recommends mmdebstrap; }' ||
			die "mmdebstrap could not be installed (no network, or no such package on the mirror?)"
		MMDEBSTRAP=mmdebstrap
		return
	fi
	local d=$CACHE/mmdebstrap
	if [ ! -x "$d/usr/bin/mmdebstrap" ]; then
		mkdir -p "$d"
		logged apt-mmdebstrap "fetching mmdebstrap" \
			sh -ec 'cd "$1"; apt-get download mmdebstrap; dpkg-deb -x mmdebstrap_*.deb .; rm mmdebstrap_*.deb' sh "$d" ||
			lack "mmdebstrap could not be fetched; as root, one line helps:
    apt-get install -y mmdebstrap uidmap"
	fi
	MMDEBSTRAP=$d/usr/bin/mmdebstrap
}

# tree_make NAME DIR
tree_make() {
	local name=$1 dir=$2 tmp=$2.part mirror security include lists opt
	sandbox_check_host
	need_disk "$CACHE" "$SANDBOX_DISK_MIB" "the tree '$name'"
	sandbox_mmdebstrap
	read -r mirror security <<< "$(sandbox_mirrors)"
	[ -n "$mirror" ] || exit 3
	if ! is_root && ! command -v newuidmap > /dev/null; then
		lack "newuidmap is missing; as root, one line helps:
    apt-get install -y uidmap"
	fi
	rm -rf "$tmp" "$tmp.tar"
	mkdir -p "$(dirname "$dir")"
	lists=$tmp.list
	{
		echo "deb $mirror $SANDBOX_SUITE main"
		echo "deb $mirror $SANDBOX_SUITE-updates main"
		echo "deb $mirror $SANDBOX_SUITE-backports main"
		[ -z "$security" ] || echo "deb $security $SANDBOX_SUITE-security main"
	} > "$lists"
	# QEMU >= 10.1 has vfio-user-pci; Debian 13 has it in backports.
	printf 'Package: src:qemu qemu-* seabios ipxe-qemu\nPin: release n=%s-backports\nPin-Priority: 900\n' \
		"$SANDBOX_SUITE" > "$tmp.pin"
	include=$(tree_packages "$name" | paste -sd,)
	opt=(--variant=minbase --skip=cleanup/apt,cleanup/tmp
		--aptopt='Apt::Install-Recommends "false"'
		--aptopt='Acquire::Retries "2"'
		--aptopt='Acquire::http::Timeout "30"'
		--dpkgopt='path-exclude=/usr/share/doc/*'
		--dpkgopt='path-exclude=/usr/share/man/*'
		--dpkgopt='path-exclude=/usr/share/locale/*'
		--dpkgopt='path-exclude=/usr/lib/*/piglit/*tests/spec/*'
		--dpkgopt='force-unsafe-io'
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d" "$1/hugesvm/src" "$1/hugesvm/cache" "$1/job"'
		--setup-hook="cp '$tmp.pin' \"\$1/etc/apt/preferences.d/qemu\""
		--include="$include")
	while IFS= read -r lists_proxy; do
		opt+=(--aptopt="$lists_proxy")
	done < <(apt-config dump 2>/dev/null | grep -E '^Acquire::https?::Proxy ' || true)
	if is_root; then
		logged "tree-$name" "$name: Debian 13 root tree" \
			"$MMDEBSTRAP" --mode=root --format=directory "${opt[@]}" "$SANDBOX_SUITE" "$tmp" "$lists" ||
			tree_explain "$name"
	else
		logged "tree-$name" "$name: Debian 13 root tree" \
			"$MMDEBSTRAP" --mode=unshare --format=tar "${opt[@]}" "$SANDBOX_SUITE" "$tmp.tar" "$lists" ||
			tree_explain "$name"
		mkdir "$tmp"
		logged "tree-$name-unpack" "$name: unpacking" \
			unshare --map-root-user tar -C "$tmp" --no-same-owner --exclude='./dev/*' -xf "$tmp.tar" ||
			die "the root tree could not be unpacked"
		rm -f "$tmp.tar"
	fi
	rm -f "$tmp.list" "$tmp.pin"
	mv "$tmp" "$dir"
	# Trees of older lists, unless another checkout used one this week.
	find "$CACHE/sandbox" -mindepth 1 -maxdepth 1 -name '*.used' -mtime +7 | while read -r lists; do
		rm -rf "${lists%.used}" "$lists"
	done
}

# tree_explain NAME: why making it failed, from its log.
tree_explain() {
	local log=$LOGS/tree-$1.log
	if grep -qE 'Temporary failure resolving|Could not connect|Connection timed out|Could not resolve' "$log"; then
		die "the mirror could not be reached (no network, or a wrong --mirror)"
	elif grep -qE 'does not have a Release file|no longer has a Release file' "$log"; then
		die "the mirror has no Debian $SANDBOX_SUITE at that address"
	elif grep -qE 'Unable to locate package|has no installation candidate' "$log"; then
		die "the mirror lacks a package: $(grep -oE 'Unable to locate package .*|Package .* has no installation candidate' "$log" | head -n 1)"
	elif grep -qE 'No space left' "$log"; then
		die "the disk of $CACHE is full"
	fi
	die "the tree '$1' could not be made"
}

# tree_ready NAME: TREE is its directory, and whole.
tree_ready() {
	local dir
	dir=$(tree_dir "$1")
	if [ ! -d "$dir" ]; then
		lock 8 "$CACHE/sandbox.lock" "making the tree '$1'"
		[ -d "$dir" ] || tree_make "$1" "$dir"
		unlock 8
	else
		sandbox_check_host
	fi
	touch "$dir.used"
	TREE=$dir
}

# sandbox_ready: SANDBOX is set, and whole.
sandbox_ready() {
	[ -z "${SANDBOX-}" ] || return 0
	tree_ready sandbox
	SANDBOX=$TREE
}

# sandbox CMD...: run CMD inside, in /hugesvm/src.
sandbox() { tree_run "$SANDBOX" "$@"; }

# tree_run DIR CMD...: run CMD in the tree DIR, in /hugesvm/src. It dies with
# its caller: a process namespace of its own, whose first process is killed
# with ours.
tree_run() {
	local rc=0 pid tree=$1
	shift
	setpriv --pdeathsig KILL $(sandbox_unshare) --pid --fork --kill-child=KILL \
		"$BASH" "$TOP/tools/inside/enter.sh" "$tree" "$TOP" "$CACHE" "$@" <&0 8>&- 9>&- &
	pid=$!
	CLEANUP_PIDS+=("$pid")
	wait "$pid" || rc=$?
	return "$rc"
}
