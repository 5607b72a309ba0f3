#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images in other formats; the referees are qemu-img, sgdisk, tar and python3.
. "$TESTS/lib.sh"
need qemu-img sgdisk python3 tar perl
image_to_convert

# the disk comes back as it was, from qemu-img and from convert, and the same
# image gives the same bytes
back() { # FORMAT QEMU-FORMAT
	convert a.img --to "$1"
	same "$(cat out)" "a.$1: a disk of $((size >> 20)).0 MiB"
	qemu-img convert -f "$2" -O raw "a.$1" back
	cmp back a.img
	sound back
	convert a.$1 --to raw -o again -q
	same "$(cat out)" ''
	cmp again a.img
	[ "$1" = vhdx ] || {
		cp "a.$1" first
		sleep 1
		convert a.img --to "$1"
		cmp first "a.$1"
	}
}
back raw raw
back qcow2 qcow2
back vmdk vmdk
back vhdx vhdx
back vdi vdi
grep -aq 'RW [0-9]* SPARSE "a.vmdk"' a.vmdk || fail "the extent's name"
same "$(qemu-img info --output=json a.vdi |
	python3 -c 'import json,sys; print(json.load(sys.stdin)["format"])')" vdi
qemu-img check -q a.qcow2
qemu-img check -q a.vdi
# vhd: fixed, exactly the disk's size and a footer, for Azure
convert a.img --to vhd
same "$(stat -c %s a.vhd)" $((size + 512))
head -c "$size" a.vhd | cmp - a.img
qemu-img convert -f vpc -O raw a.vhd back
cmp back a.img
python3 - "$size" <<'P'
import struct, sys
f = open("a.vhd", "rb").read()[-512:]
assert f[:8] == b"conectix" and struct.unpack(">I", f[60:64])[0] == 2
assert struct.unpack(">Q", f[48:56])[0] == int(sys.argv[1])
assert struct.unpack(">I", f[24:28])[0] == 1700000000 - 946684800
total = sum(f) - sum(f[64:68])
assert struct.unpack(">I", f[64:68])[0] == ~total & 0xffffffff
P
convert a.img --to vhd -o b.vhd
cmp a.vhd b.vhd

grown() { # FILE: the image but for the partition tables, and then zeros
	python3 - "$1" <<'P'
import sys
a, b = open("a.img", "rb").read(), open(sys.argv[1], "rb")
b = b.read(len(a) + (1 << 20))
assert a[:440] == b[:440] and a[34 * 512:-33 * 512] == b[34 * 512:len(a) - 33 * 512]
assert not any(b[len(a) - 33 * 512:])
P
}
# an image whose file grew: its table is put right
cp a.img b.img
truncate -s "$((size + 1234567))" b.img
convert b.img --to vhd
same "$(stat -c %s b.vhd)" $((((size + 1234567 + 1048575) >> 20 << 20) + 512))
qemu-img convert -f vpc -O raw b.vhd back
sound back
grown back

# names that mean something to qemu-img, and links
mkdir 'd:e'
cp a.img 'd:e/nbd:x.img'
convert 'd:e/nbd:x.img' --to qcow2
qemu-img convert -f qcow2 -O raw "./d:e/nbd:x.qcow2" back
cmp back a.img

# wrong
before=$(ls -A)
no() { # STATUS MESSAGE ARGUMENTS...
	wanted=$1 message=$2
	shift 2
	expect "$wanted" "$UNIBEAM" convert "$@"
	contains err "unibeam: $message"
	same "$(ls -A)" "$before"
}
no 2 'convert: which image?'
no 2 'convert: to which format?' a.img
no 2 "convert: --to 'vmd' is none of raw, qcow2, vmdk, vhd, vhdx, vdi, gce, oci" \
	a.img --to vmd
no 2 "convert: only one image at a time: 'b'" a.img b --to raw
no 2 "convert: --oci-disk 'vdi' is none of raw, qcow2" a.img --to oci --oci-disk vdi
no 1 "cannot open 'none.img'" none.img --to raw
no 1 "cannot write 'nowhere/a.vdi'" a.img --to vdi -o nowhere/a.vdi
no 1 "cannot write in 'nowhere'" a.img --to gce -o nowhere/a.tar.gz
no 1 "cannot run 'no-qemu-img': No such file or directory: install it (on Debian: qemu-utils), or give --qemu-img PROGRAM" \
	a.img --to vdi -o y.vdi --qemu-img no-qemu-img
UNIBEAM_QEMU_IMG=./none no 1 "cannot run './none'" a.img --to vdi -o y.vdi
printf '#!/bin/sh\necho "qemu-img: it is\nbroken" >&2\nexit 1\n' >../fake-qemu-img
chmod +x ../fake-qemu-img
no 1 "cannot convert 'a.img': ../fake-qemu-img: it is" a.img --to vdi -o y.vdi \
	--qemu-img ../fake-qemu-img
printf '#!/bin/sh\nkill -9 $$\n' >../fake-qemu-img
no 1 "cannot convert 'a.img': ../fake-qemu-img was ended by signal 9" a.img \
	--to vdi -o y.vdi --qemu-img ../fake-qemu-img
# a disk that names another one
qemu-img create -q -f qcow2 -b a.img -F raw back.qcow2
before=$(ls -A)
no 1 "'back.qcow2' has a backing file" back.qcow2 --to raw -o y
# qcow2 without an image in it
qemu-img create -q -f qcow2 empty.qcow2 10M
before=$(ls -A)
no 1 "'empty.qcow2' is not an image: it has no GUID partition table" \
	empty.qcow2 --to raw -o y
(ulimit -f 1000 && "$UNIBEAM" convert a.img --to raw -o y) 2>err && fail "it fits"
contains err "cannot write 'y': File too large"
(ulimit -f 1000 && "$UNIBEAM" convert a.img --to qcow2 -o y) 2>err && fail "it fits"
contains err "cannot convert 'a.img': qemu-img"
same "$(ls -A)" "$before"

# ended half-way: neither the output nor what it was made of stays
cat >../slow-qemu-img <<'S'
#!/bin/sh
echo $$ >../pid && mv ../pid ../slow-pid
exec sleep 100
S
chmod +x ../slow-qemu-img
for signal in INT TERM HUP; do
	rm -f ../slow-pid
	interrupt $signal .. slow-pid "$UNIBEAM" convert a.img --to vdi \
		-o y.vdi --qemu-img ../slow-qemu-img
	same "$(ls -A)" "$before"
	eventually gone "$(cat ../slow-pid)"
done
