# SPDX-License-Identifier: MIT
# The command's own behaviour: arguments, exit codes, interruptions, limits.

suite_self() {
	self_arguments
	self_counts
	self_sandbox_failures
	self_second_run
	self_guest
	self_interrupt
	self_interrupted_proof
	self_interrupted_kernel
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
	expect "unknown image" 2 "unknown image 'nonesuch'" "$h" run --image nonesuch -- true
	expect "run without a command" 2 'no command' "$h" run --
	expect "run: file that is not there" 2 "no file '/nonesuch'" "$h" run --put /nonesuch -- true
	expect "run: time limit must be a number" 2 'time-limit' "$h" run --time-limit soon -- true
	expect "run: option without value" 2 'needs a value' "$h" run --smp
	expect "build: unknown part" 2 "unknown part 'nonesuch'" "$h" build nonesuch
}

self_counts() {
	local tmp
	tmp=$(mktemp -d)
	CLEANUP_DIRS+=("$tmp")
	# shellcheck disable=SC2016
	expect "a suite that loads its library loses no count" 1 '^1 passed, 1 failed, 0 skipped$' \
		bash -c 'TOP=$1; . "$TOP/tools/lib/common.sh"; . "$TOP/tools/lib/suites.sh"; BUILD=$2
			pass one; fail two "on purpose"; . "$TOP/tools/lib/igt.sh"; suites_end' \
		sh "$TOP" "$tmp"
	rm -rf "$tmp"
}

# With a cache of its own each, so that nothing is there yet.
self_sandbox_failures() {
	local tmp pid port= n=0
	tmp=$(mktemp -d)
	CLEANUP_DIRS+=("$tmp")
	expect "a mirror that is not there is a clear error" 1 'mirror could not be reached|sandbox could not be made' \
		env HUGESVM_CACHE="$tmp/a" timeout 120 "$TOP/hugesvm" --mirror http://127.0.0.1:9/debian build sandbox
	self_no_sandbox "$tmp/a" "a failed sandbox is not taken for a whole one"

	sandbox_ready
	sandbox sh -c 'cd /tmp && exec python3 -u -m http.server --bind 127.0.0.1 0' > "$tmp/http" 2>&1 &
	pid=$!
	CLEANUP_PIDS+=("$pid")
	while [ -z "$port" ] && [ $n -lt 50 ]; do
		sleep 0.2; n=$((n + 1))
		port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$tmp/http" | head -n 1)
	done
	expect "a mirror without Debian on it is a clear error" 1 'has no Debian trixie' \
		env HUGESVM_CACHE="$tmp/b" timeout 120 "$TOP/hugesvm" --mirror "http://127.0.0.1:${port:-9}/debian" build sandbox
	kill "$pid" 2> /dev/null || true
	self_no_sandbox "$tmp/b" "nor is one from such a mirror"

	mkdir -p "$tmp/logs"
	echo 'E: Unable to locate package nonesuch' > "$tmp/logs/tree-sandbox.log"
	expect "a mirror that lacks a package: its name is told" 1 'lacks a package: Unable to locate package nonesuch' \
		bash -c '. "$1/tools/lib/common.sh"; . "$1/tools/lib/sandbox.sh"; LOGS=$2; tree_explain sandbox' sh "$TOP" "$tmp/logs"

	mkdir "$tmp/small"
	# shellcheck disable=SC2046
	expect "too small a disk is refused before anything is fetched" 1 'needs [0-9]+ MiB of disk in .*, and [0-9]+ MiB are free' \
		$(sandbox_unshare) sh -c 'mount -t tmpfs -o size=40M none "$1" && HUGESVM_CACHE=$1 exec "$2" build sandbox' \
		sh "$tmp/small" "$TOP/hugesvm"

	self_cut_off "$tmp/c"
	rm -rf "$tmp"
}

self_no_sandbox() {
	if [ -d "$(CACHE=$1 sandbox_dir)" ]; then
		fail "self: $2" "it is there"
	else
		pass "self: $2"
	fi
}

