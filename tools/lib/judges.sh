# SPDX-License-Identifier: MIT
# Sourced by the parts of 'prove' that run programs which nobody here wrote.

# piglit_judge PREFIX RESULTS
piglit_judge() {
	sandbox python3 tools/inside/piglit_judge.py tests/compute/piglit.known "$2" > "$LOGS/${1//\//-}.tap" || true
	tap "$1" "$LOGS/${1//\//-}.tap"
}

# vulkan_programs PREFIX: compiles them in the tree "judges", whose compiler of shaders they need.
vulkan_programs() {
	logged vulkan-programs "the Vulkan programs" tree_run "$TREE" bash tools/inside/vulkan.sh build/judges ||
		fail "$1: the Vulkan programs" "do not build"
}
