#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD - images of other OTP versions, and the suite that looks at them.
# Versions whose packages cannot be had are counted as not run.
set -eu
build=$1
here=$(dirname "$0")
made=

# image NAME SUITE
image() {
	status=0
	"$here/image.sh" "$build" "$2" "$1" || status=$?
	case $status in
	0) made="$made $1" ;;
	77) echo "0 passed, 0 failed, 1 not run" ;;
	*) exit 1 ;;
	esac
}

image otp-27 trixie
image otp-new unstable
[ -z "$made" ] || OTP_VERSIONS=$made tests/e2e/run.sh runtime_versions
