/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * firmware_test.c - readers of what firmware leaves behind: the PVH start info,
 * MADT, MP tables and the clock chip, given good and damaged input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "lib/string.h"

static char memory[0x100000] __aligned(PAGE_SIZE); /* the first megabyte */

static void *host_virt(paddr_t pa)
{
    assert_in_range(pa, 0, sizeof(memory) - 1);
    return memory + pa;
}
#define phys_to_virt(pa) host_virt(pa)

static uint8_t cmos_memory[128], cmos_index;
static void cmos_select(uint16_t port, uint8_t v)
{
    cmos_index = v & 127;
}
static uint8_t cmos_value(uint16_t port)
{
    return cmos_memory[cmos_index];
}
#define port_write8(p, v) cmos_select(p, v)
#define port_read8(p)     cmos_value(p)

#include "../boot_info.c"
#include "../mp_tables.c"
#include "../platform.c"
#include "../rtc.c"

struct cpu_features cpu_features = {.phys_bits = 40};
uint64_t boot_start_info;
char kernel_image[1], kernel_image_end[1];

void panic(const char *fmt, ...)
{
    function_called();
    mock_assert(false, "panic", __FILE__, __LINE__);
    abort();
}
size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    memcpy(dst, src, MIN(n, size - 1));
    dst[MIN(n, size - 1)] = '\0';
    return n;
}
void klog(enum log_level level, const char *fmt, ...)
{
}
static const void *the_madt;
const struct acpi_header *acpi_table(const char *signature)
{
    return the_madt;
}

/* --- PVH start info ----------------------------------------------------- */

static struct hvm_memmap_entry *map_entries;

static void start_info(const struct hvm_memmap_entry *e, uint32_t n)
{
    struct hvm_start_info *s = (void *)(memory + 0x1000);

    memset(&boot_info, 0, sizeof(boot_info));
    ap_boot_page = 0;
    *s = (struct hvm_start_info){.magic = START_MAGIC,
                                 .version = 1,
                                 .cmdline = 0x3000,
                                 .rsdp = 0xf1234,
                                 .memmap = 0x2000,
                                 .memmap_entries = n};
    map_entries = (void *)(memory + 0x2000);
    for (uint32_t i = 0; i < n; i++)
        map_entries[i] = e[i];
    strlcpy(memory + 0x3000, "root=vda2 quiet", 100);
    boot_start_info = 0x1000;
}

static void test_start_info(void **state)
{
    static const struct hvm_memmap_entry e[] = {
        {0x100000, 0x7e00000, MEM_RAM, 0}, /* out of order */
        {0, 0x9fc00, MEM_RAM, 0},
        {0x9fc00, 0x400, MEM_RESERVED, 0},
        {0x7f00000, 0x100000, MEM_RESERVED, 0},    /* ACPI tables of SeaBIOS */
        {0xb0000000, 0x10000000, MEM_RESERVED, 0}, /* a device window */
        {0x100000000, 0x40000000, MEM_RAM, 0},
        {1ul << 40, 0x1000, MEM_RAM, 0}, /* no such address */
    };

    start_info(e, ARRAY_SIZE(e));
    boot_info_init();
    assert_string_equal(boot_info.cmdline, "root=vda2 quiet");
    assert_int_equal(boot_info.rsdp, 0xf1234);
    assert_int_equal(boot_info.nr_memory, 5);
    assert_int_equal(boot_info.memory[0].start, 0);
    assert_int_equal(boot_info.memory[2].start, 0x100000);
    assert_true(boot_info.memory[2].usable);
    assert_false(boot_info.memory[3].usable);
    assert_int_equal(boot_info.memory[4].end, 0x140000000);
    assert_int_equal(ap_boot_page, 0x1000);
}

static void test_overlaps(void **state)
{
    static const struct hvm_memmap_entry e[] = {
        {0x100000, 0x1000000, MEM_RAM, 0},
        {0x400000, 0x100000, MEM_ACPI, 0},  /* a hole in it */
        {0x1000000, 0x1000000, MEM_RAM, 0}, /* overlaps its end */
    };

    start_info(e, ARRAY_SIZE(e));
    boot_info_init();
    assert_int_equal(boot_info.nr_memory, 3);
    assert_int_equal(boot_info.memory[0].end, 0x400000);
    assert_false(boot_info.memory[1].usable);
    assert_int_equal(boot_info.memory[2].start, 0x500000);
    assert_true(boot_info.memory[2].usable);
    assert_int_equal(boot_info.memory[2].end, 0x2000000);
}

