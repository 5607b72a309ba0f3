# SPDX-License-Identifier: Apache-2.0
# make check (host-run tests), make test (installs what is missing, builds all,
# runs every test). Each part of the tree brings its tests in a check-<part>
# target and adds its name to CHECKS, and what these run to CHECK_PROGRAMS, which
# are made first, on all processors; then the tests run, one on each.

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

CHECKS += lib boot guest source builder-unit builder-e2e builder-fuzz
CHECK_PROGRAMS += $(B)/host/lib_test $(B)/boot/test/boot_test \
	$(GUEST_TEST_BINS) $(ARCH_TESTS:%=$(ARCH_HOST)/%_test) \
	$(MEM_TESTS:%=$(MEM_HOST)/%_test) $(FS_TESTS:%=$(FS_HOST)/%) \
	$(DEV_TESTS:%=$(DEV_HOST)/%) $(DEV_FUZZERS:%=$(DEV_HOST)/%) \
	$(PROC_TESTS:%=$(PROC_HOST)/%) $(PROC_HOST)/proc/elf_fuzz \
	$(NET_TESTS:%=$(NET_HOST)/%) $(NET_HOST)/packet_fuzz \
	$(BUILDER_TESTS) $(BUILDER_FUZZ:%=$(BUILDER_OUT)/seeds/%)

# --- the kernel's fuzzers ----------------------------------------------------

# make check runs them briefly; here with FUZZ_ROUNDS changes to their seeds.
FUZZ_ROUNDS ?= 1000000
.PHONY: fuzz fuzz-kernel fuzz-ext4 fuzz-gpt fuzz-aml fuzz-virtq fuzz-exec
fuzz: fuzz-builder fuzz-kernel
fuzz-kernel: fuzz-ext4 fuzz-gpt fuzz-aml fuzz-virtq fuzz-exec
fuzz-ext4: $(FS_HOST)/ext4/ext4_fuzz $(FS_IMAGES:%=$(FS_IMG)/%.seed)
	$(Q)$< $(FUZZ_ROUNDS) $(wordlist 2,9,$^) $(wildcard tests/corpus/ext4/*)
fuzz-gpt: $(DEV_HOST)/gpt_fuzz
	$(Q)$< $(FUZZ_ROUNDS) tests/corpus/gpt/*
fuzz-aml: $(DEV_HOST)/aml_fuzz
	$(Q)$< $(FUZZ_ROUNDS) tests/corpus/aml/*
fuzz-virtq: $(DEV_HOST)/virtq_fuzz
	$(Q)$< $(FUZZ_ROUNDS)
fuzz-exec: $(PROC_HOST)/proc/elf_fuzz
	$(Q)$< $(FUZZ_ROUNDS) tests/corpus/kernel-elf/*

# --- the sources themselves --------------------------------------------------

# Every header compiles alone, directories include only what they may, and the
# documents name what there is. A header is compiled as its own directory is.
HEADERS := $(filter-out $(wildcard kernel/*/test/*.h),$(wildcard include/abi/*.h \
	builder/*.h $(addsuffix /*.h,$(addprefix builder/,$(BUILDER_DIRS) doc)) boot/*.h guest/*/*.h kernel/*/*.h kernel/*/*/*.h))
HEADER_STAMPS := $(HEADERS:%=$(B)/headers/%.ok)

$(B)/headers/kernel/%.ok: kernel/% $(UAPI)/.done $(KA)/asm_offsets.h \
		| $(LWIP_STAMP)
	@mkdir -p $(@D)
	$(Q)echo '#include "$*"' | $(CC) $(KERNEL_CFLAGS) $(LWIP_INC) \
		-Werror -MMD -MP -MT $@ -MF $@.d -fsyntax-only -x c - && touch $@
$(B)/headers/boot/%.ok: boot/%
	@mkdir -p $(@D)
	$(Q)echo '#include "$*"' | $(CC) $(BOOT_CFLAGS) -MMD -MP -MT $@ -MF $@.d \
		-Werror -fsyntax-only -x c - && touch $@
$(B)/headers/%.ok: %
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | $(CC) $(BUILDER_CPPFLAGS) -I. -Iguest/init \
		$(BUILDER_CFLAGS) -MMD -MP -MT $@ -MF $@.d -Werror -fsyntax-only -x c - && \
		touch $@

-include $(HEADER_STAMPS:=.d)

.PHONY: check-headers check-source
check-headers: $(HEADER_STAMPS)
check-source: check-headers $(B)/unibeam $(SHARE)/.done
	$(Q)scripts/check-deps.sh
	$(Q)scripts/check-docs.sh $(B)/unibeam $(SHARE)

# --- all of them -------------------------------------------------------------

# In machines: each suite is a check of its own, and as many run at a time as
# there are processors. "make check-e2e" runs all suites one after the other,
# "make check-e2e E2E_SUITES=port" or "make check-e2e-port" one.
# Those for other OTP versions need images of these: see mk/test-long.mk.
E2E_ALL := $(filter-out runtime_versions term_new,$(patsubst \
	%_SUITE.erl,%,$(notdir $(wildcard tests/e2e/*_SUITE.erl))))
E2E_SUITES ?= $(E2E_ALL)
MACHINE_CHECKS += syscalls $(E2E_ALL:%=e2e-%) bochs boot-qemu
.PHONY: check-e2e $(E2E_ALL:%=check-e2e-%)
check-e2e: $(B)/hello.img $(B)/otp.img $(B)/mem.img
	$(Q)MEM_IMAGE=$(abspath $(B))/mem.img tests/e2e/run.sh $(E2E_SUITES)
$(E2E_ALL:%=check-e2e-%): check-e2e-%:
	$(Q)$(MAKE) -s check-e2e E2E_SUITES=$*

# What several of them use, made once.
.PHONY: machine-programs
machine-programs: $(SYSCALLS)/tests.img
	$(Q)$(MAKE) -s check-e2e E2E_SUITES=

# Long: N boots in a row. SEED=S N=1 repeats one.
N ?= 200
SEED ?= 1
.PHONY: soak-boots
soak-boots: $(B)/hello.img
	$(Q)scripts/soak-boots.sh $(B)/unibeam $(B)/hello.img $(N) $(SEED) $(B)/soak

parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
as_items = $(foreach c,$(1),'$c=$(MAKE) -s check-$c')

.PHONY: check check-programs test setup
check-programs: all $(CHECK_PROGRAMS) $(HEADER_STAMPS)
check:
	$(Q)$(MAKE) -s $(parallel) check-programs
	$(Q)TEST_LOGS=$(B)/test-logs scripts/run-tests.sh $(call as_items,$(CHECKS))

setup:
	$(Q)scripts/setup.sh

test: setup
	$(Q)$(MAKE) $(parallel) all
	$(Q)$(MAKE) -s $(parallel) check-programs
	$(Q)$(MAKE) -s $(parallel) machine-programs
	$(Q)TEST_LOGS=$(B)/test-logs scripts/run-tests.sh \
		$(call as_items,$(CHECKS) $(MACHINE_CHECKS))
