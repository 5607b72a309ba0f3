#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two releases: none named, one, both; keys for one of them.
. "$TESTS/lib.sh"
need sgdisk debugfs
project umbrella p
rebar 1 p osv generate
contains out 'which release: depot, shop? Say -n NAME, or --all for an image of each'
# told before anything was made
lacks out Compiling' front'
[ ! -e p/_build/default/rel ] || fail 'there is a release'
rebar 1 p osv generate -n depo
contains out "there is no release 'depo' in the configuration: there is depot, shop"
rebar 0 p osv generate -n depot
[ -s p/_build/default/depot.img ] || fail 'no image'
[ ! -e p/_build/default/shop.img ] || fail 'an image of the other'
root p/_build/default/depot.img
show /etc/unibeam/init.conf >conf
contains conf 'release=depot'
contains conf 'version=2.1'
fake_unibeam
osv p '{env, ["A=1"]}, {release, depot, [{env, ["B=2"]}, {image, "d.qcow"}]}'
rebar 0 p osv generate --all
diff - args <<EOF
build
$PWD/p/_build/default/rel/depot
-o
$PWD/p/_build/default/d.qcow
--env
A=1
--env
B=2

build
$PWD/p/_build/default/rel/shop
-o
$PWD/p/_build/default/shop.img
--env
A=1

EOF
mv args all
rm -r p/_build/default/rel
rebar 0 p osv generate --relnames=depot,shop
diff all args
rm -r args p/_build/default/rel
rebar 0 p osv generate --relnames=shop
[ ! -e p/_build/default/rel/depot ] || fail 'it made the other release'
contains args p/_build/default/rel/shop
lacks args p/_build/default/rel/depot
rm args
rebar 1 p osv generate --relnames=shop,depo
contains out "there is no release 'depo' in the configuration: there is depot, shop"
# one image of two releases there cannot be
rebar 1 p osv generate --all -o both.img
contains out "'$PWD/p/both.img' would be the image of depot, shop: name one of them with -n"
rebar 1 p osv run --all
contains out 'only one release runs at a time, not depot, shop: say -n NAME'
# by name and version, and elsewhere
rebar 0 p osv generate --relname depot --relvsn 2.1 --output-dir "$PWD/o"
contains args "$PWD/o/depot"
# no release at all
sed -i '/{release, /d' p/rebar.config
rebar 1 p osv generate
contains out 'no release to make an image of: rebar.config has no {relx, [{release, {NAME, VERSION}'
