#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# run.sh BUILD [PROGRAM...] - run the programs of tests/guest on this machine's
# Linux and in virtual machines with 1 and 4 processors, and compare what they
# print, line by line.
#
# Linux runs them in namespaces of their own, on the very files the image holds:
# the tree is taken out of the image's root file system and bound read-only.
# That needs root and namespaces; where they are not to be had, what Linux
# printed elsewhere is taken instead (linux.out.gz; make record-syscalls).
set -eu
build=$(realpath "$1")
shift
dir=$build/syscalls
image=$dir/tests.img
recorded=$(dirname "$0")/linux.out.gz
PATH=$PATH:/usr/sbin:/sbin
cpus=${GUEST_CPUS:-1 4}

extract() {
	set -- $(sgdisk -i 2 "$image" | awk '
		/^First sector/ { first = $3 }
		/^Last sector/ { print first, $3 - first + 1 }')
	dd if="$image" of="$dir/root.ext4" bs=512 skip="$1" count="$2" \
		conv=sparse status=none
	rm -rf "$dir/root"
	mkdir "$dir/root"
	debugfs -R "rdump / $dir/root" "$dir/root.ext4" 2>/dev/null >/dev/null
	rm "$dir/root.ext4"
}

# In new namespaces: mounts like those of kernel/main.c, then process 1.
linux_script='
set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=755 dev "$root/dev"
for n in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
	mknod -m 666 "$root/dev/${n% *}" c 1 "${n#* }"
done
mknod -m 666 "$root/dev/tty" c 5 0
mknod -m 600 "$root/dev/console" c 5 1
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
for d in tmp run var; do
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/$d"
done
ip link set lo up 2>/dev/null || true
echo unibeam >/proc/sys/kernel/hostname
exec chroot "$root" /sbin/init "$@"
'

run_linux() {
	timeout 300 unshare -m -p -n -u -i -f sh -c "$linux_script" sh "$dir/root" \
		"$@" </dev/null 2>&1
}

run_guest() {
	n=$1
	shift
	args=
	for p; do args="$args --arg $p"; done
	# shellcheck disable=SC2086 # a list of words
	timeout 600 "$build/unibeam" run "$image" --smp "$n" -m 512M --accel tcg \
		--append "loglevel=4 ip=none" $args </dev/null 2>&1 | tr -d '\r'
}

# only_results FILE: the compared lines ("~" marks what is only for the log).
only_results() { grep '^@' "$1" | grep -v -e '^@end' -e '^@[^ ]* ~' || true; }

# what_linux_prints [PROGRAM...], to linux.out
what_linux_prints() {
	if [ "$(id -u)" -eq 0 ] && unshare -m -p -n -u -i -f true 2>/dev/null; then
		extract
		[ $# -gt 0 ] || set -- "" # which chooses all
		run_linux "$@" >"$dir/linux.log"
		grep -q '^@end' "$dir/linux.log" || {
			tail -n 20 "$dir/linux.log" >&2
			echo "the run on Linux did not end" >&2
			exit 1
		}
		only_results "$dir/linux.log"
		return
	fi
	names=$(echo "$*" | tr ' ' '|')
	gzip -dc "$recorded" | grep -E "^@($names)"
}

status=0
if [ "${1:-}" = --record ]; then
	what_linux_prints >"$dir/linux.out"
	gzip -9nc "$dir/linux.out" >"$recorded"
	exit 0
fi
what_linux_prints "$@" >"$dir/linux.out"
if grep -e '^@[^ ]* = ' -e ': ended with ' "$dir/linux.out" |
	grep -v '= status 0$'; then
	echo "[  FAILED  ] 1 test(s): a program that fails on Linux says nothing."
	status=1
fi
for n in $cpus; do
	run_guest "$n" "$@" >"$dir/guest-$n.log" || true
	only_results "$dir/guest-$n.log" >"$dir/guest-$n.out"
	grep -q '^@end' "$dir/guest-$n.log" || {
		tail -n 40 "$dir/guest-$n.log"
		echo "the run with $n processors did not end"
		status=1
	}
	if diff -U0 --label linux --label "guest, $n processors" \
		"$dir/linux.out" "$dir/guest-$n.out" >"$dir/diff-$n"; then
		bad=0
	else
		bad=$(grep -c '^[-+]@' "$dir/diff-$n" || true)
		grep -v '^@@' "$dir/diff-$n"
		status=1
		echo "[  FAILED  ] $bad test(s): lines that differ, $n processors."
	fi
	same=$(($(wc -l <"$dir/linux.out") - $(grep -c '^-@' "$dir/diff-$n" || true)))
	echo "[  PASSED  ] $same test(s): lines the same, $n processors."
done
exit $status
