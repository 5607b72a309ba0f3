/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "kvm_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_LIMIT_MS 1000
#define CODE_AT       0x1000
#define PAGE          4096
#define API_VERSION   12
/* Scratch pages Intel CPUs may need below 4 GiB to run real mode. */
#define TSS_AT                0xfffbd000
#define MSR_ARCH_CAPABILITIES 0x10a
#define MAX_CPUID             256

enum step {
    STEP_OK,
    STEP_OPEN,
    STEP_API,
    STEP_VM,
    STEP_MEMORY,
    STEP_VCPU,
    STEP_RUN,
};

struct answer {
    uint8_t step;
    bool odd_msr;
    bool slow;
    int32_t error;
};

#define SLOW_NS 20000000

/* 50,000 turns of a loop, which take a processor well under a millisecond:
 * mov $50000, %ecx; 1: dec %ecx; jnz 1b; out %al, $0x80; hlt */
static const uint8_t code[] = {0x66, 0xb9, 0x50, 0xc3, 0x00, 0x00, 0x66,
                               0x49, 0x75, 0xfc, 0xe6, 0x80, 0xf4};

static int give_memory(int vm)
{
    struct kvm_userspace_memory_region region = {.guest_phys_addr = CODE_AT,
                                                 .memory_size = PAGE};
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return -1;
    memcpy(page, code, sizeof(code));
    region.userspace_addr = (uintptr_t)page;
    ioctl(vm, KVM_SET_TSS_ADDR, TSS_AT); /* unknown outside x86 and old ones */
    return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int set_registers(int cpu)
{
    struct kvm_regs regs = {.rip = CODE_AT, .rflags = 2};
    struct kvm_sregs sregs;

    if (ioctl(cpu, KVM_GET_SREGS, &sregs))
        return -1;
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    if (ioctl(cpu, KVM_SET_SREGS, &sregs))
        return -1;
    return ioctl(cpu, KVM_SET_REGS, &regs);
}

/* Run up to the hlt, with the port write seen on the way. */
static int run(int cpu, const struct kvm_run *state)
{
    bool wrote = false;

    for (int i = 0; i < 8; i++) {
        if (ioctl(cpu, KVM_RUN, 0)) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        if (state->exit_reason == KVM_EXIT_HLT) {
            errno = ENOEXEC;
            return wrote ? 0 : -1;
        }
        if (state->exit_reason != KVM_EXIT_IO)
            break;
        wrote = state->io.port == 0x80;
    }
    errno = ENOEXEC;
    return -1;
}

/* One MSR, as KVM_GET_MSRS and KVM_SET_MSRS take it. */
static int transfer_msr(int fd, unsigned long request, uint64_t *value)
{
    size_t size = sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry);
    struct kvm_msrs *msrs = calloc(1, size);
    int n;

    if (!msrs)
        return -1;
    msrs->nmsrs = 1;
    msrs->entries[0].index = MSR_ARCH_CAPABILITIES;
    msrs->entries[0].data = *value;
    n = ioctl(fd, request, msrs);
    *value = msrs->entries[0].data;
    free(msrs);
    return n == 1 ? 0 : -1;
}

/*
 * QEMU's "host" CPU sets this MSR to the value KVM offers, and aborts where KVM
 * then refuses it, as some nested ones do.
 */
static bool refuses_own_msr(int kvm, int cpu)
{
    size_t size =
        sizeof(struct kvm_cpuid2) + MAX_CPUID * sizeof(struct kvm_cpuid_entry2);
    struct kvm_cpuid2 *cpuid = calloc(1, size);
    uint64_t value = 0;
    bool refused = false;

    if (!cpuid)
        return false;
    cpuid->nent = MAX_CPUID;
    if (!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) &&
        !ioctl(cpu, KVM_SET_CPUID2, cpuid) &&
        !transfer_msr(kvm, KVM_GET_MSRS, &value))
        refused = transfer_msr(cpu, KVM_SET_MSRS, &value) != 0;
    free(cpuid);
    return refused;
}

static int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static enum step try_kvm(struct answer *a)
{
    int64_t start;
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int vm, cpu, size;
    void *state;

    if (kvm < 0)
        return STEP_OPEN;
    errno = ENOSYS;
    if (ioctl(kvm, KVM_GET_API_VERSION, 0) != API_VERSION)
        return STEP_API;
    vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0)
        return STEP_VM;
    if (give_memory(vm))
        return STEP_MEMORY;
    cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (cpu < 0 || size < (int)sizeof(struct kvm_run))
        return STEP_VCPU;
    state =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    if (state == MAP_FAILED || set_registers(cpu))
        return STEP_VCPU;
    a->odd_msr = refuses_own_msr(kvm, cpu); /* once it ran, CPUID is fixed */
    start = clock_ns();
    if (run(cpu, state))
        return STEP_RUN;
    a->slow = clock_ns() - start > SLOW_NS;
    return STEP_OK;
}

static _Noreturn void child(int out)
{
    struct answer a = {0};

    a.step = (uint8_t)try_kvm(&a);
    a.error = errno;
    if (write(out, &a, sizeof(a)) != sizeof(a))
        _exit(1);
    _exit(0);
}

static const char *explain(const struct answer *a)
{
    switch (a->step) {
    case STEP_OPEN:
        if (a->error == ENOENT)
            return "there is no /dev/kvm";
        if (a->error == EACCES || a->error == EPERM)
            return "no permission for /dev/kvm: join its group";
        return "/dev/kvm cannot be opened";
    case STEP_API:
        return "/dev/kvm does not answer as KVM";
    case STEP_VM:
        return "KVM cannot make a virtual machine";
    case STEP_MEMORY:
        return "KVM cannot give a virtual machine memory";
    case STEP_VCPU:
        return "KVM cannot make a virtual CPU";
    default:
        return "KVM cannot run code";
    }
}

static void judge(int in, struct kvm_answer *out)
{
    struct pollfd p = {.fd = in, .events = POLLIN};
    struct answer a;

    if (poll(&p, 1, TIME_LIMIT_MS) <= 0) {
        out->why = "KVM hangs";
    } else if (read(in, &a, sizeof(a)) != sizeof(a)) {
        out->why = "KVM kills those who try it";
    } else if (a.step != STEP_OK) {
        out->why = explain(&a);
    } else {
        out->works = true;
        out->slow = a.slow;
        out->why = a.slow ? "KVM interprets here, which is slower" : NULL;
        out->cpu = a.odd_msr ? "host,arch-capabilities=off" : "host";
    }
}

void kvm_probe(struct kvm_answer *out)
{
    int pipes[2];
    pid_t pid;

    *out = (struct kvm_answer){.why = "KVM could not be tried"};
    if (pipe2(pipes, O_CLOEXEC))
        return;
    pid = fork();
    if (pid == 0)
        child(pipes[1]);
    close(pipes[1]);
    if (pid > 0) {
        judge(pipes[0], out);
        kill(pid, SIGKILL);
        /* stuck in the kernel it may not die: do not wait for that */
        waitpid(pid, NULL, out->works ? 0 : WNOHANG);
    }
    close(pipes[0]);
}
