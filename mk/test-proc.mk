# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
# Host-run tests of kernel/sched and kernel/proc: the logic that needs neither
# interrupts nor page tables. Host threads play CPUs (tests/host/proc/fakes.h).

PROC_HOST := $(B)/host/proc
PROC_FAKES := $(PROC_HOST)/fake/fakes.o $(PROC_HOST)/fake/host.o
PROC_CFLAGS = $(HOST_TEST_CFLAGS) -ffreestanding -fwrapv \
	-fno-strict-aliasing -Itests/host/proc -Ikernel -Iinclude \
	-isystem kernel/lib/compat -isystem $(UAPI)
PROC_SLEEP := spinlock wait sleep mutex rwlock timer clock
PROC_TESTS := sched/timer_test sched/sleep_test proc/signal_test \
	proc/fdtable_test proc/elf_test

$(PROC_HOST)/fake/host.o: tests/host/proc/host.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(PROC_HOST)/fake/%.o: tests/host/proc/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROC_CFLAGS) -MMD -MP -c -o $@ $<
$(PROC_HOST)/sched/%_test.o: kernel/sched/test/%_test.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROC_CFLAGS) -MMD -MP -c -o $@ $<
$(PROC_HOST)/proc/%_test.o: kernel/proc/test/%_test.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROC_CFLAGS) -MMD -MP -c -o $@ $<
$(PROC_HOST)/%.o: kernel/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROC_CFLAGS) -MMD -MP -c -o $@ $<
$(PROC_HOST)/proc/elf_fuzz: kernel/proc/test/elf_fuzz.c \
		$(PROC_HOST)/proc/elf.o
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -Ikernel -MMD -MP -o $@ \
		$(filter %.c %.o,$^)

$(PROC_HOST)/sched/timer_test: \
	$(PROC_SLEEP:%=$(PROC_HOST)/sched/%.o)
$(PROC_HOST)/sched/sleep_test: \
	$(PROC_SLEEP:%=$(PROC_HOST)/sched/%.o) $(PROC_HOST)/sched/futex.o
$(PROC_HOST)/proc/signal_test: $(PROC_SLEEP:%=$(PROC_HOST)/sched/%.o) \
	$(PROC_HOST)/proc/signal.o $(PROC_HOST)/proc/sigqueue.o
$(PROC_HOST)/proc/fdtable_test: $(PROC_SLEEP:%=$(PROC_HOST)/sched/%.o) \
	$(PROC_HOST)/proc/fdtable.o
$(PROC_HOST)/proc/elf_test: $(PROC_HOST)/proc/elf.o
$(PROC_TESTS:%=$(PROC_HOST)/%): %: %.o $(PROC_FAKES) \
		$(PROC_HOST)/sched/timer.o $(PROC_HOST)/sched/spinlock.o \
		$(PROC_HOST)/sched/clock.o $(PROC_HOST)/sched/wait.o \
		$(PROC_HOST)/sched/sleep.o
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -o $@ $(sort $^) -lcmocka -lpthread

-include $(wildcard $(PROC_HOST)/*/*.d)
.SECONDARY: $(PROC_TESTS:%=$(PROC_HOST)/%.o)

.PHONY: check-proc
check-proc: $(PROC_TESTS:%=$(PROC_HOST)/%) $(PROC_HOST)/proc/elf_fuzz
	$(Q)for t in $(PROC_TESTS:%=$(PROC_HOST)/%); do $$t || exit 1; done
	$(Q)$(PROC_HOST)/proc/elf_fuzz 200000 tests/corpus/kernel-elf/*

CHECKS += proc
