#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files out of an image, and never anywhere else.
. "$TESTS/lib.sh"
need sgdisk debugfs python3 perl
release rel
mkdir -p rel/lib/shop-1.0/priv/empty
echo one >rel/lib/shop-1.0/priv/one
ln rel/lib/shop-1.0/priv/one rel/lib/shop-1.0/priv/two
ln -s one rel/lib/shop-1.0/priv/link
printf secret >rel/lib/shop-1.0/priv/secret
chmod 600 rel/lib/shop-1.0/priv/secret
truncate -s 20M rel/lib/shop-1.0/priv/sparse
printf end >>rel/lib/shop-1.0/priv/sparse
printf odd >"$(printf 'rel/lib/shop-1.0/priv/a\nb c')"
expect 0 build rel -o a.img
root a.img
priv=app/lib/shop-1.0/priv
copy() { expect 0 "$UNIBEAM" cp "$@"; }

# everything, as debugfs has it
mkdir ref
debugfs -R 'rdump / ref' root.ext4 2>/dev/null >/dev/null
copy -r a.img:/ all
diff -r --no-dereference all ref
python3 - <<'P'
import os, stat
for top, dirs, files in os.walk("all"):
    for f in dirs + files:
        got = os.path.join(top, f)
        a, b = os.lstat(got), os.lstat("ref" + got[3:])
        # debugfs drops the sticky bit
        assert a.st_mode & ~0o1000 == b.st_mode, (got, oct(a.st_mode))
        if not stat.S_ISLNK(a.st_mode):
            assert int(a.st_mtime) == int(b.st_mtime), got
P
same "$(stat -c %i all/$priv/one)" "$(stat -c %i all/$priv/two)"
[ "$(stat -c %b all/$priv/sparse)" -lt 1000 ] || fail "the hole is filled"
same "$(stat -c %a all/$priv/secret)" 600
same "$(stat -c %a all/tmp)" 1777

# more than 4 GiB, nearly all of it a hole
mkdir big
cp -r rel big/rel
truncate -s 5G big/rel/lib/shop-1.0/priv/sparse
printf end >>big/rel/lib/shop-1.0/priv/sparse
expect 0 build big/rel -o b.img
copy b.img:$priv/sparse big/sparse
same "$(stat -c %s big/sparse)" 5368709123
same "$(tail -c 3 big/sparse)" end
[ "$(stat -c %b big/sparse)" -lt 1000 ] || fail "the large hole is filled"
rm -r big b.img

# where it goes
copy a.img:etc/hostname .
cmp hostname ref/etc/hostname
copy a.img:/etc/hostname name
cmp name ref/etc/hostname
mkdir d
copy a.img:etc/hostname a.img:$priv/link d
cmp d/hostname ref/etc/hostname
cmp d/link ref/$priv/one
copy -r a.img:$priv d
diff -r --no-dereference d/priv ref/$priv
copy -r a.img: d
diff -r --no-dereference d/a ref
# a file is replaced, also a read-only one, but not through a link of its name
printf old >old && ln -s old new && chmod 400 old
copy a.img:etc/hostname old
cmp old ref/etc/hostname
printf kept >kept && ln -sf kept new
copy a.img:etc/hostname new
same "$(cat kept)" kept
[ ! -L new ] || fail "the link is still there"
cp a.img 'b:c.img'
copy b:c.img:etc/hostname name
cmp name ref/etc/hostname

# what is not done
no() { # MESSAGE ARGUMENTS...
	message=$1
	shift
	expect 1 "$UNIBEAM" cp "$@"
	contains err "unibeam: $message"
	same "$(wc -l <err)" 1
}
before=$(ls -A)
no "'etc' in 'a.img' is a directory: copy it with -r" a.img:etc x
no "'nothing' is not in 'a.img'" a.img:nothing x
no "cannot open 'none.img'" none.img:x y
no "cannot write 'd/priv': it exists already" -r a.img:$priv d
no "cannot write 'nowhere/x': No such file or directory" a.img:etc/hostname nowhere/x
no "cannot write 'nowhere/x': No such file or directory" -r a.img:etc nowhere/x
mkfifo pipe
no "cannot write 'pipe': it exists and is not a file" a.img:etc/hostname pipe
rm pipe
same "$(ls -A)" "$before"
wrong() { # MESSAGE ARGUMENTS...
	message=$1
	shift
	expect 2 "$UNIBEAM" cp "$@"
	contains err "unibeam: cp: $message"
}
wrong "which file of which image?"
wrong "where to?" a.img:etc/hostname
wrong "'a.img' is not IMAGE:PATH" a.img d
wrong "'name' is not a directory, to which several" a.img:etc/passwd a.img:etc name

# a disk that fills up, and an end half-way, leave nothing
(ulimit -f 100 && "$UNIBEAM" cp -r a.img:/ half) >out 2>err && fail "it fits"
contains err "File too large"
same "$(ls -A)" "$before"
interrupt INT . .half. "$UNIBEAM" cp -r a.img:/ half
same "$(ls -A)" "$before"

# images made to lead astray: a name with a slash in it, a directory in itself
evil() { # OLD NEW: exchange the bytes of a name
	python3 - "$1" "$2" <<'P'
import sys
old, new = (s.encode() for s in sys.argv[1:])
data = open("a.img", "rb").read()
assert len(old) == len(new) and old in data
open("evil.img", "wb").write(data.replace(old, new))
P
}
before=$(ls -A)
evil sys.config ../x/../yz
no "'evil.img' is damaged: '/app/releases/1.0' has an entry that is no name" \
	-r evil.img:/ x
expect 1 "$UNIBEAM" ls -R evil.img
contains err "has an entry that is no name"
rm evil.img
same "$(ls -A)" "$before"
start=$(sgdisk -i 2 a.img | awk '/^First sector/ { print $3 }')
cp a.img loop.img
debugfs -w -R 'link <2> /app/lib/loop' root.ext4 >/dev/null 2>&1
dd if=root.ext4 of=loop.img bs=512 seek="$start" conv=notrunc status=none
no "'loop.img' is damaged: the directory '/app/lib/loop' is in another one" \
	-r loop.img:/ x
expect 1 "$UNIBEAM" ls -R loop.img
contains err "is in another one too, or in itself"
[ ! -e x ] || fail "x is there"
