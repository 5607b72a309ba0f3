#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Libraries are found as the loader finds them.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel
priv=rel/lib/shop-1.0/priv
mkdir -p $priv/lib $priv/bin sys/opt/r sys/opt/rr
cp -a "$FIX/sysroot/." sys/
lib="$CC -shared -fPIC -nostdlib -Wl,--no-as-needed -x c - -x none"
u=sys/usr/lib/x86_64-linux-gnu
empty() { echo "int $1;"; }
# through the loader's configuration
empty a | $lib -o $priv/conf.so sys/opt/conf/libconf.so.3
# RUNPATH with $ORIGIN, in the release itself
empty o | $lib -Wl,-soname,liborigin.so -o $priv/lib/liborigin.so
empty b | $lib -Wl,--enable-new-dtags,-rpath,'${ORIGIN}/lib' -o $priv/origin.so \
	$priv/lib/liborigin.so
# an absolute RPATH, which libraries below inherit
empty r | $lib -Wl,-soname,librr.so -o sys/opt/rr/librr.so
empty r | $lib -Wl,-soname,libr.so -Wl,-rpath-link,sys/opt/rr \
	-o sys/opt/r/libr.so sys/opt/rr/librr.so
empty c | $lib -Wl,--disable-new-dtags,-rpath,/opt/r:/opt/rr \
	-Wl,-rpath-link,sys/opt/rr -o $priv/rpath.so sys/opt/r/libr.so
# two libraries that need each other, below an RPATH
empty x | $lib -Wl,-soname,libx.so -o sys/opt/r/libx.so
empty y | $lib -Wl,-soname,liby.so -Wl,--disable-new-dtags,-rpath,/opt/r \
	-o sys/opt/r/liby.so sys/opt/r/libx.so
empty x | $lib -Wl,-soname,libx.so -Wl,--disable-new-dtags,-rpath,/opt/r \
	-o sys/opt/r/libx.so sys/opt/r/liby.so
empty d | $lib -Wl,--disable-new-dtags,-rpath,/opt/r -o $priv/cycle.so \
	sys/opt/r/libx.so
# known to the loader because it was loaded by path before
empty s | $lib -Wl,-soname,libside.so -o $priv/lib/libside.so
empty e | $lib -o $priv/side.so $priv/lib/libside.so
# not for this machine, and not ELF at all
printf '\177ELF\001\001\001\000%060d' 0 >$priv/other.so
echo text >$priv/text.so
expect 0 build rel -o a.img --sysroot sys
root a.img
files >list
for f in /opt/conf/libconf.so.3 /opt/r/libr.so /opt/rr/librr.so /opt/r/libx.so \
	/opt/r/liby.so; do
	contains list $f
done
lacks list /libside.so/
contains err "other.so' is for another processor"
show /etc/unibeam/manifest.json >manifest
contains manifest 'library of /app/lib/shop-1.0/priv/conf.so'
# what came from the configuration must be in the cache; the rest must not
show /etc/ld.so.cache >cache
contains cache /opt/conf/libconf.so.3
lacks cache /opt/r/
