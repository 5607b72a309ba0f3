#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Archives that are damaged, or made to harm: one line, nothing left behind and
# nothing outside touched.
. "$TESTS/lib.sh"
need tar gzip python3
mkdir tmp
export TMPDIR="$(pwd)/tmp"
bad() { # TEXT ARCHIVE
	text=$1
	shift
	expect 1 build "$@" -o a.img
	contains err "$text"
	same "$(wc -l <err)" 1
	lacks err tmp/unibeam.
	same "$(ls -A tmp)" ''
	[ ! -e a.img ] || fail "there is an image"
}
release rel
head -c 300000 /dev/urandom >rel/lib/shop-1.0/noise
tar -C rel -cf good.tar .
gzip -c good.tar >good.tgz
expect 0 build good.tgz -o a.img
rm a.img
# cut short: inside a file, between two, in the compressed stream
size=$(stat -c %s good.tgz)
for n in 1000 100000 $((size - 1)) $((size - 8)); do
	head -c $n good.tgz >cut
	bad "cannot use 'cut': it is damaged: it ends too early" cut
done
head -c 200000 good.tar >cut
bad "cannot use 'cut': it is damaged: " cut
python3 - <<'P'
import tarfile
with tarfile.open("good.tar") as t:
    third = t.getmembers()[3].offset
