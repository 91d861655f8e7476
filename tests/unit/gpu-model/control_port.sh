#!/bin/bash
# SPDX-License-Identifier: MIT
# One port leads from a guest to the control socket, and whoever looks for it looks for its name.
# The argument is the top of the tree.
set -u
cd "$1" || exit 2
n=0 bad=0

is() {	# NAME GOT WANT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# got '$2', want '$3'"
		bad=1
	fi
}

guest=tools/inside/guest.sh
is "one connection to the control socket" "$(grep -c 'path=$dir/gpu.ctl' $guest)" 1
id=$(sed -n 's/.*socket,id=\([a-z]*\),path=$dir\/gpu.ctl.*/\1/p' $guest)
name=$(sed -n "s/.*chardev=${id%%[!a-z]*},name=\([a-z-]*\).*/\1/p" $guest)
is "the guest's tests look for it" "$(sed -n 's/.*strcmp(name, "\([a-z-]*\)\\n").*/\1/p' tests/guest/model/model_port.c)" "$name"
is "the IGT tests look for it" \
	"$(sed -n 's/^#define PORT_NAME[[:space:]]*"\(.*\)"/\1/p' igt-tests/lib/igt_nouveau_svm_model.c)" "$name"
is "the documentation names it" "$(grep -c "virtio port named \`\`$name\`\`" Documentation/gpu-model/control.rst)" 1
echo "1..$n"
exit $bad
