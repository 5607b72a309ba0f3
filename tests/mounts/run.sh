#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD RELEASE - file systems that --mount and mount= ask for, seen from a
# shell in a machine.
set -eu
build=$(realpath "$1")
release=$(realpath "$2")
unibeam=$build/unibeam
work=$build/mounts
PATH=$PATH:/usr/sbin:/sbin
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
	echo "failed: $*" >&2
	exit 1
}

mkdir -p data/dir
echo from-label >data/dir/label
for name in label serial over; do
	rm -rf data/dir && mkdir data/dir
	echo "from $name" >data/dir/$name
	truncate -s 4M $name.ext4
	mke2fs -q -t ext4 -L fs-$name -d data $name.ext4
done

disk() { # NAME [SERIAL]
	echo "-drive file=$1.ext4,format=raw,if=none,id=$1,readonly=on" \
		"-device virtio-blk-pci,drive=$1${2:+,serial=$2}"
}
disks="$(disk label) $(disk serial number-7) $(disk over)"

# runs STATUS WORDS [COMMAND...]: with these words on the command line
runs() {
	wanted=$1 words=$2
	shift 2
	status=0
	# a line that may be lost while the console opens
	{ echo; printf '%s\n' "$@"; } |
		timeout 300 "$unibeam" run a.img --accel tcg \
			--append "init=/bin/sh $words" -- $disks >out 2>&1 || status=$?
	[ $status = "$wanted" ] || { cat out; fail "status $status, not $wanted"; }
}

says() {
	tr -d '\r' <out | grep -qF -e "$1" || { cat out; fail "it did not say '$1'"; }
}

"$unibeam" build "$release" -q --shell -o a.img --mount tmpfs:/scratch:64k \
	--mount fs-label:/srv/label --mount number-7:/var/lib/app/serial \
	--mount fs-over:/srv/over --mount tmpfs:/srv/off
runs 7 "mount=tmpfs:/srv/over:1M mount=none:/srv/off mount=tmpfs:/scratch/in" \
	'grep -E " /(scratch|srv|var/lib)" /proc/mounts | sort' \
	'cat /srv/label/dir/label /var/lib/app/serial/dir/serial' \
	'ls /srv/over | wc -l | sed "s/^/over has /"' \
	'echo x >/srv/label/x; echo x >/srv/off/x; echo x >/srv/over/x && echo writable' \
	'dd if=/dev/zero of=/scratch/x bs=1024 count=100; wc -c /scratch/x' \
	'exit 7'
says 'tmpfs /scratch tmpfs rw,nosuid,nodev,size=64k'
says 'tmpfs /scratch/in tmpfs rw,nosuid,nodev 0 0'
says 'vdb /srv/label ext4 ro,nosuid,nodev,relatime'
says 'vdc /var/lib/app/serial ext4 ro,nosuid,nodev,relatime'
says 'tmpfs /srv/over tmpfs rw,nosuid,nodev,size=1024k'
says 'from label'
says 'from serial'
says 'over has 0'
says '/srv/label/x: Read-only file system'
says '/srv/off/x: Read-only file system'
says 'writable'
says '65536 /scratch/x'
for mistake in "none:x|command line: 'mount=none:x' is not mount=SOURCE:PATH[:SIZE]" \
	"tmpfs:/scratch:7Q|command line: 'mount=tmpfs:/scratch:7Q' is not mount=" \
	"lost:/srv/off|cannot mount lost on /srv/off: no disk or partition is called so" \
	"vda:/srv/off|cannot mount vda on /srv/off: it is mounted already" \
	"tmpfs:/nowhere|cannot mount tmpfs on /nowhere: EROFS"; do
	runs 125 "mount=${mistake%%|*}"
	says "${mistake#*|}"
done