/* Whatever the map says, the result is sorted, without overlaps, and a page is
 * usable only if the map calls it RAM and nothing else. */
static void test_random_maps(void **state)
{
    struct hvm_memmap_entry e[12];

    srand(2);
    for (int round = 0; round < 5000; round++) {
        unsigned n = 1 + (unsigned)rand() % 12;
        for (unsigned i = 0; i < n; i++)
            e[i] = (struct hvm_memmap_entry){(uint64_t)(rand() % 64) << 12,
                                             (uint64_t)(rand() % 32) << 12,
                                             1 + (uint32_t)rand() % 4, 0};
        start_info(e, n);
        boot_info_init();
        for (unsigned i = 0; i < boot_info.nr_memory; i++) {
            const struct boot_memory *m = &boot_info.memory[i];
            assert_true(m->start < m->end);
            assert_true(!i || m[-1].end <= m->start);
            for (unsigned k = 0; m->usable && k < n; k++)
                assert_true(e[k].type == MEM_RAM || !e[k].size ||
                            e[k].addr >= m->end ||
                            e[k].addr + e[k].size <= m->start);
        }
    }
}

static void test_not_pvh(void **state)
{
    start_info(NULL, 0);
    *(uint32_t *)(memory + 0x1000) = 0;
    expect_function_call(panic);
    expect_assert_failure(boot_info_init());
}

/* --- MADT --------------------------------------------------------------- */

// clang-format off
static const uint8_t madt_entries[] = {
    0, 8, 0, 0, 1, 0, 0, 0,              /* CPU 0 */
    0, 8, 1, 4, 1, 0, 0, 0,              /* CPU, APIC id 4 */
    0, 8, 2, 5, 0, 0, 0, 0,              /* disabled */
    1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, /* IO-APIC fec00000 */
    2, 10, 0, 0, 2, 0, 0, 0, 0, 0,       /* IRQ 0 -> 2 */
    2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0,    /* IRQ 9 level, low */
    9, 16, 0, 0, 0x2c, 1, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, /* x2APIC 300 */
};
// clang-format on

static void *make_madt(size_t cut)
{
    size_t n = sizeof(struct madt) + sizeof(madt_entries) - cut;
    struct madt *m = test_malloc(n); /* exact, so that ASan sees overruns */

    memset(m, 0, sizeof(*m));
    m->header.length = (uint32_t)n;
    memcpy(m + 1, madt_entries, sizeof(madt_entries) - cut);
    return m;
}

static void test_madt(void **state)
{
    void *m = make_madt(0);

    memset(&platform, 0, sizeof(platform));
    the_madt = m;
    platform_detect();
    assert_int_equal(platform.nr_cpus, 3);
    assert_int_equal(platform.apic_ids[1], 4);
    assert_int_equal(platform.apic_ids[2], 300);
    assert_int_equal(platform.nr_ioapics, 1);
    assert_int_equal(platform.ioapics[0].base, 0xfec00000);
    assert_int_equal(platform.isa[0].gsi, 2);
    assert_false(platform.isa[0].level);
    assert_true(platform.isa[9].level && platform.isa[9].active_low);
    assert_int_equal(platform.isa[4].gsi, 4);
    test_free(m);
}

static void test_madt_damaged(void **state)
{
    srand(3);
    for (size_t cut = 0; cut < sizeof(madt_entries); cut++) {
        uint8_t *m = make_madt(cut);
        memset(&platform, 0, sizeof(platform));
        for (int i = 0; i < 4; i++)
            m[sizeof(struct madt) +
              (size_t)rand() % (sizeof(madt_entries) - cut)] = (uint8_t)rand();
        madt_parse(&platform, m);
        assert_in_range(platform.nr_cpus, 0, 64);
        assert_in_range(platform.nr_ioapics, 0, MAX_IOAPICS);
        test_free(m);
    }
}

/* --- MP tables ---------------------------------------------------------- */

static void set_checksum(uint8_t *p, size_t n, uint8_t *sum)
{
    uint8_t s = 0;

    *sum = 0;
    for (size_t i = 0; i < n; i++)
        s = (uint8_t)(s + p[i]);
    *sum = (uint8_t)-s;
}

