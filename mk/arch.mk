# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Linking the kernel, the vDSO inside it, and its table of symbols.

ARCH := kernel/arch/x86_64
KA := $(K)/arch/x86_64

# --- offsets for assembly ----------------------------------------------------

$(KA)/asm_offsets.h: $(ARCH)/gen/asm_offsets.c $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -MT $@ -MF $@.d -S -o $@.s $<
	$(Q)sed -n 's/.*"->\(.*\)".*/\1/p' $@.s >$@.new
	$(Q)cmp -s $@.new $@ && touch $@ || mv $@.new $@

-include $(KA)/asm_offsets.h.d
$(KERNEL_ASM:kernel/%.S=$(K)/%.S.o): $(KA)/asm_offsets.h
$(KA)/%.S.o: KERNEL_CFLAGS += -I$(KA) -Wa,-I$(KA)

# --- vDSO ---------------------------------------------------------------------

VDSO_CFLAGS := -std=gnu17 -O2 -g0 -ffreestanding -fno-builtin -fPIC \
	-fvisibility=hidden -fno-stack-protector -fno-strict-aliasing \
	-fasynchronous-unwind-tables -fcf-protection=none -mgeneral-regs-only \
	-march=x86-64 $(WARN) $(KERNEL_INC) -I$(ARCH)/vdso

$(KA)/vdso.so: $(ARCH)/vdso/vdso_time.c $(ARCH)/vdso/vdso_data.h \
		$(ARCH)/vdso/vdso.lds $(UAPI)/.done
	$(Q)mkdir -p $(@D)
	@$(call say,VDSO,$@)
	$(Q)$(CC) $(VDSO_CFLAGS) -c -o $(KA)/vdso_time.o $<
	$(Q)ld -shared -s -soname linux-vdso.so.1 --hash-style=both \
		--build-id=none --eh-frame-hdr -z max-page-size=4096 \
		-z noexecstack -Bsymbolic -T $(ARCH)/vdso/vdso.lds -o $@ \
		$(KA)/vdso_time.o

$(KA)/vdso_image.S.o: $(KA)/vdso.so

# --- kernel.elf ---------------------------------------------------------------

# Linked twice: the first time without symbol names. The table comes after all
# text, so the second link moves no function; this is checked.
KERNEL_LDFLAGS := -nostdlib -static --build-id=none --gc-sections \
	-z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
	-T $(ARCH)/kernel.lds
KSYMS_AWK := $(ARCH)/gen/ksyms.awk

$(B)/kernel.elf: $(KERNEL_OBJ) $(ARCH)/kernel.lds $(KSYMS_AWK)
	@$(call say,LD,$@)
	$(Q)ld $(KERNEL_LDFLAGS) -o $(K)/pass1.elf $(KERNEL_OBJ)
	$(Q)nm -n $(K)/pass1.elf | awk -f $(KSYMS_AWK) >$(K)/ksyms.S
	$(Q)$(CC) -c -o $(K)/ksyms.o $(K)/ksyms.S
	$(Q)ld $(KERNEL_LDFLAGS) -o $@.tmp $(KERNEL_OBJ) $(K)/ksyms.o
	$(Q)nm -n $@.tmp | awk -f $(KSYMS_AWK) | cmp - $(K)/ksyms.S
	$(Q)mv $@.tmp $@

$(B)/kernel.stripped.elf: $(B)/kernel.elf
	$(Q)objcopy --strip-all $< $@
