# SPDX-License-Identifier: Apache-2.0
# Host-run tests of kernel/mem, on fake page tables (tests/host/mem).

MEM_HOST := $(B)/host/mem
MEM_TESTS := radix page slab mapping uio mm measure pressure
MEM_SRC := $(filter-out kernel/mem/sys_mem.c,$(wildcard kernel/mem/*.c))
MEM_OBJ := $(MEM_SRC:kernel/mem/%.c=$(MEM_HOST)/%.o) \
	$(MEM_HOST)/fakes.o $(MEM_HOST)/mmu_fake.o $(MEM_HOST)/host.o
# DEBUG: the assertions and the slab's patterns are part of the test. The fake
# headers come first.
MEM_CFLAGS := $(HOST_TEST_CFLAGS) -DDEBUG -fwrapv -fno-strict-aliasing \
	-Itests/host/mem -Ikernel -Iinclude -isystem kernel/lib/compat \
	-isystem $(UAPI)

$(MEM_HOST)/%.o: kernel/mem/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(MEM_CFLAGS) -MMD -MP -c -o $@ $<
$(MEM_HOST)/host.o: tests/host/mem/host.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(MEM_HOST)/%.o: tests/host/mem/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(MEM_CFLAGS) -MMD -MP -c -o $@ $<
$(MEM_HOST)/%.o: kernel/mem/test/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(MEM_CFLAGS) -MMD -MP -c -o $@ $<
$(MEM_TESTS:%=$(MEM_HOST)/%_test): %: %.o $(MEM_OBJ)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -o $@ $^ -lcmocka

-include $(wildcard $(MEM_HOST)/*.d)
.SECONDARY: $(MEM_OBJ) $(MEM_TESTS:%=$(MEM_HOST)/%_test.o)

.PHONY: check-mem
check-mem: $(MEM_TESTS:%=$(MEM_HOST)/%_test)
	$(Q)for t in $^; do $$t || exit 1; done

CHECKS += mem

# --- in a machine -------------------------------------------------------------

# The example release with the memory test programs as files of its own.
MEM_REL := $(B)/mem/rel
MEM_PROGRAMS := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/mem_*_test.c))
MEM_PRIV := $(MEM_REL)/lib/hello-1.0.0/priv

$(B)/mem/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O1 $(WARN) -Wno-missing-prototypes \
		-Wno-unused-result -pthread -o $@ $<

$(B)/mem.img: $(B)/hello.img $(MEM_PROGRAMS:%=$(B)/mem/%)
	$(Q)rm -rf $(MEM_REL)
	$(Q)cp -a $(HELLO) $(MEM_REL)
	$(Q)mkdir -p $(MEM_PRIV)
	$(Q)cp $(MEM_PROGRAMS:%=$(B)/mem/%) $(MEM_PRIV)
	$(Q)$(B)/unibeam build $(MEM_REL) -q --shell -o $@

.PHONY: check-mem-guest
check-mem-guest: $(B)/mem.img
	$(Q)MEM_IMAGE=$(abspath $(B))/mem.img tests/e2e/run.sh mem
