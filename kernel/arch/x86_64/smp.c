/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * smp.c - starting the other processors (Intel SDM 3A 8.4.4).
 *
 * One after the other: fill in the start page, send INIT and start-up IPIs,
 * wait until the CPU says that it runs. The 10 ms pause after INIT that the
 * SDM shows is for processors with a separate APIC chip; current ones need
 * none, and the second start-up IPI is sent only if the first shows no effect.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "lib/string.h"
#include "sched/cpu.h"
#include "sched/thread.h"
#include "sched/time.h"

#define FIRST_TRY_US 2000
#define GIVE_UP_US   1000000

extern const char ap_boot[], ap_boot_end[];

static char boot_ist_stacks[4 * 4096] __aligned(16);

static void init_this_cpu(struct cpu *c, void *ist_stacks)
{
    cpu_control_init();
    gdt_init(c, ist_stacks);
    idt_load();
    cpu_machine_check_init();
    fpu_init_cpu();
}

/* First C code of a started CPU, on its idle thread's stack. The boot tables
 * (identity map below) go; from here on it is like the others. */
void ap_main(struct cpu *c)
{
    write_cr3(mmu_kernel_root);
    c->arch.mmu_lazy = true;
    init_this_cpu(c, c->arch.ist_stacks);
    apic_init_cpu();
    clock_init_cpu();
    /* Release: pairs with wait_online(). */
    atomic_store_explicit(&c->online, true, memory_order_release);
    tsc_sync_ap();
    sched_cpu_init();
    /* Counted in by itself, when work may come; start_cpu() waits for it, so
     * one CPU at a time does this. */
    *(volatile unsigned *)&nr_cpus = c->id + 1;
    arch_irqs_enable();
    sched_idle_loop();
}

static bool wait_online(struct cpu *c, unsigned us)
{
    nsec_t end = arch_clock_monotonic() + us * NSEC_PER_USEC;

    do {
        for (int i = 0; i < 50; i++) {
            if (atomic_load_explicit(&c->online, memory_order_acquire))
                return true;
            arch_pause();
        }
    } while (arch_clock_monotonic() < end);
    return false;
}

static void fill_start_page(struct cpu *c, void *stack)
{
    char *page = phys_to_virt(ap_boot_page);

    *(uint64_t *)(page + AP_PARAM_STACK) =
        (uint64_t)(uintptr_t)stack + KSTACK_SIZE;
    *(uint64_t *)(page + AP_PARAM_CPU) = (uint64_t)(uintptr_t)c;
    *(uint32_t *)(page + AP_PARAM_CR3) = (uint32_t)image_paddr(boot_pml4);
    /* What long mode needs; the rest follows in cpu_control_init(). */
    *(uint32_t *)(page + AP_PARAM_CR4) = CR4_PAE;
    *(uint32_t *)(page + AP_PARAM_EFER) = (uint32_t)cpu_efer();
}

/* The pause after INIT: see above. Which processors need it is what Linux has
 * found: Intel's before family 6 and those of family 15, AMD's before 15. */
static unsigned init_pause_us(void)
{
    const struct cpu_features *f = &cpu_features;
    bool intel = !strcmp(f->vendor, "GenuineIntel");

    if (intel ? f->family == 6 : f->family >= 15)
        return 10;
    return 10000;
}

static bool start_cpu(struct cpu *c, uint32_t id)
{
    uint32_t startup = ICR_STARTUP | (uint32_t)(ap_boot_page >> PAGE_SHIFT);
    void *stack = arch_kstack_alloc(), *ist = arch_kstack_alloc();

    if (!stack || !ist) {
        arch_kstack_free(stack);
        return false;
    }
    c->self = c;
    c->id = (unsigned)(c - cpus);
    c->arch.apic_id = id;
    c->arch.ist_stacks = ist;
    fill_start_page(c, stack);
    apic_send(id, ICR_ASSERT | ICR_INIT);
    clock_delay_us(init_pause_us());
    apic_send(id, ICR_ASSERT | startup);
    if (!wait_online(c, FIRST_TRY_US)) {
        apic_send(id, ICR_ASSERT | startup);
        if (!wait_online(c, GIVE_UP_US))
            return false; /* it may still wake: its memory stays */
    }
    tsc_sync_boot();
    while (*(volatile unsigned *)&nr_cpus <= c->id)
        arch_pause();
    return true;
}

void arch_smp_start(unsigned max)
{
    uint32_t self = apic_id();

    if (platform.nr_cpus < 2 || max < 2 || !apic_present)
        return;
    if (!ap_boot_page) {
        kwarn("no memory below 640 KiB: one processor");
        return;
    }
    memcpy(phys_to_virt(ap_boot_page), ap_boot,
           (size_t)(ap_boot_end - ap_boot));
    max = MIN(max, (unsigned)MAX_CPUS);
    for (unsigned i = 0; i < platform.nr_cpus && nr_cpus < max; i++) {
        uint32_t id = platform.apic_ids[i];
        if (id == self || (id >= 255 && !cpu_features.x2apic))
            continue;
        if (!start_cpu(&cpus[nr_cpus], id)) {
            kwarn("processor with APIC id %u does not start", id);
            break; /* its struct cpu must not be given to another */
        }
    }
}

/* The boot CPU, first thing in C. */
void arch_early_init(void)
{
    struct cpu *c = this_cpu();

    cpu_detect();
    fpu_detect();
    smap_patch();
    idt_init();
    atomic_store_explicit(&c->online, true, memory_order_relaxed);
    init_this_cpu(c, boot_ist_stacks);
    boot_info_init();
    mmu_boot_init();
    c->arch.mmu_lazy = true;
}
