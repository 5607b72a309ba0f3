#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An image of OSv: what unibeam is asked for, with the old keys and the new one.
. "$TESTS/lib.sh"
fake_unibeam
project umbrella p
echo osv >p/usr.img
osv p '{osv_image, "usr.img"}, {verbose, true}, {command_line, "--env=A=1 "}'
rebar 0 p osv generate -n depot
diff - args <<EOF
build
$PWD/p/_build/default/rel/depot
-o
$PWD/p/_build/default/depot.img
--base
$PWD/p/usr.img
--command-line
--env=A=1 
--verbose

EOF
rm args
osv p '{base, "usr.img"}'
rebar 0 p osv generate -n depot --verbose
contains args "$PWD/p/usr.img"
contains args --verbose
rm p/usr.img
rm -r p/_build/default/rel
rebar 1 p osv generate -n depot
contains out "the image 'base' names, '$PWD/p/usr.img', is not there"
[ ! -e p/_build/default/rel ] || fail 'told only after the release was made'
