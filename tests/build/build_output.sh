#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The output: where it cannot be written, and when several write it.
. "$TESTS/lib.sh"
need perl sgdisk
release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=20 status=none
bad() { # TEXT OUTPUT
	expect 1 build rel -o "$2"
	same "$(cat err)" "unibeam: cannot write '$2': $1"
}
mkdir dir
mkfifo pipe
perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0;
	bind S, pack_sockaddr_un shift or die' socket
bad 'it exists and is not a file' dir
bad 'it exists and is not a file' pipe
bad 'it exists and is not a file' socket
bad 'it exists and is not a file' /dev/null
bad 'it exists and is not a file' .
bad 'No such file or directory' none/a.img
bad 'Not a directory' rel/bin/shop/a.img
expect 1 build rel -o "$(printf '%0256d' 0)"
contains err "File name too long"
ln -s loop loop
expect 1 build rel -o loop/a.img
contains err "cannot write 'loop/a.img': Too many levels of symbolic links"
mkdir locked
chmod 555 locked
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	chmod -R go+rX "$WORK" && cp "$UNIBEAM" ./command
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups ./command build \
		$boot_files --sysroot "$FIX/sysroot" rel -o locked/a.img 2>err || status=$?
	same "$status $(cat err)" \
		"1 unibeam: cannot write 'locked/a.img': Permission denied"
fi
same "$(ls -A locked)" ''
# a link's place is taken by the image, what it led to stays
echo precious >elsewhere
ln -s elsewhere link.img
expect 0 build rel -o link.img
same "$(cat elsewhere)" precious
[ ! -L link.img ] || fail "still a link"
# the image of the last run inside the release is not put into the next
expect 0 build rel -o rel/self.img
size=$(stat -c %s rel/self.img)
expect 0 build rel -o rel/self.img
same "$(stat -c %s rel/self.img)" "$size"
rm rel/self.img
# eight at once: each is whole, the last one stays
expect 0 build rel -o good.img
pids=
for i in 1 2 3 4 5 6 7 8; do
	build rel -q -o same.img 2>"err.$i" &
	pids="$pids $!"
done
for pid in $pids; do
	wait $pid || { cat err.*; fail "status $? of one of eight"; }
done
cmp same.img good.img
same "$(ls -A | grep -c 'same\.img\.' || true)" 0
# one that takes a while to write
cp -r rel big
mkdir -p big/lib/shop-1.0/priv
head -c 60000000 /dev/urandom >big/lib/shop-1.0/priv/large
expect 0 build big -o big.img
# killed: what it leaves is not in the way, and goes with the next; the file of
# one that still writes stays
interrupt KILL . .same.img. "$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" \
	big -o same.img
cmp same.img good.img
same "$(ls -A | grep -c '^\.same\.img\.')" 1
export UNIBEAM boot_files FIX
status=0
perl "$TESTS/fixture/pause.pl" . .other.img.+lock \
	'cp .other.img.* kept; "$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" \
	big -q -o other.img; ls -A | grep -c "^.other.img" >count' \
	"$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" big -q -o other.img \
	>out 2>err || status=$?
same "$status $(cat err)" '0 '
same "$(cat count)" 1
cmp other.img big.img
rm -r big big.img other.img
expect 0 build rel -o same.img
same "$(ls -A | grep -c '^\.same\.img\.' || true)" 0
# what only looks like a left-over stays
mkdir .same.img.unibeam-abcdef
ln -s elsewhere .same.img.unibeam-ghijkl
echo mine >.same.img.backup
expect 0 build rel -o same.img
[ -d .same.img.unibeam-abcdef ] && [ -L .same.img.unibeam-ghijkl ] &&
	[ -f .same.img.backup ] || fail "it removed them"
