#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The file for a crash dump is cut to what the guest wrote to that disk.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img
cat >qemu <<'END'
#!/bin/sh
[ ! -s text ] || dd if=text of='a,dump' conv=notrunc status=none
exec "$FIX/fake-qemu" "$@"
END
chmod +x qemu
run() { "$UNIBEAM" run a.img --qemu ./qemu --accel tcg --crash-dump a,dump "$@" </dev/null; }
export FAKE_LOG='unibeam-exit 1' FAKE_EXIT=3

# none was written, and one of an earlier run is gone
echo old >a,dump
expect 1 run
lacks err 'crash dump'
[ ! -e a,dump ]
contains out 'env.ERL_CRASH_DUMP=/dev/disk/by-id/virtio-crash-dump'
contains out 'if=none,id=crash,format=raw,file=a,,dump'
contains out 'serial=crash-dump'

printf '=erl_crash_dump:0.5\nSlogan: x\n=end\n' >text
cp text wanted
expect 1 run
contains err "a crash dump of 35 bytes is in 'a,dump'"
cmp a,dump wanted

# behind it the rest of an earlier one; the last line on the border of a read
head -c 65529 /dev/zero | tr '\0' x >text
printf '\n=end\n' >>text
cp text wanted
printf 'more\n=end\n' >>text
expect 1 run
cmp a,dump wanted
# the machine ended before the last line
printf 'half a dump' >text
cp text wanted
FAKE_LOG='unibeam-exit 139' expect 139 run
cmp a,dump wanted

expect 1 "$UNIBEAM" run a.img --qemu ./qemu --accel tcg --crash-dump no/dump </dev/null
contains err "cannot write 'no/dump'"
expect 0 "$UNIBEAM" run a.img --qemu ./qemu --dry-run --crash-dump new </dev/null
[ ! -e new ]
