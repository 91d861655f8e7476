# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/guest.sh"

run_help() {
	cat <<-'U'
	usage: ./hugesvm run [OPT...] -- CMD [ARG...]

	Boots a guest, copies the files of --put into its working directory, loads
	nouveau and test_hmm, runs CMD there. CMD's standard output goes to ours
	untouched, everything else to standard error. The exit status is CMD's, except
	  99   the kernel complained (the complaint is shown)
	  124  the time limit
	  1    the guest was lost, or a driver did not load or unload
	Logs stay under build/run/.

	U
	guest_options_help
}

run_main() {
	guest_defaults
	while [ $# -gt 0 ]; do
		case $1 in
		--) shift; break ;;
		--*=*)
			guest_option "${1%%=*}" "${1#*=}" || usage_error "run: unknown option '$1'"
			shift ;;
		-*)
			guest_option "$@" || usage_error "run: unknown option '$1'"
			shift 2 ;;
		*) usage_error "run: put '--' before the command" ;;
		esac
	done
	[ $# -gt 0 ] || usage_error "run: no command"
	guest_run "$@"
	guest_show
	exit "$G_STATUS"
}
