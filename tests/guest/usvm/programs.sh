#!/bin/sh
# SPDX-License-Identifier: MIT
# programs.sh: the example programs in the guest, a check each; TAP. They exit with
# 77 when they cannot run, which is no excuse here: the GPU is there.
n=0 failed=0
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}
run() {
	name=$1; shift
	out=$("$@" 2>&1)
	r=$?
	printf '%s\n' "$out" | sed 's/^/# /'
	ok $r "$name"
}
has() {
	printf '%s\n' "$out" | grep -q -- "$1"
	ok $? "$2"
}
export USVM_DEVICE=nouveau

run "usvm-vector: a pipeline over two streams" ./usvm-vector 8
has '^0 wrong' "no wrong sum"
run "usvm-join: CPU and GPU take turns on one linked structure" ./usvm-join
run "usvm-stencil: bands of a grid" ./usvm-stencil 2
run "usvm-pipe: producer and consumer" ./usvm-pipe
run "usvm-bandwidth" ./usvm-bandwidth --max 4 --json
has '"pages":"huge","huge_share":1.000' "its figures as JSON, also of huge pages"

# Something to look at.
./usvm-guest-hold 60000 > held & pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -q ready held && break; sleep 1; done
run "usvm-map of another process" ./usvm-map --svg map.svg $pid
has 'VVVVR\*' "8 MiB in VRAM, 2 MiB in RAM, 2 MiB half and half"
run "usvm-top" ./usvm-top -n 1
has 'usvm-guest-hold' "shows the process"
kill $pid
cat map.svg | grep -q '#e6550d'
ok $? "the map as SVG"
echo "1..$n"
exit $failed
