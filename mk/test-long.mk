# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# What takes minutes or packages from the network. make test-long runs all of
# it, one after the other; a part of the tree adds its target check-long-NAME by
# its NAME to LONG_CHECKS.

# Other OTP versions, from the Debian release that has each.
.PHONY: check-long-otp-versions
check-long-otp-versions: all
	$(Q)tests/otp-versions/run.sh $(B)

LONG_CHECKS += otp-versions

.PHONY: test-long
test-long: setup
	$(Q)$(MAKE) $(parallel) all
	$(Q)TEST_LOGS=$(B)/test-logs/long scripts/run-tests.sh \
		-- $(call as_items,$(LONG_CHECKS:%=long-%))

# The RabbitMQ of Debian 12.
.PHONY: check-long-rabbitmq
check-long-rabbitmq: all
	$(Q)tests/rabbitmq/run.sh $(B)

LONG_CHECKS += rabbitmq

# Everything at once for MINUTES; make test has a minute of it.
MINUTES ?= 30
.PHONY: soak-mixed check-long-soak
soak-mixed check-long-soak: $(B)/hello.img $(B)/otp.img
	$(Q)SOAK_SECONDS=$$(($(MINUTES) * 60)) tests/e2e/run.sh soak

LONG_CHECKS += soak
