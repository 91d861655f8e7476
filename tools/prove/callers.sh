# SPDX-License-Identifier: MIT
# prove: other users of device memory compile: KVM on powerpc (Debian's cross compiler), amdgpu

prove_callers() {
	local object state log=$LOGS/prove-callers.log
	sandbox_ready
	mkdir -p "$LOGS"
	lock 9 "$CACHE/kernel-callers.lock" "compiling other users of device memory"
	logged prove-callers "compiling other users of device memory" sandbox bash tools/inside/callers.sh || true
	unlock 9
	while read -r _ object state; do
		if [ "$state" = ok ]; then
			pass "$object compiles"
		else
			fail "$object compiles" "$state; log: $log"
		fi
	done < <(grep '^@result ' "$log")
}
