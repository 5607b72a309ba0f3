#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A library in a directory that only the sysroot's ld.so.cache knows: ldconfig
# was told of it by hand.
. "$TESTS/lib.sh"
need sgdisk debugfs ldconfig
release rel
cp -a "$FIX/sysroot" sys
mkdir -p sys/opt/by-hand sys/etc
find sys/usr -name 'libextra.so*' | while read -r f; do
	mv "$f" sys/opt/by-hand/
done
expect 1 build rel -o a.img --sysroot sys
contains err "cannot find library 'libextra.so.1'"
ldconfig -r sys -X /opt/by-hand
expect 0 build rel -o a.img --sysroot sys
root a.img
files >list
contains list /opt/by-hand/libextra.so.1
show /etc/ld.so.cache >cache
contains cache /opt/by-hand/libextra.so.1
# a damaged cache is no cache
head -c 100 sys/etc/ld.so.cache >short && mv short sys/etc/ld.so.cache
expect 1 build rel -o a.img --sysroot sys
contains err "cannot find library 'libextra.so.1'"
