#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh SUITE... - run Common Test suites of this directory against the images
# in the build directory ($UNIBEAM_BUILD, default build).
set -eu
cd "$(dirname "$0")/../.."
UNIBEAM_BUILD=$(realpath "${UNIBEAM_BUILD:-build}")
export UNIBEAM_BUILD
export HELLO_IMAGE="$UNIBEAM_BUILD/hello.img"
export OTP_IMAGE="$UNIBEAM_BUILD/otp.img"
beams=$UNIBEAM_BUILD/ct-ebin
mkdir -p "$beams"

# Several of these may run at a time: who comes first compiles.
exec 9>"$beams/.lock"
flock 9
if [ ! -e "$beams/.done" ] || [ -n "$(find tests/e2e -newer "$beams/.done")" ]; then
    erlc -o "$beams" tests/e2e/*.erl
    touch "$beams/.done"
fi
exec 9>&-

[ $# -gt 0 ] || exit 0
logs=$UNIBEAM_BUILD/ct-logs
[ $# -gt 1 ] || logs=$logs/$1
mkdir -p "$logs"
suites=
for s; do suites="$suites ${s}_SUITE"; done
status=0
# shellcheck disable=SC2086 # a list of words
ct_run -noinput -sname "unibeam-e2e-$$" -no_auto_compile -dir "$beams" -suite $suites \
    -logdir "$logs" -pa "$beams" -erl_args -kernel logger_level error || status=$?
last=$(find "$logs" -maxdepth 1 -name 'ct_run.*' | sort | tail -n 1)
find "$last" -name suite.log -exec sed -n 's/^=result  *skipped: /skipped: /p' {} + |
    tr -d '"' | sort -u
exit $status
