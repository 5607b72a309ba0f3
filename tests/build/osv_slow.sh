#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OSv may take its time, longer than any single wait: to start, and to take the
# release.  (What it replaces connected ten times within a second, without
# looking whether the service was there, and gave an upload 20 seconds.)
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=6 status=none
image make base.img
begin=$(date +%s)
FAKE_OSV='drip boot=2.5 rate=1000000' expect 0 osv rel --base base.img -o a.img \
	--base-timeout 6
[ $(($(date +%s) - begin)) -ge 8 ] || fail "it was not slow"
image show a.img >tree
contains tree " $(sha256sum <rel/lib/shop-1.0/big | cut -d' ' -f1)"
