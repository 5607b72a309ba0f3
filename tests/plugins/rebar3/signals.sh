#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What stops rebar3 osv run stops the machine: SIGTERM and SIGHUP are handed on, and
# a rebar3 that is killed leaves none behind. (unibeam run presses the power button
# then.)
. "$TESTS/lib.sh"
need setpriv
project umbrella p
cat >fake <<'EOF'
#!/bin/sh
here=$(dirname "$0")
trap 'echo TERM >"$here/got"; exit 3' TERM
trap 'echo HUP >"$here/got"; exit 4' HUP
echo image >"$4"
[ "$1" = run ] || exit 0
echo up >"$here/up"
n=0
until [ $((n += 1)) -gt 600 ]; do sleep 0.1; done
EOF
chmod +x fake
export UNIBEAM="$PWD/fake"
# until COMMAND...
until_true() {
	n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 600 ] || fail "$(cat log)"
		sleep 0.1
	done
}
# sends SIGNAL WORD STATUS: what arrives, and rebar3's status
sends() {
	rm -f up got
	(cd p && exec rebar3 osv run -n shop) >log 2>&1 </dev/null &
	rebar=$!
	until_true [ -e up ]
	kill -"$1" $rebar
	status=0
	wait $rebar || status=$?
	until_true [ -s got ]
	same "$(cat got)" "$2"
	same $status "$3"
}
sends TERM TERM 3
contains log 'unibeam run ended with status 3'
sends HUP HUP 4
sends KILL TERM 137
