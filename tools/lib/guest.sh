# SPDX-License-Identifier: MIT
# Guests, seen from outside: options, the job's directory, what came out.
# tools/inside/guest.sh boots them.

. "$TOP/tools/lib/sandbox.sh"
. "$TOP/tools/lib/kernel.sh"
. "$TOP/tools/lib/programs.sh"

# Where test_hmm finds its two device-coherent areas (256 MiB each): RAM that
# the command line takes from the guest, right below 2 GiB.
GUEST_MEM=3072
GUEST_SPM=0x60000000

guest_defaults() {
	G_KERNEL=release G_GPU=off G_GPU_OPTS='' G_VRAM=512M G_SMP=2 G_MEM=$GUEST_MEM
	G_LIMIT=300 G_PUT=() G_CMDLINE='' G_INTERACTIVE=no G_UNLOAD=yes
	G_LOAD_HMM=yes G_LOAD_NOUVEAU=yes G_HUGEPAGES=0 G_NOUVEAU_OPTIONS='' G_COUNT=no
	# host, or instructions: under emulation a nanosecond of the guest is then one
	# instruction, on one CPU, however busy the host is.
	G_CLOCK=host
	G_IMAGE=base G_GPU_SAID=no G_PLUGIN=''
}

guest_options_help() {
	cat <<-'U'
	  --kernel NAME       release (default), checked, stock, stock-checked, debian
	  --image NAME        what CMD finds: base (default; busybox and the C library),
	                      mesa (Debian 13 with Mesa's OpenCL and Vulkan; switches the
	                      GPU on), judges (mesa and programs to try it with)
	  --gpu on|off        the emulated GPU (default off)
	  --gpu-opt KEY=VALUE an option of the model (repeatable; see gpu-model(1))
	  --vram SIZE         its memory, e.g. 64M, 2G (default 512M)
	  --smp N             virtual CPUs (default 2)
	  --mem SIZE          guest memory (default 3G)
	  --put FILE          copy FILE into the job's working directory (repeatable)
	  --append TEXT       more for the kernel's command line
	  --nouveau-opt K=V   an option of nouveau.ko (repeatable)
	  --no-load MODULE    do not load test_hmm or nouveau (repeatable)
	  --count yes|no      count instructions between marks of the program (TCG only)
	  --time-limit S      seconds until the guest is ended (default 300)
	U
}

# guest_mib SIZE: 512M, 3G or plain MiB as MiB
guest_mib() {
	case $1 in
	*[!0-9MG]*|'') return 1 ;;
	*G) echo $((${1%G} * 1024)) ;;
	*M) echo "${1%M}" ;;
	*) echo "$1" ;;
	esac
}

# guest_option OPT VALUE: take one option; returns 1 if it is none of ours.
guest_option() {
	local opt=$1 value=${2-}
	case $opt in
	--kernel|--image|--gpu|--gpu-opt|--vram|--smp|--mem|--put|--append|--nouveau-opt|--no-load|--count|--time-limit) ;;
	*) return 1 ;;
	esac
	[ $# -ge 2 ] || usage_error "$opt needs a value"
	case $opt in
	--kernel)
		case $value in
		release|checked|stock|stock-checked|debian) G_KERNEL=$value ;;
		*) usage_error "--kernel: unknown kernel '$value'" ;;
		esac ;;
	--image)
		case $value in
		base|mesa|judges) G_IMAGE=$value ;;
		*) usage_error "--image: unknown image '$value'" ;;
		esac
		[ "$value" = base ] || [ "$G_GPU_SAID" = yes ] || G_GPU=on ;;
	--gpu)
		case $value in
		on|off) G_GPU=$value G_GPU_SAID=yes ;;
		*) usage_error "--gpu: on or off, not '$value'" ;;
		esac ;;
	--gpu-opt)
		case $value in
		*[!a-zA-Z0-9=_,.:/@+-]*|=*) usage_error "--gpu-opt: KEY=VALUE, not '$value'" ;;
		chip=*) G_GPU_OPTS+=" --chip ${value#chip=}" ;;
		*=*) G_GPU_OPTS+=" --opt $value" ;;
		*) usage_error "--gpu-opt: KEY=VALUE, not '$value'" ;;
		esac ;;
	--vram)
		guest_mib "$value" > /dev/null || usage_error "--vram: a size such as 512M, not '$value'"
		G_VRAM=$(guest_mib "$value")M ;;
	--smp)
		case $value in
		[1-8]) G_SMP=$value ;;
		*) usage_error "--smp: 1 to 8, not '$value'" ;;
		esac ;;
	--mem)
		G_MEM=$(guest_mib "$value") || usage_error "--mem: a size such as 3G, not '$value'"
		[ "$G_MEM" -ge 256 ] || usage_error "--mem: at least 256M" ;;
	--put)
		[ -e "$value" ] || usage_error "--put: no file '$value'"
		G_PUT+=("$value") ;;
	--append) G_CMDLINE+=" $value" ;;
	--nouveau-opt) G_NOUVEAU_OPTIONS+=" $value" ;;
	--no-load)
		case $value in
		test_hmm) G_LOAD_HMM=no ;;
		nouveau) G_LOAD_NOUVEAU=no ;;
		*) usage_error "--no-load: test_hmm or nouveau, not '$value'" ;;
		esac ;;
	--count)
		case $value in
		yes|no) G_COUNT=$value ;;
		*) usage_error "--count: yes or no, not '$value'" ;;
		esac ;;
	--time-limit)
		case $value in
		''|*[!0-9]*|0) usage_error "--time-limit: seconds, not '$value'" ;;
		esac
		G_LIMIT=$value ;;
	esac
}

