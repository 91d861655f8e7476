#!/bin/sh
# SPDX-License-Identifier: MIT
# test_tools.sh BUILD SOURCES: what the programs that look at others print, and
# that the manual has every call of the header. TAP.
b=$1 sources=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}
has() {
	printf '%s\n' "$1" | grep -q -- "$2"
	r=$?
	[ $r = 0 ] || printf '%s\n' "$1" | sed 's/^/# /'
	ok $r "$3"
}

# usvm-map: a listing by hand. 4 MiB huge in VRAM, 2 MiB half and half, 2 MiB untouched.
cat > "$dir/listing" <<-'L'
	7f0000000000 7f0000400000 4 one <area>
	7f0000400000 7f0000500000 1 one <area>
	7f0000500000 7f0000600000 3 one <area>
	7f0000600000 7f0000800000 0 one <area>
	7f1000000000 7f1000010000 2 two
L
out=$("$b/usvm-map" --svg "$dir/map.svg" "$dir/listing")
ok $? "usvm-map draws a listing"
has "$out" '^  VV\*\.$' "a mark for each 2 MiB, * where RAM and VRAM meet"
has "$out" '^  R$' "a small mapping"
has "$out" 'V video memory, huge pages *4096 KiB' "sums by state"
has "$out" 'r RAM, small pages *1024 KiB' "and of small pages"
grep -q '&#60;area>' "$dir/map.svg" && grep -q '#e6550d' "$dir/map.svg"
ok $? "an SVG, its text escaped"
sleep 60 & pid=$!
out=$("$b/usvm-map" --save "$dir/saved" $pid)
r=$?
kill $pid
ok $r "usvm-map of a process"
[ "$("$b/usvm-map" "$dir/saved" | tail -n 6)" = "$(printf '%s\n' "$out" | tail -n 6)" ]
ok $? "what it saved gives the same sums"
"$b/usvm-map" /dev/null/nothing 2> /dev/null
[ $? = 1 ]
ok $? "a file that is not there"
echo "7f00 zz 1" > "$dir/bad"
"$b/usvm-map" "$dir/bad" 2> /dev/null
[ $? = 1 ]
ok $? "a file that is no listing"

# usvm-top: a process and a counters file made here.
mkdir -p "$dir/proc/42/fdinfo"
echo program > "$dir/proc/42/comm"
printf 'drm-driver:\tnouveau\ndrm-total-vram:\t2 MiB\ndrm-resident-vram:\t1024 KiB\n' > "$dir/proc/42/fdinfo/3"
printf 'drm-driver:\ti915\ndrm-total-vram:\t9 MiB\n' > "$dir/proc/42/fdinfo/4"
printf 'bytes used: 4096\nlost: device: 7\nchunks free: 0\n' > "$dir/dmem"
out=$("$b/usvm-top" -n 1 --proc "$dir/proc" --debugfs "$dir/dmem")
ok $? "usvm-top prints once"
has "$out" '^ *42 program *1 *2048 *1024$' "a process with its video memory, nouveau's alone"
has "$out" '^bytes used *4096$' "a counter"
has "$out" '^lost: device *7$' "a counter with a colon in its name"
out=$("$b/usvm-top" -n 1 --proc "$dir" --debugfs "$dir/none")
has "$out" 'no counters' "what is missing is said"
has "$out" 'no process' "also of processes"
missing=
for call in $(grep -o '\<usvm_[a-z0-9_]*(' "$sources/include/usvm.h" | tr -d '(' | sort -u); do
	grep -q "^.BR $call ()" "$sources/man/usvm.3" || missing="$missing $call"
done
[ -z "$missing" ] || echo "# missing:$missing"
[ -z "$missing" ]
ok $? "the manual has every call"
echo "1..$n"
exit $failed
