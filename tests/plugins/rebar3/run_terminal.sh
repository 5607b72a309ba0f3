#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Erlang shell of a release, on the terminal that rebar3 was started on.
. "$TESTS/lib.sh"
need script
project umbrella p
cat >session <<'EOF'
stty rows 31 columns 99
before=$(stty -a)
cd p && rebar3 osv run -n shop --console -- --accel tcg --machine microvm
echo "status $?"
[ "$before" = "$(stty -a)" ] && echo 'the same terminal'
EOF
# waits for TEXT on the terminal
shown() {
	n=0
	until grep -qF -e "$1" typescript 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 1500 ] || return 1
		sleep 0.2
	done
}
: >typescript
{
	shown '1>' && printf '1000+234.\r'
	shown 1234 && printf 'io:columns().\r'
	shown '{ok,99}' && printf 'halt(9).\r'
	shown 'status 9'
} | TERM=xterm timeout 500 script -qefc 'sh session' typescript >/dev/null
contains typescript '{ok,99}'
contains typescript 'status 9'
contains typescript 'the same terminal'
