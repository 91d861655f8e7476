# SPDX-License-Identifier: MIT
# prove: stock 6.12 and Debian's own kernel on the GPU model

prove_witness() {
	local chip
	. "$TOP/tools/suites/gpu.sh"
	programs_ready libusvm/usvm-demo
	: > "$BUILD/prove/witness.notes"
	for chip in gp104 gp100; do
		gpu_demo stock "$chip" 600
		witness_note stock "$chip"
	done
	for chip in gp104 gp100; do
		witness_debian "$chip"
		witness_note debian "$chip"
	done
}

witness_note() {
	echo "$1 on $2: nouveau probed in $(gpu_probe_seconds) s of the guest's time" >> "$BUILD/prove/witness.notes"
}

# Debian's unmodified package, its own nouveau.ko, to a DRM device whose buffer
# copies go through the copy engine.
witness_debian() {
	local log=$LOGS/witness-debian-$1.log
	guest_defaults
	G_KERNEL=debian G_GPU=on G_LOAD_HMM=no G_LIMIT=300 G_GPU_OPTS=" --chip $1"
	guest_run sh -c 'uname -r; ls /dev/dri; dmesg | grep "nouveau.*MM: using COPY for buffer copies"' > "$log" 2>&1 || true
	if [ "$G_STATUS" = 0 ] && grep -q renderD128 "$log"; then
		pass "witness: Debian's kernel $(head -n 1 "$log") brings up $1 with the copy engine"
	else
		fail "witness: Debian's kernel brings up $1 with the copy engine" "status $G_STATUS $G_WHY; log: $log, $G_DIR"
		guest_show
	fi
	gpu_quiet "Debian's kernel on $1"
}
