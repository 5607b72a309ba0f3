# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The program that starts Erlang on OSv: a shared object with a main().  It is
# linked with nothing: what it needs of a C library is found in OSv itself, by
# name, whatever versions the library of this machine gives its functions.  No
# protector and no fortified functions: they would be names more.

OSV_CFLAGS := -std=gnu17 -Os -g0 $(WARN) -fPIC -fno-stack-protector \
	-U_FORTIFY_SOURCE -fno-asynchronous-unwind-tables \
	-ffile-prefix-map=$(CURDIR)=.
OSV_LDFLAGS := -shared -nostdlib -Wl,-soname,start-otp.so \
	-Wl,--build-id=none -Wl,-z,noexecstack -Wl,--hash-style=both -s

$(B)/start-otp.so: guest/osv/start_otp.c
	@$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OSV_CFLAGS) $(OSV_LDFLAGS) -o $@ $<

ALL += $(B)/start-otp.so

# An upload through QEMU's real network, to a machine that plays OSv.
$(B)/osv/service: tests/osv/service.c
	$(Q)mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $<

$(B)/osv/guest.img: $(B)/osv/service $(B)/hello.img
	$(Q)$(B)/unibeam build $(HELLO) -q --init $(B)/osv/service -o $@

.PHONY: check-osv
check-osv: $(B)/osv/guest.img
	$(Q)tests/osv/run.sh $(B) $(HELLO)

MACHINE_CHECKS += osv
