# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# tests/e2e/tap_SUITE.erl is part of check-e2e; this is its long form.

.PHONY: check-long-net
check-long-net: $(B)/otp.img
	$(Q)MANY=20000 tests/e2e/run.sh tap

LONG_CHECKS += net
