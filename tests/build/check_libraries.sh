#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Libraries that are missing, too old, incomplete or made for something else:
# all of them are told, with who needs them.
. "$TESTS/lib.sh"
need python3
release rel
cp -a "$FIX/sysroot" sys
u=sys/usr/lib/x86_64-linux-gnu
priv=rel/lib/shop-1.0/priv
mkdir $priv
lib="$CC -shared -fPIC -nostdlib -fno-stack-protector -x c - -x none"
finding() { # SEVERITY ID: the one of that kind, as JSON, to "one"
	python3 - "$1" "$2" <<'P' >one || { cat out >&2; fail "no $1 $2"; }
import json, sys
f = [f for f in json.load(open("out"))["findings"]
     if [f["severity"], f["id"]] == sys.argv[1:]]
assert len(f) == 1, f
print(json.dumps(f[0]))
P
}
look() { # STATUS OPTIONS...
	wanted_status=$1
	shift
	expect "$wanted_status" "$UNIBEAM" check rel --sysroot sys --format json "$@"
}
patch() { # FILE OFFSET OCTAL...
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# two libraries are missing; one of them for two
echo 'int gone;' | $lib -Wl,-soname,libgone2.so.1 -o libgone.so
echo 'int away;' | $lib -Wl,-soname,libaway.so -o libaway.so
echo 'int a;' | $lib -Wl,--no-as-needed -o $priv/a.so ./libgone.so ./libaway.so
echo 'int b;' | $lib -Wl,--no-as-needed -o $priv/b.so ./libgone.so
expect 3 "$UNIBEAM" check rel --sysroot sys
cat >expected <<'T'
error: cannot find library 'libgone2.so.1' in sys
  needed by /app/lib/shop-1.0/priv/a.so
            /app/lib/shop-1.0/priv/b.so
  -> install it there (Debian's package should be libgone2-1), name another
  --sysroot, or pass --allow-missing

error: cannot find library 'libaway.so' in sys
  needed by /app/lib/shop-1.0/priv/a.so
  -> install it there, name another --sysroot, or pass --allow-missing

2 errors, 0 warnings, 0 notes
T
sed 1,/^$/d out | diff expected - || fail "not the text expected"
expect 1 build rel -o a.img --sysroot sys
contains err "cannot find library 'libgone2.so.1' in sys, needed by '/app/lib/shop-1.0/priv/a.so': install it there (Debian's package should be libgone2-1), name another --sysroot, or pass --allow-missing"
look 0 --allow-missing
contains out '"notes": 2'
rm $priv/*

# a version of symbols that the system's library has not
echo 'V_1 { global: *; }; GLIBC_2.34 { }; GLIBC_2.40 { global: late; };' >versions
echo 'int late(void) { return 1; }' | $lib -Wl,-soname,libc.so.6 \
	-Wl,--version-script=versions -o newer.so
echo 'int late(void); int nif_init(void) { return late(); }' |
	$lib -o $priv/late.so ./newer.so
look 3
finding error symbol-version
contains one '"what": "no version GLIBC_2.40 in /lib/x86_64-linux-gnu/libc.so.6, which in sys has up to GLIBC_2.35"'
contains one '"where": ["/app/lib/shop-1.0/priv/late.so"]'
contains one 'name a newer one with --sysroot'
# with the library of that system it is nothing
cp $u/libc.so.6 older.so && cp newer.so $u/libc.so.6
look 0
cp older.so $u/libc.so.6
# nor where the loader lets it be
echo 'int late(void) __attribute__((weak)); int nif_init(void) { return late(); }' |
	$lib -o $priv/late.so ./newer.so
look 0
rm $priv/*

# functions that the emulator has not; an emulator that exports none tells nothing
nif='int enif_make_atom(void), enif_new_thing(void), lost(void);
int maybe(void) __attribute__((weak));
int nif_init(void) { return enif_make_atom() + enif_new_thing() + lost() + maybe(); }'
echo "$nif" | $lib -o $priv/shop.so
look 0
cp rel/erts-13.0/bin/beam.smp beam.saved
echo 'void _start(void) {} int enif_make_atom(void) { return 1; }' |
	$CC -nostdlib -nostartfiles -fno-stack-protector -pie -rdynamic -x c - \
	-x none -Wl,--no-as-needed \
	-Wl,--dynamic-linker,/lib64/ld-linux-x86-64.so.2 \
	-Wl,-rpath-link,$u -o rel/erts-13.0/bin/beam.smp $u/libextra.so.1
look 3
finding error undefined-symbol
contains one "\"the emulator (erts 13.0) has no function 'enif_new_thing'\""
finding warning undefined-symbol
contains one "have 'lost'"
lacks out maybe
# a library that is too old is one finding, not one for each symbol
echo 'int late(void); int nif_init(void) { return late(); }' |
	$lib -o $priv/shop.so ./newer.so
look 3
finding error symbol-version
lacks out undefined-symbol
# a NIF compiled for the interface of OTP 26
cp "$TESTS/../corpus/elf/nif" $priv/shop.so
look 3
finding error newer-nif
contains one 'a NIF is made for version 2.17 of the interface, OTP 25 has 2.16'
# not a NIF: it may be loaded after what has it
echo 'int lost(void); int other(void) { return lost(); }' | $lib -o $priv/shop.so
look 0
# a library that has it
echo 'int lost(void) { return 1; }' | $lib -Wl,-soname,libfound.so -o $priv/libfound.so
echo 'int lost(void); int nif_init(void) { return lost(); }' |
	$lib -o $priv/shop.so $priv/libfound.so -Wl,-rpath,'$ORIGIN'
look 0
cp beam.saved rel/erts-13.0/bin/beam.smp
rm $priv/*

# other processors: AArch64, 32 bits; harmless where one for this is there too
echo 'int a;' | $lib -o $priv/a.so
cp $priv/a.so good.so
patch $priv/a.so 18 '\267\000'
look 3
finding warning foreign-machine
contains one "'/app/lib/shop-1.0/priv/a.so' is for another processor (64-bit ARM), and no use in the image"
cp good.so $priv/b.so
look 0
finding note foreign-machine
rm $priv/b.so
echo 'int a;' | $CC -m32 -fPIC -c -x c - -o a.o
ld -m elf_i386 -shared a.o -o $priv/a.so
look 3
finding warning foreign-machine
contains one '(32-bit x86)'

# other systems
cp good.so $priv/a.so
patch $priv/a.so 7 '\011'
look 3
finding error foreign-system
contains one "'/app/lib/shop-1.0/priv/a.so' is for FreeBSD"
printf '\317\372\355\376 and so on' >$priv/a.so
look 3
finding warning foreign-system
contains one "is for macOS"
printf 'MZ and so on' >$priv/run.exe
chmod +x $priv/run.exe && rm $priv/a.so
look 0
finding note foreign-system
contains one "run.exe' is for Windows"
rm $priv/run.exe
echo 'version https://git-lfs.github.com/spec/v1' >$priv/a.so
look 3
finding warning damaged-file
contains one "'/app/lib/shop-1.0/priv/a.so' is not a library"
head -c 100 good.so >$priv/a.so
look 3
finding warning damaged-file
contains one '/app/lib/shop-1.0/priv/a.so'
rm $priv/*

# names that are no text: nothing for terminals, and still JSON
odd=$(printf 'a\377\033[1m%%.so')
echo text >"$priv/$odd"
look 3
finding warning damaged-file
contains one '/app/lib/shop-1.0/priv/a%FF\u001b[1m%25.so'
expect 3 "$UNIBEAM" check rel --sysroot sys
contains out 'priv/a'
same "$(tr -dc '\033' <out | wc -c)" 0
rm "$priv/$odd"

# made for musl
echo 'int c;' | $lib -Wl,-soname,libc.so -o libc.so
echo 'int a;' | $lib -Wl,--no-as-needed -o $priv/a.so ./libc.so
look 3
finding error wrong-libc
contains one 'made for musl, but loaded by a program for glibc'
expect 1 build rel -o a.img --sysroot sys
contains err "made for musl, but loaded by a program for glibc, in '/app/lib/shop-1.0/priv/a.so': compile it"
rm $priv/*

# and the other way round
cp -a sys mus
echo 'int libc;' | $lib -Wl,-soname,libc.musl-x86_64.so.1 \
	-o mus/usr/lib/ld-musl-x86_64.so.1
echo 'void _start(void) {}' | $CC -nostdlib -nostartfiles -fno-stack-protector \
	-pie -x c - -x none -Wl,--no-as-needed \
	-Wl,--dynamic-linker,/lib/ld-musl-x86_64.so.1 \
	-o rel/erts-13.0/bin/beam.smp mus/usr/lib/ld-musl-x86_64.so.1
expect 0 "$UNIBEAM" check rel --sysroot mus
echo 'int a;' | $lib -Wl,--no-as-needed -o $priv/a.so $u/libc.so.6
expect 3 "$UNIBEAM" check rel --sysroot mus --format json
finding warning wrong-libc
contains one 'made for glibc, but loaded by a program for musl'
cp beam.saved rel/erts-13.0/bin/beam.smp
rm $priv/*

# an emulator for another processor, and none of ELF's
patch rel/erts-13.0/bin/beam.smp 18 '\267\000'
look 3
finding error foreign-emulator
contains one 'erts-13.0/bin/beam.smp'"' is not a program for x86-64 Linux"
printf '\317\372\355\376 and so on' >rel/erts-13.0/bin/beam.smp
look 3
finding error foreign-emulator
