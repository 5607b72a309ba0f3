#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release made without the run-time system.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel
mkdir -p otp/lib
mv rel/erts-13.0 otp/
mv rel/lib/kernel-8.0 otp/lib/
mkdir otp/lib/kernel-8.0/src otp/lib/kernel-8.0/priv otp/erts-13.0/include
echo x | tee otp/lib/kernel-8.0/src/a.erl >otp/lib/kernel-8.0/priv/p
echo x | tee otp/erts-13.0/bin/epmd >otp/erts-13.0/bin/dialyzer
echo x | tee otp/erts-13.0/bin/dyn_erl >otp/erts-13.0/bin/to_erl
expect 1 build rel -o a.img
contains err "release 'rel' has no Erlang run-time system (erts-13.0): make it with include_erts, or give --erts DIR"
for dir in otp otp/erts-13.0; do
	expect 0 build rel -o a.img --erts $dir
	root a.img
	files >list
	contains list /app/erts-13.0/bin/beam.smp
	contains list /app/erts-13.0/bin/epmd
	contains list /app/erts-13.0/bin/erl
	lacks list dialyzer
	lacks list to_erl
	contains list /app/lib/kernel-8.0/ebin/os_cmd.beam
	contains list /app/lib/kernel-8.0/priv/p
	lacks list a.erl
done
mv otp/erts-13.0 otp/erts-14.0
expect 1 build rel -o b.img --erts otp
contains err "no Erlang run-time system erts-13.0 in 'otp'"
expect 1 build rel -o b.img --erts otp/erts-14.0
contains err "was made for erts 13.0"
mv otp/erts-14.0 otp/erts-13.0
mv otp/lib/kernel-8.0 otp/lib/kernel-9.0
expect 1 build rel -o b.img --erts otp
contains err "application 'kernel-8.0' is neither in release 'rel' nor in"
# it has one, but not all of its applications
cp -r otp/erts-13.0 rel/
expect 1 build rel -o b.img
contains err "release 'rel' does not hold its application 'kernel-8.0'"
[ ! -e b.img ] || fail "there is an image"
