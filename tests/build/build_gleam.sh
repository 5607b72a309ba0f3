#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shipment of Gleam's: packages, and what they need of an Erlang installation.
# (Made by hand: the layout is what counts here.)
. "$TESTS/lib.sh"
need sgdisk debugfs
# app DIR NAME VERSION NEEDS: DIR/ebin/NAME.app and a module
app() {
	mkdir -p "$1/ebin"
	printf '{application, %s, [{vsn, "%s"}, {applications, [%s]},\n %s]}.\n' \
		"$2" "$3" "$4" '{optional_applications, [wx]}' >"$1/ebin/$2.app"
	cp "$TESTS/../corpus/beam/harmless.beam" "$1/ebin/"
}
mkdir -p otp/erts-13.0/bin otp/bin ship
cp "$FIX/beam.smp" otp/erts-13.0/bin/
echo boot >otp/bin/start.boot
app otp/lib/kernel-8.0 kernel 8.0 ''
app otp/lib/stdlib-4.0 stdlib 4.0 kernel
app otp/lib/crypto-5.0 crypto 5.0 'kernel, stdlib'
app otp/lib/ssl-10.0 ssl 10.0 'stdlib, crypto'
app otp/lib/megaco-4.0 megaco 4.0 kernel
cp "$FIX/beam.smp" otp/lib/crypto-5.0/ebin/nif
printf '#!/bin/sh\nset -eu\n\nPACKAGE=tea\nBASE=$(dirname "$0")\n' >ship/entrypoint.sh
app ship/tea tea 1.2.0 'kernel, leaf, wx'
app ship/leaf leaf 0.9.0 'ssl'
mkdir ship/leaf/priv && echo data >ship/leaf/priv/x
# which Erlang, it does not say itself
expect 1 build ship -o a.img
contains err 'is a Gleam shipment, which holds no Erlang run-time system: give --erts'
expect 1 build ship -o a.img --erts ship
contains err "not one Erlang run-time system in 'ship'"
for erts in otp otp/erts-13.0; do
	expect 0 build ship -o a.img --erts $erts
	contains out 'tea 1.2.0 (gleam, erts 13.0)'
	contains out 'shell    no'
	root a.img
	files >list
done
for path in /app/tea/ebin/tea.app /app/leaf/priv/x /app/entrypoint.sh \
	/usr/lib/erlang/bin/start.boot /usr/lib/erlang/erts-13.0/bin/beam.smp \
	/usr/lib/erlang/lib/ssl-10.0/ebin/ssl.app \
	/usr/lib/erlang/lib/crypto-5.0/ebin/nif; do
	contains list $path
done
lacks list megaco
show /etc/unibeam/init.conf >conf
contains conf layout=gleam
contains conf release=tea
contains conf root=/usr/lib/erlang
contains conf erts=/usr/lib/erlang/erts-13.0
contains conf boot=/usr/lib/erlang/bin/start
same "$(grep ^pa= conf | tr '\n' ' ')" 'pa=/app/leaf/ebin pa=/app/tea/ebin '
# packages are looked through for what needs a shell
cp "$TESTS/../corpus/beam/os_cmd.beam" ship/leaf/ebin/
expect 0 build ship -o a.img --erts otp --busybox "$FIX/busybox"
contains out 'shell    yes: os_cmd calls os:cmd'
rm ship/leaf/ebin/os_cmd.beam
# what is missing or wrong
rm -r otp/lib/crypto-5.0
expect 1 build ship -o b.img --erts otp
contains err "application 'crypto' is neither in shipment 'ship' nor in"
echo '{application' >ship/leaf/ebin/leaf.app
expect 1 build ship -o b.img --erts otp
contains err "leaf.app': it is not an application description"
rm -r ship/leaf ship/tea
expect 1 build ship -o b.img --erts otp
contains err "shipment 'ship' does not hold its package 'tea'"
echo '#!/bin/sh' >ship/entrypoint.sh
expect 1 build ship -o b.img --erts otp
contains err 'names no package: is it of a Gleam shipment?'
[ ! -e b.img ] || fail "there is an image"
