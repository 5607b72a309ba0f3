#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Releases without a run-time system, without OTP's applications, of links; and
# one with the run-time system of a directory that is named.
. "$TESTS/lib.sh"
need sgdisk debugfs
otp=$(erl -noshell -eval 'io:put_chars(code:root_dir()), halt().')
erts=erts-$(erl -noshell -eval 'io:put_chars(erlang:system_info(version)), halt().')
project umbrella p
for profile in noerts nosys dev; do
	rebar 0 p as $profile osv generate -n depot
	root p/_build/$profile/depot.img
	files >list
	contains list "/app/$erts/bin/beam.smp"
	contains list /app/lib/kernel-
	[ "$(grep -c '/back_app.beam$' list)" = 1 ] || fail 'no back_app.beam'
	[ ! -e p/_build/$profile/rel/depot/erts-* ] || fail 'it has one'
done
# the project's own choice
fake_unibeam
osv p '{erts, "some/otp"}, {sysroot, "/sys root"}'
rebar 0 p as noerts osv generate -n depot
contains args "$PWD/p/some/otp"
contains args '/sys root'
lacks args "$otp"
# include_erts with a path
osv p ''
rm args
ln -s "$otp" 'an otp'
sed -i "s|{include_erts, true}|{include_erts, \"$PWD/an otp\"}|" p/rebar.config
rebar 0 p osv generate -n depot
lacks args --erts
[ -d p/_build/default/rel/depot/$erts ] || fail 'no erts'
