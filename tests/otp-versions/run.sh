#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD NAME=SUITE... - the images BUILD/NAME.img of the Erlang/OTP of the
# Debian releases SUITE, and the suites that look at them. Versions whose
# packages cannot be had are counted as not run.
set -eu
build=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
made=

for item; do
	status=0
	"$here/image.sh" "$build" "${item#*=}" "${item%%=*}" || status=$?
	case $status in
	0) made="$made ${item%%=*}" ;;
	77) echo "0 passed, 0 failed, 1 not run" ;;
	*) exit 1 ;;
	esac
done
[ -n "$made" ] || exit 0

# The shell is compared on the first: the same release, on Linux and in a machine.
first=${made# }
first=${first%% *}
OTP_VERSIONS=$made \
	TERM_NEW_LINUX="$here/shell.sh $build/deps/$first/root" \
	TERM_NEW_GUEST="$build/unibeam run $build/$first.img --console --accel tcg" \
	"$here/../e2e/run.sh" runtime_versions term_new
