# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# An image without a shell, where process 1 starts epmd (tests/e2e/remote_SUITE.erl).
$(B)/noshell.img: $(B)/hello.img
	$(Q)$(B)/unibeam build $(HELLO) -q --no-shell -o $@

check-e2e: $(B)/noshell.img

# All cases, and messages on a network that breaks for DIST_SECONDS.
DIST_SECONDS ?= 180
.PHONY: check-long-dist
check-long-dist: $(B)/hello.img $(B)/otp.img $(B)/noshell.img
	$(Q)DIST_SECONDS=$(DIST_SECONDS) tests/e2e/run.sh dist remote cluster

LONG_CHECKS += dist
