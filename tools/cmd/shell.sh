# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/guest.sh"

shell_help() {
	cat <<-'U'
	usage: ./hugesvm shell [OPT...]

	Boots a guest and gives its shell; 'exit' powers it off.

	U
	guest_options_help
}

shell_main() {
	guest_defaults
	G_INTERACTIVE=yes G_LIMIT=86400
	while [ $# -gt 0 ]; do
		guest_option "$@" || usage_error "shell: unknown argument '$1'"
		shift 2
	done
	local tty=
	[ -t 0 ] && tty=$(stty -g)
	guest_run :
	[ -z "$tty" ] || stty "$tty"
	guest_show
	exit "$G_STATUS"
}
