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

# The same for a release of relx's with hooks and templates, and for a Gleam
# shipment, made by hand because there need not be a Gleam (start_SUITE).
KIOSK := $(B)/releases/kiosk
TEA := $(B)/releases/tea
START_IMAGES := $(B)/kiosk.img $(B)/tea.img

$(B)/kiosk.img: $(shell find tests/releases/kiosk -type f) $(ALL)
	$(Q)rm -rf $(KIOSK) && mkdir -p $(@D)/releases
	$(Q)cp -r tests/releases/kiosk $(KIOSK)
	$(Q)cd $(KIOSK) && rebar3 release >log 2>&1 || { cat log; false; }
	$(Q)$(B)/unibeam build $(KIOSK)/_build/default/rel/kiosk -q -o $@

$(B)/tea.img: $(shell find tests/releases/tea -type f) $(ALL)
	$(Q)rm -rf $(TEA) && mkdir -p $(TEA)/tea/ebin $(TEA)/leaf/ebin
	$(Q)cp -r tests/releases/tea/priv $(TEA)/leaf/ && cp tests/releases/tea/entrypoint.sh $(TEA)
	$(Q)cd tests/releases/tea/src && erlc -o $(abspath $(TEA))/tea/ebin tea.erl tea@@main.erl && \
		erlc -o $(abspath $(TEA))/leaf/ebin leaf.erl
	$(Q)for a in tea leaf; do cp tests/releases/tea/src/$$a.app.src $(TEA)/$$a/ebin/$$a.app; done
	$(Q)$(B)/unibeam build $(TEA) -q -o $@ \
		--erts $$(erl -noshell -eval 'io:put_chars(code:root_dir()), halt().')

check-e2e: $(START_IMAGES)
check-e2e: export KIOSK_IMAGE = $(abspath $(B))/kiosk.img
check-e2e: export TEA_IMAGE = $(abspath $(B))/tea.img
check-e2e: export KIOSK_RELEASE = $(abspath $(KIOSK))/_build/default/rel/kiosk
check-e2e: export TEA_SHIPMENT = $(abspath $(TEA))
