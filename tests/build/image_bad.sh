#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is no image, or no longer one: one message from each command that reads
# images, status 1, and nothing is left behind.
. "$TESTS/lib.sh"
need sgdisk python3
release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=2 status=none
expect 0 build rel -o a.img
start=$(sgdisk -i 2 a.img | awk '/^First sector/ { print $3 }')
try() {
	expect 1 "$UNIBEAM" "$@"
	contains err "unibeam: $message"
	same "$(wc -l <err)" 1
	same "$(wc -c <out)" 0
	same "$(ls -A)" "$before"
	same "$(ls -A out.d)" ''
}
bad() { # FILE MESSAGE
	message=$2
	before=$(ls -A)
	try inspect "$1"
	try ls "$1"
	try ls -lR "$1"
	try cat "$1" etc/hostname
	try cp "$1":etc/hostname out.d
	try cp -r "$1":/ out.d/x
	try set "$1" --env A=1
	try convert "$1" --to raw -o out.d/x
	try convert "$1" --to oci -o out.d/x
	try convert "$1" --to gce -o out.d/x
}
mkdir out.d
touch out err
mkfifo pipe
bad pipe "'pipe' is not an image: it is not a regular file"
bad none "cannot open 'none': No such file"
bad . "'.' is not an image: it is not a regular file"
bad /dev/null "'/dev/null' is not an image: it is not a regular file"
: >empty
bad empty "'empty' is not an image: it is too short"
echo hello >text
bad text "'text' is not an image: it is too short"
truncate -s 4M zeros
bad zeros "'zeros' is not an image: it has no GUID partition table"
head -c 1900K a.img >cut
bad cut "'cut' is not an image: it is shorter than its partition table says"
gzip -k a.img
bad a.img.gz "'a.img.gz' is not an image: it is compressed by gzip"
printf 'LUKS\272\276' >luks && truncate -s 1M luks
bad luks "'luks' is not an image: it is an encrypted disk (LUKS)"
tar cf a.tar text
bad a.tar "'a.tar' is not an image: it is a tar archive"
# other disks
truncate -s 4M other && sgdisk -n 1:2048:4095 other >/dev/null 2>&1
bad other "'other' is not an image of unibeam's: it has no boot partition"
truncate -s 4M bios && sgdisk -n 1:2048:4095 -t 1:ef02 bios >/dev/null 2>&1
bad bios "'bios' is not an image of unibeam's: its boot partition holds something else"
cp a.img noroot && sgdisk -d 2 noroot >/dev/null 2>&1
bad noroot "'noroot' has no root partition"
# a root partition that cannot be read
poke() { # FILE OFFSET BYTES: from the root partition's start
	cp a.img "$1"
	printf "$3" | dd of="$1" bs=1 seek=$((start * 512 + $2)) conv=notrunc status=none
}
poke nofs 1080 '\0\0'
bad nofs "cannot read the root file system of 'nofs': Bad magic number in super-block"
poke newfs 1120 '\377\377\377\377'
bad newfs "cannot read the root file system of 'newfs': "
cp a.img crypt
dd if=/dev/urandom of=crypt bs=512 seek="$start" count=64 conv=notrunc status=none
bad crypt "cannot read the root file system of 'crypt': "
# one that ends before its file system does
cp a.img short
python3 - "$start" <<'P'
import subprocess, sys
first = int(sys.argv[1])
subprocess.run(["sgdisk", "-d", "2", "-n", f"2:{first}:{first + 511}",
                "-t", "2:8304", "-a", "1", "short"], check=True,
               stdout=subprocess.DEVNULL)
P
bad short "'short' is damaged: its file system is larger than its partition"
# disks in another format, with the way out
if command -v qemu-img >/dev/null; then
	rm -f f.*
	for f in qcow2 vmdk vhdx vdi; do
		qemu-img convert -f raw -O $f a.img f.$f
		for c in inspect ls 'set --env A=1'; do
			set -- $c
			command=$1
			shift
			expect 1 "$UNIBEAM" "$command" f.$f "$@"
			contains err "unibeam: 'f.$f' is a "
			contains err "make a raw one of it with: unibeam convert f.$f --to raw"
		done
	done
fi
if [ "$(id -u)" != 0 ]; then
	cp a.img secret && chmod 0 secret
	bad secret "cannot open 'secret': Permission denied"
fi
