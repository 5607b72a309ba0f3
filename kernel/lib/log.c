/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * log.c - the kernel log.
 *
 * Messages are kept as lines "<level>[seconds.micros] text\n" in a ring of
 * bytes; (log_end) counts every byte ever written, so a reader keeps its own
 * count and learns what it has missed. One spinlock covers the ring. A message
 * can come from a hard interrupt or from a panic while the lock is held by the
 * same CPU; so the lock is only tried for a bounded time and then ignored: a
 * garbled line is better than silence.
 */
#include "lib/log.h"
#include "abi/machine.h"
#include "arch/x86_64/arch.h"
#include "dev/console.h"
#include "lib/log_ring.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "sched/cpu.h"
#include "sched/lock.h"
#include "sched/time.h"

#define LOG_SIZE (64 * 1024) /* power of two */

static char ring[LOG_SIZE];
static _Atomic uint64_t log_end; /* bytes ever written */
static int console_level = LOG_INFO;
static _Atomic uint32_t lock_word;

/* Interrupts stay as they are; see the theory above. */
static bool log_lock(void)
{
    for (int i = 0; i < 1000000; i++) {
        if (!atomic_exchange_explicit(&lock_word, 1, memory_order_acquire))
            return true;
        arch_pause();
    }
    return false;
}

static void log_unlock(bool locked)
{
    if (locked) /* pairs with the exchange in log_lock() */
        atomic_store_explicit(&lock_word, 0, memory_order_release);
}

static void ring_append(const char *s, size_t n)
{
    uint64_t end = atomic_load_explicit(&log_end, memory_order_relaxed);

    for (size_t i = 0; i < n; i++)
        ring[(end + i) & (LOG_SIZE - 1)] = s[i];
    atomic_store_explicit(&log_end, end + n, memory_order_release);
}

void log_set_console_level(int level)
{
    console_level = level;
}

void klog(enum log_level level, const char *fmt, ...)
{
    char line[512];
    nsec_t t = time_monotonic();
    int head = ksnprintf(line, sizeof(line), "<%d>[%5lld.%06lld] ", level,
                         (long long)(t / NSEC_PER_SEC),
                         (long long)(t % NSEC_PER_SEC / 1000));
    va_list ap;

    va_start(ap, fmt);
    int n = head +
            kvsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof(line) - 2)
        n = (int)sizeof(line) - 2;
    line[n++] = '\n';

    bool locked = log_lock();
    ring_append(line, (size_t)n);
    log_unlock(locked);
    if ((int)level < console_level)
        console_write(line + 3, (size_t)n - 3); /* without "<L>" */
}

uint64_t log_oldest(void)
{
    uint64_t end = atomic_load_explicit(&log_end, memory_order_acquire);

    return end > LOG_SIZE ? end - LOG_SIZE : 0;
}

uint64_t log_position(void)
{
    return atomic_load_explicit(&log_end, memory_order_acquire);
}

size_t log_read(uint64_t *seq, char *buf, size_t size)
{
    bool locked = log_lock();
    uint64_t end = atomic_load_explicit(&log_end, memory_order_relaxed);
    size_t n = 0;

    if (*seq < log_oldest())
        *seq = log_oldest();
    while (n < size && *seq < end)
        buf[n++] = ring[(*seq)++ & (LOG_SIZE - 1)];
    log_unlock(locked);
    return n;
}

void log_dump_tail(size_t bytes)
{
    uint64_t end = atomic_load_explicit(&log_end, memory_order_acquire);
    uint64_t seq = end > bytes ? end - bytes : 0;
    char chunk[128];
    size_t n;

    if (seq < log_oldest())
        seq = log_oldest();
    while (seq < end && ring[seq & (LOG_SIZE - 1)] != '<')
        seq++; /* begin with a whole line */
    while ((n = log_read(&seq, chunk, sizeof(chunk))) > 0)
        console_write(chunk, n);
}

/* The last words are for everybody: loglevel= can hide all others. */
static void show_errors(void)
{
    console_level = MAX(console_level, LOG_ERR + 1);
    console_last_words();
}

/* A panic while reporting one gets a short report; one more none. */
void panic(const char *fmt, ...)
{
    unsigned nested = arch_panic_begin();
    char text[256];
    va_list ap;

    if (nested > 1)
        arch_power_off(MACHINE_PANIC_STATUS);
    va_start(ap, fmt);
    kvsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    /* Whoever held it has stopped, or is this CPU. */
    log_unlock(true);
    show_errors();
    if (!nested) {
        console_write("\n--- the end of the log ---\n", 28);
        log_dump_tail(2048);
    }
    klog(LOG_ERR, "%s: %s", nested ? "panic in panic" : "panic", text);
    arch_panic_end();
}

void fatal(const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    kvsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    show_errors();
    klog(LOG_ERR, "%s", text);
    arch_power_off(MACHINE_PANIC_STATUS);
}
