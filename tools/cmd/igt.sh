# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/igt.sh"

igt_help() {
	cat <<-U
	usage: ./hugesvm igt [--list | --run PATTERN | --testlist FILE] [--small-runner] [OPT...]

	The IGT tests of nouveau's SVM, in a guest with the emulated GPU.

	  --list             names of all subtests; boots nothing
	  --run PATTERN      subtests that match the regular expression (default: all)
	  --testlist FILE    those of a list in igt-tests/tests/nouveau-ci
	  --small-runner     this project's runner instead of igt_runner

	Results are in build/igt/run: results.json, summary.txt, summary.html, log. The
	exit status is 0 if nothing failed.

	$(guest_options_help)
	U
}

igt_list() {
	programs_ready
	sandbox bash -c 'for t in build/programs/igt-tests/nouveau_svm_*; do
		[ -f "$t" ] && [ -x "$t" ] || continue
		"$t" --list-subtests | sed "s|^|igt@${t##*/}@|"
	done'
}

igt_main() {
	local how=match what=. small=no options=()
	while [ $# -gt 0 ]; do
		case $1 in
		--list) igt_list; exit 0 ;;
		--run)
			[ $# -ge 2 ] || usage_error "--run needs a pattern"
			how=match what=$2; shift 2 ;;
		--testlist)
			[ $# -ge 2 ] || usage_error "--testlist needs a file"
			[ -f "$IGT_CI/$2" ] || usage_error "--testlist: no '$2' in $IGT_CI"
			how=list what=$2; shift 2 ;;
		--small-runner) small=yes; shift ;;
		*)
			guest_defaults
			guest_option "$@" || usage_error "igt: unknown argument '$1'"
			options+=("$1" "$2")
			shift 2 ;;
		esac
	done
	[ $small = no ] || IGT_FORCE_RUNNER=small
	igt_ready
	igt_defaults release
	set -- ${options[@]+"${options[@]}"}
	while [ $# -gt 0 ]; do
		guest_option "$1" "$2"
		shift 2
	done
	igt_run run "$how" "$what" || true
	: > "$BUILD/results"
	igt_count "igt/$G_KERNEL" run
	[ ! -e "$BUILD/igt/run/summary.txt" ] || cat "$BUILD/igt/run/summary.txt"
	[ "$FAILED" = 0 ]
}
