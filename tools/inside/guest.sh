# SPDX-License-Identifier: MIT
# guest.sh DIR: boot the guest that DIR describes (made by tools/lib/guest.sh),
# its program's output on our stdout and stderr. Leaves in DIR:
#   console.log   the kernel's log        qemu.log   QEMU's own words
#   status        what the guest reported  gpu.log    the GPU model's words
#   ended         ok, timeout or qemu STATUS
set -euo pipefail
dir=$1
. "$dir/options"	# KERNEL_KEY SMP MEM GPU VRAM GPU_OPTS TIME_LIMIT CMDLINE INTERACTIVE ACCEL COUNT CLOCK IMAGE DISK
kernel=/hugesvm/cache/kernels/$KERNEL_KEY

# The initramfs: fixed base, the kernel's modules, this job. Archives may be
# concatenated.
(cd "$dir/root" && find . | cpio -o -H newc --quiet) > "$dir/job.cpio"
cat "$IMAGE" "$kernel/modules.cpio" ${FIRMWARE:+"$FIRMWARE"} "$dir/job.cpio" > "$dir/initrd"
rm "$dir/job.cpio"

machine=q35,accel=$ACCEL,memory-backend=ram
# Four levels of page tables: with five, 6.12's KASAN takes valid addresses for
# wild ones in an interrupt while identify_cpu() has the CPU's features cleared.
qemu=(qemu-system-x86_64 -cpu max,la57=off -smp "$SMP" -m "${MEM}M"
	-object "memory-backend-memfd,id=ram,size=${MEM}M,share=on"
	-nodefaults -display none -no-reboot -monitor none
	-kernel "$kernel/vmlinux" -initrd "$dir/initrd"
	-device virtio-serial-pci
	-chardev "file,id=status,path=$dir/status" -device virtserialport,chardev=status,name=status)

[ -z "$DISK" ] || qemu+=(-drive "file=$DISK,format=raw,if=virtio,readonly=on")

model=
if [ "$GPU" = on ]; then
	# shellcheck disable=SC2086
	/hugesvm/src/build/programs/gpu-model/gpu-model --socket "$dir/gpu.sock" \
		--control "$dir/gpu.ctl" --vram "$VRAM" $GPU_OPTS > "$dir/gpu.log" 2>&1 &
	model=$!
	for _ in $(seq 200); do
		[ -S "$dir/gpu.sock" ] && [ -S "$dir/gpu.ctl" ] && break
		kill -0 $model 2> /dev/null || break
		sleep 0.05
	done
	if [ ! -S "$dir/gpu.sock" ]; then
		sed 's/^/gpu-model: /' "$dir/gpu.log" >&2
		echo "gpu-model failed" > "$dir/ended"
		exit 0
	fi
	# The guest's tests read the model's counters and make trouble by this port.
	qemu+=(-chardev "socket,id=gpu,path=$dir/gpu.ctl" -device virtserialport,chardev=gpu,name=gpu)
	qemu+=(-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$dir/gpu.sock\"}}")
fi

console="console=ttyS0"
if [ "$INTERACTIVE" = yes ]; then
	qemu+=(-chardev stdio,id=tty,signal=off -serial chardev:tty -serial "file:$dir/console.log")
	console="console=ttyS1"
	CMDLINE="$CMDLINE quiet"
else
	mkfifo "$dir/out" "$dir/err"
	cat "$dir/out" & cats=$!
	cat "$dir/err" >&2 & cats="$cats $!"
	qemu+=(-serial "file:$dir/console.log"
		-chardev "file,id=out,path=$dir/out" -device virtserialport,chardev=out,name=out
		-chardev "file,id=err,path=$dir/err" -device virtserialport,chardev=err,name=err)
fi

# A plugin that counts instructions knows the kernel by its symbols.
address() { echo "0x$(awk -v name="$1" '$3 == name { print $1; exit }' "$kernel/System.map")"; }
if [ -n "${PLUGIN-}" ]; then
	qemu+=(-plugin "$PLUGIN,out=$dir/instructions,do_idle=$(address do_idle),schedule_idle=$(address schedule_idle),cpuidle=$(address __cpuidle_text_start)-$(address __cpuidle_text_end),entry=$(address __entry_text_start)-$(address __entry_text_end)")
fi

# The guest would measure its clock wrongly on a loaded machine.
khz=$("$IMAGE.tsc")
if [ "$ACCEL:$CLOCK" = tcg:instructions ]; then
	qemu+=(-icount "shift=0,sleep=off")
	khz=1000000
fi
[ "$ACCEL" != tcg ] || CMDLINE="tsc_early_khz=$khz tsc=reliable no_timer_check $CMDLINE"

[ "${COUNT:-no}" = no ] ||
	qemu+=(-plugin "/hugesvm/src/build/programs/tests/guest/instructions/insn-count.so,out=$dir/instructions")

rc=0
[ "$INTERACTIVE" = yes ] || exec < /dev/null
timeout --foreground -k 5 "$TIME_LIMIT" "${qemu[@]}" -machine "$machine" \
	-append "$console loglevel=7 panic=-1 oops=panic $CMDLINE" \
	2> "$dir/qemu.log" || rc=$?
case $rc in
0) echo ok ;;
124|137) echo timeout ;;
*) echo "qemu $rc" ;;
esac > "$dir/ended"

if [ "$INTERACTIVE" != yes ]; then
	# QEMU may never have opened them.
	for f in out err; do : <> "$dir/$f"; done
	wait $cats || true
fi
if [ -n "$model" ]; then
	for _ in $(seq 100); do kill -0 $model 2> /dev/null || break; sleep 0.05; done
	if kill -0 $model 2> /dev/null; then
		kill -KILL $model
		echo "gpu-model did not end with its guest" >> "$dir/gpu.log"
		echo "lingered" > "$dir/gpu.ended"
	else
		mrc=0
		wait $model || mrc=$?
		echo "$mrc" > "$dir/gpu.ended"
	fi
fi
rm -f "$dir/initrd" "$dir/out" "$dir/err"
