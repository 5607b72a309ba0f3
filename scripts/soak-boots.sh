#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# soak-boots.sh UNIBEAM IMAGE N SEED [DIR] - boot the example release N times on
# two virtual CPUs. Each boot must say READY, answer HTTP with 200, and end with
# status 0 within a minute of its power button. The seed, which grows by one
# from boot to boot, chooses the machine, how it starts, its memory and when the
# button is pressed: N=1 and its SEED repeat a boot that failed. Consoles of
# those are kept as DIR/boot-SEED.log (default DIR: build/soak).
set -u
unibeam=$1 image=$2 n=$3 seed=$4 dir=${5:-build/soak}
mkdir -p "$dir"
[ -r "$image" ] || {
    echo "soak-boots: cannot read '$image'" >&2
    exit 2
}

# pick SALT WORD...: one of the words, by the seed.
pick() {
    salt=$1
    shift
    shift "$(awk -v s="$seed" -v t="$salt" -v n=$# 'BEGIN {
        srand(s * 7919 + t); rand(); print int(rand() * n) }')"
    echo "$1"
}

free_port() {
    port=$((20000 + $$ % 20000))
    while ss -ltnH "sport = :$port" | grep -q .; do port=$((port + 1)); done
}

# until_true SECONDS COMMAND...
until_true() {
    deadline=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt $deadline ] && kill -0 $pid 2>/dev/null || return 1
        sleep 0.1
    done
}

ready() { grep -q '^READY' "$log"; }
answers() { curl -s -m 20 -o /dev/null -w '%{http_code}' \
    "http://127.0.0.1:$port/" | grep -q '^200$'; }

ended() { ! kill -0 $pid 2>/dev/null; }

# The whole life of one machine; prints what went wrong.
boot() {
    free_port
    # shellcheck disable=SC2046 # words
    "$unibeam" run "$image" --accel tcg --smp 2 -m "$(pick 1 128M 256M 1G)" \
        $(pick 2 "--machine q35" "--machine pc" "--machine q35 --direct" \
            "--machine microvm") -p "127.0.0.1:$port:8080" \
        >"$log" 2>&1 </dev/null &
    pid=$!
    if ! until_true 120 ready; then
        echo "not READY"
    elif ! until_true 60 answers; then
        echo "no answer"
    else
        sleep "$(pick 3 0 0.1 0.5 2)"
        kill -TERM $pid
        deadline=$(($(date +%s) + 60))
        until ended || [ "$(date +%s)" -ge $deadline ]; do sleep 0.1; done
        ended || echo "does not stop"
    fi
    ended || kill -TERM $pid 2>/dev/null # a second one ends it at once
    ended || { sleep 1; kill -KILL $pid 2>/dev/null; }
    wait $pid
    status=$?
    [ $status -eq 0 ] || echo "status $status"
    grep -q 'panic' "$log" && echo "panic"
}

failed=0 i=0
while [ $i -lt "$n" ]; do
    log=$dir/boot-$seed.log
    boot >"$dir/why" 2>/dev/null
    if [ -s "$dir/why" ]; then
        failed=$((failed + 1))
        echo "FAIL seed $seed: $(tr '\n' ' ' <"$dir/why")($log)"
    else
        rm -f "$log"
    fi
    i=$((i + 1)) seed=$((seed + 1))
done
rm -f "$dir/why"
echo "$((n - failed)) of $n boots were right"
[ $failed -eq 0 ]
