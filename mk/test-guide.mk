# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The commands of docs/guide and README's session, run as they are written.

.PHONY: check-guide
check-guide: $(B)/hello.img
	$(Q)scripts/check-guide.sh $(B)
MACHINE_CHECKS += guide
