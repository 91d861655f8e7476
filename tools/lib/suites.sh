# SPDX-License-Identifier: MIT
# Suites: files tools/suites/NAME.sh, each with suite_NAME. They call pass,
# fail and skip once for each test; a suite that calls none has failed.

# Only once: a suite's own library may ask for it again, and what was counted stays.
[ -z "${SUITES_LOADED-}" ] || return 0
SUITES_LOADED=yes

. "$TOP/tools/lib/guest.sh"

PASSED=0 FAILED=0 SKIPPED=0 FAILURES=()

pass() { PASSED=$((PASSED + 1)); printf 'ok %s\n' "$1" >> "$BUILD/results"; }
skip() {
	SKIPPED=$((SKIPPED + 1))
	printf 'skip %s: %s\n' "$1" "$2" >> "$BUILD/results"
	say "  skipped: $1: $2"
}
fail() {
	FAILED=$((FAILED + 1))
	FAILURES+=("$1: $2")
	printf 'not ok %s: %s\n' "$1" "$2" >> "$BUILD/results"
	say "  FAILED: $1: $2"
}

# tap PREFIX FILE: count the TAP lines in FILE (kselftest's harness and ours).
tap() {
	local prefix=$1 file=$2 line name n=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		"ok "*|"not ok "*) ;;
		*) continue ;;
		esac
		n=$((n + 1))
		name=$(sed -E 's/^(not )?ok +[0-9]* *-? *//; s/ *# .*//' <<< "$line")
		case $line in
		"not ok "*) fail "$prefix $name" "see the log" ;;
		*"# SKIP"*|*"# skip"*) skip "$prefix $name" "$(sed -E 's/.*# (SKIP|skip) *//' <<< "$line")" ;;
		*) pass "$prefix $name" ;;
		esac
	done < "$file"
	TAP_LINES=$n
	[ "$n" -gt 0 ] || fail "$prefix" "printed no test result"
}

# guest_tap PREFIX LOG CMD...: run CMD in the guest that the G_ variables
# describe, count its TAP; a guest that was lost or complained is a failure.
guest_tap() {
	local prefix=$1 log=$LOGS/$2.tap want
	shift 2
	mkdir -p "$LOGS"
	guest_run "$@" > "$log" 2> "$log.err" || true
	tap "$prefix" "$log"
	want=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	if [ -n "$G_WHY" ]; then
		fail "$prefix guest" "$G_WHY; log: $log, $G_DIR"
		guest_show
	elif [ "$want" -gt "$TAP_LINES" ]; then
		fail "$prefix" "planned $want tests, $TAP_LINES reported, exit status $G_STATUS; log: $log"
		tail -n 3 "$log" "$log.err" | sed 's/^/    /' >&2
	else
		pass "$prefix guest ended without a complaint"
	fi
}

# names_in FOLDER: the parts that tools/FOLDER has, a file each.
names_in() {
	local f
	for f in "$TOP/tools/$1"/*.sh; do
		f=${f##*/}
		echo "${f%.sh}"
	done
}

# names_help FOLDER WORD: a line for each, from its comment "# WORD: text".
names_help() {
	local name
	for name in $(names_in "$1"); do
		sed -n "s/^# $2: /  $(printf '%-16s' "$name")/p" "$TOP/tools/$1/$name.sh"
	done
}

# names_check FOLDER WHAT NAME...: complain of the first that is not there.
names_check() {
	local folder=$1 what=$2 name
	shift 2
	for name in "$@"; do
		case $name in
		-*) usage_error "${what%% *}: unknown option '$name'" ;;
		esac
		[ -f "$TOP/tools/$folder/$name.sh" ] ||
			usage_error "${what%% *}: unknown ${what#* } '$name' (known: $(names_in "$folder" | paste -sd' '))"
	done
}

# results_in LOG PREFIX: count the lines "@result NAME ok|REASON" of LOG.
results_in() {
	local name state n=0
	while read -r _ name state; do
		n=$((n + 1))
		if [ "$state" = ok ]; then
			pass "$2 $name"
		else
			fail "$2 $name" "$state; log: $1"
		fi
	done < <(grep '^@result ' "$1")
	[ $n -gt 0 ] || fail "$2" "no result; log: $1"
}

# suites_run NAME...: run, count, print the one line that CI reads.
suites_run() {
	local s before start
	mkdir -p "$BUILD"
	: > "$BUILD/results"
	for s in "$@"; do
		. "$TOP/tools/suites/$s.sh"
		before=$((PASSED + FAILED + SKIPPED)) start=$SECONDS
		note "suite $s ..."
		"suite_${s//-/_}" || fail "$s" "the suite ended with status $?"
		if [ $((PASSED + FAILED + SKIPPED)) = "$before" ]; then
			fail "$s" "the suite ran no test"
		fi
		note "suite $s: $((PASSED + FAILED + SKIPPED - before)) tests in $((SECONDS - start)) s"
	done
	suites_end
}

# suites_end: what failed, and the last line. Returns 1 if anything did.
suites_end() {
	local f
	for f in ${FAILURES[@]+"${FAILURES[@]}"}; do
		printf 'failed: %s\n' "$f"
	done
	printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
	[ "$FAILED" = 0 ]
}
