#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What build is told for the kernel and process 1 is in the image's command line.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel
baked() { # TEXT ARGUMENTS...
	text=$1
	shift
	expect 0 build rel -q -o a.img "$@"
	grep -qaF -e "$text" a.img || fail "'$text' is not in the image"
}
baked 'ip=10.0.0.2/24,10.0.0.1,9.9.9.9' --ip 10.0.0.2/24,10.0.0.1,9.9.9.9
baked 'ip=dhcp ip6=none' --ip dhcp --ip6 none
baked 'ip6=fd00::2/64,fe80::1' --ip6 fd00::2/64,fe80::1
baked 'host=db:10.0.0.9 host=six:fd00::9' --add-host db:10.0.0.9 \
	--add-host six:fd00::9
baked 'arg=-kernel arg="a \"b\" c"' --arg -kernel --arg 'a "b" c'
baked 'mount=tmpfs:/scratch:64M mount=data:/srv loglevel=3' \
	--append loglevel=3 --mount tmpfs:/scratch:64M --mount data:/srv
root a.img
files >list
[ -d tree/scratch ] && [ -d tree/srv ] || fail "no directory to mount on"
# without them the line is empty, and the same bytes as ever
expect 0 build rel -q -o a.img
expect 0 build rel -q -o b.img --append ''
cmp a.img b.img
# the last one counts
baked 'ip=none' --ip dhcp --ip none
usage() { # TEXT ARGUMENTS...
	text=$1
	shift
	expect 2 build rel -o c.img "$@"
	contains err "unibeam: build: $text"
	[ ! -e c.img ] || fail "there is an image"
}
for ip in x 10.0.0.1 10.0.0.1/0 10.0.0.1/33 10.0.0.1/24x 224.0.0.1/24 10.0.0.1/24,x \
	10.0.0.1/24,,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1; do
	usage "--ip '$ip' is not dhcp, none or ADDR/PREFIX" --ip "$ip"
done
for ip in x fd00::1 fd00::1/0 fd00::1/129 ff02::1/64 ::1/128 fd00::1/64,10.0.0.1 10.0.0.1/24; do
	usage "--ip6 '$ip' is not auto, dhcp, none or ADDR/PREFIX" --ip6 "$ip"
done
usage "--add-host 'x' is not NAME:ADDR" --add-host x
usage "--arg has a control character in it" --arg "$(printf 'a\nb')"
for mount in x /x data: data:x data:/ data:/a/ data:/a/../b :/x 'a b:/x' \
	"$(printf '%040d' 0):/x"; do
	usage "--mount '$mount' is not SOURCE:/PATH[:SIZE]" --mount "$mount"
done
for mount in data:/x:64M tmpfs:/x: tmpfs:/x:0 tmpfs:/x:64X tmpfs:/x:M; do
	usage "--mount '$mount': only tmpfs has a size, like 64M" --mount "$mount"
done
for path in /dev /proc/x /sys /etc/unibeam /run /etc; do
	usage "--mount 'data:$path': '$path' is the system's own" --mount data:$path
done
# a file where the directory has to be
echo file >f
expect 1 build rel -o c.img --file f:/srv --mount data:/srv
contains err "cannot put '/srv' into the image: it is a file where a directory is needed"
expect 1 build rel -o c.img --append "$(printf '%04090d' 0)" --ip dhcp
contains err "the kernel command line is too long"
