#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What cannot be looked at is status 1, wrong usage is status 2; settings.
. "$TESTS/lib.sh"
release rel
bad() { # STATUS TEXT ARGUMENTS...
	status_wanted=$1 text=$2
	shift 2
	expect "$status_wanted" "$UNIBEAM" check "$@"
	contains err "unibeam: $text"
	same "$(wc -c <out)" 0
}
bad 2 'check: which release?'
bad 2 "check: only one release at a time: 'b'" a b
bad 2 "check: --format 'xml' is none of text, json" rel --format xml
bad 2 "check: option '--format' needs a value" rel --format
bad 2 "check: unknown option '--sysrot': did you mean '--sysroot'?" rel --sysrot x
bad 2 "check: option '--shell=1' takes no value" rel --shell=1
bad 1 "cannot open 'none': No such file or directory" none
bad 1 "'rel/bin/shop' is neither a directory nor an archive" rel/bin/shop
bad 1 "cannot use sysroot 'none': No such file" rel --sysroot none
bad 1 "no Erlang run-time system erts-13.0 in 'rel/lib'" rel --erts rel/lib
mkdir project && cp -r rel project/rel
bad 1 "'project' is not a release: did you mean 'project/rel'?" project
cp -r rel broken && echo junk >broken/releases/start_erl.data
bad 1 "'broken/releases/start_erl.data' is damaged" broken
expect 1 check rel --busybox none --shell
contains err "cannot read 'none': No such file or directory"
expect 1 check rel --busybox "$FIX/init" --shell
contains err "is not a busybox with a shell"
expect 0 "$UNIBEAM" help check
contains out 'usage: unibeam check'
expect 0 "$UNIBEAM" check --help
contains out 'usage: unibeam check'
# what stands for build counts, what stands for check comes after
cp -a "$FIX/sysroot" sys
cp "$FIX/busybox" sys/usr/bin/busybox
cat >unibeam.json <<'J'
{"check": {"format": "json", "no-shell": true},
 "build": {"sysroot": "sys", "shell": true, "output-format": 1}}
J
bad 2 "./unibeam.json: there is no key 'build.output-format'" rel
sed -i 's/, "output-format": 1//' unibeam.json
expect 0 "$UNIBEAM" check rel
contains out '"system": "./sys"'
contains out '"shell": null'
sed -i 's/, "no-shell": true//' unibeam.json
expect 0 "$UNIBEAM" check rel
contains out '"shell": "asked for with --shell"'
expect 0 env UNIBEAM_FORMAT=text "$UNIBEAM" check rel
contains out 'nothing found'
expect 0 env UNIBEAM_FORMAT=text "$UNIBEAM" check rel --format json
contains out '"findings": []'
echo '{"check": {"quiet": true, "env": "A=1"}}' >other.json
bad 2 "other.json: there is no key 'check.env'" rel -c other.json
