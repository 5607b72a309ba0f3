#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ways to name the plugin: a directory of a repository, and _checkouts (which
# the other tests use).
. "$TESTS/lib.sh"
fake_unibeam
cp -r "$TESTS/readme" p
plugin_is p "{rebar3_osv, {git_subdir, \"file://$WORK/unibeam\", {branch, \"main\"}, \"plugins/rebar3\"}}"
rebar 0 p osv generate
contains out "Image built: $PWD/p/_build/default/cowboy_example.img"
contains args "$PWD/p/_build/default/rel/cowboy_example"
# made after every release, by a hook
echo '{provider_hooks, [{post, [{release, {osv, generate}}]}]}.' >>p/rebar.config
rm p/_build/default/cowboy_example.img
rebar 0 p release
[ -s p/_build/default/cowboy_example.img ] || fail "the hook made no image"
