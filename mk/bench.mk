# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# make bench: the figures of bench/README.md. FIGURES="boot memory" takes some.

$(B)/bench/insns.so: bench/insns.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 $(WARN) -shared -fPIC -fvisibility=hidden \
		-MMD -MP -o $@ $<

-include $(wildcard $(B)/bench/*.d)

.PHONY: bench
bench: all $(B)/bench/insns.so
	$(Q)$(MAKE) -s $(B)/hello.img
	$(Q)HELLO=$(HELLO) bench/run $(B) $(FIGURES)

# What building images of large releases takes.
.PHONY: bench-build-size
bench-build-size: all
	$(Q)$(MAKE) -s $(B)/hello.img
	$(Q)bench/build-size $(B) $(HELLO)
