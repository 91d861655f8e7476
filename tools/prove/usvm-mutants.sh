# SPDX-License-Identifier: MIT
# prove: each defect in tests/mutants/libusvm is caught by the test that it names

# All of them run in one guest, one after the other, the unharmed programs first and last:
# what a mutant leaves behind must not catch the next.
prove_usvm_mutants() {
	local dir=$BUILD/prove/usvm-mutants.work in=/hugesvm/src/build/prove/usvm-mutants.work names name log=$LOGS/usvm-mutants
	programs_ready
	mkdir -p "$dir"
	names=${MUTANTS-$(cd "$TOP/tests/mutants/libusvm" && ls -- *.patch | sed 's/\.patch$//')}
	# shellcheck disable=SC2086
	if ! sandbox bash tools/inside/usvm-mutants.sh "$in" $names > "$log.log" 2>&1; then
		fail "usvm mutants" "the tests do not build; see $log.log"
		return
	fi
	if grep -q ^survived "$dir/verdicts/unharmed" && ! grep -q ^caught "$dir/verdicts/unharmed"; then
		pass "usvm mutants: the unharmed tests pass on the host device"
	else
		fail "usvm mutants: the unharmed tests pass on the host device" "$(grep ^caught "$dir/verdicts/unharmed")"
	fi
	usvm_mutants_guest "$dir"
	for name in $names; do
		if [ -f "$dir/verdicts/$name" ]; then
			usvm_mutant_tell "$name" "$dir"
		else
			fail "usvm mutant $name" "does not apply or build; see $log.log"
		fi
	done
}

usvm_mutants_guest() {
	local dir=$1 p script='run() { ./gpu-model-ctl inject unhang 0; ./gpu-model-ctl clear; timeout 120 ./$1 $2 > /dev/null; echo "@status $? $3 ${1#*.}"; }
'
	guest_defaults
	G_KERNEL=release G_GPU=on G_LOAD_HMM=no G_LIMIT=2400
	G_PUT=("$BUILD/programs/tests/unit/libusvm/vadd.usvm" "$BUILD/programs/tests/guest/model/gpu-model-ctl")
	for p in "$dir"/bin/unharmed.*; do
		script+="run ${p##*/} '' before
"
	done
	for p in "$dir"/bin/*; do
		G_PUT+=("$p")
		case ${p##*/} in
		unharmed.*) ;;
		*) script+="run ${p##*/} '' $(basename "${p%%.*}")
" ;;
		esac
	done
	for p in "$dir"/bin/unharmed.*; do
		script+="run ${p##*/} '' after
"
	done
	guest_run sh -c "$script" > "$dir/guest" 2> "$LOGS/usvm-mutants.err" || true
	if grep -v '^@status 0 ' "$dir/guest" | grep -qE '^@status [0-9]+ (before|after) ' || ! grep -q ' after ' "$dir/guest"; then
		fail "usvm mutants: the unharmed programs pass" "$(grep -E ' (before|after) ' "$dir/guest" | paste -sd';'); $G_WHY $G_DIR"
	else
		pass "usvm mutants: the unharmed programs pass before and after"
	fi
}

# A mutant is caught if every test that it names has caught it.
usvm_mutant_tell() {
	local survived
	survived=$({
		sed -n 's/^survived //p' "$2/verdicts/$1"
		sed -n "s/^@status 0 $1 //p" "$2/guest"
	} | paste -sd' ')
	if [ -n "$survived" ]; then
		fail "usvm mutant $1" "survived $survived"
	elif grep -q ^caught "$2/verdicts/$1" || grep -q "^@status [0-9]* $1 " "$2/guest"; then
		pass "usvm mutant $1: caught"
	else
		fail "usvm mutant $1" "was not run; see $2/guest"
	fi
}
