# SPDX-License-Identifier: MIT
# prove: IGT tests on base pages on the unmodified kernel, its known defects excepted

prove_igt_stock() {
	. "$TOP/tools/lib/igt.sh"
	igt_ready
	igt_defaults stock
	igt_run base-stock match "$(grep -v '^#' "$IGT_CI/stock-tests.txt" | paste -sd'|')" || true
	igt_count igt/stock base-stock
}
