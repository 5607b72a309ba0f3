# SPDX-License-Identifier: Apache-2.0
# unibeam: the kernel, the command and what goes with them.
#
#   make            everything: build/unibeam, build/kernel.elf, ...
#   make demo       build all, make the example release and image, boot it
#   make test       install what is missing, build all, run every test
#   make check      the tests that need no virtual machine
#   make install    PREFIX=/usr/local DESTDIR=
#   make deb        a Debian package, in build
#   make format lint clean
#
# V=1 shows commands, DEBUG=1 checks lock order and more, CI=1 makes warnings
# errors, CC=clang uses the other compiler, LWIP_DIR=DIR another lwIP.

B ?= build
CC = gcc
PREFIX ?= /usr/local
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),true,printf '  %-6s %s\n' '$(1)' '$(2)')

WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes \
	-Wcast-function-type -Wvla -Wno-unused-parameter $(if $(CI),-Werror)
CFLAGS ?= -O2 -g
# Before the parts' makefiles, which use it at once.
HOST_TEST_CFLAGS := -std=gnu17 -O1 -g $(WARN) -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer

ALL := $(B)/kernel.elf $(B)/kernel.stripped.elf $(B)/unibeam $(B)/init \
	$(B)/boot.bin $(B)/loader.bin

# The example release; before the parts' makefiles, some of which use it.
HELLO := examples/hello/_build/prod/rel/hello

.PHONY: all
all:

include mk/flags.mk mk/lwip.mk mk/kernel.mk
include $(filter-out mk/flags.mk mk/lwip.mk mk/kernel.mk mk/tests.mk, \
	$(wildcard mk/*.mk))
include mk/tests.mk

all: $(ALL)

# --- the example ---------------------------------------------------------------

$(HELLO)/releases/start_erl.data: $(wildcard examples/hello/src/* \
		examples/hello/config/* examples/hello/rebar.config)
	$(Q)cd examples/hello && rebar3 as prod release
	$(Q)touch $@

$(B)/hello.img: $(HELLO)/releases/start_erl.data $(ALL)
	$(Q)$(B)/unibeam build $(HELLO) -o $@

.PHONY: demo install clean format check-format lint
demo: setup
	$(Q)$(MAKE) $(B)/hello.img
	$(Q)scripts/demo.sh $(B)/unibeam $(B)/hello.img

install: $(ALL)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/unibeam
	install -m 755 $(B)/unibeam $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/kernel.elf $(B)/kernel.stripped.elf $(B)/boot.bin \
		$(B)/loader.bin $(DESTDIR)$(PREFIX)/lib/unibeam/
	install -m 755 $(B)/init $(B)/start-otp.so $(DESTDIR)$(PREFIX)/lib/unibeam/
	cd $(SHARE) && find . -type f ! -name .done \
		-exec install -D -m 644 {} $(abspath $(DESTDIR)/)$(PREFIX)/share/{} \;

	set -e; for f in $(PLUGIN_FILES); do install -D -m 644 $$f \
		$(DESTDIR)$(PREFIX)/share/unibeam/$$f; done

# What a project needs of the plugins: not their tests, nor what was built.
PLUGIN_FILES = $(shell find plugins -type d \( -name _build -o -name deps \
	-o -name test -o -name tests -o -name tmp \) -prune -o -type f ! -name '.*' \
	! -name '*.lock' -print 2>/dev/null)

# What git knows, or everything when there is no git.
SOURCES = $(shell git ls-files '*.c' '*.h' 2>/dev/null || \
	find $(SOURCE_DIRS) -name '*.[ch]')
SOURCE_DIRS := boot builder guest include kernel tests
format:
	$(Q)clang-format -i $(SOURCES)
check-format:
	$(Q)clang-format --dry-run -Werror $(SOURCES)

CPPCHECK := cppcheck -q --std=c11 --inline-suppr --error-exitcode=1 \
	--library=scripts/cppcheck.cfg --enable=warning,portability \
	--suppressions-list=scripts/cppcheck.suppress \
	'-D_Noreturn=__attribute__((noreturn))' -Iinclude
lint:
	$(Q)$(CPPCHECK) -Ibuilder -Iboot -Iguest/init builder boot guest/init
	$(Q)$(CPPCHECK) -Ikernel -Ikernel/lib/compat $(KERNEL_SRC)

clean:
	rm -rf $(B)

.DELETE_ON_ERROR:
