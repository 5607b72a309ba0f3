#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh SUITE... - run Common Test suites of this directory against the images
# in the build directory ($UNIBEAM_BUILD, default build).
set -eu
cd "$(dirname "$0")/../.."
UNIBEAM_BUILD=$(realpath "${UNIBEAM_BUILD:-build}")
export UNIBEAM_BUILD
export HELLO_IMAGE="$UNIBEAM_BUILD/hello.img"
logs=$UNIBEAM_BUILD/ct-logs
mkdir -p "$logs"
suites=
for s; do suites="$suites tests/e2e/${s}_SUITE"; done
# shellcheck disable=SC2086 # a list of words
exec ct_run -noinput -dir tests/e2e -suite $suites -logdir "$logs" \
    -no_auto_compile false -pa "$logs" -erl_args -kernel logger_level error
