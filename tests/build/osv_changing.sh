#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file that changes while it is sent, and one that goes away, are named.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
image make base.img
big=rel/lib/shop-1.0/big
# begin: an upload, up to where some of the big file has gone. OSv then takes no
# more before end, and the rest is more than sockets hold (6 MiB on Linux)
begin() {
	rm -rf rel "$FAKE_OSV_DIR"/*
	osv_release rel
	dd if=/dev/urandom of=$big bs=1M count=16 status=none
	echo late >rel/zzz
	FAKE_OSV=hold=500000 osv rel --base base.img -o a.img >out 2>err &
	build=$!
	eventually [ -e "$FAKE_OSV_DIR/held" ]
}
end() { # TEXT
	touch "$FAKE_OSV_DIR/go"
	status=0
	wait $build || status=$?
	same $status 1
	contains err "unibeam: $1"
	[ ! -e a.img ] || fail "there is an image"
	same "$(ls -A | grep '^\.' || true)" ''
	eventually gone "$(cat "$FAKE_OSV_DIR/pid")"
}
begin
echo more >>$big
end "'$big' changed while it was sent to OSv"
begin
truncate -s 12M $big
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
