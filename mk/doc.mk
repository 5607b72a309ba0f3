# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Man pages and completions, made of the tables of the commands by a program of
# the build (builder/doc), as they are installed below PREFIX/share.

SHARE := $(B)/share
MKDOC := $(BUILDER_OUT)/mkdoc
MKDOC_OBJ := $(patsubst builder/%.c,$(BUILDER_OUT)/%.o,$(sort $(wildcard builder/doc/*.c)))

$(MKDOC): $(MKDOC_OBJ) $(filter-out $(BUILDER_OUT)/main.o,$(BUILDER_OBJ))
	@$(call say,LD,$@)
	$(Q)$(CC) $(BUILDER_CFLAGS) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS)

-include $(MKDOC_OBJ:.o=.d)

$(SHARE)/.done: $(MKDOC)
	@$(call say,DOC,$(SHARE))
	$(Q)rm -rf $(SHARE)
	$(Q)$(MKDOC) $(SHARE)
	$(Q)touch $@

ALL += $(SHARE)/.done

# What its unit test is linked with beside the command's own parts.
$(BUILDER_OUT)/san/test/doc_test: $(BUILDER_OUT)/san/doc/roff.o \
	$(BUILDER_OUT)/san/doc/tables.o

.PHONY: check-pages
check-pages: $(SHARE)/.done $(B)/unibeam
	$(Q)scripts/check-pages.sh $(SHARE) $(B)/unibeam
CHECKS += pages
