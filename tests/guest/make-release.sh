#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make-release.sh DIR PROGRAM - what the builder takes for a release: the tests
# are the files of an application, PROGRAM stands in for the emulator.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$1/releases/1.0" "$1/erts-13.0/bin" "$1/lib/tests-1.0/ebin" \
	"$1/lib/kernel-8.0/ebin" "$1/bin"
printf '13.0 1.0' >"$1/releases/start_erl.data"
echo '{release,{"tests","1.0"},{erts,"13.0"},[{kernel,"8.0"},{tests,"1.0"}]}.' \
	>"$1/releases/1.0/tests.rel"
echo boot >"$1/releases/1.0/start.boot"
echo '[].' >"$1/releases/1.0/sys.config"
echo '-noinput' >"$1/releases/1.0/vm.args"
echo start >"$1/bin/tests"
cp "$2" "$1/erts-13.0/bin/beam.smp"
cp tests/corpus/beam/harmless.beam "$1/lib/tests-1.0/ebin/"
cp tests/corpus/beam/harmless.beam "$1/lib/kernel-8.0/ebin/"
