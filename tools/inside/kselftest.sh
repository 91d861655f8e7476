# SPDX-License-Identifier: MIT
# kselftest.sh PROGRAM...: build programs of the kernel's tools/testing/selftests/mm
# from the pristine source, static, into build/kselftest.
set -euo pipefail
version=${KERNEL_VERSION:-$(dpkg-query -W -f '${Version}' linux-source-6.12)}
src=/hugesvm/cache/linux/$version
out=/hugesvm/src/build/kselftest
mkdir -p "$out"
st=$src/tools/testing/selftests
for prog; do
	extra=()
	grep -q vm_util.h "$st/mm/$prog.c" && extra+=("$st/mm/vm_util.c")
	ccache gcc -static -O2 -g -w -D_GNU_SOURCE -I"$st" -I"$st/mm" -I"$src/tools/include" \
		-isystem "$src/usr/include" -iquote "$src" -I"$src" \
		-idirafter "$src/include/uapi" \
		-o "$out/$prog" "$st/mm/$prog.c" ${extra[@]+"${extra[@]}"} -lpthread -lrt
done
