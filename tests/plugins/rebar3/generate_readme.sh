#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The project of rebar3_osv's README with only the plugin's line changed: it names
# an OTP and an image of OSv that are not on this machine.
. "$TESTS/lib.sh"
cp -r "$TESTS/readme" p
plugin_is p "{ rebar3_osv, \".*\", {git, \"file://$WORK/rebar3_osv\", {tag, \"OTP-21.0\"}}}"
rebar 0 p as osv_build osv generate
contains out "Image built: $PWD/p/_build/osv_build/cowboy_example.img"
contains out "osv_image '/home/rickp/osv/build/debug.x64/usr.img' is not there: the image gets unibeam's own kernel"
contains out "include_erts '/usr/local/packages/otp-osv' is not there: the release gets the Erlang/OTP of this rebar3"
contains out "system_libs '/usr/local/packages/otp-osv' is not there"
# {verbose, true}: what unibeam says
contains out '  release  cowboy_example 0.1.0 (relx, erts '
# relx has nothing to complain of
lacks out 'Unknown term'
"$UNIBEAM" run p/_build/osv_build/cowboy_example.img --dry-run >words
contains words cowboy_example.img
# an OTP that is there, as the README names it: by its root
ln -s "$(erl -noshell -eval 'io:put_chars(code:root_dir()), halt().')" 'an otp'
sed -i "s|/usr/local/packages/otp-osv|$PWD/an otp|" p/rebar.config
rm -r p/_build/osv_build
rebar 0 p as osv_build osv generate
lacks out 'the Erlang/OTP of this rebar3'
[ -d p/_build/osv_build/rel/cowboy_example/lib/kernel-* ] || fail "no kernel"
[ -s p/_build/osv_build/cowboy_example.img ] || fail "no image"
