# SPDX-License-Identifier: MIT
# bench: the rate of the GPU model's interpreter: warp instructions a second on a core

bench_compute() {
	programs_ready tests/unit/sm/sm-bench
	# 20 million is what the model promises for integers
	sandbox build/programs/tests/unit/sm/sm-bench 20
}
