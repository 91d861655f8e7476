# SPDX-License-Identifier: MIT
# The command's own behaviour: arguments, exit codes, interruptions, limits.

suite_self() {
	self_arguments
	self_sandbox_failures
	self_guest
	self_interrupt
	self_hooks
}

# expect NAME STATUS PATTERN CMD...: CMD ends with STATUS and says PATTERN.
expect() {
	local name=$1 status=$2 pattern=$3 log=$LOGS/self.log rc=0
	shift 3
	mkdir -p "$LOGS"
	"$@" > "$log" 2>&1 < /dev/null || rc=$?
	if [ "$rc" != "$status" ]; then
		fail "self: $name" "status $rc, not $status: $(tail -n 1 "$log")"
	elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" "$log"; then
		fail "self: $name" "did not say '$pattern': $(tail -n 1 "$log")"
	else
		pass "self: $name"
	fi
}

self_arguments() {
	local verb h="$TOP/hugesvm"
	expect "no verb: usage, status 2" 2 'usage:' "$h"
	expect "unknown verb" 2 "unknown verb 'frobnicate'" "$h" frobnicate
	expect "unknown option" 2 "unknown option '--frobnicate'" "$h" --frobnicate
	expect "a verb cannot be a path" 2 'unknown verb' "$h" ../lib/common
	for verb in "$TOP"/tools/cmd/*.sh; do
		verb=${verb##*/}; verb=${verb%.sh}
		expect "$verb --help" 0 "usage: ./hugesvm $verb" "$h" "$verb" --help
	done
	expect "unknown suite" 2 "unknown suite 'nonesuch'" "$h" test nonesuch
	expect "unknown kernel" 2 "unknown kernel 'nonesuch'" "$h" run --kernel nonesuch -- true
	expect "run without a command" 2 'no command' "$h" run --
	expect "run: file that is not there" 2 "no file '/nonesuch'" "$h" run --put /nonesuch -- true
	expect "run: time limit must be a number" 2 'time-limit' "$h" run --time-limit soon -- true
	expect "run: option without value" 2 'needs a value' "$h" run --smp
	expect "build: unknown part" 2 "unknown part 'nonesuch'" "$h" build nonesuch
}

# With a cache of its own each, so that nothing is there yet.
self_sandbox_failures() {
	local tmp
	tmp=$(mktemp -d)
	CLEANUP_DIRS+=("$tmp")
	expect "a mirror that is not there is a clear error" 1 'mirror could not be reached|sandbox could not be made' \
		env HUGESVM_CACHE="$tmp/a" timeout 120 "$TOP/hugesvm" --mirror http://127.0.0.1:9/debian build sandbox
	if [ -d "$(HUGESVM_CACHE=$tmp/a; CACHE=$tmp/a sandbox_dir)" ]; then
		fail "self: a failed sandbox is not taken for a whole one" "it is there"
	else
		pass "self: a failed sandbox is not taken for a whole one"
	fi
	rm -rf "$tmp"
}

self_guest() {
	local out rc f=$BUILD/self-put
	sandbox_ready
	rc=0
	out=$("$TOP/hugesvm" run -- sh -c 'printf "one\n\0two"; echo noise >&2; exit 7' 2> "$LOGS/self-run.err" | od -An -c | tr -d ' \n') || rc=$?
	if [ "$out" = 'one\n\0two' ]; then
		pass "self: run gives the program's output untouched"
	else
		fail "self: run gives the program's output untouched" "got '$out'; $(tail -n 1 "$LOGS/self-run.err")"
	fi
	expect "run exits with the program's status" 7 '' "$TOP/hugesvm" run -- sh -c 'exit 7'
	echo 'a file' > "$f"
	expect "run puts files into the working directory" 0 '^a file$' \
		"$TOP/hugesvm" run --put "$f" -- cat self-put
	expect "run quotes arguments" 0 "^a 'b  c\"[\$]d\$" "$TOP/hugesvm" run -- echo "a 'b  c\"\$d"
	expect "run ends a guest at its time limit" 124 'did not end within 12 s' \
		"$TOP/hugesvm" run --time-limit 12 -- sleep 1000
	expect "run tells of a kernel complaint" 99 'WARNING' \
		"$TOP/hugesvm" run -- modprobe hugesvm_bugs bug=warn
	expect "run tells of a lost guest" 99 'sysrq|Kernel panic' \
		"$TOP/hugesvm" run -- sh -c 'echo c > /proc/sysrq-trigger'
	rm -f "$f"
}

# An interrupted build leaves nothing half made, and no process.
self_interrupt() {
	local pid n=0 part
	guest_defaults
	"$TOP/hugesvm" run -- sleep 1000 > /dev/null 2> "$LOGS/self-interrupt.log" &
	pid=$!
	while ! pgrep -f 'sleep 1000' > /dev/null 2>&1 && [ $n -lt 20 ] && kill -0 $pid 2>/dev/null; do
		sleep 0.5; n=$((n + 1))
	done
	kill -TERM $pid
	wait $pid 2> /dev/null && n=0 || n=$?
	if [ "$n" = 143 ]; then
		pass "self: an interrupted run ends with 143"
	else
		fail "self: an interrupted run ends with 143" "status $n"
	fi
	sleep 1
	# Of this checkout: others may run guests of their own.
	part=$(pgrep -f "enter.sh [^ ]* $TOP [^ ]* .*tools/inside/guest.sh" | wc -l)
	if [ "$part" = 0 ]; then
		pass "self: an interrupted run leaves no guest"
	else
		fail "self: an interrupted run leaves no guest" "$part still there"
	fi
}

# Hooks say where they land; a wrong one is named.
self_hooks() {
	local log=$LOGS/self-hooks.log
	if sandbox python3 tools/inside/hooks_test.py > "$log" 2>&1; then
		tap "self" "$log"
	else
		tap "self" "$log"
		fail "self: hooks" "log: $log"
	fi
}
