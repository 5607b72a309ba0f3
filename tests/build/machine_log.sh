#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The log: its size, the end of it, what comes, and a disk that is full.
. "$TESTS/lib.sh"
need python3
machines
# more than is kept: the newest is, without a gap
FAKE_FLOOD=20000 FAKE_WAIT=1 expect 0 start --name flood --log-size 128K
full() { "$UNIBEAM" logs flood >log && grep -q 'line 19999 of' log; }
eventually full
size=$(wc -c <log)
[ "$size" -le $((160 * 1024)) ] || fail "$size bytes are kept"
[ "$size" -ge $((60 * 1024)) ] || fail "only $size bytes are kept"
last=19999
grep -ao 'line [0-9]* of the flood' log | tac | cut -d' ' -f2 | while read -r n; do
	same $n $last
	last=$((last - 1))
done
expect 0 "$UNIBEAM" logs flood --tail 3
same "$(cat out)" "$(printf 'line %d of the flood\n' 19997 19998 19999)"
expect 0 "$UNIBEAM" logs flood --tail 999999
cmp out log
# what comes later, until it ends
"$UNIBEAM" logs -f --tail 1 flood >followed &
follow=$!
eventually grep -q 'line 19999' followed
FAKE_LOG=x expect 0 "$UNIBEAM" stop flood
wait $follow
contains followed 'power button'
same "$(sed -n 1p followed)" 'line 19999 of the flood'
expect 0 "$UNIBEAM" logs -f flood
contains out 'power button'
# a reader that has gone
expect 0 sh -c '"$UNIBEAM" logs flood | head -n 1'
# one that is followed over a change of files
FAKE_ECHO=1 expect 0 start --name echo --log-size 64K
"$UNIBEAM" logs -f echo >followed &
follow=$!
{
	i=0
	while [ $i -lt 100 ]; do
		i=$((i + 1))
		printf "$i %01000d\n" 0
		# it sees a file before there are two newer ones
		eventually grep -q "typed:$i 0" followed
	done
	printf quit
} | timeout 300 "$UNIBEAM" console echo >seen 2>/dev/null
wait $follow
[ -e run/unibeam/echo/console.log.1 ]
[ "$(wc -c <seen)" -ge 100000 ]
sed -n '/^typed:/,$p' followed | cmp - seen
# nothing more can be written: the machine goes on, and the log says what is missing
space=
for how in -m -Urm; do
	unshare $how mount -t tmpfs none run 2>/dev/null && space="unshare $how" && break
done
[ -n "$space" ] || exit 0
cat >full <<'END'
. "$TESTS/lib.sh"
mount -t tmpfs -o size=128k,mode=700 none run
stop_machines
FAKE_ECHO=1 expect 0 start --name full
head -c 60000 /dev/zero >run/filler
FAKE_FLOOD=5000 FAKE_ECHO=1 expect 0 start --name flood
mkfifo keys
"$UNIBEAM" console full <keys >seen 2>/dev/null &
exec 3>keys
typed() { printf '%s\n' "$1" >&3; eventually grep -q "typed:$1" seen; }
head -c 100000 /dev/zero >run/more 2>/dev/null || true
typed one
head -c 100000 /dev/zero >run/more 2>/dev/null || true
for i in 1 2 3 4 5 6; do
	printf '%s %01000d\n' $i 0 >&3
	eventually grep -q "typed:$i" seen
done
is_state full running
# one that ends then has a status nevertheless
expect 0 "$UNIBEAM" stop flood -t 0
is_state flood ended
same "$(state flood status)" 137
rm run/more run/filler
typed last
expect 0 "$UNIBEAM" logs full
contains out 'bytes are missing here: No space left on device]'
contains out 'typed:last'
expect 0 "$UNIBEAM" rm -f flood
printf quit >&3
eventually is_state full ended
END
$space sh -eu full