# Ctrl-C in the middle of making the sandbox.
self_cut_off() {
	local pid rc=0 n=0
	HUGESVM_CACHE=$1 env --default-signal=INT "$TOP/hugesvm" build sandbox > "$LOGS/self-cut-off.log" 2>&1 &
	pid=$!
	while [ ! -d "$1/sandbox" ] && [ $n -lt 100 ]; do
		sleep 0.1; n=$((n + 1))
	done
	sleep 2
	kill -INT "$pid"
	wait "$pid" 2> /dev/null || rc=$?
	if [ "$rc" = 130 ]; then
		pass "self: Ctrl-C ends the making of the sandbox"
	else
		fail "self: Ctrl-C ends the making of the sandbox" "status $rc; log: $LOGS/self-cut-off.log"
	fi
	self_no_sandbox "$1" "a sandbox cut off is not taken for a whole one"
}

# A second run beside one that builds waits, and says for whom.
self_second_run() {
	local holder rc=0 log=$LOGS/self-second.log
	(
		lock 7 "$BUILD/programs.lock" "building programs"
		sleep 4
	) &
	holder=$!
	sleep 1
	"$TOP/hugesvm" build programs > "$log" 2>&1 || rc=$?
	wait "$holder" || true
	if [ "$rc" = 0 ] && grep -q "waiting for another hugesvm: pid [0-9]*, building programs, since" "$log"; then
		pass "self: a second run waits and says for whom"
	else
		fail "self: a second run waits and says for whom" "status $rc; log: $log"
	fi
}

# A kernel build that was cut off: nothing is taken for whole, no process
# stays, and the next run finishes it. In a copy of the checkout in which one
# file of nouveau differs, so that there is something to build.
self_interrupted_kernel() {
	local tmp pid key rc=0 n=0 start log
	tmp=$(mktemp -d)
	CLEANUP_DIRS+=("$tmp")
	kernel_ready release
	(cd "$TOP" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$tmp"
	printf '/* %s %s */\n' "$$" "$RANDOM" >> "$tmp/drivers/gpu/drm/nouveau/nouveau_dmem_chunk.c"
	log=$tmp/build/logs/kernel-release.log
	env --default-signal=INT "$tmp/hugesvm" build release > "$tmp/first" 2>&1 &
	pid=$!
	while ! grep -qs '^@progress compiling' "$log" && [ $n -lt 600 ] && kill -0 "$pid" 2> /dev/null; do
		sleep 0.2; n=$((n + 1))
	done
	sleep 3
	kill -INT "$pid" 2> /dev/null || true
	wait "$pid" 2> /dev/null || rc=$?
	key=$(sed -n 's/^@key //p' "$log")
	if [ "$rc" = 130 ] && [ -n "$key" ] && [ ! -d "$CACHE/kernels/$key" ]; then
		pass "self: an interrupted kernel build leaves no kernel"
	else
		fail "self: an interrupted kernel build leaves no kernel" "status $rc, key '$key': $(tail -n 1 "$tmp/first")"
	fi
	sleep 1
	if pgrep -f "enter.sh [^ ]* $tmp " > /dev/null; then
		fail "self: nor a process" "$(pgrep -af "enter.sh [^ ]* $tmp " | head -n 1)"
	else
		pass "self: nor a process"
	fi
	start=$SECONDS
	expect "the next run builds it, and boots it" 0 '^6\.12\.' "$tmp/hugesvm" run -- uname -r
	note "self: a module's source edited, built after an interruption, and run: $((SECONDS - start)) s"
	[ -z "$key" ] || rm -rf "$CACHE/kernels/$key"
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

# A proof that is told to end does not go on to the end of its part.
self_interrupted_proof() {
	local pid rc=0 start=$SECONDS
	"$TOP/hugesvm" prove --again witness > "$LOGS/self-proof.log" 2>&1 &
	pid=$!
	sleep 3
	kill -TERM "$pid"
	wait "$pid" 2> /dev/null || rc=$?
	if [ "$rc" = 143 ] && [ $((SECONDS - start)) -lt 20 ]; then
		pass "self: an interrupted proof ends at once, with 143"
	else
		fail "self: an interrupted proof ends at once, with 143" "status $rc after $((SECONDS - start)) s"
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
