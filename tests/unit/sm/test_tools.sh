#!/bin/sh
# SPDX-License-Identifier: MIT
# test_tools.sh SM-ASM SM-DUMP: what they do with good and bad input.
set -u
asm=$1
dump=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

# ok NAME: of the last command
ok() {
	result=$?
	n=$((n + 1))
	if [ $result = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}

# run STATUS CMD...: output and errors in files
run() {
	want=$1
	shift
	"$@" > "$dir/out" 2> "$dir/err"
	got=$?
	[ $got = "$want" ] && return 0
	echo "status $got, not $want: $*" >> "$dir/err"
	return 1
}

cat > "$dir/program" << 'END'
	s2r r0, sr_tid.x	# a comment
	mov32i r1, 0x3
again:
	iadd r1, r1, -0x1	// another
	isetp.ne.u32.and p0, pt, r1, rz, pt
	@p0 bra again
	exit
END
printf 'exit\nfrobnicate r1\n' > "$dir/wrong"
# texts of the instructions only: without address, word and scheduling
text() { grep -v '  sched ' "$dir/out" | sed 's/^[^ ]* [^ ]*  //'; }

echo 1..11
run 0 "$asm" "$dir/program" && cp "$dir/out" "$dir/binary" && [ "$(wc -c < "$dir/binary")" = 64 ]
ok "six instructions are two groups of four words"
run 0 "$dump" "$dir/binary" && text > "$dir/text" && run 0 "$asm" "$dir/text" && cmp -s "$dir/out" "$dir/binary"
ok "what sm-dump writes, sm-asm reads"
run 0 "$asm" -x "$dir/program" && cp "$dir/out" "$dir/hex" && run 0 "$dump" -x "$dir/hex" && text | cmp -s - "$dir/text"
ok "the same in hexadecimal"
run 0 "$dump" < "$dir/binary" && text | cmp -s - "$dir/text"
ok "the same from standard input"
run 1 "$asm" "$dir/wrong" && grep -q 'line 2: .*frobnicate' "$dir/err" && [ ! -s "$dir/out" ]
ok "sm-asm names the line that is wrong, and writes nothing"
printf '0\nffffffffffffffff\n' > "$dir/hex"
run 3 "$dump" -x "$dir/hex" && grep -q '\.unknown 0xffffffffffffffff' "$dir/out"
ok "an unknown instruction is printed as such, with a status of its own"
printf "0\nexit\n" > "$dir/hex"
run 1 "$dump" -x "$dir/hex" && grep -q 'follows word 1' "$dir/err"
ok "sm-dump tells what is no number"
head -c 61 "$dir/binary" > "$dir/cut"
run 1 "$dump" "$dir/cut" && grep -q 'follows word 7' "$dir/err" && [ "$(wc -l < "$dir/out")" = 7 ]
ok "sm-dump tells that the last word is cut, after the whole ones"
run 1 "$dump" "$dir" && run 1 "$asm" "$dir" && run 1 "$dump" "$dir/none" && grep -q "none: No such file" "$dir/err"
ok "a directory or a missing file is an error"
run 2 "$asm" a b c && run 2 "$dump" --help
ok "wrong usage has a status of its own"
! "$asm" "$dir/program" > /dev/full 2> "$dir/err" && ! "$dump" "$dir/binary" > /dev/full 2>> "$dir/err" &&
	[ "$(grep -c 'No space' "$dir/err")" = 2 ]
ok "output that cannot be written is an error"
