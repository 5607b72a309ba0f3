#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A disk without room for the image: while the base is copied, while OSv writes,
# and while the result is made.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
image make base.img 12
dd if=/dev/urandom of=base.img bs=1M seek=3 count=7 conv=notrunc status=none
mkdir out.d
limited() { (ulimit -f 8000 && osv "$@"); } # units of 512 bytes or 1 KiB
expect 1 limited rel --base base.img -o out.d/a.img
contains err "unibeam: cannot write 'out.d/a.img': File too large"
same "$(ls -A out.d)" ''
command -v qemu-img >/dev/null && qemu-img convert -O qcow2 base.img base.qcow2
[ "$(id -u)" = 0 ] &&
	unshare -m sh -c 'mount -t tmpfs -o size=8m none out.d' 2>/dev/null ||
	skip "the rest takes root"
on_small() { # SIZE OPTIONS...
	size=$1
	shift
	export size OSV
	expect 0 unshare -m sh -c 'mount -t tmpfs -o size=$size none out.d
		"$UNIBEAM" build --qemu "$OSV/qemu.py" --accel tcg --starter starter.so \
			--nameserver 192.0.2.1 -o out.d/a.img "$@"
		echo $?; ls -A out.d | wc -l' sh "$@"
	same "$(tr '\n' ' ' <out)" '1 0 '
}
on_small 4m rel --base base.img
contains err "unibeam: cannot write 'out.d/a.img': No space left on device"
if [ -e base.qcow2 ]; then
	on_small 4m rel --base base.qcow2
	contains err "unibeam: cannot copy 'base.qcow2': "
	contains err 'No space left on device'
	on_small 10m rel --base base.qcow2 # room for one of the two
	contains err "unibeam: cannot write 'out.d/a.img': "
	contains err 'No space left on device'
fi
# OSv's own writes: QEMU tells
FAKE_OSV=full=1 on_small 16m rel --base base.img
contains err "unibeam: cannot write 'out.d/a.img': No space left on device"
