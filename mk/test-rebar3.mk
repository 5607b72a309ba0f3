# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The rebar3 plugin: its own unit tests, and rebar3 using it in projects. Those
# that start machines are a check of their own.

REBAR3_PLUGIN := plugins/rebar3/rebar3_osv
REBAR3_TESTS := $(filter-out lib,$(patsubst tests/plugins/rebar3/%.sh,%, \
	$(wildcard tests/plugins/rebar3/*.sh)))

.PHONY: check-plugin-rebar3 check-plugin-rebar3-unit check-plugin-rebar3-run \
	lint-plugin-rebar3
check-plugin-rebar3: all check-plugin-rebar3-unit
	$(Q)tests/plugins/rebar3/run $(B) $(filter-out run_%,$(REBAR3_TESTS))
check-plugin-rebar3-run: all
	$(Q)tests/plugins/rebar3/run $(B) $(filter run_%,$(REBAR3_TESTS))

# In the build directory, as rebar3 writes beside the sources.
check-plugin-rebar3-unit:
	$(Q)rm -rf $(B)/rebar3_osv && mkdir -p $(B) && cp -r $(REBAR3_PLUGIN) $(B)/
	$(Q)cd $(B)/rebar3_osv && rebar3 eunit >log 2>&1 || { cat log; false; }

# What dialyzer knows of OTP takes a minute, once.
OTP_PLT := $(B)/deps/otp.plt
$(OTP_PLT):
	$(Q)mkdir -p $(@D)
	$(Q)dialyzer --build_plt --output_plt $@ --apps erts kernel stdlib
lint-plugin-rebar3: check-plugin-rebar3-unit $(OTP_PLT)
	$(Q)cd $(B)/rebar3_osv && rebar3 as prod compile >log 2>&1 || { cat log; false; }
	$(Q)dialyzer --plt $(OTP_PLT) -Wunmatched_returns -Werror_handling \
		-Wextra_return -Wmissing_return $(B)/rebar3_osv/_build/prod/lib/rebar3_osv/ebin
lint: lint-plugin-rebar3

CHECKS += plugin-rebar3
MACHINE_CHECKS += plugin-rebar3-run
