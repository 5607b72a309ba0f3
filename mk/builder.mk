# SPDX-License-Identifier: Apache-2.0
# The unibeam command: builder/, its unit tests, fuzzers and end-to-end tests.

BUILDER_OUT := $(B)/builder
BUILDER_DIRS := check image machine osv
BUILDER_SRC := $(sort $(wildcard builder/*.c $(BUILDER_DIRS:%=builder/%/*.c)))
BUILDER_OBJ := $(BUILDER_SRC:builder/%.c=$(BUILDER_OUT)/%.o)
# libei talks to Erlang nodes; statically, as its shared one is not packaged
BUILDER_LIBS := -lelf -lext2fs -lcom_err -ljansson -larchive -lz -l:libei.a
BUILDER_LIBDIR ?= $(PREFIX)/lib/unibeam
BUILDER_CPPFLAGS := -Iinclude -Ibuilder -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
BUILDER_CFLAGS := -std=gnu17 $(WARN) $(CFLAGS)

$(BUILDER_OUT)/%.o: builder/%.c | $(BUILDER_OUT)
	@$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BUILDER_CPPFLAGS) $(BUILDER_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILDER_OUT):
	$(Q)mkdir -p $@

# Where an installed command looks for its parts last: the one thing that PREFIX
# changes.
$(BUILDER_OUT)/libdir: FORCE | $(BUILDER_OUT)
	@echo '$(BUILDER_LIBDIR)' | cmp -s - $@ || echo '$(BUILDER_LIBDIR)' >$@
$(BUILDER_OUT)/boot_files.o $(BUILDER_OUT)/san/boot_files.o: BUILDER_CPPFLAGS += \
	-DUNIBEAM_LIBDIR='"$(BUILDER_LIBDIR)"'
$(BUILDER_OUT)/boot_files.o $(BUILDER_OUT)/san/boot_files.o: $(BUILDER_OUT)/libdir

$(B)/unibeam: $(BUILDER_OBJ)
	@$(call say,LD,$@)
	$(Q)$(CC) $(BUILDER_CFLAGS) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS)

-include $(BUILDER_OBJ:.o=.d)

# ---- unit tests: every builder/test/*_test.c, with sanitizers ----

BUILDER_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -O1 -g
BUILDER_CORE := $(filter-out builder/main.c builder/commands.c \
	builder/cmd_%.c,$(BUILDER_SRC))
BUILDER_SAN_OBJ := $(BUILDER_CORE:builder/%.c=$(BUILDER_OUT)/san/%.o) \
	$(BUILDER_OUT)/san/test/test.o
BUILDER_TESTS := $(patsubst builder/test/%.c,$(BUILDER_OUT)/san/test/%, \
	$(sort $(wildcard builder/test/*_test.c)))

$(BUILDER_OUT)/san/%.o: builder/%.c
	@$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BUILDER_CPPFLAGS) -DCORPUS='"tests/corpus"' -std=gnu17 $(WARN) \
		$(BUILDER_SAN) -MMD -MP -c -o $@ $<

$(BUILDER_TESTS): %: %.o $(BUILDER_SAN_OBJ)
	@$(call say,LD,$@)
	$(Q)$(CC) $(BUILDER_SAN) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS) -lcmocka

check-builder-unit: $(BUILDER_TESTS)
	$(Q)set -e; for t in $(abspath $(BUILDER_TESTS)); do $$t; done

# ---- end to end: the command itself ----

check-builder-e2e: $(B)/unibeam
	$(Q)UNIBEAM=$(abspath $(B)/unibeam) CC="$(CC)" tests/build/run

check-builder: check-builder-unit check-builder-e2e check-builder-fuzz

# ---- fuzzing ----
#
# builder/fuzz/NAME_fuzz.c, with libFuzzer for FUZZ_TIME seconds each:
#
#   make fuzz-builder FUZZ_TIME=300      make fuzz-builder-elf
#
# and without it, on seeds and a fixed sequence of changes to them, as part of
# make check.

CLANG ?= clang
FUZZ_TIME ?= 10
BUILDER_FUZZ := $(patsubst builder/fuzz/%_fuzz.c,%,$(sort $(wildcard builder/fuzz/*_fuzz.c)))
BUILDER_FUZZ_SRC := app_file beam beam_command buf elf_file elf_symbols file gpt \
	image_read json_text kernel_file ldcache quote rel_file report sha256 term_scan \
	check/term_check \
	$(addprefix image/,baked disk_copy format inspect rootfs rootfs_data words)

$(BUILDER_OUT)/fuzz/%: builder/fuzz/%_fuzz.c $(BUILDER_FUZZ_SRC:%=builder/%.c)
	@$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BUILDER_CPPFLAGS) -std=gnu17 -O1 -g \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $^ $(BUILDER_LIBS)

fuzz-builder: $(BUILDER_FUZZ:%=fuzz-builder-%)

# What it finds goes to build/fuzz, which outlives a rebuild.
fuzz-builder-%: $(BUILDER_OUT)/fuzz/%
	$(Q)mkdir -p $(B)/fuzz/$*
	$(Q)$< -max_total_time=$(FUZZ_TIME) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=$(B)/fuzz/$*- -print_final_stats=1 \
		$(B)/fuzz/$* tests/corpus/$*

$(BUILDER_OUT)/seeds/%: $(BUILDER_OUT)/san/fuzz/%_fuzz.o \
		$(BUILDER_OUT)/san/fuzz/seeds.o \
		$(BUILDER_FUZZ_SRC:%=$(BUILDER_OUT)/san/%.o)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BUILDER_SAN) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS)

check-builder-fuzz: $(BUILDER_FUZZ:%=$(BUILDER_OUT)/seeds/%)
	$(Q)set -e; for f in $(BUILDER_FUZZ); do \
		case $$f in rootfs) n=1000 ;; *) n=5000 ;; esac; \
		$(BUILDER_OUT)/seeds/$$f $$n tests/corpus/$$f/*; done

.SECONDARY: $(BUILDER_FUZZ:%=$(BUILDER_OUT)/san/fuzz/%_fuzz.o) \
	$(BUILDER_OUT)/san/fuzz/seeds.o

-include $(BUILDER_SAN_OBJ:.o=.d) $(BUILDER_TESTS:=.d) \
	$(wildcard $(BUILDER_OUT)/san/fuzz/*.d)

.PHONY: check-builder check-builder-unit check-builder-e2e check-builder-fuzz \
	fuzz-builder
