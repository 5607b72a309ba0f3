#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release built against musl: its loader is its libc, and has other rules.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel
mkdir -p sys/lib sys/usr/lib sys/etc sys/opt/m
lib="$CC -shared -fPIC -nostdlib -Wl,--no-as-needed -x c - -x none"
echo 'int libc;' | $lib -Wl,-soname,libc.musl-x86_64.so.1 \
	-o sys/lib/ld-musl-x86_64.so.1
ln -s ld-musl-x86_64.so.1 sys/lib/libc.musl-x86_64.so.1
echo 'int z;' | $lib -Wl,-soname,libz.so.1 -o sys/opt/m/libz.so.1 \
	sys/lib/ld-musl-x86_64.so.1
printf '/lib:/opt/m\n' >sys/etc/ld-musl-x86_64.path
echo 'void _start(void) {}' | $CC -nostdlib -nostartfiles -fno-stack-protector \
	-pie -Wl,--no-as-needed -Wl,--dynamic-linker,/lib/ld-musl-x86_64.so.1 \
	-Wl,-rpath-link,sys/lib -o rel/erts-13.0/bin/beam.smp -x c - \
	-x none sys/opt/m/libz.so.1 sys/lib/ld-musl-x86_64.so.1
# a NIF has no interpreter: it goes by the emulator's
echo 'int nif;' | $lib -o rel/lib/shop-1.0/nif.so sys/opt/m/libz.so.1
expect 0 build rel -o a.img --sysroot sys
root a.img
files >list
contains list /lib/ld-musl-x86_64.so.1
contains list /opt/m/libz.so.1
contains list /etc/ld-musl-x86_64.path
lacks list ld.so.cache
