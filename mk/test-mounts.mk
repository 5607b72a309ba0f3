# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# File systems a machine is told to mount.

.PHONY: check-mounts
check-mounts: $(B)/hello.img all
	$(Q)tests/mounts/run.sh $(B) $(HELLO)

MACHINE_CHECKS += mounts
