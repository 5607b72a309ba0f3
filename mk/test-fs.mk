# SPDX-License-Identifier: Apache-2.0
# Host-run tests of kernel/fs: names, tmpfs, locks, and the ext4 reader on
# images made by mke2fs, compared with what debugfs gets out of them.

FS_HOST := $(B)/host/fs
FS_SRC := dentry inode mount walk path entry open attr regular locks file \
	tmpfs tmpfs_dir seq devices nodes text \
	ext4/super ext4/data ext4/extent ext4/indirect ext4/inode ext4/dir
FS_FAKES := fakes cache_fake helpers host
FS_OBJ := $(FS_SRC:%=$(FS_HOST)/%.o) $(FS_FAKES:%=$(FS_HOST)/fake/%.o) \
	$(FS_HOST)/lib/string.o $(FS_HOST)/lib/printf.o
FS_TESTS := vfs_test locks_test text_test ext4/ext4_test ext4/ext4_fuzz
# Freestanding, so that compiler headers do not bring in the host's C library.
# The fake processor headers of the memory tests come first.
FS_INC := -Itests/host/mem -Itests/host/fs -Ikernel -Iinclude \
	-isystem kernel/lib/compat -isystem $(UAPI)
FS_CFLAGS = $(HOST_TEST_CFLAGS) -ffreestanding -fwrapv -fno-strict-aliasing \
	$(FS_INC)

$(FS_HOST)/fake/host.o: tests/host/fs/host.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(FS_HOST)/fake/%.o: tests/host/fs/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) -MMD -MP -c -o $@ $<
# The host's own memcpy and its like are used.
$(FS_HOST)/lib/%.o: kernel/lib/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) -fno-builtin -MMD -MP -c -o $@ $< \
		$(if $(filter string,$*),$(foreach f,$(filter-out strlcpy,$(LIB_RENAME)),-D$f=k_$f))
$(FS_HOST)/%.o: kernel/fs/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) -MMD -MP -c -o $@ $<
$(FS_HOST)/%_test: kernel/fs/test/%_test.c $(FS_OBJ)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) $(FS_INC) -MMD -MP -o $@ $(filter %.c %.o,$^) -lcmocka
$(FS_HOST)/fake/fuzz_main.o: tests/host/fs/fuzz_main.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(FS_HOST)/ext4/ext4_fuzz: kernel/fs/ext4/test/ext4_fuzz.c $(FS_OBJ) \
		$(FS_HOST)/fake/fuzz_main.o
	$(Q)$(CC) $(FS_CFLAGS) -MMD -MP -o $@ $(filter %.c %.o,$^)
$(FS_HOST)/ext4/%: kernel/fs/ext4/test/%.c $(FS_OBJ)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) $(FS_INC) -MMD -MP -o $@ $(filter %.c %.o,$^) -lcmocka

-include $(wildcard $(FS_HOST)/*.d $(FS_HOST)/*/*.d)
.SECONDARY: $(FS_OBJ)

# --- images --------------------------------------------------------------------

# Name, and what mke2fs is told. The contents: tests/host/fs/make-tree.sh.
FS_IMAGES := ext2 ext3 ext4-1k ext4-4k ext4-32bit ext4-2k bigalloc few-backups \
	attributes small-groups index preallocated
FS_MKFS_ext2 := -t ext2 -b 1024
FS_MKFS_ext3 := -t ext3 -b 2048
FS_MKFS_ext4-1k := -t ext4 -b 1024 -I 256
FS_MKFS_ext4-4k := -t ext4 -b 4096 -O metadata_csum,64bit
FS_MKFS_ext4-32bit := -t ext4 -b 4096 -O ^64bit,^metadata_csum,^flex_bg -I 128
FS_MKFS_ext4-2k := -t ext4 -b 2048 -O ^flex_bg,uninit_bg,^metadata_csum
FS_MKFS_bigalloc := -t ext4 -b 1024 -C 16384 -O bigalloc -N 4096
FS_MKFS_few-backups := -t ext4 -b 4096 -O sparse_super2,^resize_inode
FS_MKFS_attributes := -t ext4 -b 4096 -I 512 -O ea_inode
FS_MKFS_small-groups := -t ext4 -b 1024 -g 2048 -G 4 -I 1024
FS_MKFS_index := -t ext4 -b 1024 -O large_dir,metadata_csum
FS_MKFS_preallocated := -t ext4 -b 1024
# What mke2fs cannot make: directories with an index, written by e2fsck; blocks
# that were never written to; attributes in blocks and inodes of their own.
FS_AFTER_index = e2fsck -fyD $1 >/dev/null 2>&1; [ $$? -le 1 ]; \
	debugfs -R 'htree /many' $1 2>&1 | grep -q 'Indirect levels: 1'
