#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What users write into a release's start: mix's env.sh, relx's hooks. They need
# a shell; what mix and relx write themselves does not.
. "$TESTS/lib.sh"
need sgdisk debugfs
busybox="--busybox $FIX/busybox"
conf() { root a.img && show /etc/unibeam/init.conf >conf; }
# mix: comments only
release rel depot
printf 'SECRET\n' >rel/releases/COOKIE
printf '#!/bin/sh\n\n  # export A=1\n\t\n# end\n' >rel/releases/1.0/env.sh
expect 0 build rel -o a.img $busybox
contains out 'shell    no'
conf
lacks conf envsh=
lacks conf erl=
lacks conf restart=
# a command, and how the script wants code to be loaded
echo ' export A=1' >>rel/releases/1.0/env.sh
cat >rel/bin/depot <<'S'
#!/bin/sh
PRE_START_HOOKS="not relx"
       --cookie "$RELEASE_COOKIE" \
       --erl "-elixir -config_provider_reboot_mode $RELEASE_MODE" \
       --erl-config "$RELEASE_SYS_CONFIG" \
S
expect 0 build rel -o a.img $busybox --restart on-failure:5
contains out "shell    yes: '/app/releases/1.0/env.sh' has commands"
conf
contains conf envsh=/app/releases/1.0/env.sh
contains conf 'erl=-elixir -config_provider_reboot_mode $RELEASE_MODE'
contains conf restart=on-failure:5
lacks conf pre_start=
# without a shell it is not run, which is said
expect 0 build rel -o a.img --no-shell
contains err "no shell, although '/app/releases/1.0/env.sh' has commands"
conf
lacks conf envsh=
expect 1 build rel -o b.img --busybox "$FIX/init"
contains err 'is not a busybox with a shell'
# relx: hooks of the start are run, the others only spoken of
rm -r rel && release rel
cat >rel/bin/shop <<'S'
#!/bin/sh
PRE_START_HOOKS=""
POST_START_HOOKS="hooks/builtin/pid|/tmp/pid"
S
expect 0 build rel -o a.img $busybox
contains out 'shell    no'
contains err "POST_START_HOOKS=\"hooks/builtin/pid|/tmp/pid\" are not run"
conf
lacks conf pre_start=
sed -i 's/^PRE.*/PRE_START_HOOKS="hooks\/one|a|b hooks\/two"/' rel/bin/shop
expect 0 build rel -o a.img $busybox
contains out "shell    yes: the release has hooks: 'hooks/one|a|b hooks/two'"
conf
contains conf 'pre_start=hooks/one|a|b hooks/two'
