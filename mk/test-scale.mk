# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# check-scale: what costs more when there is more of it (bench/README.md).

.PHONY: check-scale
check-scale: $(SYSCALLS)/tests.img
	$(Q)tests/guest/scale.sh $(B)

MACHINE_CHECKS += scale
