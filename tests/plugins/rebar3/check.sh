#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rebar3 osv check: what unibeam check says, and its status.
. "$TESTS/lib.sh"
real=$UNIBEAM
fake_unibeam
project umbrella p
rebar 0 p as noerts osv check -n depot
diff - args <<EOF
check
$PWD/p/_build/noerts/rel/depot
--erts
$(erl -noshell -eval 'io:put_chars(code:root_dir()), halt().')

EOF
echo "depot: a script has no interpreter" >says
echo 3 >status
rebar 3 p osv check --all
contains out 'depot: a script has no interpreter'
contains out 'unibeam check found something in depot, shop: see above'
echo 'unibeam: out of memory' >says
echo 1 >status
rebar 1 p osv check -n depot
contains out 'unibeam check failed with status 1: out of memory'
# the real one
export UNIBEAM="$real"
rebar 0 p as noerts osv check -n depot
mkdir -p p/apps/back/priv
printf '#!/usr/bin/perl\n' >p/apps/back/priv/script
chmod +x p/apps/back/priv/script
rebar 3 p as noerts osv check -n depot
contains out '/usr/bin/perl'
