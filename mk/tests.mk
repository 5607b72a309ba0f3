# SPDX-License-Identifier: Apache-2.0
# make check (host-run tests), make test (installs what is missing, builds all,
# runs every test). Each part of the tree brings its tests in a check-<part>
# target and adds its name to CHECKS.

# --- kernel/lib --------------------------------------------------------------

# The library's names are those of the host's C library: they are renamed so
# that the two can be compared in one program.
LIB_RENAME := memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp \
	strchr strrchr strstr strlcpy
LIB_TEST_SRC := string printf cmdline
LIB_TEST_OBJ := $(LIB_TEST_SRC:%=$(B)/host/lib/%.o)

$(B)/host/lib/%.o: kernel/lib/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -fno-builtin -Ikernel \
		$(foreach f,$(LIB_RENAME),-D$f=k_$f) -Dssize_t=k_ssize_t \
		-MMD -MP -c -o $@ $<

$(B)/host/lib_test: kernel/lib/test/lib_test.c $(LIB_TEST_OBJ)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -o $@ $^ -lcmocka

-include $(LIB_TEST_OBJ:.o=.d)

.PHONY: check-lib
check-lib: $(B)/host/lib_test
	$(Q)$(B)/host/lib_test

CHECKS += lib boot guest builder

# --- all of them -------------------------------------------------------------

# Machines: the example release, booted every way there is.
E2E_SUITES = $(patsubst %_SUITE.erl,%,$(notdir $(wildcard tests/e2e/*_SUITE.erl)))
.PHONY: check-e2e
check-e2e: $(B)/hello.img
	$(Q)tests/e2e/run.sh $(E2E_SUITES)

# Long: N boots in a row. SEED=S N=1 repeats one.
N ?= 200
SEED ?= 1
.PHONY: soak-boots
soak-boots: $(B)/hello.img
	$(Q)scripts/soak-boots.sh $(B)/unibeam $(B)/hello.img $(N) $(SEED) $(B)/soak

.PHONY: check test setup
check:
	$(Q)scripts/run-tests.sh $(foreach c,$(CHECKS),'$c=$(MAKE) -s check-$c')

setup:
	$(Q)scripts/setup.sh

test: setup
	$(Q)$(MAKE) all
	$(Q)$(MAKE) -s check CHECKS="$(CHECKS) boot-qemu bochs syscalls e2e"
