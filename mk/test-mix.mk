# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The two releases of an umbrella (tests/releases/depot), which tests/e2e/
# mix_SUITE.erl starts here and in machines.

DEPOT := $(B)/releases/depot
DEPOT_IMAGES := $(B)/depot.img $(B)/annex.img
MIX := MIX_ENV=prod LANG=C.UTF-8 HOME=$(abspath $(DEPOT)) mix

$(DEPOT)/.done: $(shell find tests/releases/depot -type f)
	$(Q)rm -rf $(DEPOT) && mkdir -p $(@D)
	$(Q)cp -r tests/releases/depot/. $(DEPOT)
	$(Q)cd $(DEPOT) && { $(MIX) release depot && $(MIX) release annex; } \
		>log 2>&1 || { cat log; false; }
	$(Q)touch $@

$(DEPOT_IMAGES): $(B)/%.img: $(DEPOT)/.done $(ALL)
	$(Q)$(B)/unibeam build $(DEPOT)/_build/prod/rel/$* -q -o $@

check-e2e: $(DEPOT_IMAGES)
check-e2e: export DEPOT_IMAGE = $(abspath $(B))/depot.img
check-e2e: export ANNEX_IMAGE = $(abspath $(B))/annex.img
check-e2e: export MIX_RELEASES = $(abspath $(DEPOT))/_build/prod/rel
