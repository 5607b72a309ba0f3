#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images for Google Compute Engine; the referees are tar, python3 and sgdisk.
. "$TESTS/lib.sh"
need sgdisk python3 tar
image_to_convert

# gce: disk.raw of a whole GiB, the backup table at its end
convert a.img --to gce
same "$(cat out)" "a.tar.gz: a disk of 1024.0 MiB"
cp a.tar.gz first && convert a.img --to gce && cmp first a.tar.gz
mkdir gce && tar -xzf a.tar.gz -C gce
same "$(ls gce)" disk.raw
same "$(stat -c %s gce/disk.raw)" 1073741824
sound gce/disk.raw
grown() { # FILE: the image but for the partition tables, and then zeros
	python3 - "$1" <<'P'
import sys
a, b = open("a.img", "rb").read(), open(sys.argv[1], "rb")
b = b.read(len(a) + (1 << 20))
assert a[:440] == b[:440] and a[34 * 512:-33 * 512] == b[34 * 512:len(a) - 33 * 512]
assert not any(b[len(a) - 33 * 512:])
P
}
grown gce/disk.raw
python3 - <<'P'
import gzip, hashlib, tarfile
t = tarfile.open("a.tar.gz")
m = t.getmembers()
assert [x.name for x in m] == ["disk.raw"] and m[0].size == 1 << 30
assert m[0].mtime == 1700000000
h, f, g = hashlib.sha256(), t.extractfile(m[0]), hashlib.sha256()
for piece in iter(lambda: f.read(1 << 20), b""): h.update(piece)
with open("gce/disk.raw", "rb") as r:
    for piece in iter(lambda: r.read(1 << 20), b""): g.update(piece)
assert h.digest() == g.digest()
head = gzip.open("a.tar.gz").read(512)
assert head[257:265] == b"ustar  \0" and head[156:157] == b"S"
P
rm -rf gce a.tar.gz first
# many pieces: more than the header has room for
python3 - <<'P'
with open("rel/lib/shop-1.0/holes", "wb") as f:
    for i in range(60):
        f.seek(i * 65536)
        f.write(b"x" * 4096)
P
expect 0 build rel -o holes.img
convert holes.img --to gce
mkdir gce && tar -xzf holes.tar.gz -C gce
sound gce/disk.raw
cp a.img a.bak && mv holes.img a.img && grown gce/disk.raw && mv a.bak a.img
rm -rf gce holes.tar.gz
