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
	erlang-runtime-tools erlang-syntax-tools erlang-tools dash coreutils sed busybox-static

# inside SCRIPT: in that system, with this one's devices and processes
inside() {
	user=
	[ "$(id -u)" -eq 0 ] || user=-r
	# shellcheck disable=SC2016 # for the shell that is started
	unshare $user -m sh -c 'mkdir -p "$1/dev" "$1/proc" "$1/tmp" &&
		mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" &&
		exec chroot "$1" /bin/sh -c "$2"' sh "$root" "$1"
}

work=$root/tmp/work
rm -rf "$work"
mkdir -p "$work"
cp -r "$here/../../examples/hello" "$work/source"
cp "$here/make_release.erl" "$work"
inside 'cd /tmp/work && export LANG=C.UTF-8 HOME=/tmp &&
	erlc make_release.erl &&
	erl -noshell -run make_release main source release'
"$build/unibeam" build "$work/release" -q --shell --sysroot "$root" \
	--erts "$root/usr/lib/erlang" -o "$build/$name.img"
