#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is listed of an image, and what is printed.  debugfs is the referee.
. "$TESTS/lib.sh"
need sgdisk debugfs python3
release rel
mkdir -p rel/lib/shop-1.0/priv/deep/deeper rel/lib/shop-1.0/priv/none
echo one >rel/lib/shop-1.0/priv/one
echo run >rel/lib/shop-1.0/priv/run
chmod 755 rel/lib/shop-1.0/priv/run
ln -s one rel/lib/shop-1.0/priv/link
ln -s /etc/hostname rel/lib/shop-1.0/priv/absolute 2>/dev/null
printf 'odd' >"rel/lib/shop-1.0/priv/a$(printf '\033')[31m b\\"
printf 'utf' >rel/lib/shop-1.0/priv/grün
dd if=/dev/urandom of=rel/lib/shop-1.0/priv/big bs=1M count=3 status=none
truncate -s 20M rel/lib/shop-1.0/priv/sparse
printf end >>rel/lib/shop-1.0/priv/sparse
expect 0 build rel -o a.img --hostname ls-test
root a.img
priv=app/lib/shop-1.0/priv
list() { expect 0 "$UNIBEAM" ls "$@"; }

# the same names as debugfs has, everywhere
files >wanted
list -R --format json a.img
python3 - <<'P' >got
import json
for f in json.load(open("out")):
    if f["type"] != "directory":
        print(f["path"])
P
sort got >sorted
cmp sorted wanted
python3 - <<'P'
import json, os, stat
kinds = {"file": stat.S_ISREG, "directory": stat.S_ISDIR, "link": stat.S_ISLNK}
for f in json.load(open("out")):
    st = os.lstat("tree" + f["path"])
    assert kinds[f["type"]](st.st_mode), f
    if f["type"] == "file":
        assert f["size"] == st.st_size, f
    if f["type"] != "link":
        # debugfs drops the sticky bit
        assert int(f["mode"], 8) & 0o777 == st.st_mode & 0o777, f
    else:
        assert f["target"] == os.readlink("tree" + f["path"]), f
    assert set(f) - {"target"} == {"path", "type", "mode", "size", "links",
                                   "uid", "gid", "mtime"}, f
P

# paths as a shell user writes them
list a.img
contains out etc
cp out root_list
for p in / . ./ app/.. /etc/.././; do
	list a.img $p
	cmp out root_list
done
list a.img etc/hostname
same "$(cat out)" etc/hostname
list a.img /app/releases app/releases/1.0/
contains out '/app/releases:'
contains out 'app/releases/1.0/:'
contains out start.boot
list -l a.img $priv
grep -qE '^-rwxr-xr-x +1 0:0 +4 20..-..-..T..:..:..Z run$' out || fail "$(cat out)"
contains out 'link -> one'
grep -q '^drwxr-xr-x .* deep$' out || fail "$(cat out)"
# a link to a directory is that directory, with -l it is itself
list a.img lib
lacks out '->'
[ "$(wc -l <out)" -ge 1 ] || fail "nothing in lib"
list -l a.img lib
contains out 'lib -> usr/lib'
list a.img etc/hosts
same "$(cat out)" etc/hosts
# raw names to a pipe, harmless ones to a terminal
list a.img $priv
contains out "$(printf 'a\033[31m b\\')"
if command -v script >/dev/null; then
	script -qec "'$UNIBEAM' ls a.img $priv" /dev/null </dev/null >tty 2>&1
	lacks tty "$(printf '\033')"
	contains tty 'a\x1b[31m b\\'
	contains tty grün
fi
UNIBEAM_FORMAT=json list a.img etc/hostname
contains out '"path": "etc/hostname"'

# content
cat_is() { # PATH FILE
	expect 0 "$UNIBEAM" cat a.img "$1"
	cmp out "$2"
}
for f in one run big sparse link grün; do
	cat_is $priv/$f rel/lib/shop-1.0/priv/$f
	cat_is /$priv/$f rel/lib/shop-1.0/priv/$f
done
expect 0 "$UNIBEAM" cat a.img $priv/one /etc/hostname
same "$(cat out)" 'one
ls-test'

# what is not there
no() { # MESSAGE ARGUMENTS...
	message=$1
	shift
	expect 1 "$UNIBEAM" "$@"
	contains err "unibeam: $message"
	same "$(wc -l <err)" 1
}
no "'nothing' is not in 'a.img'" ls a.img nothing
no "'nothing' is not in 'a.img'" cat a.img nothing
no "'etc/hostname/x' is not in 'a.img': a part of it is no directory" \
	ls a.img etc/hostname/x
no "'etc/hostname/' is not in 'a.img': it is no directory" cat a.img etc/hostname/
no "'etc/hosts' in 'a.img' is a link to '/run/hosts', which is not there" \
	cat a.img etc/hosts
no "'etc' in 'a.img' is a directory" cat a.img etc
expect 1 "$UNIBEAM" ls a.img nothing etc/hostname
contains out etc/hostname
expect 1 sh -c "'$UNIBEAM' cat a.img $priv/big >/dev/full"
contains err "cannot write 'the standard output': No space left on device"
expect 1 sh -c "'$UNIBEAM' ls a.img >/dev/full"
contains err "cannot write the output: No space left on device"
wrong() { # MESSAGE ARGUMENTS...
	message=$1
	shift
	expect 2 "$UNIBEAM" "$@"
	contains err "unibeam: $message"
}
wrong "ls: which image?" ls
wrong "cat: which image?" cat
wrong "cat: which file of 'a.img'?" cat a.img
wrong "ls: --format 'xml' is none of text, json" ls a.img --format xml
wrong "ls: unknown option '--lang': did you mean '--long'?" ls a.img --lang