open("cut", "wb").write(open("good.tar", "rb").read()[:third])
P
bad "cannot use 'cut': it is damaged: it ends too early" cut
# a bit that fell over: in a file, in the sum, in a header
python3 - <<'P'
data = bytearray(open("good.tgz", "rb").read())
for name, at in ("data", len(data) // 2), ("sum", len(data) - 8):
    flipped = bytearray(data)
    flipped[at] ^= 1
    open("flip." + name, "wb").write(flipped)
tar = bytearray(open("good.tar", "rb").read())
tar[512 + 124] ^= 1
open("flip.header", "wb").write(tar)
P
bad "cannot use 'flip.sum': it is damaged: its checksum is wrong" flip.sum
bad "cannot use 'flip.data': it is damaged: " flip.data
bad "cannot use 'flip.header': it is damaged: " flip.header
# no archive, or of something else
: >empty
bad "'empty' is neither a directory nor an archive of one" empty
bad "'rel/bin/shop' is neither a directory nor an archive of one" rel/bin/shop
python3 -c 'import zipfile; zipfile.ZipFile("a.zip", "w").write("good.tar")'
bad "'a.zip' is neither a directory nor an archive of one" a.zip
bad "'$FIX/beam.smp' is neither a directory nor an archive of one" \
	"$FIX/beam.smp"
mkfifo pipe
bad "'pipe' is neither a directory nor an archive of one" pipe
bad "'/dev/null' is neither a directory nor an archive of one" /dev/null
mkdir other && echo hello >other/file
tar -cf other.tar other
bad "'other.tar/other' is not a release (no releases/start_erl.data)" other.tar
tar -cf nothing.tar -T /dev/null
bad "'nothing.tar' is not a release (no releases/start_erl.data)" nothing.tar
tar -C rel -cf part.tar bin lib releases/start_erl.data
bad "release 'part.tar' is incomplete: no 'part.tar/releases/1.0/*.rel'" part.tar
# names and links that lead out
cat >evil.py <<'P'
import io, sys, tarfile
out, kind = sys.argv[1:]
t = tarfile.open("good.tar"); evil = tarfile.open(out, "w")
def add(name, type=tarfile.REGTYPE, link="", data=b"pwned\n"):
    i = tarfile.TarInfo(name); i.type = type; i.linkname = link
    i.size = len(data) if type == tarfile.REGTYPE else 0
    evil.addfile(i, io.BytesIO(data) if i.size else None)
S, H = tarfile.SYMTYPE, tarfile.LNKTYPE
if kind == "early":
    add("lib/dir", S, sys.path[0] + "/outside"); add("lib/dir/file")
for m in t:
    evil.addfile(m, t.extractfile(m) if m.isreg() else None)
if kind == "absolute": add(sys.path[0] + "/outside/file")
elif kind == "climb": add("lib/../../outside/file")
elif kind == "device": add("lib/null", tarfile.CHRTYPE)
elif kind == "block": add("lib/disk", tarfile.BLKTYPE)
elif kind == "fifo": add("lib/pipe", tarfile.FIFOTYPE)
elif kind == "symlink": add("lib/out", S, "../../outside")
elif kind == "symroot": add("lib/out", S, "/etc/passwd")
elif kind == "chain":
    add("lib/shop-1.0/here", S, "../.."); add("lib/shop-1.0/out", S, "here/../../outside")
elif kind == "hardlink": add("lib/out", H, "../outside/secret")
elif kind == "hardroot": add("lib/out", H, sys.path[0] + "/outside/secret")
elif kind == "hardnone": add("lib/out", H, "lib/none")
elif kind == "through":
    add("lib/dir", S, "../bin"); add("lib/dir/shop")
elif kind == "both": add("bin/shop/file")
elif kind == "dirfile": add("lib/shop-1.0")
evil.close()
P
mkdir outside && echo secret >outside/secret
while read -r kind text; do
	python3 evil.py $kind.tar $kind
	bad "cannot use '$kind.tar': '$text" $kind.tar
done <<-EOF
	absolute $(pwd)/outside/file' in it would be unpacked elsewhere
	climb lib/../../outside/file' in it would be unpacked elsewhere
	device lib/null' in it is a device, pipe or socket
	block lib/disk' in it is a device, pipe or socket
	fifo lib/pipe' in it is a device, pipe or socket
	symlink lib/out' in it is a link that leads out of it
	symroot lib/out' in it is a link that leads out of it
	chain lib/shop-1.0/out' in it is a link that leads out of it
	hardlink lib/out' in it is a link that leads out of it
	hardroot lib/out' in it is a link that leads out of it
	hardnone lib/out' in it is a hard link to what is not in it
	early lib/dir' in it is a link that leads out of it
	through lib/dir' in it is a file and a directory at once
	both bin/shop/file' in it is a file and a directory at once
	dirfile lib/shop-1.0' in it is a file and a directory at once
EOF
same "$(cat outside/*)" secret
same "$(ls outside)" secret
# two versions, and nothing that says which
cp -a rel two
rm two/releases/start_erl.data
cp -a two/releases/1.0 two/releases/2.0
sed -i 's/"1.0"}/"2.0"}/' two/releases/2.0/shop.rel
tar -C two -cf two.tar .
bad "'two.tar' is not a release (no releases/start_erl.data)" two.tar
# one that may not be read (by others than root)
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	chmod -R go+rX "$WORK" && cp "$UNIBEAM" ./command && cp good.tgz secret.tgz
	chmod 777 . tmp && chmod 0 secret.tgz
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups ./command build \
		$boot_files --sysroot "$FIX/sysroot" secret.tgz -o a.img 2>err || status=$?
	same "$status $(cat err)" "1 unibeam: cannot open 'secret.tgz': Permission denied"
	same "$(ls -A tmp)" ''
fi
# no place to unpack
TMPDIR=$(pwd)/none
expect 1 build good.tgz -o a.img
same "$(cat err)" "unibeam: cannot make a temporary directory in '$TMPDIR': No such file or directory: TMPDIR names another"
TMPDIR=$(pwd)/good.tgz
expect 1 build good.tgz -o a.img
contains err "good.tgz': Not a directory"
TMPDIR=$(pwd)/tmp
if [ "$(id -u)" = 0 ] &&
	unshare -m sh -c 'mount -t tmpfs -o size=100k none tmp' 2>/dev/null; then
	unshare -m sh -c "mount -t tmpfs -o size=100k none tmp &&
		{ \"\$UNIBEAM\" build $(echo $boot_files) --sysroot \"\$FIX/sysroot\" \
		good.tgz -o a.img; echo \$?; ls -A tmp | wc -l; }" >out 2>err
	contains err "(TMPDIR)': No space left on device"
	same "$(wc -l <err)" 1
	same "$(tr '\n' ' ' <out)" '1 0 '
fi
