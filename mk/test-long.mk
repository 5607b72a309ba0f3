# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# What takes minutes. make test-long runs all of it, one after the other; a part
# of the tree adds its target check-long-NAME by its NAME to LONG_CHECKS.

# Other OTP versions, from the Debian release that has each. make test looks at
# one of them.
.PHONY: check-otp-versions check-long-otp-versions
check-otp-versions: all
	$(Q)tests/otp-versions/run.sh $(B) otp-27=trixie
check-long-otp-versions: all
	$(Q)tests/otp-versions/run.sh $(B) otp-27=trixie otp-new=unstable

MACHINE_CHECKS += otp-versions
LONG_CHECKS += otp-versions

.PHONY: test-long
test-long: setup
	$(Q)$(MAKE) $(parallel) all
	$(Q)TEST_LOGS=$(B)/test-logs/long scripts/run-tests.sh \
		-- $(call as_items,$(LONG_CHECKS:%=long-%))

# The RabbitMQ of Debian 12, with fewer messages in make test.
.PHONY: check-rabbitmq check-long-rabbitmq
check-rabbitmq: all
	$(Q)tests/rabbitmq/run.sh $(B) 500
check-long-rabbitmq: all
	$(Q)tests/rabbitmq/run.sh $(B) 10000

MACHINE_CHECKS += rabbitmq
LONG_CHECKS += rabbitmq

# Everything at once for MINUTES; make test has a minute of it.
MINUTES ?= 30
.PHONY: soak-mixed check-long-soak
soak-mixed check-long-soak: $(B)/hello.img $(B)/otp.img
	$(Q)SOAK_SECONDS=$$(($(MINUTES) * 60)) tests/e2e/run.sh soak

LONG_CHECKS += soak
