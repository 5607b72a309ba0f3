#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Base images in qcow2, and results: what is in them is the same.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
need qemu-img
osv_release rel
image make base.img
expect 0 osv rel --base base.img -o wanted.img
check() { # FORMAT
	contains out "a.img: "
	contains out " MiB ($1)"
	contains "$FAKE_OSV_DIR/args" format=raw
	same "$(qemu-img info --output=json a.img | sed -n 's/.*"format": "\([a-z0-9]*\)".*/\1/p' | head -n 1)" $1
	[ $1 = raw ] || qemu-img check -q -f qcow2 a.img
	qemu-img compare -q a.img wanted.img || fail "another disk"
	same "$(ls -A | grep '^\.' || true)" ''
	same "$(stat -c %a a.img)" 644
}
umask 022
qemu-img convert -O qcow2 base.img base.qcow2
mv base.qcow2 'a:b,c.raw' # names say nothing
expect 0 osv rel --base 'a:b,c.raw' -o a.img
check qcow2
expect 0 osv rel --base 'a:b,c.raw' -o a.img --format raw
check raw
expect 0 osv rel --base base.img -o a.img --format qcow2
check qcow2
mkdir 'x:y,z'
expect 0 osv rel --base base.img -o 'x:y,z/p:q,r' --format qcow2
cmp a.img 'x:y,z/p:q,r'
# features of the format are qemu-img's business
qemu-img convert -c -O qcow2 base.img other
expect 0 osv rel --base other -o a.img
check qcow2
qemu-img convert -O qcow2 -o compat=0.10,cluster_size=4096 base.img other
expect 0 osv rel --base other -o a.img
check qcow2
cp base.img below.img
qemu-img create -q -f qcow2 -b below.img -F raw other
expect 0 osv rel --base other -o a.img
check qcow2
cmp base.img below.img
# clusters that belong to nothing harm nobody
qemu-img convert -O qcow2 base.img other
head -c 65536 /dev/zero >>other
expect 0 osv rel --base other -o a.img
check qcow2
