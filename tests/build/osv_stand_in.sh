#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The referee of the other tests: what stands in for OSv takes what OSv takes,
# and aborts on all else.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
image make base.img
same "$(python3 "$OSV/misuse.py" "$OSV/qemu.py" base.img)" ''
