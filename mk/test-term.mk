# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# What tests/e2e/term_SUITE.erl types in: besides $(B)/otp.img a mix release.

IEX_REL := $(B)/releases/iex
$(B)/iex.img: $(wildcard tests/releases/cart/* tests/releases/cart/*/*) $(ALL)
	$(Q)rm -rf $(IEX_REL) && mkdir -p $(B)/releases
	$(Q)cp -r tests/releases/cart $(IEX_REL)
	$(Q)cd $(IEX_REL) && export MIX_ENV=prod LANG=C.UTF-8 && \
		HOME=$$PWD mix release >log 2>&1 || { cat log; false; }
	$(Q)$(B)/unibeam build $(IEX_REL)/_build/prod/rel/cart -q --console \
		--shell --env RELEASE_BOOT_SCRIPT=start_clean \
		--env RELEASE_DISTRIBUTION=none -o $@

check-e2e: $(B)/iex.img
