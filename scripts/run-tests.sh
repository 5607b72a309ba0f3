#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-tests.sh NAME=COMMAND... [-- NAME=COMMAND...] - run each command, keep its
# output, print a line for each and at the end "N passed, N failed, N skipped".
#
# Up to $JOBS commands run at a time (default: one for each processor); those
# after "--" run alone, when the others are done.
#
# A command's cmocka, Common Test or plain output counts through its closing
# lines; one that prints none counts as one test. Exit status 77 means skipped:
# the last line it printed is the reason. The exit status is 1 if anything
# failed.
set -u

dir=${TEST_LOGS:-build/test-logs}
jobs=${JOBS:-$(nproc)}
mkdir -p "$dir"
rm -f "$dir"/*.result

# Sum of the numbers of a Common Test summary: "TEST COMPLETE, 5 ok, 1 failed of".
count_ct() {
    sed -n "s/.*TEST COMPLETE,.* \\([0-9][0-9]*\\) $1.*/\\1/p" "$2" |
        awk '{ n += $1 } END { print n + 0 }'
}

# Sum of the numbers in lines like "[  PASSED  ] 7 test(s)." (cmocka).
count_cmocka() {
    sed -n "s/^\\[  $1  \\] \\([0-9][0-9]*\\) test.*/\\1/p" "$2" |
        awk '{ n += $1 } END { print n + 0 }'
}

# Sums of lines like "19 passed, 0 failed, 1 not run": which of the three, FILE.
count_plain() {
    sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed, \([0-9][0-9]*\) not run$/\'"$1"'/p' \
        "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# What FILE, the log of a command that ended with STATUS, counts for:
# "PASSED FAILED SKIPPED".
judge() {
    if [ "$2" -eq 77 ]; then
        echo "0 0 1"
        return
    fi
    good=$(($(count_cmocka PASSED "$1") + $(count_ct ok "$1") +
        $(count_plain 1 "$1")))
    bad=$(($(count_cmocka FAILED "$1") + $(count_ct failed "$1") +
        $(count_plain 2 "$1")))
    skip=$(($(count_ct skipped "$1") + $(count_plain 3 "$1")))
    if [ "$2" -eq 0 ]; then
        [ "$((good + skip))" -gt 0 ] || good=1
    else
        [ "$bad" -gt 0 ] || bad=1
    fi
    echo "$good $bad $skip"
}

report() { # NAME STATUS SECONDS LOG PASSED FAILED SKIPPED
    if [ "$2" -eq 77 ]; then
        echo "skip  $1: $(tail -n 1 "$4")"
    elif [ "$2" -ne 0 ]; then
        echo "FAIL  $1 (status $2, $3 s), $4:"
        tail -n 40 "$4" | sed 's/^/      /'
    else
        echo "ok    $1 ($5, $3 s)$([ "$7" -eq 0 ] || echo ", $7 skipped")"
        sed -n 's/^skipped: /      &/p' "$4"
    fi
}

run_one() {
    name=${1%%=*}
    log=$dir/$name.log
    start=$(date +%s)
    sh -c "${1#*=}" >"$log" 2>&1
    status=$?
    counts=$(judge "$log" $status)
    # one write a test, so that lines of two do not mix
    # shellcheck disable=SC2086 # three numbers
    text=$(report "$name" $status $(($(date +%s) - start)) "$log" $counts)
    printf '%s\n' "$text"
    echo "$counts" >"$dir/$name.result"
}

# wait -n is not in POSIX's shell: a pipe holds one byte for each free place.
places=$(mktemp -d)
trap 'rm -rf "$places"' EXIT
mkfifo "$places/pipe"
exec 3<>"$places/pipe"
i=0
while [ $i -lt "$jobs" ]; do
    echo >&3
    i=$((i + 1))
done

alone=
n=0
for item; do
    if [ "$item" = -- ]; then
        wait
        alone=yes
        continue
    fi
    n=$((n + 1))
    if [ $alone ]; then
        run_one "$item" 3<&-
    else
        read -r _ <&3
        (
            run_one "$item" 3<&-
            echo >&3
        ) &
    fi
done
wait

set -- $(cat "$dir"/*.result | awk '{ p += $1; f += $2; s += $3 }
    END { print p + 0, f + 0, s + 0, NR }')
# a test that was lost is not a test that passed
if [ "$4" -ne $n ]; then
    echo "only $4 of $n test programs came to an end" >&2
    exit 1
fi
if [ "$3" -gt 0 ]; then
    echo "$1 passed, $2 failed, $3 skipped"
else
    echo "$1 passed, $2 failed"
fi
[ "$2" -eq 0 ]
