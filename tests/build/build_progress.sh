#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How far it is: a bar, percents, or nothing.
. "$TESTS/lib.sh"
need script perl
release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=30 status=none
seq 0 100 >percents
expect 0 build rel -o a.img --progress numeric
cmp out percents
[ ! -s err ] || fail "it says something on stderr"
# every percent, too, where there is hardly anything
release tiny
expect 0 build tiny -q -o b.img --progress numeric
cmp out percents
# a bar only for a terminal, and only for who waits
expect 0 build rel -o a.img --progress human
contains out 'run it with'
[ ! -s err ] || fail "a bar where there is no terminal"
terminal() { # SECONDS ARGUMENTS...: what a terminal sees of a build that takes long
	seconds=$1
	shift
	script -qec "perl $TESTS/fixture/pause.pl . .t.img. 'sleep $seconds' \
		$UNIBEAM build $(echo $boot_files) --sysroot $FIX/sysroot \
		rel -o t.img $*" /dev/null </dev/null >seen
}
terminal 0.7
contains seen 'writing ['
contains seen '%'
contains seen 'run it with'
# the summary stands where the bar was
tr '\r' '\n' <seen | grep -q "$(printf '^\033\[Kt.img: ')" || fail "the bar stays"
for quiet in -q '--progress silent' '-q --progress silent'; do
	terminal 0.7 $quiet
	lacks seen writing
done
UNIBEAM_PROGRESS=numeric expect 0 build rel -o a.img
cmp out percents
expect 2 build rel -o a.img --progress loud
contains err "unibeam: build: --progress 'loud' is none of human, numeric, silent"
