# SPDX-License-Identifier: MIT
# by-hand.sh IMAGE KERNEL-DIR FIRMWARE: the command lines of
# Documentation/gpu-model/use.rst as they stand there, in a directory with a
# vmlinux and an initrd. Prints what the guest's console said; 0 if nouveau has
# made its devices and the model ended with QEMU.
set -euo pipefail
image=$1 kernel=$2 firmware=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/job"
echo 'LOAD_HMM=no' > "$dir/job/settings"
# With no port to report by, the console is what is left.
cat > "$dir/job/.cmd" <<'CMD'
{ ls /dev/dri; dmesg | grep 'nouveau.*MM: using COPY for buffer copies'; } | sed 's/^/by hand: /' > /dev/ttyS0
CMD
(cd "$dir" && find job | cpio -o -H newc --quiet > job.cpio)
cat "$image" "$kernel/modules.cpio" "$firmware" "$dir/job.cpio" > "$dir/initrd"
ln -s "$kernel/vmlinux" "$dir/vmlinux"

# From the line that starts the model to the last that goes on with a backslash, and the one after it.
awk '/^\tgpu-model --socket/ { on = 1 } on { print } on && !/[&\\]$/ { exit }' \
	Documentation/gpu-model/use.rst > "$dir/lines"
grep -q qemu-system "$dir/lines" || { echo "no command lines in use.rst"; exit 1; }
export PATH=/hugesvm/src/build/programs/gpu-model:$PATH
cd "$dir"
printf 'wait\n' >> lines
timeout 150 bash lines < /dev/null > said 2>&1 || { tr -d '\r' < said; echo "the lines ended with status $?"; exit 1; }
tr -d '\r' < said
grep -q 'by hand: renderD128' said && grep -q 'by hand: .*using COPY' said