# ---------------------------------------------------------------------------

# The base image is made once and kept by content.
guest_image_ready() {
	local key
	key=$(cat "$TOP/guest/init" "$TOP/guest/tsc-khz.c" "$TOP/tools/inside/image.sh" "$TOP/tools/sandbox.packages" | content_key)
	GUEST_IMAGE=/hugesvm/cache/images/$key.cpio
	[ -e "$CACHE/images/$key.cpio" ] && return
	mkdir -p "$CACHE/images"
	lock 9 "$CACHE/image.lock" "making the guest image"
	logged image "guest image" sandbox bash tools/inside/image.sh "$GUEST_IMAGE" ||
		die "the guest image could not be made"
	unlock 9
}

# guest_disk_ready NAME: the root tree NAME as a read-only file system on a
# disk, made once and kept under the tree's key; sets GUEST_DISK. A disk costs
# a boot nothing: what is not read is not loaded.
guest_disk_ready() {
	local key
	tree_ready "$1"
	key=${TREE##*/}
	GUEST_DISK=/hugesvm/cache/images/$key.erofs
	[ -e "$CACHE/images/$key.erofs" ] && return
	mkdir -p "$CACHE/images"
	lock 9 "$CACHE/image.lock" "making the image $1"
	logged "image-$1" "image $1" tree_run "$TREE" bash tools/inside/disk.sh "/hugesvm/cache/sandbox/$key" "$GUEST_DISK" ||
		die "the image $1 could not be made"
	unlock 9
}

# guest_accel: kvm where a probe boot really works, tcg otherwise. Some hosts
# have a /dev/kvm that cannot run a normal kernel. Asked once a host boot.
guest_accel() {
	local stamp=$CACHE/accel.$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo none)
	if [ -n "${HUGESVM_ACCEL-}" ]; then
		echo "$HUGESVM_ACCEL"
		return
	fi
	if [ ! -e "$stamp" ]; then
		rm -f "$CACHE"/accel.*
		if [ -w /dev/kvm ] && sandbox bash tools/inside/kvm-probe.sh "$KERNEL_KEY" > "$LOGS/kvm-probe.log" 2>&1; then
			echo kvm > "$stamp"
		else
			[ ! -e /dev/kvm ] || note "KVM here cannot boot a kernel (see $LOGS/kvm-probe.log); using emulation (TCG)"
			echo tcg > "$stamp"
		fi
	fi
	cat "$stamp"
}

