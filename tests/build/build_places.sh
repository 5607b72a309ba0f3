#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the image goes: over an old one, inside the release, to a place that
# cannot be written.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel
# the image of an earlier run is not part of the next one
inside() { # ARGUMENTS...: the command, run inside the release
	(cd rel && build . "$@") >out 2>err || fail "$(cat err)"
}
inside
cp rel/shop.img first.img
inside
contains err 'left out: shop.img: the image that is to be replaced'
inside -q -o "$(pwd)/rel/bin/../shop.img"
same "$(cat err)" ''
root rel/shop.img
files >list
lacks list shop.img
rm rel/shop.img
# a link is replaced, what it leads to stays
cp first.img target
ln -s target a.img
echo old >target
expect 0 build rel -o a.img
same "$(cat target)" old
[ ! -L a.img ] || fail "the link is still there"
expect 1 build rel -o /dev/null
contains err "cannot write '/dev/null': it exists and is not a file"
expect 1 build rel -o ''
contains err "cannot write ''"
expect 1 build rel -o rel/bin/shop/a.img
contains err "cannot write 'rel/bin/shop/a.img': Not a directory"
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir ro
	unshare -m sh -c "mount -t tmpfs -o ro none ro &&
		{ \"\$UNIBEAM\" build $(echo $boot_files) --sysroot \"\$FIX/sysroot\" \
		rel -o ro/a.img; echo \$?; }" >out 2>err
	contains err "unibeam: cannot write 'ro/a.img': Read-only file system"
	same "$(cat out)" 1
	same "$(wc -l <err)" 1
fi
# the summary cannot be written
status=0
build rel -o a.img >/dev/full 2>err || status=$?
same $status 1
contains err 'cannot write the summary: No space left on device'
