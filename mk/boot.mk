# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# The boot sector and the loader: flat binaries of 16 and 32-bit code.

BOOT_CFLAGS := -m32 -march=i686 -mno-sse -mno-mmx -mno-80387 -std=gnu17 -Os \
	-Wall -Wextra -Wmissing-prototypes -Wcast-function-type -Wvla \
	-ffreestanding -fno-pic -fno-stack-protector -fno-strict-aliasing \
	-fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-unwind-tables -ffunction-sections -fomit-frame-pointer -Iinclude \
	-Iboot
BOOT_LDFLAGS := -m32 -nostdlib -static -Wl,--build-id=none \
	-Wl,-z,noexecstack

BOOT_LIB := kernel_elf memmap option
LOADER_OBJS := $(B)/boot/start.o $(B)/boot/loader.o $(B)/boot/console.o \
	$(BOOT_LIB:%=$(B)/boot/%.o)

$(B)/boot/%.o: boot/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -Iinclude -Iboot -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

$(B)/boot/%.o: boot/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/boot/boot.elf: $(B)/boot/boot.o boot/boot.ld
	$(Q)$(CC) $(BOOT_LDFLAGS) -Wl,-T,boot/boot.ld -o $@ $<

$(B)/boot/loader.elf: $(LOADER_OBJS) boot/loader.ld
	$(Q)$(CC) $(BOOT_LDFLAGS) -Wl,--gc-sections -Wl,-T,boot/loader.ld \
		-o $@ $(LOADER_OBJS)

$(B)/%.bin: $(B)/boot/%.elf
	$(Q)objcopy -O binary $< $@

-include $(wildcard $(B)/boot/*.d)

# --- tests -------------------------------------------------------------------
#
# check-boot runs on the host; check-boot-qemu boots a test kernel under the
# real BIOSes of QEMU and Bochs.

BOOT_TEST_CFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Wvla -Iinclude -Iboot \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined

$(B)/boot/test/boot_test: boot/test/boot_test.c $(BOOT_LIB:%=boot/%.c) \
		$(wildcard boot/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_TEST_CFLAGS) -o $@ $< $(BOOT_LIB:%=boot/%.c) -lcmocka

$(B)/boot/test/mkdisk: boot/test/mkdisk.c include/abi/image.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O1 -Wall -Wextra -Iinclude -o $@ $<

$(B)/boot/test/testkernel.o: boot/test/testkernel.c boot/bios.h boot/pvh.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_CFLAGS) -c -o $@ $<

$(B)/boot/test/testkernel_start.o: boot/test/testkernel_start.S
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -c -o $@ $<

$(B)/boot/test/testkernel.elf: $(B)/boot/test/testkernel_start.o \
		$(B)/boot/test/testkernel.o boot/test/testkernel.ld
	$(Q)$(CC) $(BOOT_LDFLAGS) -Wl,-T,boot/test/testkernel.ld -o $@32 \
		$(filter %.o,$^)
	$(Q)objcopy -I elf32-i386 -O elf64-x86-64 $@32 $@

.PHONY: check-boot check-boot-qemu
check-boot: $(B)/boot/test/boot_test
	$(Q)$<

check-boot-qemu: $(B)/boot.bin $(B)/loader.bin $(B)/boot/test/mkdisk \
		$(B)/boot/test/testkernel.elf
	$(Q)boot/test/boot_test.sh $(B)
