# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# lwIP: fetched as the distribution's source package (mk/fetch-lwip.sh) into
# build/deps/lwip, or taken from LWIP_DIR. Compiled with the kernel's own flags
# into LWIP_OBJ, which mk/kernel.mk links.

LWIP_DIR ?= $(B)/deps/lwip
LWIP_STAMP := $(B)/deps/lwip.done

LWIP_CORE := def inet_chksum init ip mem memp netif pbuf raw tcp tcp_in tcp_out \
	udp
LWIP_CORE4 := dhcp etharp icmp igmp ip4 ip4_addr ip4_frag
LWIP_CORE6 := ethip6 icmp6 ip6 ip6_addr ip6_frag mld6 nd6
LWIP_SRC := $(LWIP_CORE:%=core/%.c) $(LWIP_CORE4:%=core/ipv4/%.c) \
	$(LWIP_CORE6:%=core/ipv6/%.c) netif/ethernet.c
LWIP_OBJ := $(LWIP_SRC:%.c=$(B)/kernel/lwip/%.o)
LWIP_INC := -Ikernel/net/lwip -isystem $(LWIP_DIR)/src/include

ifeq ($(LWIP_DIR),$(B)/deps/lwip)
$(LWIP_STAMP): mk/fetch-lwip.sh
	@$(call say,FETCH,lwip)
	$(Q)mk/fetch-lwip.sh $(B)/deps
	$(Q)touch $@
else
$(LWIP_STAMP): FORCE
	$(Q)test -r $(LWIP_DIR)/src/include/lwip/init.h || \
		{ echo "LWIP_DIR=$(LWIP_DIR) is not an lwIP source tree" >&2; exit 1; }
	$(Q)mkdir -p $(@D)
	$(Q)test -e $@ || touch $@
endif

# Which files exist is only known once they are fetched, so each object is
# made by its own command rather than found by a pattern's prerequisite.
$(LWIP_OBJ): $(B)/kernel/lwip/%.o: $(LWIP_STAMP) kernel/net/lwip/lwipopts.h \
		kernel/net/lwip/arch/cc.h kernel/net/lwip_hooks.h \
		| $(B)/uapi/.done
	$(Q)mkdir -p $(@D)
	@$(call say,CC,lwip/$*.c)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(LWIP_INC) -w -MMD -MP -c -o $@ \
		$(LWIP_DIR)/src/$*.c

NET_OBJ := $(patsubst kernel/%.c,$(B)/kernel/%.o,$(wildcard kernel/net/*.c))
$(NET_OBJ): | $(LWIP_STAMP)
$(NET_OBJ): KERNEL_CFLAGS += $(LWIP_INC)

-include $(LWIP_OBJ:.o=.d)

.PHONY: FORCE
