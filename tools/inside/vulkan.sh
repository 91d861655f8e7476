# SPDX-License-Identifier: MIT
# vulkan.sh DIR: compile the Vulkan programs of tests/compute, and what compares
# compilers, to DIR. Runs in the tree "judges".
set -euo pipefail
out=$1
src=tests/compute
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc=(gcc -std=gnu17 -O2 -Wall -Wextra -Werror -I "$dir")
for s in mix reduce; do
	glslangValidator --quiet -V --vn ${s}_spv -o "$dir/$s.h" "$src/vulkan/$s.comp"
done
glslangValidator --quiet -V --target-env vulkan1.1 --vn same_spv -o "$dir/same_spv.h" "$src/same/same.comp"
"${cc[@]}" -o "$out/vulkan-compute" "$src/vulkan/vulkan_compute.c" "$src/vulkan/vk.c" -lvulkan
"${cc[@]}" -o "$out/same-vulkan" "$src/same/same_vulkan.c" "$src/vulkan/vk.c" -lvulkan
# as the other languages have it: nothing contracted, overflow wraps
"${cc[@]}" -ffp-contract=off -fwrapv -o "$out/same" "$src/same/same.c" -lm
