#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A disk that fills up, and a build that is interrupted: no half-written image,
# and the old one stays.
. "$TESTS/lib.sh"
need perl
release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=40 status=none
expect 0 build rel -o old.img
cp old.img a.img
mkdir out.d
(ulimit -f 20000 && build rel -o out.d/a.img) >out 2>err && fail "it fits"
contains err "unibeam: cannot write 'out.d/a.img': File too large"
same "$(ls -A out.d)" ''
if [ "$(id -u)" = 0 ] &&
	unshare -m sh -c 'mount -t tmpfs -o size=8m none out.d' 2>/dev/null; then
	unshare -m sh -c "mount -t tmpfs -o size=8m none out.d &&
		{ \"\$UNIBEAM\" build $(echo $boot_files) --sysroot \"\$FIX/sysroot\" \
		rel -o out.d/a.img; echo \$?; ls -A out.d | wc -l; }" >out 2>err
	contains err "unibeam: cannot write 'out.d/a.img': No space left on device"
	same "$(tr '\n' ' ' <out)" '1 0 '
fi
for signal in INT TERM HUP; do
	interrupt $signal . .a.img. "$UNIBEAM" build $boot_files \
		--sysroot "$FIX/sysroot" rel -o a.img
	same "$(ls -A | grep -c '^\.a\.img' || true)" 0
	cmp a.img old.img
done
