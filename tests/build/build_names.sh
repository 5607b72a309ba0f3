#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names that are awkward: for shells, patterns, terminals and file systems.
. "$TESTS/lib.sh"
need sgdisk e2fsck debugfs
odd='my [app]* ?\ ü'
release "$odd"
d="$odd/lib/shop-1.0"
nl=$(printf 'a\nb')
echo newline >"$d/$nl"
echo utf8 >"$d/grün"
echo latin >"$d/$(printf 'gr\374n')"
echo esc >"$d/$(printf '\033[31mred')"
mkfifo "$d/$(printf 'p\n\033[0m')"
long=$(printf '%0255d' 0)
echo long >"$d/$long"
expect 0 build "$odd" -o a.img
contains err 'left out: lib/shop-1.0/p\x0a\x1b[0m: a socket, pipe or device'
same "$(wc -l <err)" 1
root a.img
e2fsck -fn root.ext4
files >list
rm "$d/$(printf 'p\n\033[0m')"
diff -r "$odd" tree/app
expect 0 build "$odd" -o a.img
# the directory's name says nothing in the image
cp -a "$odd" plain
expect 0 build plain -o b.img
cmp a.img b.img
# the longest name a file can have, for the image
out=$(printf '%0255d' 1)
expect 0 build plain -o "$out"
cmp a.img "$out"
# the hint names the release, pattern characters and all
mkdir -p "pro[ject]/_build/prod/rel"
mv plain "pro[ject]/_build/prod/rel/shop"
expect 1 build 'pro[ject]' -o c.img
contains err "did you mean 'pro[ject]/_build/prod/rel/shop'?"
# a release's name and versions become file names
cp -a "$odd" bad
sed 's|"shop"|"../shop"|' "$odd/releases/1.0/shop.rel" >bad/releases/1.0/shop.rel
expect 1 build bad
contains err "the release's name is not fit for a file name"
cp "$odd/releases/1.0/shop.rel" bad/releases/1.0/
for text in '13.0' '' '13.0 ../1.0' '13.0 1.0
13.0 2.0' '.. 1.0'; do
	printf '%s' "$text" >bad/releases/start_erl.data
	expect 1 build bad -o c.img
	contains err "'bad/releases/start_erl.data' is damaged"
done
[ ! -e c.img ] || fail "there is an image"
# a sysroot's name is no pattern either
cp -a "$FIX/sysroot" 'sys[root]'
mkdir -p 'sys[root]/etc/ld.so.conf.d' 'sys[root]/opt/hidden'
echo 'include /etc/ld.so.conf.d/*.conf' >'sys[root]/etc/ld.so.conf'
echo /opt/hidden >'sys[root]/etc/ld.so.conf.d/a.conf'
find 'sys[root]' -name 'libextra.so*' | while read -r f; do
	mv "$f" 'sys[root]/opt/hidden/'
done
expect 0 "$UNIBEAM" build $boot_files --sysroot 'sys[root]' "$odd" -o a.img
