# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Host-run tests of kernel/net: sockets on lwIP's loopback and on a device whose
# wire is the test; a fuzzer of received frames. lwIP's assertions are on.

NET_HOST := $(B)/host/net
NET_SRC := $(filter-out proc_net proc_net6,$(notdir $(basename $(wildcard kernel/net/*.c))))
NET_TEST_LWIP := $(LWIP_SRC:%.c=$(NET_HOST)/lwip/%.o)
NET_TEST_OBJ := $(NET_SRC:%=$(NET_HOST)/%.o) $(NET_TEST_LWIP) \
	$(NET_HOST)/fake/fakes.o $(NET_HOST)/fake/host.o \
	$(NET_HOST)/fake/string.o $(NET_HOST)/fake/printf.o
NET_TESTS := tcp_test wire_test dhcp_test net6_test udp_test unix_test option_test
NET_TEST_INC := -Itests/host/mem -Itests/host/net -Ikernel \
	-Iinclude -isystem kernel/lib/compat -isystem $(UAPI) $(LWIP_INC)
NET_TEST_CFLAGS = $(HOST_TEST_CFLAGS) -ffreestanding -fwrapv \
	-fno-strict-aliasing -DDEBUG $(NET_TEST_INC)

# lwIP takes the address of a first member of NULL, which is NULL again.
$(NET_TEST_LWIP): $(NET_HOST)/lwip/%.o: $(LWIP_STAMP) \
		kernel/net/lwip/lwipopts.h | $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(NET_TEST_CFLAGS) -fno-sanitize=alignment,null -w -MMD -MP -c -o $@ \
		$(LWIP_DIR)/src/$*.c
$(NET_HOST)/fake/host.o: tests/host/mem/host.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -Itests/host/mem -MMD -MP -c -o $@ $<
$(NET_HOST)/fake/fakes.o: tests/host/net/fakes.c | $(UAPI)/.done $(LWIP_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NET_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(NET_HOST)/fake/%.o: kernel/lib/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(NET_TEST_CFLAGS) -fno-builtin -MMD -MP -c -o $@ $< \
		$(if $(filter string,$*),$(foreach f,$(filter-out strlcpy,$(LIB_RENAME)),-D$f=k_$f))
$(NET_HOST)/%.o: kernel/net/%.c | $(UAPI)/.done $(LWIP_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NET_TEST_CFLAGS) -fno-sanitize=alignment -MMD -MP -c -o $@ $<
$(NET_HOST)/%_test: kernel/net/test/%_test.c $(NET_TEST_OBJ)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -DDEBUG $(NET_TEST_INC) -MMD -MP -o $@ \
		$(filter %.c %.o,$^) -lcmocka
$(NET_HOST)/packet_fuzz: kernel/net/test/packet_fuzz.c $(NET_TEST_OBJ)
	$(Q)$(CC) $(NET_TEST_CFLAGS) -MMD -MP -o $@ $(filter %.c %.o,$^)

-include $(wildcard $(NET_HOST)/*.d $(NET_HOST)/*/*.d $(NET_HOST)/*/*/*.d)
.SECONDARY: $(NET_TEST_OBJ)

.PHONY: check-net fuzz-net
check-net: $(NET_TESTS:%=$(NET_HOST)/%) fuzz-net
	$(Q)set -e; for t in $(NET_TESTS); do $(NET_HOST)/$$t; done

fuzz-net: $(NET_HOST)/packet_fuzz
	$(Q)$(NET_HOST)/packet_fuzz 20000

CHECKS += net

# --- long runs: not part of make test -------------------------------------------

$(B)/httpload: bench/net/httpload.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 -g $(WARN) -o $@ $<

# Needs root. Counts are variables: make soak-http KEEP=20000 SHORT=1000 CPUS=1
.PHONY: soak-http
soak-http: $(B)/httpload $(B)/unibeam $(B)/hello.img
	$(Q)UNIBEAM_BUILD=$(B) KEEP=$(KEEP) SHORT=$(SHORT) WIDTH=$(WIDTH) CPUS=$(CPUS) \
		MEMORY=$(MEMORY) MACHINE=$(MACHINE) bench/net/soak-http $(B)/hello.img
soak-http: KEEP ?= 1000000
soak-http: SHORT ?= 20000
soak-http: WIDTH ?= 50
soak-http: CPUS ?= 2
soak-http: MEMORY ?= 512M
soak-http: MACHINE ?= q35
