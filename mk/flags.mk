# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# What was compiled with other flags, by another compiler or by other rules is
# removed before anything is made: $(B)/flags.mk says what was used last. make
# remakes the files it includes first. Fetched sources, images, the releases in
# them and what fuzzers have found stay.

# The option, where the compiler knows it.
cc-option = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && \
	echo $(1))

FLAGS_NOW = $(CC) $(GUEST_CC) $(CLANG) $(CFLAGS) $(LDFLAGS) $(WARN) \
	DEBUG=$(DEBUG) LWIP_DIR=$(filter-out $(B)/deps/lwip,$(LWIP_DIR))

ifeq ($(filter-out clean format check-format lint setup,$(or $(MAKECMDGOALS),all)),)
else
include $(B)/flags.mk
endif

$(B)/flags.mk: FORCE
	@mkdir -p $(B)
	@{ echo '# $(FLAGS_NOW)'; cat Makefile mk/*.mk | cksum | sed 's/^/# /'; \
		} >$@.new.$$PPID
	@if cmp -s $@.new.$$PPID $@; then rm $@.new.$$PPID; else \
		[ ! -e $@ ] || rm -rf $(filter-out $(FLAGS_KEEP),$(wildcard $(B)/*)) ; \
		mv $@.new.$$PPID $@; fi

FLAGS_KEEP = $(B)/flags.mk% $(B)/deps $(B)/test-logs $(B)/ct-logs $(B)/fuzz \
	$(B)/%.img $(B)/releases

.PHONY: FORCE
