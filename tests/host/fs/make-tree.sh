#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Fill DIR with what an ext4 reader can get wrong: sizes around block and page
# boundaries, holes, many extents, long and short links, large directories.
# make-tree.sh DIR [small]
set -e
dir=$1 small=$2
cd "$dir"
# Bytes that repeat with no block size.
pattern() { awk -v n="$1" 'BEGIN { for (i = 0; i < n / 7; i++)
    printf "%06d\n", i }' | head -c "$1"; }
mkdir -p bin lib/deep/er
for n in 0 1 1023 1024 1025 4095 4096 4097; do
    pattern $n >lib/size-$n
    [ -z "$small" ] || break
done
pattern 5000 >bin/program
chmod 755 bin/program
ln -s program bin/short-link
ln -s ../lib/deep/er/$(printf 'x%.0s' $(seq 80)) bin/long-link
ln bin/program lib/deep/er/hard-link
printf 'start' >lib/sparse
printf 'end' | dd of=lib/sparse bs=1 seek=30000 conv=notrunc 2>/dev/null
[ -z "$small" ] || exit 0
pattern 3000000 >lib/large
# Every other block: an extent each, more than an inode or a leaf holds.
i=0
while [ $i -lt 800 ]; do
    printf 'block %d' $i | dd of=lib/many-extents bs=4096 seek=$((i * 2)) \
        conv=notrunc 2>/dev/null
    i=$((i + 1))
done
mkdir many
i=0
while [ $i -lt 2500 ]; do
    : >many/a-rather-long-file-name-that-fills-directory-blocks-$i
    i=$((i + 1))
done
