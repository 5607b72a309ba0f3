/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * serial.c - a 16550-compatible UART (National PC16550D data sheet).
 *
 * Output. When the transmit FIFO is empty (LSR.THRE) sixteen bytes may be
 * written at once. Emulated UARTs are always ready, so writing directly from
 * the calling thread is cheaper than a ring and interrupts: one status read
 * and one string instruction for sixteen bytes. Only when the FIFO is full
 * (real hardware, or a host that does not read) is the transmit interrupt
 * switched on: the terminal's writers sleep until it comes, and messages of
 * the kernel, which cannot sleep, go to a backlog that is sent first then.
 * Nobody polls but who has no interrupts yet, or no more: see (last_words).
 *
 * Locking. The transmit side is used by threads, by deferred work and, through
 * the log, by hard interrupt handlers and panics. So it has a lock of its own
 * that is held with interrupts off and is taken by force after a time limit:
 * a panic on a CPU that interrupted the holder must still be readable. It is
 * not a struct spinlock, which needs the per-CPU data that does not exist yet
 * when the first message is written.
 *
 * Input. The interrupt handler is the only producer and the console's deferred
 * work the only consumer of a ring; each publishes its end with a release store
 * that the other acquires. The handler does not touch the interrupt-enable
 * register: reading IIR quiets a transmit interrupt (data sheet, table 5).
 */
#include "dev/serial.h"

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "dev/port_io.h"
#include "lib/string.h"
#include "sched/softirq.h"

#define UART_PORT 0x3f8
#define UART_IRQ  4
#define UART_FIFO 16

// clang-format off
enum { UART_DATA = 0, UART_IER = 1, UART_IIR = 2, UART_FCR = 2, UART_LCR = 3,
       UART_MCR = 4, UART_LSR = 5, UART_SCRATCH = 7 };
// clang-format on
#define IER_RX   0x01
#define IER_TX   0x02
#define IER_LINE 0x04
#define IIR_NONE 0x01
#define IIR_ID   0x0e
#define IIR_TX   0x02
#define FCR_SETUP                                                              \
    0x87 /* enable, clear both, interrupt at 8 received bytes;                 \
          * fewer come by the character timeout */
#define LCR_8N1  0x03
#define LCR_DLAB 0x80
#define MCR_SETUP                                                              \
    0x0b /* DTR, RTS, OUT2: the PC gates the interrupt by OUT2                 \
          */
#define LSR_DR   0x01
#define LSR_THRE 0x20
#define LSR_TEMT 0x40

/* Status reads before a line counts as stuck: over a second on hardware. */
#define WAIT_LIMIT 1000000
/* Bytes sent with interrupts off and the lock held, unless a line is shorter:
 * an emulator may take 10 us for each. */
#define HOLD_LIMIT 128
/* Bytes drained by one interrupt: a device that always has more must not keep
 * the CPU in the handler. */
#define RX_LIMIT 1024

static bool present;
static bool stuck;             /* [tx] the last wait for THRE ran out */
static bool last_words;        /* [tx] the machine ends: poll, and patiently */
static uint8_t ier;            /* [tx] shadow of the register */
static _Atomic bool tx_wanted; /* [tx] a writer waits for room */
static _Atomic bool tx_lock_word;
static char backlog[8192];          /* [tx] messages the line had no room for */
static uint32_t log_head, log_tail; /* [tx] bytes ever put in, taken out */

static char rx_ring[4096];
static _Atomic uint32_t rx_head; /* written by the interrupt handler */
static _Atomic uint32_t rx_tail; /* written by deferred work */

static uint8_t uart_read(unsigned reg)
{
    return port_read8((uint16_t)(UART_PORT + reg));
}

static void uart_write(unsigned reg, uint8_t v)
{
    port_write8((uint16_t)(UART_PORT + reg), v);
}

/* Returns the interrupt state to restore. */
static bool tx_lock(void)
{
    bool irqs = arch_irqs_disable();

    for (unsigned i = 0; i < 10 * WAIT_LIMIT; i++) {
        if (!atomic_exchange_explicit(&tx_lock_word, true,
                                      memory_order_acquire))
            break;
        arch_pause();
    }
    return irqs;
}

/* Pairs with the acquire in tx_lock(). */
static void tx_unlock(bool irqs)
{
    atomic_store_explicit(&tx_lock_word, false, memory_order_release);
    arch_irqs_restore(irqs);
}

bool serial_init(void)
{
    /* An absent device reads as ones; a present one keeps the scratch byte. */
    uart_write(UART_SCRATCH, 0x5a);
    if (uart_read(UART_LSR) == 0xff || uart_read(UART_SCRATCH) != 0x5a)
        return false;
    uart_write(UART_IER, 0);
    uart_write(UART_LCR, LCR_DLAB);
    uart_write(UART_DATA, 1); /* divisor 1: 115200 */
    uart_write(UART_IER, 0);
    uart_write(UART_LCR, LCR_8N1);
    uart_write(UART_FCR, FCR_SETUP);
    uart_write(UART_MCR, MCR_SETUP);
    present = true;
    return true;
}

bool serial_present(void)
{
    return present;
}

/* Wait for an empty FIFO. A stuck line is asked once per call only, so that a
 * host that stopped reading slows us down by one time limit, not by one for
 * every line. */
static bool tx_wait(void)
{
    unsigned limit = stuck ? 1 : last_words ? 5 * WAIT_LIMIT : WAIT_LIMIT;

    for (unsigned i = 0; i < limit; i++) {
        if (uart_read(UART_LSR) & LSR_THRE) {
            stuck = false;
            return true;
        }
        arch_pause();
    }
    stuck = true;
    return false;
}

/* Without interrupts nobody would tell when there is room: wait. */
static bool tx_room(void)
{
    return ier && !last_words ? uart_read(UART_LSR) & LSR_THRE : tx_wait();
}

