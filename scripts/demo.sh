#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh UNIBEAM IMAGE - boot the example and show it answering.
set -eu
unibeam=$1
image=$2
# the first port of 127.0.0.1 that nobody listens on, from DEMO_PORT on
port=${DEMO_PORT:-18080}
while
    grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$port") .* 0A " /proc/net/tcp
do
    port=$((port + 1))
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "+ $unibeam run $image -p $port:8080"
"$unibeam" run "$image" -p "127.0.0.1:$port:8080" >"$log" 2>&1 </dev/null &
vm=$!
shown=0
show() { # lines of the console not shown yet
    total=$(wc -l <"$log")
    [ "$total" -le "$shown" ] ||
        sed -n "$((shown + 1)),${total}s/^/    /p" "$log"
    shown=$total
}
tries=0
while ! grep -q '^READY' "$log"; do
    if ! kill -0 $vm 2>/dev/null || [ $tries -gt 1200 ]; then
        show
        echo "demo: the machine did not get ready" >&2
        kill $vm 2>/dev/null || true
        exit 1
    fi
    tries=$((tries + 1))
    sleep 0.1
    show
done
show
echo "+ curl -i http://127.0.0.1:$port/"
curl -sS -i --max-time 20 "http://127.0.0.1:$port/"
echo
echo "+ curl http://127.0.0.1:$port/cmd        # os:cmd(\"echo hi\") in the guest"
curl -sS --max-time 20 "http://127.0.0.1:$port/cmd"
echo "+ kill -TERM \$VM                         # the power button"
kill -TERM $vm
status=0
wait $vm || status=$?
show
echo "the release ended with status $status"
exit $status
