# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The Mix tasks, plugins/mix: their units, and projects built and run with them.

.PHONY: check-mix-plugin
check-mix-plugin: all
	$(Q)tests/plugins/mix.sh $(B)

MACHINE_CHECKS += mix-plugin
