#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What --base does not take for an OSv image, and why.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
image make base.img
try() { # FILE TEXT
	fails "$2" osv rel --base "$1" -o a.img
	[ ! -e "$FAKE_OSV_DIR/args" ] || fail "QEMU was started"
}
# set FILE OFFSET BYTES: a copy of the base image with other bytes
set_bytes() {
	cp base.img "$1"
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
try none "cannot open 'none': No such file or directory"
try rel "cannot use 'rel' as the base: it is not a file"
try /dev/null "cannot use '/dev/null' as the base: it is not a file"
: >empty
try empty "'empty' is not an OSv image: it has 0 bytes"
head -c 511 base.img >short
try short "'short' is not an OSv image: it has 511 bytes"
cp starter.so text
truncate -s 1M text
try text "'text' is not an OSv image: the boot sector has no signature of OSv's"
set_bytes other 440 X
try other "'other' is not an OSv image: the boot sector has no signature"
set_bytes other 510 'XX'
try other "'other' is not an OSv image: the boot sector has no signature"
set_bytes loader 16 '\0\0'
try loader "'loader' is not a usable OSv image: it has no file system behind"
set_bytes loader 466 '\0'
try loader "'loader' is not a usable OSv image: it has no file system behind"
set_bytes overlap 16 '\377\177'
try overlap "'overlap' is not a usable OSv image: it has no file system behind"
head -c 5000000 base.img >cut
try cut "OSv image 'cut' is cut off: its file system ends at byte 8388608, the disk at 5000000"
# an image of our own is none of OSv's
expect 0 build rel -o ours.img
try ours.img "'ours.img' is not an OSv image"
# qcow2 of any of these, told by its first bytes and not by its name
need qemu-img
qemu-img convert -O qcow2 text text.raw
try text.raw "'text.raw' is not an OSv image: the boot sector has no signature"
dd if=/dev/urandom of=base.img bs=64k seek=33 count=40 conv=notrunc status=none
qemu-img convert -O qcow2 base.img good.qcow2
size=$(stat -c %s good.qcow2)
for keep in 4 100 $((size / 2)) $((size - 65536 * 3)); do
	head -c $keep good.qcow2 >bad.qcow2
	try bad.qcow2 "cannot use 'bad.qcow2': "
done
contains err 'the qcow2 image is damaged or cut off: '
# a mapping that leads out of the file
cp good.qcow2 bad.qcow2
printf '\177\377' | dd of=bad.qcow2 bs=1 seek=40 conv=notrunc status=none
try bad.qcow2 "cannot use 'bad.qcow2': "
qemu-img create -q -f qcow2 -b gone.img -F raw overlay.qcow2 8M 2>/dev/null || {
	cp base.img gone.img
	qemu-img create -q -f qcow2 -b gone.img -F raw overlay.qcow2 8M
	rm gone.img
}
try overlay.qcow2 "cannot use 'overlay.qcow2': "
contains err gone.img
# without qemu-img
mkdir bin
ln -s "$(command -v python3)" "$(command -v env)" bin/
bare() { (PATH=$(pwd)/bin && osv "$@"); }
fails "cannot start 'qemu-img': No such file or directory: install it (on Debian: qemu-utils)" \
	bare rel --base good.qcow2 -o a.img
fails "cannot start 'qemu-system-x86_64': No such file or directory: install QEMU for x86" \
	bare rel --base base.img -o a.img --qemu qemu-system-x86_64
# the base is no output
cp good.qcow2 kept
ln -s good.qcow2 same
ln good.qcow2 hard
for output in good.qcow2 ./good.qcow2 same hard; do
	fails "'$output' is the base image itself, 'good.qcow2'" \
		osv rel --base good.qcow2 -o $output
done
cmp good.qcow2 kept
chmod 0 base.img
fails "cannot open 'base.img': Permission denied" \
	osv_weak rel --base base.img -o a.img