static void make_mp_tables(void)
{
    struct mp_floating *f = (void *)(memory + 0xf0010);
    struct mp_config *c = (void *)(memory + 0xf0100);
    uint8_t *e = (uint8_t *)(c + 1);
    struct mp_cpu cpu = {.type = MP_CPU, .id = 0, .flags = 3};
    struct mp_bus bus = {.type = MP_BUS, .id = 1, .name = "ISA   "};
    struct mp_ioapic io = {MP_IOAPIC, 7, 0x11, 1, 0xfec00000};
    struct mp_interrupt irq = {MP_INTERRUPT, 0, 0, 1, 0, 7, 2};

    memset(memory, 0, sizeof(memory));
    *f = (struct mp_floating){.config = 0xf0100, .length = 1, .revision = 4};
    memcpy(f->signature, "_MP_", 4);
    set_checksum((void *)f, sizeof(*f), &f->checksum);
    memset(c, 0, sizeof(*c));
    memcpy(c->signature, "PCMP", 4);
    memcpy(e, &cpu, sizeof(cpu));
    cpu.id = 6;
    memcpy(e + 20, &cpu, sizeof(cpu));
    memcpy(e + 40, &bus, 8);
    memcpy(e + 48, &io, 8);
    memcpy(e + 56, &irq, 8);
    c->entries = 5;
    c->length = sizeof(*c) + 64;
    set_checksum((void *)c, c->length, &c->checksum);
}

static void test_mp_tables(void **state)
{
    make_mp_tables();
    memset(&platform, 0, sizeof(platform));
    the_madt = NULL;
    platform_detect();
    assert_int_equal(platform.nr_cpus, 2);
    assert_int_equal(platform.apic_ids[1], 6);
    assert_int_equal(platform.nr_ioapics, 1);
    assert_int_equal(platform.isa[0].gsi, 2);
}

static void test_mp_tables_damaged(void **state)
{
    struct mp_config *c = (void *)(memory + 0xf0100);

    srand(4);
    for (int i = 0; i < 2000; i++) {
        make_mp_tables();
        for (int k = 0; k < 3; k++)
            memory[0xf0100 + sizeof(*c) + (size_t)rand() % 64] = (char)rand();
        if (rand() % 2)
            c->entries = (uint16_t)rand();
        set_checksum((void *)c, c->length, &c->checksum);
        memset(&platform, 0, sizeof(platform));
        mp_tables_parse(&platform);
        assert_in_range(platform.nr_ioapics, 0, MAX_IOAPICS);
    }
    memset(memory, 0, sizeof(memory));
    platform_detect(); /* nothing at all: one CPU, the usual IO-APIC */
    assert_int_equal(platform.ioapics[0].base, 0xfec00000);
}

/* --- clock chip --------------------------------------------------------- */

static void set_rtc(uint8_t h, uint8_t status_b, const uint8_t date[3])
{
    memset(cmos_memory, 0, sizeof(cmos_memory));
    cmos_memory[SECOND] = 0x59;
    cmos_memory[MINUTE] = 0x34;
    cmos_memory[HOUR] = h;
    cmos_memory[DAY] = date[0];
    cmos_memory[MONTH] = date[1];
    cmos_memory[YEAR] = date[2];
    cmos_memory[STATUS_B] = status_b;
}

static void test_rtc(void **state)
{
    static const uint8_t leap[] = {0x29, 0x02, 0x24},
                         none[] = {0xff, 0xff, 255};

    set_rtc(0x23, B_24_HOURS, leap); /* 2024-02-29 23:34:59 */
    assert_int_equal(rtc_read() / NSEC_PER_SEC, 1709249699);
    set_rtc(0x11 | HOUR_PM, 0, leap);
    assert_int_equal(rtc_read() / NSEC_PER_SEC, 1709249699);
    set_rtc(0x12, 0, leap); /* 12 AM = 0 h */
    assert_int_equal(rtc_read() / NSEC_PER_SEC, 1709249699 - 23 * 3600);
    set_rtc(0xff, 0xff, none);
    assert_int_equal(rtc_read(), 0);
    assert_int_equal(days_from_date(1970, 1, 1), 0);
    assert_int_equal(days_from_date(2000, 3, 1), 11017);
    assert_int_equal(days_from_date(2099, 12, 31), 47481);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_info),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_random_maps),
        cmocka_unit_test(test_not_pvh),
        cmocka_unit_test(test_madt),
        cmocka_unit_test(test_madt_damaged),
        cmocka_unit_test(test_mp_tables),
        cmocka_unit_test(test_mp_tables_damaged),
        cmocka_unit_test(test_rtc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