/* All below: tx lock held. Bytes sent. */
static size_t tx_send(const char *s, size_t n)
{
    size_t done = 0;

    while (done < n && tx_room()) {
        size_t chunk = MIN(n - done, (size_t)UART_FIFO);
        port_write_string8(UART_PORT, s + done, chunk);
        done += chunk;
    }
    return done;
}

static void tx_want(void)
{
    tx_wanted = true;
    if (!(ier & IER_TX))
        uart_write(UART_IER, ier |= IER_TX);
}

/* What does not fit is lost here; the kernel's log still has it. */
static void backlog_add(const char *s, size_t n)
{
    for (; n && log_head - log_tail < sizeof(backlog); n--)
        backlog[log_head++ % sizeof(backlog)] = *s++;
}

static bool backlog_send(void)
{
    while (log_head != log_tail) {
        uint32_t at = log_tail % sizeof(backlog);
        size_t n = MIN((size_t)(log_head - log_tail), sizeof(backlog) - at);
        size_t sent = tx_send(backlog + at, n);

        log_tail += (uint32_t)sent;
        if (sent < n)
            return false;
    }
    return true;
}

void serial_write_message(const char *s, size_t n)
{
    size_t sent;

    if (!present)
        return;
    bool irqs = tx_lock();
    sent = backlog_send() ? tx_send(s, n) : 0;
    if (sent < n && ier && !last_words) {
        backlog_add(s + sent, n - sent);
        tx_want();
    }
    tx_unlock(irqs);
}

/* Bytes to send under one hold of the lock: to the end of a line, so that
 * others' output comes between lines where it can. */
static size_t piece(const char *s, size_t n)
{
    const char *end = memchr(s, '\n', MIN(n, (size_t)HOLD_LIMIT));

    return end ? (size_t)(end - s) + 1 : MIN(n, (size_t)HOLD_LIMIT);
}

static size_t write_piece(const char *s, size_t n)
{
    bool irqs = tx_lock();
    size_t sent = backlog_send() ? tx_send(s, n) : 0;

    if (sent < n && ier)
        tx_want();
    if (!ier)
        sent = n; /* the rest of a stuck line is lost */
    tx_unlock(irqs);
    return sent;
}

size_t serial_write_some(const char *s, size_t n)
{
    size_t done = 0;

    if (!present)
        return n; /* nobody listens: like a serial line without a cable */
    while (done < n) {
        size_t want = piece(s + done, n - done);
        size_t sent = write_piece(s + done, want);

        done += sent;
        if (sent < want)
            break;
    }
    return done;
}

void serial_last_words(void)
{
    if (!present)
        return;
    bool irqs = tx_lock();
    stuck = false;
    last_words = true;
    backlog_send();
    tx_unlock(irqs);
}

void serial_wait_empty(void)
{
    if (!present)
        return;
    for (unsigned i = 0; i < WAIT_LIMIT && !stuck; i++) {
        if (uart_read(UART_LSR) & LSR_TEMT)
            return;
        arch_pause();
    }
}

static void rx_push(char c)
{
    uint32_t head = atomic_load_explicit(&rx_head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&rx_tail, memory_order_acquire);

    if (head - tail >= sizeof(rx_ring))
        return; /* overrun: the byte is lost, as in the UART itself */
    rx_ring[head % sizeof(rx_ring)] = c;
    /* Pairs with the acquire in serial_peek(). */
    atomic_store_explicit(&rx_head, head + 1, memory_order_release);
}

/* Hard interrupt. Loops until IIR reports nothing: the line is edge-triggered
 * and a cause left pending would never interrupt again. */
static void uart_interrupt(void *arg)
{
    for (unsigned i = 0; i < RX_LIMIT; i++) {
        uint8_t iir = uart_read(UART_IIR);
        if (iir & IIR_NONE)
            break;
        uint8_t lsr = uart_read(UART_LSR);
        if (lsr == 0xff)
            break;
        while ((lsr & LSR_DR) && i++ < RX_LIMIT) {
            rx_push((char)uart_read(UART_DATA));
            lsr = uart_read(UART_LSR);
        }
    }
    softirq_raise(SOFTIRQ_CONSOLE);
}

int serial_irq_start(void)
{
    if (!present)
        return -1;
    int rc = irq_register_isa(UART_IRQ, uart_interrupt, NULL);
    if (rc)
        return rc;
    bool irqs = tx_lock();
    ier = IER_RX | IER_LINE;
    uart_write(UART_IER, ier);
    tx_unlock(irqs);
    uart_interrupt(NULL); /* what came before the interrupts were on */
    return 0;
}

size_t serial_peek(const char **s)
{
    uint32_t tail = atomic_load_explicit(&rx_tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&rx_head, memory_order_acquire);
    uint32_t at = tail % sizeof(rx_ring);

    *s = rx_ring + at;
    return MIN((size_t)(head - tail), sizeof(rx_ring) - at);
}

void serial_consume(size_t n)
{
    uint32_t tail = atomic_load_explicit(&rx_tail, memory_order_relaxed);

    atomic_store_explicit(&rx_tail, tail + (uint32_t)n, memory_order_release);
}

bool serial_transmit_full(void)
{
    return atomic_load_explicit(&tx_wanted, memory_order_relaxed);
}

bool serial_transmit_ready(void)
{
    bool ready = false;

    if (!present)
        return false;
    bool irqs = tx_lock();
    if (tx_wanted && backlog_send() && (uart_read(UART_LSR) & LSR_THRE)) {
        tx_wanted = false;
        ready = true;
        uart_write(UART_IER, ier &= (uint8_t)~IER_TX);
    }
    tx_unlock(irqs);
    return ready;
}
