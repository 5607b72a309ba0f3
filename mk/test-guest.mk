# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# check-syscalls: programs (tests/guest/*_test.c) whose output in a virtual
# machine is compared with their output on Linux. They are linked dynamically,
# as the BEAM is; those of SYSCALLS_STATIC also without a dynamic loader.
#
#   make check-syscalls PROGRAMS="file_test mem_test"

SYSCALLS := $(B)/syscalls
SYSCALLS_SRC := $(sort $(wildcard tests/guest/*_test.c tests/guest/*_probe.c))
SYSCALLS_STATIC := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/proc*_test.c))
SYSCALLS_REL := $(SYSCALLS)/rel
SYSCALLS_PRIV := $(SYSCALLS_REL)/lib/tests-1.0/priv
SYSCALLS_BIN := $(SYSCALLS_SRC:tests/guest/%.c=$(SYSCALLS_PRIV)/%) \
	$(SYSCALLS_STATIC:%=$(SYSCALLS_PRIV)/%-static)
SYSCALLS_CFLAGS := -std=gnu17 -O1 -g0 $(WARN) -Wno-missing-prototypes \
	-Wno-nonnull -Wno-unused-result -Wno-stringop-overflow \
	-Wno-stringop-overread -Wno-array-bounds -pthread

$(SYSCALLS)/runner: tests/guest/runner.c
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $<

$(SYSCALLS_PRIV)/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(CC) $(SYSCALLS_CFLAGS) -o $@ $<
$(SYSCALLS_PRIV)/%-static: tests/guest/%.c $(wildcard tests/guest/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SYSCALLS_CFLAGS) -static -o $@ $<

# A release in form only: its emulator is never started.
$(SYSCALLS)/tests.img: $(SYSCALLS_BIN) $(SYSCALLS)/runner $(B)/unibeam \
		$(B)/kernel.elf $(B)/kernel.stripped.elf $(B)/boot.bin $(B)/loader.bin \
		tests/guest/make-release.sh
	$(Q)tests/guest/make-release.sh $(SYSCALLS_REL) $<
	$(Q)rm -f $(filter-out $(SYSCALLS_BIN),$(wildcard $(SYSCALLS_PRIV)/*))
	$(Q)$(B)/unibeam build $(SYSCALLS_REL) -q --shell --init $(SYSCALLS)/runner \
		-o $@

.PHONY: check-syscalls
check-syscalls: $(SYSCALLS)/tests.img
	$(Q)tests/guest/run.sh $(B) $(PROGRAMS)
	$(Q)$(if $(PROGRAMS),,tests/guest/trace.sh $(B))

.PHONY: record-syscalls
record-syscalls: $(SYSCALLS)/tests.img
	$(Q)tests/guest/run.sh $(B) --record

# Races show up in some of many runs.
ROUNDS ?= 10
.PHONY: soak-syscalls
soak-syscalls: $(SYSCALLS)/tests.img
	$(Q)for i in $$(seq $(ROUNDS)); do \
		GUEST_CPUS=4 tests/guest/run.sh $(B) storm leak proc signal fuzz || exit 1; \
	done

# The list of calls: numbers and names depend on nothing but the tree.
.PHONY: check-syscalls-doc
check-syscalls-doc:
	$(Q)scripts/gen-syscalls.sh | grep '^| ' >$(B)/syscalls.list
	$(Q)grep '^| ' docs/syscalls.md | diff - $(B)/syscalls.list || { \
		echo "docs/syscalls.md is out of date: scripts/gen-syscalls.sh"; false; }

CHECKS += syscalls-doc
