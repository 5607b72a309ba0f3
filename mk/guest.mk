# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Programs that run inside an image.  Process 1 is linked statically with musl:
# it then needs no dynamic loader, runs in a few pages, and starts in some
# dozen system calls.

GUEST_CC ?= musl-gcc
GUEST_CFLAGS := -std=gnu17 -Os -g0 -Wall -Wextra -Wmissing-prototypes \
	-Wcast-function-type -Wvla -D_GNU_SOURCE -Iinclude \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fstack-protector-strong -ffile-prefix-map=$(CURDIR)=.
GUEST_LDFLAGS := -static -no-pie -Wl,--gc-sections -Wl,-z,noexecstack \
	-Wl,-z,relro -Wl,--build-id=none -s

INIT_LIB := conf console emu_args files net pool release release_gleam \
	release_mix release_relx restart say script subst
INIT_SRCS := $(INIT_LIB:%=guest/init/%.c) \
	guest/init/heart.c guest/init/main.c guest/init/supervise.c
INIT_OBJS := $(INIT_SRCS:%.c=$(B)/%.o)

$(INIT_OBJS): $(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/init: $(INIT_OBJS)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -o $@ $^

-include $(INIT_OBJS:.o=.d)

# --- host-run tests ----------------------------------------------------------

GUEST_TEST_CFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Wvla -D_GNU_SOURCE \
	-Iinclude -Iguest/init -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
GUEST_TESTS := conf console emu_args release net restart subst
GUEST_TEST_BINS := $(GUEST_TESTS:%=$(B)/guest/test/%_test)

$(GUEST_TEST_BINS): $(B)/guest/test/%_test: guest/init/test/%_test.c \
		$(INIT_LIB:%=guest/init/%.c) $(wildcard guest/init/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_TEST_CFLAGS) -o $@ $< $(INIT_LIB:%=guest/init/%.c) \
		-lcmocka

.PHONY: check-guest
check-guest: $(GUEST_TEST_BINS) $(B)/init
	$(Q)set -e; for t in $(GUEST_TEST_BINS); do $$t; done
	$(Q)guest/init/test/run_test.sh $(B)/init
