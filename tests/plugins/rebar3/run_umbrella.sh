#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One of an umbrella's releases, made without a run-time system: what it says, and
# its status, which becomes rebar3's.
. "$TESTS/lib.sh"
project umbrella p
osv p '{env, ["GREETING=baked in"]}, {release, depot, [{cpus, 2}]},
	{run_options, ["--accel", "tcg", "--machine", "microvm"]}'
rebar 7 p as noerts osv run -n depot
contains out 'greeting baked in'
contains out 'processors 2'
contains out 'unibeam run ended with status 7'
# as a part of a longer command, which goes on when the status is 0
rebar 0 p as noerts do osv run -n depot -- --env STATUS=0, version
contains out 'rebar 3.'
