#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program that starts Erlang on OSv, loaded as OSv loads programs; and the
# resolver's configuration, read by Erlang.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
need nm readelf
starter=$(dirname "$UNIBEAM")/start-otp.so
[ -e "$starter" ] || starter=$(dirname "$UNIBEAM")/../lib/unibeam/start-otp.so
[ -e "$starter" ] || skip "no start-otp.so beside the command"
# it asks for these by name, and for no library and no versions
same "$(nm -D "$starter" | awk '$1 == "U" { print $2 }' | sort | tr '\n' ' ')" \
	'dlerror dlopen dlsym getenv setenv strcat strcpy strlen write '
nm -D "$starter" | grep -q ' T main$' || fail "it has no main()"
readelf -dW "$starter" >dynamic
lacks dynamic NEEDED
lacks dynamic VERNEED

$CC -DHOST -o host "$OSV/erlexec.c" -ldl
mkdir bin
$CC -shared -fPIC -o bin/erlexec "$OSV/erlexec.c"
clean() { env -u ROOTDIR -u TERM -u ERL_INETRC -u HOME "$@"; }
BINDIR=$(pwd)/bin
export BINDIR
expect 7 clean ./host "$starter" /otp/releases/1/start /vm.args /sys.config
same "$(tr '\n' ' ' <out)" "erlexec -args_file /vm.args -boot /otp/releases/1/start -config /sys.config -mode embedded -boot_var RELEASE_LIB /otp/lib -boot_var ERTS_LIB_DIR /otp/lib "
same "$(tr '\n' ' ' <err)" "HOME=/otp ROOTDIR=/otp BINDIR=$BINDIR TERM=vt100-qemu ERL_INETRC=/etc/default/erlang/inetrc "
# --env of OSv's command line wins
TERM=dumb expect 7 clean ./host "$starter" a b c
TERM=dumb HOME=/home expect 7 ./host "$starter" a b c
contains err HOME=/home
contains err TERM=dumb
expect 1 ./host "$starter" a b
same "$(cat err)" 'start-otp: usage: /start-otp.so BOOT ARGS_FILE CONFIG'
unset BINDIR
[ -e /otp/erts ] || {
	expect 1 ./host "$starter" a b c
	contains err 'start-otp: cannot load erlexec: /otp/erts/bin/erlexec: '
}
BINDIR=$(printf '%5000s' x) expect 1 ./host "$starter" a b c
contains err 'start-otp: BINDIR is too long'
$CC -shared -fPIC -x c -o bin/erlexec /dev/null
BINDIR=$(pwd)/bin expect 1 ./host "$starter" a b c
contains err 'start-otp: cannot load erlexec: '

# with these arguments a real erlexec starts a real Erlang
command -v erl >/dev/null || skip "no erl for the rest"
osv_release rel
image make base.img
expect 0 "$UNIBEAM" build rel --base base.img --qemu "$OSV/qemu.py" -q
image show shop.img start-otp.so >found
contains found "file 755 start-otp.so $(stat -c %s "$starter") $(sha256sum <"$starter" | cut -d' ' -f1)"
need cpio
(mkdir -p cpio && cd cpio && cpio --quiet -idm <"$FAKE_OSV_DIR/archive")
root=$(erl -noshell -eval 'io:format("~s", [code:root_dir()]), halt().')
ROOTDIR=$root
BINDIR=$(ls -d "$root"/erts-*/bin | tail -n 1)
ERL_INETRC=$(pwd)/cpio/etc/default/erlang/inetrc
export ROOTDIR BINDIR ERL_INETRC
cat >vm.args <<'ARGS'
-noshell
-eval '{embedded,[file,dns],{ok,config}}={code:get_mode(),inet_db:res_option(lookup),application:get_env(kernel,from)},io:put_chars([$s,$t,$a,$r,$t,$e,$d]),halt(0).'
ARGS
echo '[{kernel,[{from,config}]}].' >sys.config
$CC -shared -fPIC -o bin/erlexec "$OSV/erlexec.c"
BINDIR=$(pwd)/bin expect 7 ./host "$starter" "$root/bin/start_clean" vm.args sys.config
sed 1d out >words
set --
while IFS= read -r word; do set -- "$@" "$word"; done <words
expect 0 "$BINDIR/erlexec" "$@"
same "$(cat out)" started
