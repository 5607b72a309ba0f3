#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mix release: cookie, runtime.exs.
. "$TESTS/lib.sh"
need sgdisk debugfs
release rel my_app
printf 'SECRET\n' >rel/releases/COOKIE
echo 'import Config' >rel/releases/1.0/runtime.exs
echo '#' >rel/releases/1.0/env.sh
expect 0 build rel -o a.img
contains out '(mix, erts 13.0)'
root a.img
show /etc/unibeam/init.conf >conf
contains conf layout=mix
contains conf cookie=SECRET
contains conf runtime=/app/releases/1.0
contains conf hostname=my-app
# templates, and a boot file of the release's name
rm rel/releases/1.0/sys.config rel/releases/1.0/vm.args
echo x >rel/releases/1.0/sys.config.src
echo x >rel/releases/1.0/vm.args.src
echo x >rel/releases/1.0/my_app.boot
expect 0 build rel -o a.img
root a.img
show /etc/unibeam/init.conf >conf
contains conf config=/app/releases/1.0/sys.config.src
contains conf vmargs=/app/releases/1.0/vm.args.src
# mix's script takes start.boot whatever else there is
contains conf boot=/app/releases/1.0/start
# neither
rm rel/releases/1.0/*.src
expect 0 build rel -o a.img
root a.img
show /etc/unibeam/init.conf >conf
lacks conf config=
lacks conf vmargs=
# the default name of the image
expect 0 build rel
[ -f my_app.img ] || fail "no my_app.img"
