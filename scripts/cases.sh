# SPDX-License-Identifier: Apache-2.0
# cases.sh - sourced by scripts that check one thing after the other: what each
# came to, and the line that run-tests.sh counts.
#
# $tmp is a directory that goes with the script; $tmp/log has what there is to say
# of the case at hand.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0
left_out=0

# verdict NAME STATUS: a case has ended; 0 is a pass.
verdict() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAILED  $1"
    tail -n 30 "$tmp/log" | sed 's/^/    /'
}

# leave_out REASON: a case that cannot be run here.
leave_out() {
    left_out=$((left_out + 1))
    echo "skipped: $*"
}

# verdicts: the last line; its status is the script's.
verdicts() {
    echo "$passed passed, $failed failed, $left_out not run"
    [ $failed -eq 0 ]
}
