#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release that changes while it is read: the build fails and names the file.
. "$TESTS/lib.sh"
need perl
release rel
d=rel/lib/shop-1.0
# what is written before the files below
dd if=/dev/urandom of=$d/big bs=1M count=40 status=none
meanwhile() { # ACTION STATUS TEXT
	rm -rf work
	cp -a rel work
	echo some content >work/lib/shop-1.0/zz
	status=0
	perl "$TESTS/fixture/pause.pl" . .a.img. "$1" "$UNIBEAM" build $boot_files \
		--sysroot "$FIX/sysroot" work -o a.img >out 2>err || status=$?
	[ $status = "$2" ] || { cat out err; fail "status $status after '$1'"; }
	[ -z "$3" ] || same "$(cat err)" "unibeam: $3"
	same "$(ls -A | grep -c 'a\.img\.' || true)" 0
}
z=work/lib/shop-1.0/zz
changed="'$z' changed while the image was built"
meanwhile true 0 ''
rm a.img
meanwhile "rm $z" 1 "cannot open '$z': No such file or directory"
meanwhile "mv work gone" 1 ''
contains err "unibeam: cannot open 'work/"
rm -rf gone
meanwhile ": >$z" 1 "$changed"
meanwhile "truncate -s 3 $z" 1 "$changed"
meanwhile "echo more >>$z" 1 "$changed"
meanwhile "echo SOME content >$z" 1 "$changed"
meanwhile "rm $z; mkdir $z" 1 "$changed"
meanwhile "rm $z; ln -s none $z" 1 "cannot open '$z': No such file or directory"
meanwhile "rm $z; mkfifo $z" 1 "$changed"
[ ! -e a.img ] || fail "there is an image"
# the one that is being read
meanwhile "truncate -s 1M work/lib/shop-1.0/big" 1 \
	"'work/lib/shop-1.0/big' changed while the image was built"
