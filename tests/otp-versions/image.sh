#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image.sh BUILD SUITE NAME - the image BUILD/NAME.img of the example release on
# the Erlang/OTP of the Debian release SUITE, whose packages are unpacked in
# BUILD/deps/NAME/root. The release is made there by that OTP itself.
set -eu
build=$(realpath "$1")
suite=$2
name=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$build/deps/$name/root

"$here/debs.sh" "$suite" "$build/deps/$name" erlang-base erlang-crypto erlang-asn1 \
	erlang-public-key erlang-ssl erlang-inets erlang-os-mon erlang-mnesia \
	erlang-runtime-tools erlang-syntax-tools erlang-tools dash coreutils sed busybox-static \
	libc-bin ncurses-base

work=$root/tmp/work
rm -rf "$work"
mkdir -p "$work"
cp -r "$here/../../examples/hello" "$work/source"
cp "$here/make_release.erl" "$work"
"$here/inside.sh" "$root" 'cd /tmp/work && export LANG=C.UTF-8 HOME=/tmp &&
	erlc make_release.erl &&
	erl -noshell -run make_release main source release'
"$build/unibeam" build "$work/release" -q --shell --sysroot "$root" \
	--erts "$root/usr/lib/erlang" -o "$build/$name.img"
