#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-tests.sh NAME=COMMAND... - run each command, keep its output, print a line
# for each and at the end "N passed, N failed, N skipped".
#
# A command's cmocka or plain output counts through its closing lines; one that
# prints none counts as one test. Exit status 77 means skipped: the last line it
# printed is the reason. The exit status is 1 if anything failed.
set -u

dir=${TEST_LOGS:-build/test-logs}
mkdir -p "$dir"
passed=0
failed=0
skipped=0

# Sum of the numbers of a Common Test summary: "TEST COMPLETE, 5 ok, 1 failed of".
count_ct() {
    sed -n "s/.*TEST COMPLETE,.* \\([0-9][0-9]*\\) $1.*/\\1/p" "$2" |
        awk '{ n += $1 } END { print n + 0 }'
}

# Sum of the numbers in lines like "[  PASSED  ] 7 test(s)." (cmocka).
count() {
    sed -n "s/^\\[  $1  \\] \\([0-9][0-9]*\\) test.*/\\1/p" "$2" |
        awk '{ n += $1 } END { print n + 0 }'
}

for item; do
    name=${item%%=*}
    log=$dir/$name.log
    start=$(date +%s)
    sh -c "${item#*=}" >"$log" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    good=$(($(count PASSED "$log") + $(count_ct ok "$log")))
    bad=$(($(count FAILED "$log") + $(count_ct failed "$log")))
    if [ $status -eq 77 ]; then
        skipped=$((skipped + 1))
        echo "skip  $name: $(tail -n 1 "$log")"
        continue
    fi
    [ "$good" -gt 0 ] || good=$((status == 0))
    if [ $status -ne 0 ]; then
        [ "$bad" -gt 0 ] || bad=1
        echo "FAIL  $name (status $status, ${seconds} s), $log:"
        tail -n 40 "$log" | sed 's/^/      /'
    else
        echo "ok    $name ($good, ${seconds} s)"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
