#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same input gives the same bytes, whoever builds it, where and when.
. "$TESTS/lib.sh"
release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=3 status=none
expect 0 build rel -o a.img
sleep 1
expect 0 build rel -o b.img
cmp a.img b.img
# a copy with other times and permissions: its time stamps have to be set
mkdir elsewhere
(umask 077 && cp -r rel elsewhere/copy)
chmod -R go+rX elsewhere/copy
cd elsewhere
touch copy/lib/shop-1.0/big
export SOURCE_DATE_EPOCH=1700000000
expect 0 build copy -o a.img
expect 0 build ../rel -o b.img
cmp a.img b.img
! cmp -s a.img ../a.img || fail "SOURCE_DATE_EPOCH changes nothing"
# other content, other identifiers
echo x >>copy/bin/shop
expect 0 build copy -o c.img
need sgdisk
guid() { sgdisk -p "$1" | grep -i 'disk identifier'; }
[ "$(guid a.img)" != "$(guid c.img)" ] || fail "the same disk GUID"
SOURCE_DATE_EPOCH=yesterday expect 1 build copy -o d.img
contains err "SOURCE_DATE_EPOCH 'yesterday' is not a time"
