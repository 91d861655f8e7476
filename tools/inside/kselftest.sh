# SPDX-License-Identifier: MIT
# kselftest.sh PROGRAM...: build programs of the kernel's tools/testing/selftests/mm
# from the pristine source, static, into build/kselftest.
set -euo pipefail
version=${KERNEL_VERSION:-$(dpkg-query -W -f '${Version}' linux-source-6.12)}
src=/hugesvm/cache/linux/$version
out=/hugesvm/src/build/kselftest
mkdir -p "$out"
st=$src/tools/testing/selftests
# What the kernel's Makefile finds out there: no liburing here.
[ -e "$out/local_config.h" ] || : > "$out/local_config.h"
for prog; do
	extra=()
	! grep -qE 'vm_util\.h|uffd-common\.h|thp_settings\.h' "$st/mm/$prog.c" || extra+=("$st/mm/vm_util.c")
	! grep -q 'thp_settings\.h' "$st/mm/$prog.c" || extra+=("$st/mm/thp_settings.c")
	! grep -q 'uffd-common\.h' "$st/mm/$prog.c" || extra+=("$st/mm/uffd-common.c")
	! grep -q 'numa\.h' "$st/mm/$prog.c" || extra+=(-lnuma)
	# khugepaged.c uses KSFT_SKIP and forgets its header.
	! grep -q KSFT_ "$st/mm/$prog.c" || grep -q 'kselftest.*\.h' "$st/mm/$prog.c" || extra+=(-include "$st/kselftest.h")
	ccache gcc -static -O2 -g -w -D_GNU_SOURCE -I"$out" -I"$st" -I"$st/mm" -I"$src/tools/include" \
		-isystem "$src/usr/include" -isystem "$src/tools/include/uapi" -iquote "$src" -I"$src" \
		-idirafter "$src/include/uapi" \
		-o "$out/$prog" "$st/mm/$prog.c" ${extra[@]+"${extra[@]}"} -lpthread -lrt -lm
done
