# SPDX-License-Identifier: MIT
# OpenCL programs through Debian's Mesa, natively: the graphics engine and the
# SM interpreter in the program's own process, under Mesa's drm-shim.

suite_compute() {
	. "$TOP/tools/suites/unit.sh"
	meson_suite compute
}
