#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file that changes while it is sent, and one that goes away, are named.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
image make base.img
big=rel/lib/shop-1.0/big
# begin: an upload that takes some seconds, until some of the big file has gone
begin() {
	rm -rf rel "$FAKE_OSV_DIR"/*
	osv_release rel
	dd if=/dev/urandom of=$big bs=1M count=5 status=none
	echo late >rel/zzz
	export FAKE_OSV=rate=3000000
	osv rel --base base.img -o a.img >out 2>err &
	build=$!
	until [ -s "$FAKE_OSV_DIR/archive" ] &&
		[ "$(stat -c %s "$FAKE_OSV_DIR/archive")" -gt 500000 ]; do
		kill -0 $build || break
		sleep 0.02
	done
}
end() { # TEXT
	status=0
	wait $build || status=$?
	same $status 1
	contains err "unibeam: $1"
	[ ! -e a.img ] || fail "there is an image"
	same "$(ls -A | grep '^\.' || true)" ''
	gone "$(cat "$FAKE_OSV_DIR/pid")"
}
begin
echo more >>$big
end "'$big' changed while it was sent to OSv"
begin
truncate -s 4M $big
end "'$big' changed while it was sent to OSv"
begin
touch -d '2001-01-01' $big
end "'$big' changed while it was sent to OSv"
begin
rm rel/zzz
end "cannot read 'rel/zzz': No such file or directory"
begin
echo longer >>rel/zzz
end "'rel/zzz' changed while it was sent to OSv"
