# SPDX-License-Identifier: MIT
# prove: the tests of libusvm on the host device under ASan with UBSan, TSan and valgrind

prove_usvm_sanitizers() {
	usvm_sanitized address,undefined
	usvm_sanitized thread
	usvm_valgrind
}

# usvm_sanitized SANITIZERS: a build of its own, kept
usvm_sanitized() {
	local dir=build/sanitize-${1%,*} log=$LOGS/usvm-$1.log t
	sandbox_ready
	mkdir -p "$LOGS"
	if ! sandbox sh -ec '
		[ -f "$0/build.ninja" ] || meson setup "$0" --buildtype=debugoptimized -Db_sanitize="$1" -Db_lundef=false
		for t in memory module ranges streams; do echo "tests/unit/libusvm/test-usvm-$t"; done | xargs ninja -C "$0"
	' "$dir" "$1" > "$log" 2>&1; then
		fail "usvm under $1" "does not build; log: $log"
		return
	fi
	for t in memory module ranges streams; do
		usvm_checked "under $1" "$t" "$dir/tests/unit/libusvm/test-usvm-$t"
	done
}

usvm_valgrind() {
	local t
	if ! sandbox sh -c 'command -v valgrind' > /dev/null 2>&1; then
		skip "usvm under valgrind" "the sandbox has none (apt-get install valgrind in it)"
		return
	fi
	programs_ready
	for t in memory module ranges streams; do
		usvm_checked "under valgrind" "$t" valgrind --error-exitcode=99 --leak-check=full \
			--errors-for-leak-kinds=definite "build/programs/tests/unit/libusvm/test-usvm-$t"
	done
}

# usvm_checked HOW TEST CMD...: passes if every check does and no checker complains
usvm_checked() {
	local how=$1 t=$2 log=$LOGS/usvm-${1##* }-$2.log
	shift 2
	if sandbox env TSAN_OPTIONS=halt_on_error=1 timeout 300 "$@" > "$log" 2>&1 && ! grep -q '^not ok' "$log"; then
		pass "usvm-$t $how"
	else
		fail "usvm-$t $how" "log: $log"
	fi
}
