# SPDX-License-Identifier: Apache-2.0
# Sourced by every test: expect, contains, lacks, same, fail, skip, need, root,
# files and show of tests/build, and what follows. The working directory is empty
# and the test's own.
FIX=none
. "$TESTS/../../build/lib.sh"

need rebar3 git

# project NAME DIR: this directory's project, with the plugin checked out.
project() {
	cp -r "$TESTS/$1" "$2"
	mkdir "$2/_checkouts"
	cp -r "$WORK/rebar3_osv" "$2/_checkouts/rebar3_osv"
	plugin_is "$2" rebar3_osv
}

# plugin_is DIR TERM: what stands for the plugin in rebar.config.
plugin_is() {
	sed -i "s|@PLUGIN@|$2|" "$1/rebar.config"
}

# osv DIR TERMS: the section, at the end of rebar.config, in place of an earlier.
osv() {
	sed -i '/^{osv, /d' "$1/rebar.config"
	echo "{osv, [$2]}." | tr '\n' ' ' >>"$1/rebar.config"
}

# in_dir DIR COMMAND...
in_dir() (
	cd "$1"
	shift
	"$@"
)

# rebar STATUS DIR ARGUMENTS...: output goes to "out".
rebar() {
	wanted=$1 where=$2
	shift 2
	status=0
	in_dir "$where" rebar3 "$@" >out 2>&1 </dev/null || status=$?
	[ $status = "$wanted" ] || {
		cat out
		fail "status $status, not $wanted: rebar3 $*"
	}
}

# A program that stands for unibeam: its arguments go to the file "args", one a
# line, and after each run an empty one; it writes the image it is asked for, says
# what is in the file "says", and ends with the status in the file "status".
fake_unibeam() {
	cat >fake <<'EOF'
#!/bin/sh
here=$(dirname "$0")
printf '%s\n' "$@" '' >>"$here/args"
[ ! -e "$here/says" ] || cat "$here/says" >&2
status=$(cat "$here/status" 2>/dev/null || echo 0)
[ "$status" = 0 ] || exit "$status"
while [ $# -gt 0 ]; do
	case $1 in -o) echo image >"$2" ;; esac
	shift
done
EOF
	chmod +x fake
	export UNIBEAM="$PWD/fake"
}
