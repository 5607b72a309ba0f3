#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sys.config that the emulator would not read, vm.args that make no sense.
. "$TESTS/lib.sh"
release rel
config=rel/releases/1.0/sys.config
args=rel/releases/1.0/vm.args
cases=0
mkdir cases
good() {
	printf '%s\n' "$1" >$config
	cases=$((cases + 1))
	cp $config cases/good.$cases
	expect 0 check rel
	contains out 'nothing found'
}
bad() { # TEXT MESSAGE
	printf '%s\n' "$1" >$config
	cases=$((cases + 1))
	cp $config cases/bad.$cases
	expect 3 check rel
	tr '\n' ' ' <out >flat # long ones are wrapped
	contains flat "error: the emulator cannot read sys.config: $2"
	contains out '  in /app/releases/1.0/sys.config'
}
good '[].'
good '%% comment ].
[{kernel, [{logger_level, info}, {x, #{a => 1, "b" => <<"c">>}}]},
 {shop, [{f, fun shop:f/1}, {n, -1.5e-3}, {c, $}}, {d, $\n}, {e, $\^A},
         {s, "one" "two"}, {q, '"'"'it'"'"'}, {r, 16#ff}, {t, [1|2]}]}].'
good '[{shop, [{port, ${PORT}}, {name, "${NAME}"}, {x, ${A:-1}}]} % end
].'
good '[{shop, [{text, ~b"anything ]"}]}].'
good '["other.config"].'
bad '[' 'line 2: a bracket is not closed'
bad '[{a, b]].' 'line 1: a bracket closes what is not open'
bad '[{a, [
  {b, 1}
  {c, 2}]}].' 'line 3: a comma is missing'
bad '[{a, 1},
].' 'line 2: nothing follows a comma'
bad '[{a,, 1}].' 'line 1: nothing is between two commas'
bad '[{a, "x}].' 'line 2: a string is not closed'
bad "[{a, 'x}]." 'line 2: a quoted atom is not closed'
bad '[{a, 1}]' 'line 2: the full stop at the end is missing'
bad '[{a, 1. }].' 'line 1: a full stop is inside brackets'
bad '[]. [].' 'line 1: something follows the full stop'
bad '{a, 1}.' 'line 1: it is not a list'
# Erlang itself reads each in the same way, but for variables, which are
# replaced before, and sigils, which are new
if command -v erl >/dev/null; then
	rm $(grep -l '[$]{\|~b' cases/*)
	erl -noshell -eval '
		[begin
		     Good = case file:consult(F) of
			{ok, [L]} when is_list(L) -> true;
			_ -> false
		     end,
		     Good = string:prefix(F, "cases/good") =/= nomatch
		 end || F <- filelib:wildcard("cases/*")], halt().' ||
		fail "erl reads one in another way"
fi
printf '[{shop, [{dir, "/home/me/x"}, {dir, "/var/x"}]}].' >$config
expect 0 check rel
contains out "note: '/home/me/x' is a path of another machine"
contains out '0 errors, 0 warnings, 1 note'
expect 0 check rel -q
same "$(wc -c <out)" 0
# relx's template
mv $config $config.src
printf '[{shop, ${X}}' >$config.src
expect 3 check rel
contains out 'in /app/releases/1.0/sys.config.src'
rm $config.src
expect 0 check rel

warns() { # LINE MESSAGE
	printf '## -detached\n-name shop@host\n%s\n' "$1" >$args
	expect 3 check rel
	contains out "warning: $2"
	contains out '  in /app/releases/1.0/vm.args'
}
warns '-detached # why' '-detached lets the emulator run behind the process that is'
warns '-remsh a@b' '-remsh is for a shell on another node'
warns '-config /etc/shop' "-config names '/etc/shop', which is not in the image"
warns '-args_file /etc/shop.args' "-args_file names '/etc/shop.args'"
warns '-ssl_dist_optfile /etc/dist.conf' "-ssl_dist_optfile names '/etc/dist.conf'"
warns '-boot /app/none' "-boot names '/app/none'"
# where files come from elsewhere
echo '-config /etc/shop -args_file /data/args' >$args
echo one >shop.config
expect 0 check rel --file shop.config:/etc/shop.config --mount data:/data
expect 3 check rel --file shop.config:/etc/shop.config --mount data:/dat
echo '{"build": {"file": "shop.config:/etc/shop.config", "mount": ["data:/data"]}}' \
	>unibeam.json
expect 0 check rel
rm unibeam.json
expect 2 check rel --file shop.config
contains err "unibeam: check: --file 'shop.config' is not SRC:/DST"
expect 2 check rel --mount data
contains err "unibeam: check: --mount 'data' is not"
for line in '-boot /app/releases/1.0/start' '-config $ROOTDIR/x' '-config x' \
	'-setcookie -detached-not' '+S 2 +P 100000'; do
	echo "$line" >$args
	expect 0 check rel
done
