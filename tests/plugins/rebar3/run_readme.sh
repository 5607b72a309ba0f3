#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README's project in a machine: it answers, and ends in order when rebar3 is
# told to.
. "$TESTS/lib.sh"
need curl
project readme p
port=$("$TESTS/../../free-port")
osv p "{ports, [\"127.0.0.1:$port:8080\"]}, {run_options, [\"--accel\", \"tcg\", \"--machine\", \"microvm\"]}"
(cd p && exec rebar3 as osv_build osv run) >log 2>&1 </dev/null &
rebar=$!
trap 'kill $rebar 2>/dev/null || true' EXIT
ask() {
	curl -s --noproxy '*' --max-time 5 "http://127.0.0.1:$port$1"
}
n=0
until ask / >answer && [ -s answer ]; do
	n=$((n + 1))
	[ $n -lt 300 ] && kill -0 $rebar 2>/dev/null || fail "no answer: $(cat log)"
	sleep 0.3
done
same "$(cat answer)" "Hello from OTP $(erl -noshell -eval 'io:put_chars(erlang:system_info(otp_release)), halt().')"
# the name server is the network's, not 8.8.8.8
ask /resolv >resolv
contains resolv 'nameserver 10.0.2.3'
lacks resolv 8.8.8.8
kill $rebar
wait $rebar || fail "status $?: $(cat log)"
contains log 'cowboy_example exited with status 0'
