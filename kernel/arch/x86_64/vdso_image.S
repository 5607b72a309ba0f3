/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The vDSO as programs see it; built by mk/arch.mk, mapped by proc/exec.c. */
    .section .rodata.vdso, "a"
    .globl vdso_image, vdso_image_end
    .balign 4096
vdso_image:
    .incbin "vdso.so"
    .balign 4096
vdso_image_end:

    .section .note.GNU-stack, "", @progbits
