# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Releases as users make them (tests/releases), built and run in machines.

RELEASES := shop cart

.PHONY: check-releases $(RELEASES:%=check-release-%)
check-releases: $(RELEASES:%=check-release-%)
$(RELEASES:%=check-release-%): check-release-%: all
	$(Q)tests/releases/run.sh $(B) $*

MACHINE_CHECKS += $(RELEASES:%=release-%)

# The release that most suites of tests/e2e run in.
OTP_REL := $(B)/releases/otp
$(B)/otp.img: $(wildcard tests/releases/otp/* tests/releases/otp/*/*) $(ALL)
	$(Q)rm -rf $(OTP_REL) && mkdir -p $(B)/releases
	$(Q)cp -r tests/releases/otp $(OTP_REL)
	$(Q)cd $(OTP_REL) && rebar3 release >log 2>&1 || { cat log; false; }
	$(Q)$(B)/unibeam build $(OTP_REL)/_build/default/rel/otp -q --shell -o $@
