#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A relx release: what the image holds, seen by the file system's own tools.
. "$TESTS/lib.sh"
need sgdisk e2fsck debugfs
release rel
expect 0 build rel -o shop.img --env A=1 --env 'B=x y=z' --env A=2 \
	--hostname box --append 'loglevel=7' --grace 9
contains out 'shop 1.0 (relx, erts 13.0)'
contains out 'unibeam run shop.img'
contains out 'shell    no'
same "$(cat err)" ''
sgdisk -v shop.img >out && contains out 'No problems found'
if command -v sfdisk >/dev/null; then
	sfdisk --verify shop.img >out 2>&1 || fail "$(cat out)"
fi
same "$(sgdisk -p shop.img | awk '$1 == 1 || $1 == 2 { print $2, $7 }' | tr '\n' ' ')" \
	'64 boot 2048 root '
root shop.img
expect 0 e2fsck -fn root.ext4
files >list
diff - list <<'L'
/app/bin/shop
/app/erts-13.0/bin/beam.smp
/app/lib/kernel-8.0/ebin/os_cmd.beam
/app/lib/shop-1.0/ebin/harmless.beam
/app/releases/1.0/shop.rel
/app/releases/1.0/start.boot
/app/releases/1.0/sys.config
/app/releases/1.0/vm.args
/app/releases/start_erl.data
/bin
/etc/group
/etc/host.conf
/etc/hostname
/etc/hosts
/etc/ld.so.cache
/etc/mtab
/etc/nsswitch.conf
/etc/passwd
/etc/protocols
/etc/resolv.conf
/etc/services
/etc/ssl/certs/ca-certificates.crt
/etc/unibeam/init.conf
/etc/unibeam/manifest.json
/lib
/lib64
/sbin
/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
/usr/lib/x86_64-linux-gnu/libc.so.6
/usr/lib/x86_64-linux-gnu/libextra.so.1
/usr/lib/x86_64-linux-gnu/libextra.so.1.0
/usr/lib/x86_64-linux-gnu/libgcc_s.so.1
/usr/lib64/ld-linux-x86-64.so.2
/usr/sbin/init
/usr/share/terminfo/x/xterm
/var/run
/var/tmp
L
diff -r rel tree/app
for d in proc sys dev tmp run var root lost+found; do
	[ -d tree/$d ] || fail "no /$d"
done
show /etc/unibeam/init.conf | diff - /dev/fd/3 3<<'L'
release=shop
version=1.0
layout=relx
root=/app
erts=/app/erts-13.0
boot=/app/releases/1.0/start
config=/app/releases/1.0/sys.config
vmargs=/app/releases/1.0/vm.args
env.A=2
env.B=x y=z
hostname=box
grace=9
L
same "$(show /etc/hostname)" box
# the boot partition: header, loader, command line, kernel
same "$(dd if=shop.img bs=512 skip=64 count=1 status=none | head -c 7)" UNIBEAM
same "$(dd if=shop.img bs=512 skip=65 count=1 status=none | head -c 6)" loader
same "$(dd if=shop.img bs=512 skip=128 count=1 status=none | head -c 11)" \
	'loglevel=7'
size=$(stat -c %s "$FIX/kernel.elf")
dd if=shop.img bs=512 skip=136 status=none | head -c "$size" |
	cmp - "$FIX/kernel.elf"
head -c 440 shop.img >a && head -c 440 "$FIX/boot.bin" | cmp - a
