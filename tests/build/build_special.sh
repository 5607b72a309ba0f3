#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is no ordinary file, or does not stay one while it is read.
. "$TESTS/lib.sh"
need sgdisk debugfs perl
release rel
d=rel/lib/shop-1.0
perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0 or die;
	bind S, pack_sockaddr_un shift or die' $d/socket
[ -S $d/socket ] || skip "no socket"
if [ "$(id -u)" = 0 ] && mknod $d/device c 1 5; then
	:
else
	mkfifo $d/device
fi
expect 0 build rel -o a.img
contains err 'left out: lib/shop-1.0/socket: a socket, pipe or device'
contains err 'left out: lib/shop-1.0/device: a socket, pipe or device'
root a.img
files >list
lacks list /socket
rm $d/socket $d/device
# ten terabytes of nothing
if truncate -s 10T $d/huge 2>/dev/null; then
	echo end >>$d/huge
	expect 0 build rel -o a.img
	[ "$(stat -c %s a.img)" -lt 50000000 ] || fail "the holes are in the image"
	root a.img
	debugfs -R "stat /app/lib/shop-1.0/huge" root.ext4 >stat 2>/dev/null
	contains stat "Size: $(stat -c %s $d/huge)"
	rm $d/huge
fi
# more than ext4 can say
if truncate -s 20T $d/huge 2>/dev/null ||
	{ mkdir -p "/dev/shm/ub.$$" && truncate -s 20T "/dev/shm/ub.$$/huge" &&
		rm -f $d/huge && ln -s "/dev/shm/ub.$$/huge" $d/huge; }; then
	expect 1 build rel -o b.img
	contains err "huge' is too large: a file can have 16 TiB"
	rm -rf $d/huge "/dev/shm/ub.$$"
fi
# for another processor: a library is of no use, an emulator is an error
perl -e 'open F, "+<", shift; seek F, 18, 0; print F pack "v", 183' \
	rel/erts-13.0/bin/beam.smp
expect 1 build rel -o b.img
contains err "'rel/erts-13.0/bin/beam.smp' is not a program for x86-64 Linux"
same "$(wc -l <err)" 1
cp "$FIX/beam.smp" rel/erts-13.0/bin/beam.smp
: >rel/erts-13.0/bin/beam.smp
expect 1 build rel -o b.img
contains err "'rel/erts-13.0/bin/beam.smp' is not a program"
cp "$FIX/beam.smp" rel/erts-13.0/bin/beam.smp
# a log that is written all the time
perl -e 'open F, ">>", shift; F->autoflush(1) if eval "require IO::Handle";
	for (1 .. 4e6) { syswrite F, "x"; select undef, undef, undef, 0.0002 }' \
	$d/zz.log &
writer=$!
eventually [ -s $d/zz.log ]
# between its being counted and its being read it has grown, however slow it is
status=0
perl "$TESTS/fixture/pause.pl" . .b.img. "was=\$(stat -c %s $d/zz.log)
	until [ \$(stat -c %s $d/zz.log) != \$was ]; do sleep 0.01; done" \
	"$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" rel -o b.img >out 2>err ||
	status=$?
kill $writer || true # it ends after some minutes
same $status 1
contains err "unibeam: 'rel/lib/shop-1.0/zz.log' changed while the image was built"
same "$(ls -A | grep -c 'b\.img' || true)" 0
