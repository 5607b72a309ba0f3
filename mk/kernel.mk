# SPDX-License-Identifier: Apache-2.0
# The kernel: build/kernel.elf (with symbols), build/kernel.stripped.elf.

K := $(B)/kernel
UAPI := $(B)/uapi
KERNEL_DIRS := arch/x86_64 lib mem sched proc sys fs fs/ext4 net dev dev/virtio
KERNEL_SRC := $(wildcard kernel/*.c $(KERNEL_DIRS:%=kernel/%/*.c))
KERNEL_ASM := $(wildcard kernel/arch/x86_64/*.S)
KERNEL_OBJ := $(KERNEL_SRC:kernel/%.c=$(K)/%.o) $(KERNEL_ASM:kernel/%.S=$(K)/%.S.o) \
	$(LWIP_OBJ)

# Linux's own ABI headers, BSD's tree macros: linked into one directory so that
# nothing else of the host's C library can be included by accident. (__unused is
# the name of a field in <asm/stat.h>.)
KERNEL_INC := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-isystem kernel/lib/compat -isystem $(UAPI) -Iinclude -Ikernel -I$(K)
KERNEL_CFLAGS := -std=gnu17 -O2 -g -ffreestanding -fno-builtin -fno-pic \
	-fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-common \
	-fno-stack-protector -fno-omit-frame-pointer -fno-strict-aliasing \
	-fno-delete-null-pointer-checks -fwrapv -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections -march=x86-64 \
	$(WARN) $(KERNEL_INC) $(if $(DEBUG),-DDEBUG)

$(UAPI)/.done: mk/kernel.mk
	$(Q)rm -rf $(UAPI) && mkdir -p $(UAPI)/sys
	$(Q)ln -s /usr/include/linux /usr/include/asm-generic $(UAPI)/
	$(Q)ln -s $(firstword $(wildcard /usr/include/x86_64-linux-gnu/asm /usr/include/asm)) $(UAPI)/asm
	$(Q)sed 's/__unused/__attribute__((__unused__))/' /usr/include/bsd/sys/tree.h \
		> $(UAPI)/sys/tree.h
	$(Q)touch $@

# gcc would make memcpy's loop a call of memcpy; clang does not with -fno-builtin
# and does not know the option.
KERNEL_CFLAGS_string := $(call cc-option,-fno-tree-loop-distribute-patterns)

# Names for the trace and for messages, from the ABI headers.
$(K)/gen/syscall_names.h: $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	$(Q)sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' \
		$(UAPI)/asm/unistd_64.h > $@
$(K)/gen/errno_names.h: $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	$(Q)cat $(UAPI)/asm-generic/errno-base.h $(UAPI)/asm-generic/errno.h | \
		sed -n 's/^#define[ \t]*\(E[A-Z0-9]*\)[ \t]*\([0-9][0-9]*\).*/[\2] = "\1",/p' > $@
$(K)/sys/trace.o: $(K)/gen/syscall_names.h $(K)/gen/errno_names.h

$(K)/%.o: kernel/%.c $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(KERNEL_CFLAGS_$(notdir $*)) -MMD -MP -c -o $@ $<

$(K)/%.S.o: kernel/%.S $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	@$(call say,AS,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(KERNEL_OBJ:.o=.d)
