# SPDX-License-Identifier: MIT
# usvm-mutants.sh DIR NAME...: make the tests of libusvm with each mutant NAME, and without
# any ("unharmed"). What catches it here is run; its verdict goes to DIR/verdicts/NAME, a line
# "caught TEST" or "survived TEST". What catches it in a guest goes to DIR/bin/NAME.TEST.
#
# Without meson: a mutant is one file, and the rest is compiled once.
set -euo pipefail
dir=$1
shift
mutants=/hugesvm/src/tests/mutants/libusvm
read -ra drm <<< "$(pkg-config --cflags libdrm)"
cd /hugesvm/src
flags=(-std=gnu17 -O1 -g -pthread -D_GNU_SOURCE -DUSVM_HAVE_NOUVEAU -Ilibusvm/include -Ilibusvm/src
	-Itests/unit/libusvm -Itests/guest/model "${drm[@]}")
rm -rf "$dir/obj" "$dir/bin" "$dir/verdicts"
mkdir -p "$dir/obj" "$dir/bin" "$dir/verdicts"

compile() { ccache gcc "${flags[@]}" -c -o "$2" "$1"; }

# source TEST: its file
source_of() {
	case $1 in
	libusvm-*) echo "tests/unit/libusvm/test_${1#libusvm-}.c" ;;
	test-usvm-gpu) echo tests/unit/libusvm/test_gpu.c ;;
	usvm-guest-*) echo "tests/guest/usvm/usvm_${1#usvm-guest-}.c" ;;
	esac
}

# link NAME TEST [OBJECT INSTEAD]: program NAME.TEST, with INSTEAD in OBJECT's place
link() {
	local o objects=()
	for o in "$dir"/obj/lib-*.o; do
		[ "$o" = "${3-}" ] && objects+=("$4") || objects+=("$o")
	done
	gcc -static -pthread -o "$dir/bin/$1.$2" "$dir/obj/$2.o" "$dir/obj/model_port.o" "${objects[@]}" -ldrm
}

# judge NAME KIND TEST: a program of kind "unit" is run and removed.
judge() {
	[ "$2" = unit ] || return 0
	if USVM_DEVICE=host timeout 100 "$dir/bin/$1.$3" > "$dir/test.log" 2>&1; then
		echo "survived $3"
	else
		echo "caught $3"
	fi >> "$dir/verdicts/$1"
	rm "$dir/bin/$1.$3"
}

for f in libusvm/src/*.c; do
	case $f in
	*/clc_*|*/mkmodule_main.c) ;;
	*) compile "$f" "$dir/obj/lib-$(basename "$f" .c).o" ;;
	esac
done
compile tests/guest/model/model_port.c "$dir/obj/model_port.o"
while read -r kind test; do
	compile "$(source_of "$test")" "$dir/obj/$test.o"
	link unharmed "$test"
	judge unharmed "$kind" "$test"
done < <(sed -n 's/^Catch: *//p' "$mutants"/*.patch | sort -u)

for name in "$@"; do
	file=$(sed -n 's/^+++ b\///p' "$mutants/$name.patch")
	object=$dir/obj/lib-$(basename "$file" .c).o
	: > "$dir/verdicts/$name"
	cp "$file" "$dir/mutant.c"
	if ! patch -s -F0 -o "$dir/mutant.c" "$file" "$mutants/$name.patch" ||
	   ! compile "$dir/mutant.c" "$dir/mutant.o"; then
		rm "$dir/verdicts/$name"
		continue
	fi
	while read -r kind test; do
		link "$name" "$test" "$object" "$dir/mutant.o"
		judge "$name" "$kind" "$test"
	done < <(sed -n 's/^Catch: *//p' "$mutants/$name.patch")
done
