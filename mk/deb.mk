# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# make deb: the Debian package, made by dpkg-buildpackage in a copy of the tree
# with lwIP's source in it, so that nothing is fetched while it is built.

DEB_VERSION = $(shell sed -n 's/^\#define UNIBEAM_VERSION "\(.*\)"/\1/p' builder/version.h)
DEB_DIR = $(B)/deb/unibeam-$(DEB_VERSION)
DEB = $(B)/unibeam_$(DEB_VERSION)_amd64.deb
DEB_SOURCES = $(shell git ls-files --cached --others --exclude-standard 2>/dev/null || \
	find . -path ./$(B) -prune -o -name _build -prune -o -type f -printf '%P\n')
DEB_PARTS := Makefile LICENSE README.md boot builder debian docs examples guest \
	include kernel mk plugins scripts
DEB_FILES = $(wildcard $(filter $(DEB_PARTS) $(DEB_PARTS:%=%/%),$(DEB_SOURCES)))

.PHONY: deb check-deb
deb: $(DEB)
$(DEB): $(DEB_FILES) $(LWIP_STAMP)
	@$(call say,DEB,$@)
	$(Q)rm -rf $(B)/deb $(B)/unibeam_*.deb && mkdir -p $(DEB_DIR)
	$(Q)cp -a --parents $(DEB_FILES) $(DEB_DIR)
	$(Q)cp -a $(LWIP_DIR) $(DEB_DIR)/lwip
	$(Q)cd $(DEB_DIR) && { env -u MAKEFLAGS -u MAKELEVEL -u B -u CC \
		dpkg-buildpackage -b -us -uc -j$(shell nproc) >../log 2>&1 || \
		{ tail -n 40 ../log >&2; false; }; }
	$(Q)mv $(B)/deb/$(@F) $@

# Lintian, and what is in the package at work; a machine is booted.
check-deb: $(DEB) $(B)/hello.img
	$(Q)scripts/check-deb.sh $(DEB) $(HELLO)
machine-programs: $(DEB)
MACHINE_CHECKS += deb

# The package installed in a new Debian, from the archive this machine uses.
.PHONY: check-long-deb
check-long-deb: $(DEB) $(HELLO)/releases/start_erl.data
	$(Q)scripts/check-deb-chroot.sh $(DEB) $(HELLO)
LONG_CHECKS += deb
