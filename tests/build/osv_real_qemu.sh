#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real QEMU takes our arguments, boots the copy with the upload command, and
# tells of a disk that is full.  The guest is a boot sector that says what OSv
# would say and takes nothing, which must not pass for an upload.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
need qemu-system-x86_64
osv_release rel
$CC -nostdlib -static -Wl,-Ttext=0x7c00 -Wl,--build-id=none,--oformat=binary \
	-o guest.bin "$OSV/guest.S"
image make base.img
dd if=guest.bin of=base.img conv=notrunc bs=446 count=1 status=none
real() { osv "$@" --qemu qemu-system-x86_64; }
fails 'OSv broke off the upload: the connection was reset' \
	real rel --base base.img -o a.img --base-timeout 100
contains err 'OSv said: --norandom --noinit --power-off-on-abort /tools/cpiod.so; /zfs.so set compression=off osv'
contains err 'OSv said: cpiod finished'
lacks err 'QEMU said'
printf W | dd of=base.img bs=1 seek=18 conv=notrunc status=none
mkdir out.d
[ "$(id -u)" = 0 ] &&
	unshare -m sh -c 'mount -t tmpfs -o size=4m none out.d' 2>/dev/null ||
	skip "the rest takes root"
unshare -m sh -c 'mount -t tmpfs -o size=4m none out.d
	"$UNIBEAM" build rel --base base.img --accel tcg --starter starter.so \
		--nameserver 192.0.2.1 --base-timeout 100 -o out.d/a.img
	echo $?; ls -A out.d | wc -l' >out 2>err
contains err "unibeam: cannot write 'out.d/a.img': No space left on device"
same "$(tr '\n' ' ' <out)" '1 0 '
