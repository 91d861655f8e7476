# SPDX-License-Identifier: MIT
# Messages, logs, locks and cleaning up: what every verb uses.
# Exit codes of the command itself: 1 something failed, 2 wrong arguments,
# 3 the host lacks something that only its owner can give.

# A user's PATH may lack chroot and mount.
PATH=$PATH:/usr/sbin:/sbin

BUILD=$TOP/build
LOGS=$BUILD/logs
CACHE=${HUGESVM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/hugesvm}
JOBS=${JOBS:-$(nproc)}
STARTED=$SECONDS

# Everything that is not a result goes to stderr.
say()   { printf '%s\n' "$*" >&2; }
die()   { say "hugesvm: error: $*"; exit 1; }
lack()  { say "hugesvm: $*"; exit 3; }
usage_error() { say "hugesvm: $* (see ./hugesvm --help)"; exit 2; }

on_terminal() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

# One line for one finished thing: "[  12 s] kernel release: built in 340 s"
note() { printf '[%4d s] %s\n' $((SECONDS - STARTED)) "$*" >&2; }

# ---------------------------------------------------------------------------
# Processes and files to be rid of at the end, however it ends.

CLEANUP_PIDS=()
CLEANUP_DIRS=()

cleanup() {
	local rc=$? p
	trap - EXIT INT TERM HUP
	for p in ${CLEANUP_PIDS[@]+"${CLEANUP_PIDS[@]}"}; do
		kill -KILL "$p" 2>/dev/null || true
	done
	for p in ${CLEANUP_DIRS[@]+"${CLEANUP_DIRS[@]}"}; do
		rm -rf "$p"
	done
	on_terminal && printf '\r\033[K' >&2
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# apart FUNCTION [ARG...]: in a shell of its own, so that what it sets is its own.
# Ends with us: a shell that waits for one in the foreground hears no signal.
apart() {
	local pid rc=0
	( "$@" ) <&0 &
	pid=$!
	CLEANUP_PIDS+=("$pid")
	wait "$pid" || rc=$?
	return "$rc"
}

# ---------------------------------------------------------------------------
# Logs.

# logged NAME WHAT CMD...: run CMD with its output in build/logs/NAME.log,
# show WHAT and the log's last line while it runs, and the log's end if it
# fails. Returns CMD's status.
logged() {
	local name=$1 what=$2 log=$LOGS/$1.log start=$SECONDS pid rc=0
	shift 2
	mkdir -p "$LOGS"
	: > "$log"
	on_terminal || note "$what ..."
	"$@" > "$log" 2>&1 < /dev/null &
	pid=$!
	CLEANUP_PIDS+=("$pid")
	watch_log "$pid" "$what" "$log" "$start"
	wait "$pid" || rc=$?
	on_terminal && printf '\r\033[K' >&2
	if [ "$rc" -ne 0 ]; then
		say "---- the end of $log"
		tail -n 25 "$log" >&2
		say "----"
		note "$what: failed with status $rc after $((SECONDS - start)) s; full log: $log"
		return "$rc"
	fi
	note "$what: done in $((SECONDS - start)) s"
}

# A progress line on a terminal; a plain line a minute elsewhere. Steps that
# know how far they are print "@progress TEXT" into their log.
watch_log() {
	local pid=$1 what=$2 log=$3 start=$4 said=0 t far cols
	while kill -0 "$pid" 2>/dev/null; do
		t=$((SECONDS - start))
		if on_terminal; then
			far=$(tail -c 4096 "$log" | sed -n 's/^@progress //p' | tail -n 1)
			[ -n "$far" ] || far=$(tail -c 300 "$log" | tr -d '\r' | tail -n 1)
			cols=$(tput cols 2>/dev/null || echo 80)
			printf '\r\033[K%.*s' $((cols - 1)) "[$t s] $what: $far" >&2
		elif [ $((t / 60)) -gt "$said" ]; then
			said=$((t / 60))
			far=$(tail -c 65536 "$log" | sed -n 's/^@progress //p' | tail -n 1)
			note "$what: ${far:-working}, $t s so far"
		fi
		sleep 0.2
	done
}

# ---------------------------------------------------------------------------
# Locks. A lock is a file descriptor that the shell keeps open; the file holds
# who has it, so that whoever waits can say for whom.

# lock FD FILE WHAT
lock() {
	local fd=$1 file=$2 what=$3
	mkdir -p "$(dirname "$file")"
	eval "exec $fd>>\"\$file\""
	if ! flock -n "$fd"; then
		note "waiting for another hugesvm: $(tail -n 1 "$file" 2>/dev/null)"
		flock "$fd"
	fi
	echo "pid $$, $what, since $(date +%H:%M:%S)" > "$file"
}

unlock() { eval "exec $1>&-"; }

# need_disk DIR MIB WHAT: refuse to begin what cannot fit.
need_disk() {
	local have
	mkdir -p "$1"
	have=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	if [ "$have" -lt "$2" ]; then
		die "$3 needs $2 MiB of disk in $1, and $have MiB are free"
	fi
}

content_key() { sha256sum | cut -c1-16; }

# Quote for a POSIX shell (busybox has no $'...').
shell_quote() {
	local a out=
	for a in "$@"; do
		out+=" '${a//\'/\'\\\'\'}'"
	done
	printf '%s' "${out# }"
}
