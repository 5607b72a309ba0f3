#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Links, holes, odd names, large files: all come back as they were.
. "$TESTS/lib.sh"
need sgdisk e2fsck debugfs
release rel
d=rel/lib/shop-1.0
mkdir -p $d/empty $d/deep/er
long=$(printf '%0255d' 0)
echo long >"$d/$long"
echo odd >"$d/a b\"c'd\$e"
: >$d/zero
ln $d/zero $d/hard
ln -s ../bin/none $d/dangling
ln -s deep/er $d/inside
ln -s "$(pwd)/rel/bin/shop" $d/absolute
mkdir outside
echo out >outside/file
ln -s "$(pwd)/outside" $d/outside
mkfifo $d/pipe
i=0
while [ $i -lt 1200 ]; do
	: >"$d/deep/er/a-rather-long-file-name-number-$i"
	i=$((i + 1))
done
truncate -s 300M $d/sparse
for at in 0 1 77 299; do
	echo "at $at" | dd of=$d/sparse bs=1M seek=$at conv=notrunc status=none
done
# larger than a block group, none of it zeros
yes 0123456789abcdef | head -c 150000000 >$d/large
# of no use at run time
mkdir -p rel/erts-13.0/include rel/erts-13.0/lib
touch rel/erts-13.0/include/x.h rel/erts-13.0/lib/x.a $d/y.a rel/erl_crash.dump \
	rel/shop-1.0.tar.gz rel/other.tar.gz
expect 0 build rel -o a.img
contains err 'left out: shop-1.0.tar.gz: archive of the release'
contains err 'left out: lib/shop-1.0/pipe: a socket, pipe or device'
[ "$(du -k a.img | cut -f1)" -lt 160000 ] || fail "holes are stored"
root a.img
e2fsck -fn root.ext4
files >list
lacks list erl_crash
lacks list /x.h
lacks list y.a
contains list /app/other.tar.gz
rm $d/pipe $d/y.a rel/erl_crash.dump rel/shop-1.0.tar.gz
rm -r rel/erts-13.0/include rel/erts-13.0/lib
same "$(readlink tree/app/lib/shop-1.0/absolute)" /app/bin/shop
rm $d/absolute tree/app/lib/shop-1.0/absolute
rm $d/dangling # diff would follow it
same "$(readlink tree/app/lib/shop-1.0/dangling)" ../bin/none
rm tree/app/lib/shop-1.0/dangling
diff -r rel tree/app
[ ! -L tree/app/lib/shop-1.0/outside ] || fail "a link out of the release"
same "$(debugfs -R "stat /app/lib/shop-1.0/hard" root.ext4 2>/dev/null |
	awk '/Links:/ { print $2 }')" 2
# files are in one piece
debugfs -R 'stat /app/erts-13.0/bin/beam.smp' root.ext4 2>/dev/null >out
same "$(sed -n '/^EXTENTS/{n;p}' out | grep -c ,)" 0
