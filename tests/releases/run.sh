#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD shop|cart - make the release as its users would, an image of it,
# and run that. In the build directory BUILD.
#
# shop (rebar3): NIFs, crypto, ssl, os_mon, sasl; also made without ERTS, without
# OTP's applications, in dev_mode, and as an archive. cart (mix): runtime.exs, System.shell.
set -eu
build=$(realpath "$1")
name=$2
here=$(cd "$(dirname "$0")" && pwd)
unibeam=$build/unibeam
work=$build/releases/$name

fail() {
	echo "failed: $*" >&2
	exit 1
}

# made IMAGE ARGUMENTS...
made() {
	image=$1
	shift
	"$unibeam" build "$@" -o "$image" || fail "no image of $1"
}

# runs IMAGE STATUS ARGUMENTS...: its output goes to "out".
runs() {
	image=$1 wanted=$2
	shift 2
	status=0
	timeout 600 "$unibeam" run "$image" --accel tcg "$@" </dev/null >out 2>&1 ||
		status=$?
	cat out
	[ $status = "$wanted" ] || fail "status $status, not $wanted"
}

says() {
	tr -d '\r' <out | grep -qx -e "$1" || fail "it did not say '$1'"
}

shop() {
	otp=$(erl -noshell -eval 'io:put_chars(code:root_dir()), halt().')
	for profile in default noerts nosys dev; do
		rebar3 as $profile release >log 2>&1 || fail "$(tail log)"
	done
	made shop.img _build/default/rel/shop
	for profile in noerts nosys dev; do
		if "$unibeam" build _build/$profile/rel/shop -o no.img 2>err; then
			fail "an image without ERTS"
		fi
		grep -q 'give --erts DIR' err || fail "$(cat err)"
		made $profile.img _build/$profile/rel/shop --erts "$otp"
	done
	rebar3 tar >log 2>&1 || fail "$(tail log)"
	made tar.img _build/default/rel/shop/shop-1.2.3.tar.gz
	mkdir unpacked
	tar -C unpacked -xzf _build/default/rel/shop/shop-1.2.3.tar.gz
	made dir.img unpacked
	cmp tar.img dir.img || fail "an archive is not what is in it"
	rebar3 as noerts tar >log 2>&1 || fail "$(tail log)"
	made notar.img _build/noerts/rel/shop/shop-1.2.3.tar.gz --erts "$otp"
	runs shop.img 7
	says 'nif 3421780262' # the check value of CRC-32
	says 'crypto 2d711642b726b044'
	says 'certificates true'
	says 'tls hello'
	says 'disk /'
	says 'memory true'
	for image in dev noerts tar; do
		runs $image.img 7
		says 'nif 3421780262'
	done
}

cart() {
	export MIX_ENV=prod LANG=C.UTF-8 HOME="$work"
	mix release --overwrite >log 2>&1 || fail "$(tail log)"
	made cart.img _build/prod/rel/cart --env GREETING=baked
	runs cart.img 5 --env GREETING=boot
	says 'greeting boot'
	says 'shell Linux'
	says "node cart@.*"
}

rm -rf "$work"
mkdir -p "$build/releases"
cp -r "$here/$name" "$work"
cd "$work"
"$name"
