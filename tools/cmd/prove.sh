# SPDX-License-Identifier: MIT
. "$TOP/tools/lib/suites.sh"

prove_help() {
	cat <<-U
	usage: ./hugesvm prove [--again] [PART...]

	Runs what takes too long for 'test', each part under 80 minutes. Parts:
	$(names_help prove prove)
	A part that passed with this content of the tree is not run again, unless
	--again is given, so that an interrupted 'prove' goes on where it was. The last
	result of each part is written to Documentation/testing/results/.
	U
}

# What the result of a part depends on: every tracked file but the results.
prove_content() {
	(cd "$TOP" && find . -path ./build -prune -o -path ./.git -prune -o -path ./Documentation -prune -o -type f -print0 |
		sort -z | xargs -0 sha256sum) | content_key
}

prove_main() {
	local again=no part content stamp failed=0
	if [ "${1-}" = --again ]; then
		again=yes; shift
	fi
	names_check prove "prove part" "$@"
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(names_in prove)
	content=$(prove_content)
	mkdir -p "$BUILD/prove" "$TOP/Documentation/testing/results"
	for part in "$@"; do
		stamp=$BUILD/prove/$part
		if [ $again = no ] && [ "$(cat "$stamp" 2>/dev/null)" = "$content" ]; then
			note "prove $part: passed before with the same content"
			continue
		fi
		if prove_part "$part"; then
			# Some of the mutants are not all of them.
			[ -n "${MUTANTS-}" ] || echo "$content" > "$stamp"
		else
			failed=1
		fi
	done
	return $failed
}

# Run one part and count.
prove_counted() {
	PASSED=0 FAILED=0 SKIPPED=0
	mkdir -p "$BUILD"
	: > "$BUILD/results"
	"prove_${1//-/_}" || fail "$1" "the part ended with status $?"
	[ $((PASSED + FAILED + SKIPPED)) -gt 0 ] || fail "$1" "ran no test"
	suites_end
}

# Run one part in a shell of its own and write down what came of it.
prove_part() {
	local part=$1 start=$SECONDS rc=0 out=$BUILD/prove/$1.out
	. "$TOP/tools/prove/$part.sh"
	apart prove_counted "$part" > "$out" || rc=1
	cat "$out"
	{
		echo ".. SPDX-License-Identifier: MIT"
		echo
		echo "prove $part"
		echo "$(printf 'prove %s' "$part" | tr -c '\n' '=')"
		echo
		echo ":date: $(date -u +%Y-%m-%d)"
		echo ":commit: $(git -C "$TOP" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)$(git -C "$TOP" diff --quiet HEAD 2>/dev/null || echo ' with changes')"
		echo ":machine: $(nproc) CPUs, $(awk '/MemTotal/ { print int($2 / 1048576 + .5) }' /proc/meminfo) GiB, $(uname -m)"
		echo ":time: $((SECONDS - start)) s"
		echo
		echo "::"
		echo
		sed 's/^/    /' "$out"
		[ ! -s "$BUILD/prove/$part.notes" ] || { echo; sed 's/^/    /' "$BUILD/prove/$part.notes"; }
	} > "$TOP/Documentation/testing/results/$part.rst"
	return $rc
}
