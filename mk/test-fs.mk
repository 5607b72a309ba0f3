# SPDX-License-Identifier: Apache-2.0
# Host-run tests of kernel/fs: names, tmpfs, locks, and the ext4 reader on
# images made by mke2fs, compared with what debugfs gets out of them.

FS_HOST := $(B)/host/fs
FS_SRC := dentry inode mount walk path entry open attr regular locks file \
	tmpfs tmpfs_dir seq devices nodes text \
	ext4/super ext4/data ext4/extent ext4/indirect ext4/inode ext4/dir
FS_FAKES := fakes cache_fake helpers host
FS_OBJ := $(FS_SRC:%=$(FS_HOST)/%.o) $(FS_FAKES:%=$(FS_HOST)/fake/%.o)
FS_OBJ += $(FS_HOST)/string.o $(FS_HOST)/printf.o
FS_TESTS := vfs_test locks_test ext4/ext4_test
# Freestanding, so that compiler headers do not bring in the host's C library.
# The fake processor headers of the memory tests come first.
FS_CFLAGS := $(HOST_TEST_CFLAGS) -ffreestanding -fwrapv -fno-strict-aliasing \
	-Itests/host/mem -Itests/host/fs -Ikernel -Iinclude \
	-isystem kernel/lib/compat -isystem $(UAPI)
FS_TEST_CFLAGS := $(filter-out -ffreestanding,$(FS_CFLAGS))

$(FS_HOST)/%.o: kernel/fs/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) -MMD -MP -c -o $@ $<
$(FS_HOST)/string.o $(FS_HOST)/printf.o: $(FS_HOST)/%.o: kernel/lib/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) $(foreach f,$(LIB_RENAME),-D$f=k_$f) -MMD -MP \
		-c -o $@ $<
$(FS_HOST)/fake/host.o: tests/host/fs/host.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(FS_HOST)/fake/%.o: tests/host/fs/%.c $(UAPI)/.done
	@mkdir -p $(@D)
	$(Q)$(CC) $(FS_CFLAGS) -MMD -MP -c -o $@ $<
