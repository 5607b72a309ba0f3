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
logs=$UNIBEAM_BUILD/ct-logs
mkdir -p "$logs"
beams=$UNIBEAM_BUILD/ct-ebin
mkdir -p "$beams"
erlc -o "$beams" tests/e2e/*.erl

suites=
for s; do suites="$suites ${s}_SUITE"; done
# shellcheck disable=SC2086 # a list of words
exec ct_run -noinput -sname "unibeam-e2e-$$" -no_auto_compile -dir "$beams" -suite $suites \
    -logdir "$logs" -pa "$beams" -erl_args -kernel logger_level error
