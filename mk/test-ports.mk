# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The long form of tests/e2e/port_SUITE: 10,000 commands and 10,000 port programs,
# one after the other, and nothing left of them.

.PHONY: check-long-ports
check-long-ports: $(B)/hello.img
	$(Q)PORT_COUNT=10000 tests/e2e/run.sh port

LONG_CHECKS += ports
