#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is wrong is said in a line, and no machine is there after it.
. "$TESTS/lib.sh"
need python3
machines
none() { same "$(ls -A run/unibeam)" ''; }
wrong() { # TEXT COMMAND...
	text=$1
	shift
	expect 2 "$UNIBEAM" "$@"
	contains err "unibeam: $text"
	same "$(wc -l <err)" 2 # and where help is
}
# names
for name in '' - -a .a a/b 'a b' 'ä' a@b "$(printf '%049d' 0)"; do
	wrong "run: --name '$name' is not a name" run --name="$name" a.img
done
expect 1 "$UNIBEAM" logs nothing
contains err "unibeam: there is no machine 'nothing': unibeam ps -a lists them"
expect 1 "$UNIBEAM" logs ../../etc
contains err "unibeam: there is no machine '../../etc'"
FAKE_WAIT=1 expect 0 start --name warehouse
for command in logs stop rm console; do
	expect 1 "$UNIBEAM" $command warehous
	contains err "unibeam: there is no machine 'warehous': did you mean 'warehouse'?"
	expect 2 "$UNIBEAM" $command
	contains err "unibeam: $command: which machine?"
done
# what is known is stopped nevertheless
expect 1 "$UNIBEAM" stop warehous warehouse
expect 1 "$UNIBEAM" rm warehous warehouse
none
wrong "stop: either names or --all" stop --all a
wrong "rm: either names or --all" rm --all a
wrong "stop: -t 'soon' is not a number of seconds" stop -t soon a
wrong "logs: --tail '-1' is not a number of lines" logs --tail=-1 a
wrong "logs: which machine?" logs a b
wrong "console: which machine?" console a b
wrong "ps: it takes no names: 'a'" ps a
wrong "ps: --format 'xml' is none of text, json" ps --format xml
wrong "run: --log-size '1K' is too little: at least 64K" run --log-size 1K a.img
wrong "run: --log-size 'x' is not a size" run --log-size x a.img
# QEMU's own words, and its status
FAKE_FAIL='no such device' expect 1 start --name x
contains err 'fake: no such device'
contains err 'unibeam: QEMU failed with status 1'
same "$(cat out)" ''
none
expect 1 "$UNIBEAM" run -d --qemu ./none a.img
contains err "unibeam: cannot find './none'"
printf '#!/none\n' >broken
chmod +x broken
expect 1 "$UNIBEAM" run -d --qemu ./broken --accel tcg a.img
contains err "unibeam: cannot start './broken': No such file"
expect 1 start --crash-dump no/dump
contains err "unibeam: cannot write 'no/dump'"
none
# the one that keeps it is killed before QEMU answers
cat >killer <<'END'
#!/bin/sh
kill -KILL $PPID
sleep 60
END
chmod +x killer
expect 1 "$UNIBEAM" run -d --qemu ./killer --accel tcg --name k a.img
contains err "unibeam: the machine did not start: the process that keeps it was killed"
is_state k lost
expect 0 "$UNIBEAM" rm k
# the user's directory
own() { XDG_RUNTIME_DIR="$PWD/other" expect 1 "$UNIBEAM" ps; }
own
contains err "unibeam: cannot make '$PWD/other/unibeam'"
mkdir -p other/unibeam
chmod 755 other/unibeam
own
contains err "unibeam: '$PWD/other/unibeam' is open to other users: chmod 700 it"
rmdir other/unibeam
ln -s ../run/unibeam other/unibeam
own
contains err "unibeam: cannot open '$PWD/other/unibeam': "
rm other/unibeam
mkdir -m 700 other/unibeam
if [ "$(id -u)" = 0 ]; then
	chown 12345 other/unibeam
	own
	contains err "unibeam: '$PWD/other/unibeam' belongs to another user: set XDG_RUNTIME_DIR"
fi
