# SPDX-License-Identifier: MIT
# Build tests/selftests into build/selftests.
set -euo pipefail
make -C tests/selftests CC="ccache gcc" \
	KSRC="$(bash tools/inside/kernel.sh where release)" OUT=/hugesvm/src/build/selftests
