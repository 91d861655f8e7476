# SPDX-License-Identifier: MIT
clean_help() {
	cat <<-'U'
	usage: ./hugesvm clean [--all]

	Removes build/. With --all also the cache (sandbox, kernels, ccache), which
	every checkout of this user shares.
	U
}

clean_main() {
	case ${1-} in
	"") ;;
	--all) ;;
	*) usage_error "clean: unknown argument '$1'" ;;
	esac
	rm -rf "$BUILD"
	note "removed $BUILD"
	[ "${1-}" = --all ] || return 0
	local f
	for f in "$CACHE"/*.lock; do
		[ -e "$f" ] || continue
		exec 9>> "$f"
		flock -n 9 || die "another hugesvm is using the cache ($(cat "$f"))"
	done
	rm -rf "$CACHE"
	note "removed $CACHE"
}
