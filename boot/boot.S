/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The boot sector: bytes 0..439 of LBA 0 (bytes 440..509 belong to the
 * protective MBR, UEFI 2.10 section 5.2.3; the builder fills them in).
 *
 * The BIOS puts it at 0x7c00 in real mode with the drive's number in DL.  It
 * reads the boot header (include/abi/image.h) to IMG_LOAD_ADDR, then the
 * loader behind it, and jumps there with DL unchanged.  Two reads, because
 * only the header says how long the loader is.
 *
 * Reads go through the INT 13h extensions (AH=42h, EDD 3.0 section 7.1.2):
 * every BIOS since the late nineties has them for hard disks, and cylinder
 * and head numbers are guesswork on a virtual disk.
 */
#include "abi/image.h"

#define LOADER_ADDR (IMG_LOAD_ADDR + IMG_SECTOR_SIZE)
#define HEADER_LOADER_BYTES 12 /* offset of img_boot_header.loader_bytes */
#define COM1 0x3f8

    .code16
    .text
    .globl boot
boot:
    cli
    cld
    ljmp $0, $1f /* some BIOSes start at 0x07c0:0 */
1:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $boot, %sp
    sti

    movw $packet, %si
    call read
    jc disk_error

    movw $IMG_LOAD_ADDR, %si
    movw $magic, %di
    movw $8, %cx
    repe cmpsb
    jne header_error
    movl IMG_LOAD_ADDR + HEADER_LOADER_BYTES, %eax
    decl %eax
    cmpl $IMG_LOADER_SECTORS * IMG_SECTOR_SIZE, %eax
    jae header_error
    shrl $9, %eax
    incw %ax
    movw %ax, packet_count
    movw $LOADER_ADDR, packet_offset
    incw packet_lba /* IMG_LOADER_SECTOR is 1 */
    movw $packet, %si
    call read
    jc disk_error
    ljmp $0, $LOADER_ADDR

/* Reads as the packet at SI says; carry set on error.  Three tries, with a
 * reset of the drive between (a real drive may still be starting). */
read:
    movw $3, %bp
1:
    movb $0x42, %ah
    int $0x13
    jnc 2f
    decw %bp
    jz 3f
    xorw %ax, %ax
    int $0x13
    jmp 1b
3:
    stc
2:
    ret

disk_error:
    movw $disk_text, %si
    jmp fail
header_error:
    movw $header_text, %si

/* Prints the text at SI on the screen and the first serial port, then hands
 * over to the BIOS, which tries its next boot device or says that there is
 * none (INT 18h does not return). */
fail:
    movw $COM1 + 3, %dx
    movb $3, %al /* 8 bits; the rate is as the BIOS left it */
    outb %al, %dx
6:
    lodsb
    testb %al, %al
    jz 4f
    movb $0x0e, %ah
    movw $7, %bx
    pushw %ax
    int $0x10
    popw %ax
    movb %al, %ah
    movw $COM1 + 5, %dx
    xorw %cx, %cx /* at most 64 Ki looks at the line status */
2:
    inb %dx, %al
    testb $0x20, %al /* transmitter empty; a missing port reads all ones */
    loopz 2b
    movb %ah, %al
    movw $COM1, %dx
    outb %al, %dx
    jmp 6b
4:
    int $0x18
5:
    cli
    hlt
    jmp 5b

magic:
    .ascii IMG_MAGIC
disk_text:
    .asciz "unibeam: cannot read the boot disk\r\n"
header_text:
    .asciz "unibeam: no boot header on this disk\r\n"

    .balign 4
packet: /* EDD disk address packet */
    .byte 16, 0
packet_count:
    .word 1
packet_offset:
    .word IMG_LOAD_ADDR
    .word 0 /* segment */
packet_lba:
    .long IMG_BOOT_LBA, 0

    .org 440 /* an error if the code is longer */
    .org 510
    .word 0xaa55

    .section .note.GNU-stack, "", @progbits
