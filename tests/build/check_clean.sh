#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release that lacks nothing: status 0, one sentence, nothing written.
. "$TESTS/lib.sh"
need python3
release rel
ls -lRn rel >before
expect 0 check rel
contains out 'shop 1.0 (relx, erts 13.0, OTP 25), with no shell and the libraries of '
contains out 'nothing found'
same "$(wc -c <err)" 0
expect 0 check rel -q
same "$(wc -c <out)" 0
expect 0 check rel --format json
python3 - <<'P' || fail "not the JSON that is documented"
import json
j = json.load(open("out"))
assert list(j) == ["unibeam", "release", "version", "layout", "erts", "otp",
                   "system", "shell", "errors", "warnings", "notes", "findings"]
assert j["release"] == "shop" and j["otp"] == "25" and j["shell"] is None
assert j["errors"] == j["warnings"] == j["notes"] == 0 and j["findings"] == []
P
expect 0 check rel --verbose
contains out 'among them'
contains out '/app/erts-13.0/bin/beam.smp'
contains out '0 errors, 0 warnings, 1 note'
ls -lRn rel | diff before - || fail "something was written"
same "$(ls | tr '\n' ' ')" 'before err out rel '
# an archive is as good; what is said names it, not where it was unpacked
tar czf rel.tar.gz -C rel .
expect 0 check rel.tar.gz
contains out 'nothing found'
tar czf rel.tar.gz -C rel --exclude='./erts-*' .
expect 3 check rel.tar.gz
contains out "error: release 'rel.tar.gz' has no Erlang run-time system (erts-13.0)"
# build agrees
expect 0 build rel -o a.img
