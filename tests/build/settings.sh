#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Options from unibeam.json and from the environment; what wins.
. "$TESTS/lib.sh"
release rels/rel
words() { "$UNIBEAM" run "$@" --accel tcg --dry-run 2>err; }

# beside the release; paths are below the file's directory
mkdir rels/files
cp -r "$FIX/sysroot" rels/files/sys
for part in kernel.elf init boot.bin loader.bin; do cp "$FIX/$part" rels/files; done
cat >rels/unibeam.json <<'E'
{
  "kernel": "files/kernel.elf", "init": "files/init",
  "boot-sector": "files/boot.bin", "loader": "files/loader.bin",
  "build": {"sysroot": "files/sys", "hostname": "from-file", "env": {"A": "1", "B": 2}},
  "run": {"memory": "300M"}
}
E
expect 0 "$UNIBEAM" build rels/rel -o a.img
root a.img
same "$(show /etc/hostname)" from-file
show /etc/unibeam/init.conf >conf
contains conf 'A=1'
contains conf 'B=2'
# the environment is above it, the command line above both; lists add up
UNIBEAM_HOSTNAME=from-env UNIBEAM_ENV="$(printf 'B=3\nC=4')" expect 0 "$UNIBEAM" build \
	rels/rel -o a.img --env C=5
root a.img
same "$(show /etc/hostname)" from-env
show /etc/unibeam/init.conf >conf
for pair in A=1 B=3 C=5; do contains conf $pair; done
UNIBEAM_HOSTNAME=from-env expect 0 "$UNIBEAM" build rels/rel -o a.img --hostname line
root a.img
same "$(show /etc/hostname)" line

# in the working directory, when there is none beside; -c names another
echo '{"run": {"memory": "400M", "publish": ["8001:80"], "direct": true}}' >unibeam.json
words a.img -p 8002:81 --qemu /bin/true >out
for text in "'400M'" 8001-:80 8002-:81 -kernel; do
	grep -qF -e "$text" out || contains out "$(echo "$text" | tr -d "'")"
done
UNIBEAM_DIRECT=no words a.img --qemu /bin/true >out
contains out -kernel # "no" takes nothing back: it is that nothing is said
echo '{"memory": 500}' >other.json
words a.img -c other.json --qemu /bin/true >out
contains out 500
lacks out 8001
UNIBEAM_CONFIG=other.json words a.img --qemu /bin/true >out
contains out 500

# what is wrong in them
bad() { # TEXT JSON
	echo "$2" >bad.json
	expect 2 "$UNIBEAM" run a.img -c bad.json --dry-run
	contains err "unibeam: $1"
}
bad "bad.json: there is no key 'memroy': did you mean 'memory'?" '{"memroy": 1}'
bad "bad.json: there is no key 'run.memroy': did you mean 'memory'?" \
	'{"run": {"memroy": 1}}'
bad "bad.json: there is no key 'build.memory'" '{"build": {"memory": 1}}'
bad "bad.json: line 2: " '{'
bad "bad.json: it has to be an object" '[]'
bad "bad.json: 'run' has to be an object" '{"run": true}'
bad "it has to be true or false" '{"direct": 1}'
contains err "unibeam: that is in bad.json: direct"
bad "it has to be a string or a number" '{"run": {"memory": []}}'
contains err "unibeam: that is in bad.json: run.memory"
bad "run: -m 'lots' is not a size" '{"memory": "lots"}'
contains err "unibeam: that is in bad.json: memory"
expect 2 "$UNIBEAM" run a.img -c none.json
contains err "unibeam: cannot read 'none.json': No such file or directory"
rm unibeam.json
UNIBEAM_MEMORY=lots expect 2 "$UNIBEAM" run a.img
contains err "unibeam: that is in UNIBEAM_MEMORY"
UNIBEAM_DIRECT=maybe expect 2 "$UNIBEAM" run a.img
contains err "unibeam: 'maybe' is neither yes nor no"
contains err "unibeam: that is in UNIBEAM_DIRECT"

# words that are nearly right
expect 2 "$UNIBEAM" run a.img --memroy 1
contains err "unibeam: run: unknown option '--memroy': did you mean '--memory'?"
expect 2 "$UNIBEAM" rnu a.img
contains err "unibeam: unknown command 'rnu': did you mean 'run'?"
expect 2 "$UNIBEAM" run a.img --direct=yes
contains err "unibeam: run: option '--direct=yes' takes no value"
