# SPDX-License-Identifier: MIT
# The IGT tests in a guest: what cmd/igt.sh, the suite and prove share.

. "$TOP/tools/lib/suites.sh"

IGT_CI=$TOP/igt-tests/tests/nouveau-ci

# igt_ready: tests, runner and libraries are in build/igt/guest; IGT_RUNNER says which.
igt_ready() {
	programs_ready
	mkdir -p "$CACHE" "$BUILD/igt"
	lock 9 "$CACHE/igt.lock" "preparing the IGT tests"
	logged igt-prepare "IGT tests" sandbox bash tools/inside/igt-prepare.sh ||
		die "the IGT tests could not be prepared"
	unlock 9
	IGT_RUNNER=${IGT_FORCE_RUNNER:-$(cat "$BUILD/igt/guest/runner")}
	note "IGT tests: run by $IGT_RUNNER"
}

# igt_defaults KERNEL: the guest of a run.
igt_defaults() {
	guest_defaults
	G_KERNEL=$1 G_GPU=on G_LOAD_HMM=no G_VRAM=256M G_HUGEPAGES=8
	[ "$1" = release ] && G_LIMIT=1500 || G_LIMIT=4500
}

# igt_run NAME list FILE | match REGEX: run in the guest that the G_ variables
# describe; results and summaries in build/igt/NAME. Returns 1 without results.
igt_run() {
	local name=$1 how=$2 what=$3 dir=$BUILD/igt/$1
	rm -rf "$dir"
	mkdir -p "$dir"
	G_PUT+=("$BUILD/igt/guest")
	guest_run sh guest/run.sh "${IGT_RUNNER%% *}" 300 "$how" "$what" > "$dir/results.tar" 2> "$dir/log" || true
	tar -C "$dir" -xf "$dir/results.tar" 2> /dev/null || true
	rm -f "$dir/results.tar"
	[ -s "$dir/results.json" ] || return 1
	sandbox python3 tools/inside/igt_report.py --kernel "$G_KERNEL" --runner "$IGT_RUNNER" \
		--known "igt-tests/tests/nouveau-ci/stock-defects.txt" --dir "build/igt/$name" > "$dir/verdicts"
}

# igt_count PREFIX NAME: one pass, fail or skip a subtest, and one for the guest.
igt_count() {
	local prefix=$1 dir=$BUILD/igt/$2 verdict name why
	if [ ! -s "$dir/verdicts" ]; then
		fail "$prefix" "no results: ${G_WHY:-the runner wrote none}; log: $dir/log, $G_DIR"
		guest_show
		return
	fi
	while IFS=$'\t' read -r verdict name why; do
		case $verdict in
		pass) pass "$prefix $name" ;;
		skip) skip "$prefix $name" "$why" 2> /dev/null ;;
		*) fail "$prefix $name" "$why" ;;
		esac
	done < "$dir/verdicts"
	if [ -n "$G_WHY" ]; then
		fail "$prefix guest" "$G_WHY; log: $dir/log, $G_DIR"
		guest_show
	else
		pass "$prefix guest ended without a complaint"
	fi
	note "$prefix: $dir/summary.txt, summary.html, results.json (run by $IGT_RUNNER)"
}
