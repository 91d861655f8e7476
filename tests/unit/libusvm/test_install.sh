#!/bin/sh
# SPDX-License-Identifier: MIT
# test_install.sh BUILD SOURCES: "meson install", then a C and a C++ program that
# know nothing but pkg-config. TAP.
build=$1 sources=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}
equal() {
	[ "$1" = "$2" ] || echo "# got '$1', want '$2'"
	[ "$1" = "$2" ]
	ok $? "$3"
}
export USVM_DEVICE=host

DESTDIR=$dir meson install -C "$build" --no-rebuild --quiet > "$dir/log" 2>&1
ok $? "meson install"
pc=$(dirname "$(find "$dir" -name usvm.pc)")
[ -f "$pc/usvm.pc" ]
ok $? "usvm.pc is there"
export PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$dir
lib=$(dirname "$(find "$dir" -name libusvm.so)")

flags=$(pkg-config --cflags --libs usvm)
for std in c17 c11; do
	# shellcheck disable=SC2086
	cc -std=$std -Wall -Wextra -Werror -pedantic -o "$dir/c" "$sources/program.c" $flags
	ok $? "a C program builds as $std"
done
equal "$(LD_LIBRARY_PATH=$lib "$dir/c")" "225 1" "and runs"
for std in c++11 c++20; do
	# shellcheck disable=SC2086
	c++ -std=$std -Wall -Wextra -Werror -o "$dir/cpp" "$sources/program.cpp" $flags
	ok $? "a C++ program with CUDA's names builds as $std"
done
equal "$(LD_LIBRARY_PATH=$lib "$dir/cpp")" "1999 no error" "and runs"
extra=$(nm -D --defined-only "$lib/libusvm.so" | awk '$3 !~ /^usvm_/ { print $3 }')
equal "$extra" "" "the library exports usvm_ names only"
echo "1..$n"
exit $failed
