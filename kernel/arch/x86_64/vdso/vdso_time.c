/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vdso_time.c - the clock calls of the vDSO, run by programs in user mode.
 *
 * The data page is mapped right below this image (proc/exec.c); the linker
 * script names its address. What cannot be answered here is asked of the
 * kernel.
 */
#include <asm/unistd_64.h>
#include <linux/time.h>
#include <stddef.h>

#include "vdso_data.h"

/* Not const: the compiler may read an object that nobody can change once only,
 * before the loop that looks whether it changes. */
extern struct vdso_data vdso_data __attribute__((visibility("hidden")));

#define NSEC   1000000000u
#define EXPORT __attribute__((visibility("default")))

struct vdso_timespec {
    int64_t sec, nsec;
};
struct vdso_timeval {
    int64_t sec, usec;
};
struct vdso_timezone {
    int minuteswest, dsttime;
};

EXPORT int __vdso_clock_gettime(int clock, struct vdso_timespec *ts);
EXPORT int __vdso_clock_getres(int clock, struct vdso_timespec *ts);
EXPORT int __vdso_gettimeofday(struct vdso_timeval *tv,
                               struct vdso_timezone *tz);
EXPORT int64_t __vdso_time(int64_t *t);
EXPORT int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static long syscall2(long nr, long a, long b)
{
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return ret;
}

#define BIT(n) (1u << (n))
#define WALL_CLOCKS                                                            \
    (BIT(CLOCK_REALTIME) | BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_TAI))
#define MONO_CLOCKS                                                            \
    (BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) |                         \
     BIT(CLOCK_MONOTONIC_COARSE) | BIT(CLOCK_BOOTTIME))

int __vdso_clock_gettime(int clock, struct vdso_timespec *ts)
{
    unsigned bit = (unsigned)clock < 32 ? BIT(clock) : 0;
    int64_t ns;

    if (!(bit & (WALL_CLOCKS | MONO_CLOCKS)) ||
        !vdso_read(&vdso_data, bit & WALL_CLOCKS, &ns))
        return (int)syscall2(__NR_clock_gettime, clock, (long)ts);
    ts->sec = (int64_t)((uint64_t)ns / NSEC);
    ts->nsec = (int64_t)((uint64_t)ns % NSEC);
    return 0;
}

int __vdso_clock_getres(int clock, struct vdso_timespec *ts)
{
    unsigned bit = (unsigned)clock < 32 ? BIT(clock) : 0;

    if (!(bit & (WALL_CLOCKS | MONO_CLOCKS)))
        return (int)syscall2(__NR_clock_getres, clock, (long)ts);
    if (ts) {
        ts->sec = 0;
        ts->nsec = 1;
    }
    return 0;
}

int __vdso_gettimeofday(struct vdso_timeval *tv, struct vdso_timezone *tz)
{
    int64_t ns;

    if (!vdso_read(&vdso_data, true, &ns))
        return (int)syscall2(__NR_gettimeofday, (long)tv, (long)tz);
    if (tv) {
        tv->sec = (int64_t)((uint64_t)ns / NSEC);
        tv->usec = (int64_t)((uint64_t)ns % NSEC / 1000);
    }
    if (tz)
        *tz = (struct vdso_timezone){0, 0};
    return 0;
}

int64_t __vdso_time(int64_t *t)
{
    int64_t ns;

    if (!vdso_read(&vdso_data, true, &ns))
        return syscall2(__NR_time, (long)t, 0);
    ns = (int64_t)((uint64_t)ns / NSEC);
    if (t)
        *t = ns;
    return ns;
}

/* The limit of descriptor CPU_SEL (asm.h) is the CPU number. There is one
 * memory node. */
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    unsigned limit;

    (void)unused;
    __asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(0x3b));
    if (cpu)
        *cpu = limit;
    if (node)
        *node = 0;
    return 0;
}
