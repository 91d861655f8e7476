# SPDX-License-Identifier: MIT
# vulkan.sh OUT: compile the Vulkan program of tests/compute. Runs in the tree
# "judges".
set -euo pipefail
out=$1
dir=$(mktemp -d)
for s in mix reduce; do
	glslangValidator --quiet -V --vn ${s}_spv -o "$dir/$s.h" "tests/compute/vulkan/$s.comp"
done
gcc -std=gnu17 -O2 -Wall -Wextra -Werror -I "$dir" -o "$out" tests/compute/vulkan/vulkan_compute.c -lvulkan
rm -rf "$dir"
