# SPDX-License-Identifier: MIT
# prove: each defect in tests/mutants is caught by the test that it names

# A mutant's verdict is kept in build/prove/mutants.verdicts/NAME as long as kernel,
# mutant and test program stay the same. MUTANTS="NAME..." runs only those.
prove_mutants() {
	local m name names=${MUTANTS-} dir=$BUILD/prove/mutants.verdicts
	. "$TOP/tools/suites/selftests.sh"
	selftests_ready || return 0
	kernel_ready release
	mkdir -p "$dir"
	[ -n "$names" ] || names=$(cd "$TOP/tests/mutants" && ls -- *.patch | sed 's/\.patch$//')
	mutants_unharmed "$names" "$BUILD/prove/mutants.unharmed" || return 0
	for name in $names; do
		m=tests/mutants/$name.patch
		if [ ! -f "$TOP/$m" ]; then
			fail "mutant $name" "no such file: $m"
			continue
		fi
		# In a shell of its own: one that does not apply must not end the others.
		mutant_known "$name" "$dir/$name" || ( mutant_judge "$m" > "$dir/$name" ) || true
		mutant_tell "$name" "$dir/$name"
	done
	for name in $names; do
		echo "$name: $(tail -n 1 "$dir/$name" 2> /dev/null)"
	done > "$BUILD/prove/mutants.notes"
}

# What a verdict depends on.
mutant_content() {
	local program
	{
		echo "$KERNEL_RELEASE"
		cat "$TOP/$1" "$TOP"/tests/selftests/hmm_{lib.c,lib.h,fixture.h}
		sed -n 's/^Catch: *\([a-z_]*\).*/\1/p' "$TOP/$1" | sort -u | while read -r program; do
			cat "$TOP/tests/selftests/$program.c"
		done
	} | content_key
}

mutant_known() {
	[ "$(head -n 1 "$2" 2> /dev/null)" = "$(mutant_content "tests/mutants/$1.patch")" ] &&
		grep -qE '^(caught|survived)' "$2"
}

mutant_tell() {
	local word what
	read -r word what < <(tail -n 1 "$2")
	case $word in
	caught) pass "mutant $1: caught by $what" ;;
	survived) fail "mutant $1" "survived $what" ;;
	*) fail "mutant $1" "does not apply or build, or its guest did not start; see $LOGS/kernel-mutant.log" ;;
	esac
}

# mutants_script: the shell commands of the Catch lines on stdin, each followed by
# a line with its status.
mutants_script() {
	local program arguments
	printf 'modprobe hmm_delay; '
	while read -r program arguments; do
		printf './%s %s; echo "@status $? %s %s"; ' "$program" "$arguments" "$program" "$arguments"
	done
}

mutants_catches() { sed -n 's/^Catch: *//p' "$@"; }

# mutants_guest CATCHES KERNEL LIMIT. A busy host may starve a virtual CPU for
# longer than the kernel's 21 seconds; a mutant must not be caught by that.
mutants_guest() {
	local p catches=$1
	guest_defaults
	G_KERNEL=$2 G_LIMIT=$3 G_LOAD_NOUVEAU=no G_HUGEPAGES=16
	G_CMDLINE=" rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60"
	case $catches in
	*hmm_races*) G_SMP=4 ;;
	esac
	for p in $(cut -d' ' -f1 <<< "$catches" | sort -u); do
		G_PUT+=("$BUILD/selftests/$p")
	done
	guest_run sh -c "$(mutants_script <<< "$catches")"
}

# A test that fails anyway catches nothing: all that are named must pass on
# release. Sets KERNEL_RELEASE.
mutants_unharmed() {
	local catches content
	KERNEL_RELEASE=$KERNEL_KEY
	catches=$(cd "$TOP/tests/mutants" && for m in $1; do mutants_catches "$m.patch"; done | sort -u)
	content=$({ echo "$KERNEL_RELEASE $catches"; cat "$TOP"/tests/selftests/*.[ch]; } | content_key)
	[ "$(cat "$2" 2> /dev/null)" = "$content" ] && return
	mutants_guest "$catches" release 1200 > "$LOGS/mutants-unharmed.log" 2>&1 || true
	if [ -n "$G_WHY" ] || [ "$(grep -c '^@status 0 ' "$LOGS/mutants-unharmed.log")" != "$(wc -l <<< "$catches")" ]; then
		fail "the mutants' tests on release" "$G_WHY $(grep '^@status [1-9]' "$LOGS/mutants-unharmed.log" | paste -sd';'); log: $LOGS/mutants-unharmed.log, $G_DIR"
		return 1
	fi
	echo "$content" > "$2"
}

# Prints the content's key, and then one line: caught, survived or nothing. A
# guest that hangs, dies or complains has caught it, too.
mutant_judge() {
	local catches log=$LOGS/mutant.log survived
	mutant_content "$1"
	KERNEL_MUTANT=$1
	kernel_ready mutant
	catches=$(mutants_catches "$TOP/$1")
	mutants_guest "$catches" mutant 200 > "$log" 2>&1 || true
	grep -qx started "$G_DIR/status" || return 1
	survived=$(sed -n 's/^@status 0 //p' "$log" | paste -sd';')
	if [ -n "$G_WHY" ]; then
		echo "caught ${catches//$'\n'/; } ($G_WHY)"
	elif [ -n "$survived" ]; then
		echo "survived $survived"
	else
		echo "caught ${catches//$'\n'/; }"
	fi
}
