# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# An image without a shell, where process 1 starts epmd (tests/e2e/remote_SUITE.erl).
$(B)/noshell.img: $(B)/hello.img
	$(Q)$(B)/unibeam build $(HELLO) -q --no-shell -o $@

check-e2e: $(B)/noshell.img
