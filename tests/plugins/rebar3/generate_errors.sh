#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is said when something is wrong, and that nothing is left behind.
. "$TESTS/lib.sh"
real=$UNIBEAM
project umbrella p
# mistakes in rebar.config, told before anything is made (all of them are in the
# plugin's own tests)
wrong() { # TERMS MESSAGE
	osv p "$1"
	rebar 1 p osv generate -n depot
	contains out "$2"
	[ ! -e p/_build/default/lib ] || fail 'told late'
}
wrong '{memry, "1G"}' "there is no key 'memry': did you mean 'memory'?"
wrong '{memory, "much"}' "'memory' has to be a size as \"512M\" or \"2G\", or a number of MiB: it is \"much\""
wrong '{verbose, yes}' "'verbose' has to be true or false: it is yes"
wrong '{release, shop, [{shel, true}]}' "there is no key 'shel': did you mean 'shell'?"
wrong '{a, b, c}' '{osv, [...]} in rebar.config has to be a list of {KEY, VALUE}: {a,b,c} is none'
sed -i '/^{osv, /d' p/rebar.config
echo '{osv, foo}.' >>p/rebar.config
rebar 1 p osv generate -n depot
contains out 'foo is none'
# no unibeam
UNIBEAM='' wrong '' 'cannot find unibeam, which makes the images: install it where $PATH leads, or say where it is: UNIBEAM=/path/to/unibeam in the environment, or {osv, [{unibeam, "/path/to/unibeam"}]} in rebar.config'
UNIBEAM=/nowhere/unibeam wrong '' "UNIBEAM is '/nowhere/unibeam' in the environment: that is no program"
UNIBEAM='' wrong '{unibeam, "no/such"}' "osv: 'unibeam' is '$PWD/p/no/such': that is no program"
# the project's own
cp "$TESTS/../../build/lib.sh" no_program
fake_unibeam
mv fake p/mine
UNIBEAM='' && osv p '{unibeam, "mine"}'
rebar 0 p osv generate -n depot
[ -s p/args ] || fail 'it did not run'
# one that fails: its message, and the image of before
fake_unibeam
osv p ''
echo before >p/_build/default/depot.img
echo "unibeam: cannot read 'x': Permission denied" >says
for s in 1 137; do
	echo $s >status
	rebar 1 p osv generate -n depot
	case $s in
	137) contains out 'unibeam build was ended by signal 9' ;;
	*) contains out "unibeam build failed with status $s: cannot read 'x': Permission denied" ;;
	esac
	same "$(cat p/_build/default/depot.img)" before
done
# what it only notes is a warning
echo 0 >status
echo "unibeam: note: no shell" >says
rebar 0 p osv generate -n depot
contains out 'no shell'
# the real one: nothing is half written
export UNIBEAM="$real"
osv p '{hostname, "-x-"}'
rm p/_build/default/depot.img
rebar 1 p osv generate -n depot
contains out "unibeam build failed with status 2: build: '-x-' is not a host name"
same "$(ls p/_build/default | tr '\n' ' ')" 'checkouts lib plugins rel '
# no place for the image
echo file >p/file
rebar 1 p osv generate -n depot -o "$PWD/p/file/x.img"
contains out "cannot make the directory '$PWD/p/file': "