# guest_run CMD...: boot, run, collect. Leaves G_DIR (the job's directory with
# its logs) and sets G_STATUS as ./hugesvm run exits.
guest_run() {
	local accel vport spm id f
	sandbox_ready
	kernel_ready "$G_KERNEL"
	guest_image_ready
	GUEST_DISK=
	[ "$G_IMAGE" = base ] || guest_disk_ready "$G_IMAGE"
	# shellcheck disable=SC2086
	[ "$G_GPU" = off ] || programs_ready $GPU_PROGRAMS
	# Stock nouveau registers its fence event at the wrong index for channels
	# that are not on runlist 0, so its own copies time out there.
	case $G_KERNEL:$G_GPU_OPTS in
	*ce-runlist=*) ;;
	stock*|debian*) G_GPU_OPTS+=" --opt ce-runlist=gr" ;;
	esac
	mkdir -p "$LOGS" "$BUILD/run"
	accel=$(guest_accel)

	id=$(date +%H%M%S)-$$-$RANDOM
	G_DIR=$BUILD/run/$id
	mkdir -p "$G_DIR/root/job"
	for f in ${G_PUT[@]+"${G_PUT[@]}"}; do
		cp -rL "$f" "$G_DIR/root/job/"
	done
	printf '%s\n' "$(shell_quote "$@")" > "$G_DIR/root/job/.cmd"

	# Coherent device memory is RAM that the kernel does not know of.
	spm=
	if [ "$G_MEM" -ge 2048 ]; then
		G_CMDLINE+=" memmap=512M\$$GUEST_SPM"
		spm="spm_addr_dev0=$GUEST_SPM spm_addr_dev1=$(printf '0x%x' $((GUEST_SPM + 0x10000000)))"
	fi
	{
		printf 'SPM="%s"\nLOAD_HMM=%s\nLOAD_NOUVEAU=%s\n' "$spm" "$G_LOAD_HMM" "$G_LOAD_NOUVEAU"
		printf 'NOUVEAU_OPTIONS="%s"\nHUGEPAGES=%s\n' "$G_NOUVEAU_OPTIONS" "$G_HUGEPAGES"
		printf 'INTERACTIVE=%s\nUNLOAD=%s\n' "$G_INTERACTIVE" "$G_UNLOAD"
		[ -z "$GUEST_DISK" ] || { echo "DISK=yes"; cat "$TOP/guest/images/environment"; }
	} > "$G_DIR/root/job/settings"
	{
		printf 'KERNEL_KEY=%q\nSMP=%q\nMEM=%q\n' "$KERNEL_KEY" "$G_SMP" "$G_MEM"
		printf 'GPU=%q\nVRAM=%q\nGPU_OPTS=%q\n' "$G_GPU" "$G_VRAM" "$G_GPU_OPTS"
		printf 'TIME_LIMIT=%q\nCMDLINE=%q\n' "$G_LIMIT" "$G_CMDLINE"
		printf 'COUNT=%q\nCLOCK=%q\n' "$G_COUNT" "$G_CLOCK"
		printf 'INTERACTIVE=%q\nACCEL=%q\nIMAGE=%q\n' "$G_INTERACTIVE" "$accel" "$GUEST_IMAGE"
		printf 'DISK=%q\n' "$GUEST_DISK"
		[ -z "$G_PLUGIN" ] || printf 'PLUGIN=%q\n' "/hugesvm/src/${G_PLUGIN#"$TOP"/}"
		[ "$G_GPU" = off ] || printf 'FIRMWARE=%q\n' /hugesvm/src/build/programs/gpu-model/firmware.cpio
	} > "$G_DIR/options"

	sandbox bash tools/inside/guest.sh "/hugesvm/src/build/run/$id" ||
		die "the guest could not be started; see $G_DIR"
	guest_judge
	ls -1dt "$BUILD"/run/*/ | tail -n +41 | xargs -r rm -rf
}

# guest_judge: sets G_STATUS (the job's status; 99 kernel complaints; 124 time
# limit; 1 lost guest) and G_WHY (empty, or one line that says what is wrong).
guest_judge() {
	local ended exit_word
	ended=$(cat "$G_DIR/ended" 2>/dev/null || echo nothing)
	exit_word=$(sed -n 's/^exit //p' "$G_DIR/status" 2>/dev/null || true)
	G_WHY='' G_STATUS=1
	if ! sandbox python3 tools/inside/judge.py --kernel "$G_KERNEL" --dir "/hugesvm/src/build/run/${G_DIR##*/}" \
		> "$G_DIR/complaints" 2>&1; then
		G_STATUS=99
		G_WHY="kernel complaints: $(sed -n 's/^complaint: //p' "$G_DIR/complaints" | head -n 1)"
		return
	fi
	if [ "$ended" = timeout ]; then
		G_STATUS=124 G_WHY="the guest did not end within $G_LIMIT s"
	elif [ "$ended" != ok ]; then
		G_WHY="the guest was lost ($ended)"
	elif ! grep -qx started "$G_DIR/status"; then
		G_WHY="the guest did not start"
	elif [ -z "$exit_word" ]; then
		G_WHY="the guest ended without a status"
	elif grep -qE '^(load|unload)-failed' "$G_DIR/status"; then
		G_WHY="$(grep -E '^(load|unload)-failed' "$G_DIR/status" | head -n 1)"
	elif [ "$G_GPU" = on ] && [ "$(cat "$G_DIR/gpu.ended" 2>/dev/null)" != 0 ]; then
		G_WHY="the GPU model ended with '$(cat "$G_DIR/gpu.ended" 2>/dev/null)'"
	else
		G_STATUS=$exit_word
	fi
}

# guest_show: tell on stderr what is wrong, with the log that says why.
guest_show() {
	[ -n "$G_WHY" ] || return 0
	say "hugesvm: $G_WHY"
	if [ "$G_STATUS" = 99 ]; then
		sed 's/^/  /' "$G_DIR/complaints" >&2
	else
		[ ! -s "$G_DIR/qemu.log" ] || tail -n 5 "$G_DIR/qemu.log" | sed 's/^/  qemu: /' >&2
		[ ! -s "$G_DIR/console.log" ] || tail -n 15 "$G_DIR/console.log" | tr -d '\r' | sed 's/^/  /' >&2
	fi
	say "  logs: $G_DIR/"
}
