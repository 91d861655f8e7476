# SPDX-License-Identifier: MIT
# OpenCL on shared virtual memory in a guest: Debian's own Mesa on this
# project's nouveau on the emulated GPU. clinfo first: what anyone would try.

suite_opencl() {
	programs_ready
	opencl_on release
}

# opencl_on KERNEL
opencl_on() {
	guest_defaults
	G_KERNEL=$1 G_IMAGE=mesa G_GPU=on G_LOAD_HMM=no
	[ "$1" = release ] || G_LIMIT=1800
	G_PUT=("$BUILD/programs/tests/compute/opencl-svm")
	guest_tap "opencl/$1" "opencl-$1" sh -c 'echo 1..1
		clinfo | grep -qE "Fine-grained system sharing +Yes" || printf "not "
		echo "ok 1 - clinfo shows the device with fine-grain system SVM"
		./opencl-svm'
}
