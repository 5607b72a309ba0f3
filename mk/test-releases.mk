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
