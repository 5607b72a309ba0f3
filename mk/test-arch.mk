# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Host-run tests of what in kernel/arch has no hardware in it: page tables in
# a pool of pages, and the readers of firmware's tables.

ARCH_HOST := $(B)/host/arch
ARCH_TESTS := mmu firmware vdso
ARCH_CFLAGS := $(HOST_TEST_CFLAGS) -fwrapv -fno-strict-aliasing -Ikernel \
	-Iinclude -isystem kernel/lib/compat -isystem $(UAPI) \
	-Dssize_t=k_ssize_t -Doff_t=k_off_t -Dpid_t=k_pid_t \
	-Dstrlcpy=k_strlcpy

$(ARCH_HOST)/%_test: kernel/arch/x86_64/test/%_test.c kernel/lib/string.c \
		$(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(ARCH_CFLAGS) -MMD -MP -MF $@.d -o $@ $< -lcmocka

# The lock-order check exists in debug builds only: built as one, apart from the
# other tests of kernel/sched (mk/test-proc.mk).
$(ARCH_HOST)/lock_order_test: kernel/sched/test/lock_order_test.c \
		kernel/sched/spinlock.c $(B)/host/proc/fake/host.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(ARCH_CFLAGS) -ffreestanding -DDEBUG -Itests/host/proc \
		-MMD -MP -MF $@.d -o $@ $(filter %.c %.o,$^) \
		-lcmocka -lpthread

# The vDSO's code with the flags it has in the image: what the compiler makes of
# it is what is tested.
$(ARCH_HOST)/vdso_test: kernel/arch/x86_64/test/vdso_test.c \
		$(ARCH)/vdso/vdso_time.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) -MMD -MP -MF $(@D)/vdso_time.d \
		-c -o $(@D)/vdso_time.o $(ARCH)/vdso/vdso_time.c
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -Ikernel -MMD -MP \
		-MF $@.d -o $@ $< $(@D)/vdso_time.o -lcmocka

-include $(wildcard $(ARCH_HOST)/*.d)

.PHONY: check-arch
check-arch: $(ARCH_TESTS:%=$(ARCH_HOST)/%_test) $(ARCH_HOST)/lock_order_test
	$(Q)for t in $^; do $$t || exit 1; done

CHECKS += arch

# End-to-end tests on a kernel with lock-order checks and assertions.
DEBUG_SUITES ?= hello port sock file fault osmon net soak
.PHONY: check-debug check-long-debug
check-debug check-long-debug:
	$(Q)$(MAKE) DEBUG=1 B=$(B)/debug $(B)/debug/hello.img $(B)/debug/otp.img
	$(Q)UNIBEAM_BUILD=$(B)/debug tests/e2e/run.sh $(DEBUG_SUITES)

LONG_CHECKS += debug

# Boots of the whole image under another emulator; part of make test.
.PHONY: check-bochs
check-bochs: $(B)/hello.img
	$(Q)tests/bochs/run.sh $(B) $<