FS_AFTER_preallocated = debugfs -w -f tests/host/fs/preallocate $1 >/dev/null 2>&1; \
	debugfs -R 'ex /lib/preallocated' $1 2>&1 | grep -q Uninit
FS_AFTER_attributes = head -c 4096 $(FS_IMG)/tree/lib/large >$1.value; \
	debugfs -w -R 'ea_set -f $1.value /bin/program user.large' $1 2>/dev/null; \
	debugfs -w -R 'ea_set /lib/large user.small x' $1 2>/dev/null; \
	e2fsck -fy $1 >/dev/null 2>&1; \
	debugfs -R 'ea_list /bin/program' $1 2>/dev/null | grep -q 4096
FS_SEEDS := ext2 ext3 ext4-1k ext4-4k ext4-32bit ext4-2k bigalloc
FS_IMG := $(FS_HOST)/image

$(FS_IMG)/tree/.done: tests/host/fs/make-tree.sh
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && sh $< $(@D) && touch $@
$(FS_IMG)/%.img: $(FS_IMG)/tree/.done
	$(Q)rm -rf $@ $(@:.img=) && mkdir -p $(@:.img=) && truncate -s 24M $@
	$(Q)mke2fs -q -F $(FS_MKFS_$*) -d $(FS_IMG)/tree $@ 2>$@.log
	$(Q)$(call FS_AFTER_$*,$@)
	$(Q)e2fsck -fn $@ >>$@.log 2>&1
	$(Q)debugfs -R 'rdump / $(@:.img=)' $@ 2>/dev/null
# Seeds for the fuzzer are small.
$(FS_IMG)/%.seed: tests/host/fs/make-tree.sh
	$(Q)mkdir -p $(@D) && rm -rf $@ $@.tree && mkdir $@.tree && \
		sh $< $@.tree small && truncate -s 256K $@
	$(Q)mke2fs -q -F $(FS_MKFS_$*) -N 32 -O ^has_journal -m 0 -d $@.tree $@ 2>&1

# Valid, and refused by the name of the feature.
FS_REFUSED := meta_bg inline_data casefold encrypt mmp journal_dev
FS_MKFS_meta_bg := -t ext4 -O meta_bg,^resize_inode
FS_MKFS_inline_data := -t ext4 -O inline_data
FS_MKFS_casefold := -t ext4 -O casefold
FS_MKFS_encrypt := -t ext4 -O encrypt
FS_MKFS_mmp := -t ext4 -O mmp
FS_MKFS_journal_dev := -b 4096 -O journal_dev
$(FS_REFUSED:%=$(FS_IMG)/refused/%): $(FS_IMG)/refused/%: mk/test-fs.mk
	$(Q)mkdir -p $(@D) && rm -f $@ && truncate -s 8M $@
	$(Q)mke2fs -q -F $(FS_MKFS_$*) $@ 2>/dev/null

.PHONY: check-fs
check-fs: $(FS_TESTS:%=$(FS_HOST)/%) $(FS_IMAGES:%=$(FS_IMG)/%.img) \
		$(FS_SEEDS:%=$(FS_IMG)/%.seed) $(FS_REFUSED:%=$(FS_IMG)/refused/%)
	$(Q)$(FS_HOST)/vfs_test
	$(Q)$(FS_HOST)/locks_test
	$(Q)$(FS_HOST)/text_test
	$(Q)$(FS_HOST)/ext4/ext4_test \
		$(foreach i,$(FS_IMAGES),$(FS_IMG)/$i.img $(FS_IMG)/$i) \
		-- $(FS_REFUSED:%=$(FS_IMG)/refused/%)
	$(Q)$(FS_HOST)/ext4/ext4_fuzz 2000 $(FS_SEEDS:%=$(FS_IMG)/%.seed) \
		$(wildcard tests/corpus/ext4/*)

CHECKS += fs
