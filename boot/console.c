/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "console.h"

#include "abi/machine.h"
#include "bios.h"
#include "layout.h"
#include "option.h"

#define COM1         0x3f8
#define COM1_LCR     (COM1 + 3)
#define COM1_LSR     (COM1 + 5)
#define LSR_THRE     0x20
#define LSR_ABSENT   0xff
#define SERIAL_TRIES 100000 /* at 9600 baud a byte takes about 1 ms */

/* QEMU, docs/specs/fw_cfg.rst */
#define FWCFG_SELECT    0x510
#define FWCFG_DATA      0x511
#define FWCFG_SIGNATURE 0
#define FWCFG_DIR       0x19

static void serial_put(char c)
{
    for (unsigned i = 0; i < SERIAL_TRIES; i++) {
        uint8_t lsr = inb(COM1_LSR);

        if (lsr == LSR_ABSENT)
            return;
        if (lsr & LSR_THRE)
            break;
    }
    outb(COM1, (uint8_t)c);
}

static void put(char c)
{
    struct bios_regs r = {.eax = 0x0e00u | (uint8_t)c, .ebx = 7};

    bios_call(BIOS_VIDEO, &r);
    serial_put(c);
}

static void puts(const char *s)
{
    for (; *s; s++)
        put(*s);
}

static void put_hex(uint32_t n)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        if (n >> shift || shift == 0)
            put("0123456789abcdef"[n >> shift & 15]);
}

/* --- QEMU's firmware configuration device --------------------------------- */

static int on_hypervisor(void)
{
    uint32_t a = 1, b, c, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return c >> 31;
}

static void fwcfg_read(void *to, uint32_t n)
{
    for (uint8_t *p = to; n > 0; n--)
        *p++ = inb(FWCFG_DATA);
}

static uint32_t fwcfg_be32(void)
{
    uint32_t v;

    fwcfg_read(&v, sizeof(v));
    return __builtin_bswap32(v);
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Reads the file QEMU was given as FWCFG_CMDLINE to (to); "" if none. */
static void fwcfg_cmdline(char *to, uint32_t max)
{
    struct {
        uint32_t size;
        uint16_t select;
        uint16_t reserved;
        char name[56];
    } file;
    uint32_t signature;
    uint32_t n;

    to[0] = 0;
    outw(FWCFG_SELECT, FWCFG_SIGNATURE);
    fwcfg_read(&signature, sizeof(signature));
    if (signature != 0x554d4551) /* "QEMU" */
        return;
    outw(FWCFG_SELECT, FWCFG_DIR);
    for (n = fwcfg_be32(); n > 0; n--) {
        fwcfg_read(&file, sizeof(file));
        file.name[sizeof(file.name) - 1] = 0;
        if (same(file.name, FWCFG_CMDLINE))
            break;
    }
    if (n == 0)
        return;
    n = __builtin_bswap32(file.size);
    n = n < max ? n : max - 1;
    outw(FWCFG_SELECT, __builtin_bswap16(file.select));
    fwcfg_read(to, n);
    to[n] = 0;
}

/* Ends the machine as (cmdline) asks for, if it does. */
static void stop_as_told(const char *cmdline)
{
    uint32_t log = option_number(cmdline, "exit.log");
    uint32_t port = option_number(cmdline, "exit.port");
    static const char line[] = MACHINE_EXIT_LINE;

    if (log) {
        for (const char *s = line; *s; s++)
            outb((uint16_t)log, (uint8_t)*s);
        _Static_assert(MACHINE_PANIC_STATUS == 125, "digits below");
        outb((uint16_t)log, '1');
        outb((uint16_t)log, '2');
        outb((uint16_t)log, '5');
        outb((uint16_t)log, '\n');
    }
    if (port)
        outb((uint16_t)port, MACHINE_PANIC_STATUS);
}

_Noreturn void fail(const char *text, uint32_t number)
{
    struct bios_regs r = {0};
    char *cmdline = (char *)LAYOUT_BOUNCE;

    outb(COM1_LCR, 3); /* 8 bits, no parity; the rate is as the BIOS left it */
    puts("unibeam: ");
    puts(text);
    if (number) {
        puts(" (");
        put_hex(number);
        put(')');
    }
    puts("\r\n");
    stop_as_told((const char *)LAYOUT_CMDLINE);
    if (on_hypervisor()) {
        fwcfg_cmdline(cmdline, 4096);
        stop_as_told(cmdline);
    }
    bios_call(BIOS_NO_BOOT, &r);
    for (;;)
        __asm__ volatile("cli; hlt");
}
