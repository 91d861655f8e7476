# SPDX-License-Identifier: MIT
# igt-prepare.sh: put together in build/igt/guest what a guest needs for the IGT tests:
# the tests, a runner, the libraries of both, the lists.
#
# The runner is igt_runner of Debian's newest igt-gpu-tools, unpacked and kept in the
# cache; trixie's own package has none. Without a mirror that has it, or if it does not
# start with trixie's libraries, the small runner of this project takes its place.
set -euo pipefail
out=/hugesvm/src/build/igt/guest
cache=/hugesvm/cache/igt
src=/hugesvm/src/igt-tests
built=/hugesvm/src/build/programs/igt-tests

# fetch SUITE PACKAGE...: download with apt's own keys, unpack into $cache/root. The
# Release files of suites that mirrors no longer refresh are past their date.
fetch() {
	local suite=$1 mirror lists=$cache/apt/$1
	shift
	mirror=$(awk '$1 == "deb" && $3 == "trixie" { print $2; exit }' /etc/apt/sources.list.d/*.list)
	mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial" "$lists/parts"
	echo "deb $mirror $suite main" > "$lists/sources.list"
	local opt=(-o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache"
		-o "Dir::Etc::SourceList=$lists/sources.list" -o "Dir::Etc::SourceParts=$lists/parts"
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Dir::State::status=/dev/null
		-o APT::Sandbox::User=root)
	apt-get "${opt[@]}" update
	(cd "$cache/debs" && apt-get "${opt[@]}" download "$@")
}

get_runner() {
	local deb
	# What was unpacked by another version of this script is not good.
	[ "$(cat "$cache/done" 2> /dev/null)" != "$(sha256sum < "$0")" ] || return 0
	rm -rf "$cache"
	mkdir -p "$cache/debs" "$cache/root"
	{ fetch sid igt-gpu-tools && fetch trixie liboping0 libpci3; } || return 1
	for deb in "$cache"/debs/*.deb; do
		dpkg-deb -x "$deb" "$cache/root"
	done
	# Its own library wants a newer libdrm; the runner is content with trixie's.
	rm -f "$cache"/root/usr/lib/x86_64-linux-gnu/libigt.so*
	basename "$(ls "$cache"/debs/igt-gpu-tools*.deb)" | cut -d_ -f2 > "$cache/version"
	rm -rf "$cache/apt" "$cache/debs"
	sha256sum < "$0" > "$cache/done"
}

copy_libraries() {
	ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib64\// { print $1 }' | sort -u |
		xargs -I{} cp -L {} "$out/lib/"
}

rm -rf "$out"
mkdir -p "$out/lib" "$out/bin" "$out/tests" "$out/lists"
for t in "$built"/nouveau_svm_*; do
	[ -f "$t" ] && [ -x "$t" ] && strip -o "$out/tests/${t##*/}" "$t"
done
{
	echo TESTLIST
	(cd "$out/tests" && ls) | paste -sd' '
	echo END TESTLIST
} > "$out/test-list.txt"
mv "$out/test-list.txt" "$out/tests/"
cp "$src"/tests/nouveau-ci/* "$out/lists/"
cp /hugesvm/src/tools/inside/igt-guest.sh "$out/run.sh"

export LD_LIBRARY_PATH=$cache/root/usr/lib/x86_64-linux-gnu
libs=("$out"/tests/nouveau_svm_*)
runner=small
if get_runner; then
	# Its help ends with a status of 1.
	if { "$cache/root/usr/bin/igt_runner" --help || true; } | grep -q multiple-mode; then
		cp "$cache/root/usr/bin/igt_runner" "$out/bin/"
		libs+=("$out/bin/igt_runner")
		runner="igt_runner $(cat "$cache/version")"
	else
		echo "igt_runner $(cat "$cache/version") does not start here: using the small runner"
	fi
else
	echo "no igt-gpu-tools on this mirror: using the small runner"
fi
[ ! -x "$built/small_runner" ] || cp "$built/small_runner" "$out/bin/"
copy_libraries "${libs[@]}"
echo "$runner" > "$out/runner"
echo "runner: $runner"
