# SPDX-License-Identifier: MIT
# disk.sh TREE OUT: the root tree TREE as a read-only file system for a guest,
# without what only apt needs. Uncompressed: an emulated CPU would pay for it.
set -euo pipefail
tree=$1 out=$2
mkfs.erofs -T0 --all-root --quiet \
	--exclude-regex='^(var/cache|var/lib/(apt|dpkg)|hugesvm)/.*' \
	"$out.part" "$tree"
mv "$out.part" "$out"
