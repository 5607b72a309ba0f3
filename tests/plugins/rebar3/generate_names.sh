#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Directories, images and commands with blanks, quotes and more in their names.
. "$TESTS/lib.sh"
real=$UNIBEAM
dir="it's a \"käse\" \$HOME; \`x\`"
mkdir "$dir"
cd "$dir"
project umbrella p
printf '#!/bin/sh\nexec "%s" "$@"\n' "$real" >"uni'beam \$x"
chmod +x "uni'beam \$x"
export UNIBEAM="$PWD/uni'beam \$x"
osv p "{image, \"an 'image' of \$it.img\"}, {env, [\"A=it's \\\"so\\\" \$x\"]}"
rebar 0 p osv generate -n shop
contains out "Image built: $PWD/p/_build/default/an 'image' of \$it.img"
root "p/_build/default/an 'image' of \$it.img"
show /etc/unibeam/init.conf >conf
contains conf "env.A=it's \"so\" \$x"
# where the system says nothing of UTF-8 (rebar3 itself finds no plugin then if a
# directory's name is not ASCII)
cd ..
mkdir "it's"
mv "$dir/p" "it's/p"
osv "it's/p" '{image, "käse.img"}, {env, ["A=ü€"]}'
UNIBEAM=$real LC_ALL=C rebar 0 "it's/p" osv generate -n shop
root "it's/p/_build/default/käse.img"
show /etc/unibeam/init.conf >conf
contains conf 'env.A=ü€'
