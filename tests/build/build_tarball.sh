#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release as an archive: the same image as of the directory, whatever made it.
. "$TESTS/lib.sh"
need sgdisk debugfs tar gzip python3
mkdir tmp
export TMPDIR="$(pwd)/tmp"
left() { ls -A tmp | grep -q .; }
none_left() { ! left; }
gone() { none_left || fail "it is left: $(ls -A tmp)"; }
release rel
d=rel/lib/shop-1.0
mkdir $d/priv $d/empty
long=$(printf '%0255d' 0)
echo long >"$d/priv/$long"
echo utf8 >"$d/priv/grün"
echo latin >"$d/priv/$(printf 'gr\374n')"
echo newline >"$d/priv/$(printf 'a\nb')"
ln -s ../ebin $d/priv/link
ln -s nowhere $d/priv/dangling
ln -s b $d/priv/a
ln -s a $d/priv/b
echo once >$d/priv/hard1
ln $d/priv/hard1 $d/priv/hard2
truncate -s 3G $d/priv/sparse
echo end >>$d/priv/sparse
expect 0 build rel -o dir.img
# dialects and compressors
for format in gnu pax; do
	tar -C rel --format=$format --sparse -cf $format.tar .
	expect 0 build $format.tar -o a.img
	cmp dir.img a.img
	gone
done
tar -C rel --format=pax --sparse -czf a.tar.gz bin erts-13.0 lib releases
for pack in "gzip -c" "bzip2 -c" "xz -c" "zstd -qc"; do
	command -v ${pack%% *} >/dev/null || continue
	$pack pax.tar >packed
	expect 0 build packed -o a.img
	cmp dir.img a.img
done
gone
expect 0 build a.tar.gz -o a.img
contains out 'release  shop 1.0 (relx, erts 13.0)'
cmp dir.img a.img
# a directory around it; a file that is there twice: the later counts
rm -f a.tar
tar --sparse -cf a.tar rel
expect 0 build a.tar -o a.img
cmp dir.img a.img
cp -a rel rel2
echo other >rel2/bin/shop
tar -C rel2 --sparse -rf pax.tar ./bin/shop
expect 0 build pax.tar -o a.img
expect 0 build rel2 -o b.img
cmp a.img b.img
# hard links are stored once
root a.img
same "$(debugfs -R "stat /app/lib/shop-1.0/priv/hard1" root.ext4 2>/dev/null |
	grep -o 'Links: [0-9]*')" 'Links: 2'
# without the file that says which version: there is only one
cp -a rel rel3
rm rel3/releases/start_erl.data
tar -C rel3 --sparse -czf a.tar.gz bin erts-13.0 lib releases
expect 0 build a.tar.gz -o a.img
contains out 'release  shop 1.0 (relx, erts 13.0)'
# settings lie beside the archive
mkdir beside
mv a.tar.gz beside/
echo '{"build": {"hostname": "from-file"}}' >beside/unibeam.json
expect 0 build beside/a.tar.gz -o a.img
root a.img
same "$(show /etc/hostname)" from-file
# the temporary directory goes, however the command goes
dd if=/dev/urandom of=$d/big bs=1M count=60 status=none
tar -C rel --sparse -cf big.tar .
for signal in INT TERM HUP KILL; do
	interrupt $signal tmp unibeam "$UNIBEAM" build $boot_files \
		--sysroot "$FIX/sysroot" big.tar -o b.img
	eventually none_left
done
# one that is killed when the directory is there and it has not heard of it yet
cat >late.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
char *mkdtemp(char *name)
{
    char *r = ((char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp"))(name);
    sleep(1);
    return r;
}
C
$CC -shared -fPIC -o late.so late.c -ldl
LD_PRELOAD="$PWD/late.so" "$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" \
	big.tar -o b.img &
eventually left
kill -KILL $!
wait $! || true
eventually none_left
