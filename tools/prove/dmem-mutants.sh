# SPDX-License-Identifier: MIT
# prove: each defect in tests/mutants/nouveau is caught by the test that it names

# MUTANTS="NAME..." runs only those. A verdict is kept in build/prove/dmem-mutants.verdicts/NAME
# as long as kernel, mutant and test program stay the same.
prove_dmem_mutants() {
	local name names=${MUTANTS-} dir=$BUILD/prove/dmem-mutants.verdicts
	. "$TOP/tools/suites/dmem.sh"
	programs_ready
	kernel_key release
	KERNEL_RELEASE=$KERNEL_KEY
	mkdir -p "$dir"
	[ -n "$names" ] || names=$(cd "$TOP/tests/mutants/nouveau" && ls -- *.patch | sed 's/\.patch$//')
	for name in $names; do
		dmem_mutant "$name" "$dir/$name"
	done
}

# dmem_mutant NAME VERDICT: the line "Catch: dmem_PROGRAM: TEST" names what must fail.
dmem_mutant() {
	local patch=tests/mutants/nouveau/$1.patch catch program test key log=$LOGS/dmem-mutant.tap
	if [ ! -f "$TOP/$patch" ]; then
		fail "mutant $1" "no such file: $patch"
		return
	fi
	catch=$(sed -n 's/^Catch: *//p' "$TOP/$patch" | head -n 1)
	case $catch in
	*" on checked: "*) skip "mutant $1" "only checked can see it: $catch"; return ;;
	esac
	program=${catch%%:*} program=${program#dmem_} test=${catch#*: }
	key=$({ echo "$KERNEL_RELEASE"; cat "$TOP/$patch" "$TOP/tests/guest/dmem/dmem_$program.c"; } | content_key)
	if [ "$(head -n 1 "$2" 2> /dev/null)" != "$key" ]; then
		# In a shell of its own: one that does not apply must not end the others.
		( dmem_mutant_run "$patch" "$program" "$test" "$log" && echo "$key" > "$2" ) ||
			rm -f "$2"
	fi
	if [ -f "$2" ]; then
		pass "mutant $1: caught by dmem_$program"
	else
		fail "mutant $1" "not caught by dmem_$program: $test; log: $log"
	fi
}

# Succeeds when the named test has failed, or the guest died or complained.
dmem_mutant_run() {
	KERNEL_MUTANT=$1
	mkdir -p "$LOGS"
	dmem_guest mutant "$2"
	guest_run "./dmem-guest-$2" > "$4" 2>&1 || true
	grep -qx started "$G_DIR/status" || return 1
	[ -n "$G_WHY" ] || grep -qF -- "- $3" <(grep '^not ok' "$4")
}
