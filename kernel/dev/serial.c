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
 * that the other acquires. Reading IIR quiets a transmit interrupt (data sheet,
 * table 5). When the ring is full the handler leaves the bytes in the FIFO and
 * switches the receive interrupt off; the work that follows it, or follows a
 * reader that made room, switches it on again. An emulated sender then waits.
 *
 * There are two lines, at the usual places of a PC. The first is the console:
 * only it carries the kernel's messages.
 */
#include "dev/serial.h"

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "dev/port_io.h"
#include "lib/string.h"
#include "sched/softirq.h"

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

/* I immutable after serial_init(); tx the lock below; a atomic */
struct uart {
    uint16_t port;          /* I */
    unsigned irq;           /* I */
    bool present;           /* I */
    bool stuck;             /* tx the last wait for THRE ran out */
    bool last_words;        /* tx the machine ends: poll, and patiently */
    uint8_t ier;            /* tx shadow of the register */
    _Atomic bool tx_wanted; /* tx a writer waits for room */
    _Atomic bool rx_held;   /* tx the receive interrupt is off: no room */
    _Atomic bool tx_lock_word;
    _Atomic uint32_t rx_head; /* a written by the interrupt handler */
    _Atomic uint32_t rx_tail; /* a written by deferred work */
    char rx_ring[4096];
};

static struct uart uarts[SERIAL_LINES] = {
    {.port = 0x3f8, .irq = 4},
    {.port = 0x2f8, .irq = 3},
};
#define CONSOLE (&uarts[0])

static char backlog[8192];          /* tx messages the line had no room for */
static uint32_t log_head, log_tail; /* tx bytes ever put in, taken out */

static uint8_t uart_read(const struct uart *u, unsigned reg)
{
    return port_read8((uint16_t)(u->port + reg));
}

static void uart_write(const struct uart *u, unsigned reg, uint8_t v)
{
    port_write8((uint16_t)(u->port + reg), v);
}

/* Returns the interrupt state to restore. */
static bool tx_lock(struct uart *u)
{
    bool irqs = arch_irqs_disable();

    for (unsigned i = 0; i < 10 * WAIT_LIMIT; i++) {
        if (!atomic_exchange_explicit(&u->tx_lock_word, true,
                                      memory_order_acquire))
            break;
        arch_pause();
    }
    return irqs;
}

/* Pairs with the acquire in tx_lock(). */
static void tx_unlock(struct uart *u, bool irqs)
{
    atomic_store_explicit(&u->tx_lock_word, false, memory_order_release);
    arch_irqs_restore(irqs);
}

bool serial_init(unsigned line)
{
    struct uart *u = &uarts[line];

    /* An absent device reads as ones; a present one keeps the scratch byte. */
    uart_write(u, UART_SCRATCH, 0x5a);
    if (uart_read(u, UART_LSR) == 0xff || uart_read(u, UART_SCRATCH) != 0x5a)
        return false;
    uart_write(u, UART_IER, 0);
    uart_write(u, UART_LCR, LCR_DLAB);
    uart_write(u, UART_DATA, 1); /* divisor 1: 115200 */
    uart_write(u, UART_IER, 0);
    uart_write(u, UART_LCR, LCR_8N1);
    uart_write(u, UART_FCR, FCR_SETUP);
    uart_write(u, UART_MCR, MCR_SETUP);
    u->present = true;
    return true;
}

bool serial_present(unsigned line)
{
    return uarts[line].present;
}

/* Wait for an empty FIFO. A stuck line is asked once per call only, so that a
 * host that stopped reading slows us down by one time limit, not by one for
 * every line. */
static bool tx_wait(struct uart *u)
{
    unsigned limit = u->stuck ? 1 : u->last_words ? 5 * WAIT_LIMIT : WAIT_LIMIT;

    for (unsigned i = 0; i < limit; i++) {
        if (uart_read(u, UART_LSR) & LSR_THRE) {
            u->stuck = false;
            return true;
        }
        arch_pause();
    }
    u->stuck = true;
    return false;
}

/* Without interrupts nobody would tell when there is room: wait. */
static bool tx_room(struct uart *u)
{
    return u->ier && !u->last_words ? uart_read(u, UART_LSR) & LSR_THRE
                                    : tx_wait(u);
}

/* All below: tx lock held. Bytes sent. */
static size_t tx_send(struct uart *u, const char *s, size_t n)
{
    size_t done = 0;

    while (done < n && tx_room(u)) {
        size_t chunk = MIN(n - done, (size_t)UART_FIFO);
        port_write_string8(u->port, s + done, chunk);
        done += chunk;
    }
    return done;
}

static void tx_want(struct uart *u)
{
    u->tx_wanted = true;
    if (!(u->ier & IER_TX))
        uart_write(u, UART_IER, u->ier |= IER_TX);
}

/* What does not fit is lost here; the kernel's log still has it. */
static void backlog_add(const char *s, size_t n)
{
    for (; n && log_head - log_tail < sizeof(backlog); n--)
        backlog[log_head++ % sizeof(backlog)] = *s++;
}

/* Only the console has one. */
static bool backlog_send(struct uart *u)
{
    while (u == CONSOLE && log_head != log_tail) {
        uint32_t at = log_tail % sizeof(backlog);
        size_t n = MIN((size_t)(log_head - log_tail), sizeof(backlog) - at);
        size_t sent = tx_send(u, backlog + at, n);

        log_tail += (uint32_t)sent;
        if (sent < n)
            return false;
    }
    return true;
}

void serial_write_message(const char *s, size_t n)
{
    struct uart *u = CONSOLE;
    size_t sent;

    if (!u->present)
        return;
    bool irqs = tx_lock(u);
    sent = backlog_send(u) ? tx_send(u, s, n) : 0;
    if (sent < n && u->ier && !u->last_words) {
        backlog_add(s + sent, n - sent);
        tx_want(u);
    }
    tx_unlock(u, irqs);
}

/* Bytes to send under one hold of the lock: to the end of a line, so that
 * others' output comes between lines where it can. */
static size_t piece(const char *s, size_t n)
{
    const char *end = memchr(s, '\n', MIN(n, (size_t)HOLD_LIMIT));

    return end ? (size_t)(end - s) + 1 : MIN(n, (size_t)HOLD_LIMIT);
}

static size_t write_piece(struct uart *u, const char *s, size_t n)
{
    bool irqs = tx_lock(u);
    size_t sent = backlog_send(u) ? tx_send(u, s, n) : 0;

    if (sent < n && u->ier)
        tx_want(u);
    if (!u->ier)
        sent = n; /* the rest of a stuck line is lost */
    tx_unlock(u, irqs);
    return sent;
}

size_t serial_write_some(unsigned line, const char *s, size_t n)
{
    struct uart *u = &uarts[line];
    size_t done = 0;

    if (!u->present)
        return n; /* nobody listens: like a serial line without a cable */
    while (done < n) {
        size_t want = piece(s + done, n - done);
        size_t sent = write_piece(u, s + done, want);

        done += sent;
        if (sent < want)
            break;
    }
    return done;
}

void serial_last_words(void)
{
    struct uart *u = CONSOLE;

    if (!u->present)
        return;
    bool irqs = tx_lock(u);
    u->stuck = false;
    u->last_words = true;
    backlog_send(u);
    tx_unlock(u, irqs);
}

void serial_wait_empty(unsigned line)
{
    struct uart *u = &uarts[line];

    if (!u->present)
        return;
    for (unsigned i = 0; i < WAIT_LIMIT && !u->stuck; i++) {
        if (uart_read(u, UART_LSR) & LSR_TEMT)
            return;
        arch_pause();
    }
}

static size_t rx_room(const struct uart *u)
{
    uint32_t head = atomic_load_explicit(&u->rx_head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&u->rx_tail, memory_order_acquire);

    return sizeof(u->rx_ring) - (head - tail);
}

static void rx_push(struct uart *u, char c)
{
    uint32_t head = atomic_load_explicit(&u->rx_head, memory_order_relaxed);

    u->rx_ring[head % sizeof(u->rx_ring)] = c;
    /* Pairs with the acquire in serial_peek(). */
    atomic_store_explicit(&u->rx_head, head + 1, memory_order_release);
}

static void rx_hold(struct uart *u, bool hold)
{
    bool irqs = tx_lock(u);

    u->ier = hold ? u->ier & (uint8_t)~IER_RX : u->ier | IER_RX;
    u->rx_held = hold;
    uart_write(u, UART_IER, u->ier);
    tx_unlock(u, irqs);
}

/* Bytes from the FIFO to the ring; false if it must be left for later. */
static bool rx_take(struct uart *u, uint8_t lsr, unsigned *budget)
{
    while (lsr != 0xff && (lsr & LSR_DR)) {
        if (!*budget || !rx_room(u))
            return false;
        --*budget;
        rx_push(u, (char)uart_read(u, UART_DATA));
        lsr = uart_read(u, UART_LSR);
    }
    return true;
}

/* Hard interrupt. Loops until IIR reports nothing: the line is edge-triggered
 * and a cause left pending would never interrupt again, unless it is switched
 * off and on. */
static void uart_interrupt(void *arg)
{
    struct uart *u = arg;
    unsigned budget = RX_LIMIT;

    for (unsigned i = 0; i < RX_LIMIT; i++) {
        if (uart_read(u, UART_IIR) & IIR_NONE)
            break;
        /* also what quiets a report of an error */
        uint8_t lsr = uart_read(u, UART_LSR);
        if (lsr == 0xff)
            break;
        if (!u->rx_held && !rx_take(u, lsr, &budget))
            rx_hold(u, true);
    }
    softirq_raise(SOFTIRQ_CONSOLE);
}

int serial_irq_start(unsigned line)
{
    struct uart *u = &uarts[line];

    if (!u->present)
        return -1;
    int rc = irq_register_isa(u->irq, uart_interrupt, u);
    if (rc)
        return rc;
    bool irqs = tx_lock(u);
    u->ier = IER_RX | IER_LINE;
    uart_write(u, UART_IER, u->ier);
    tx_unlock(u, irqs);
    uart_interrupt(u); /* what came before the interrupts were on */
    return 0;
}

size_t serial_peek(unsigned line, const char **s)
{
    struct uart *u = &uarts[line];
    uint32_t tail = atomic_load_explicit(&u->rx_tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&u->rx_head, memory_order_acquire);
    uint32_t at = tail % sizeof(u->rx_ring);

    *s = u->rx_ring + at;
    return MIN((size_t)(head - tail), sizeof(u->rx_ring) - at);
}

/* The release pairs with the acquire in rx_room(). */
void serial_consume(unsigned line, size_t n)
{
    struct uart *u = &uarts[line];
    uint32_t tail = atomic_load_explicit(&u->rx_tail, memory_order_relaxed);

    atomic_store_explicit(&u->rx_tail, tail + (uint32_t)n,
                          memory_order_release);
}

/* Whoever held the input back raised the deferred work that gets here. */
void serial_receive_on(unsigned line)
{
    struct uart *u = &uarts[line];

    if (u->rx_held && rx_room(u) >= sizeof(u->rx_ring) / 2)
        rx_hold(u, false);
}

bool serial_transmit_full(unsigned line)
{
    return atomic_load_explicit(&uarts[line].tx_wanted, memory_order_relaxed);
}

bool serial_transmit_ready(unsigned line)
{
    struct uart *u = &uarts[line];
    bool ready = false;

    if (!u->present)
        return false;
    bool irqs = tx_lock(u);
    if (u->tx_wanted && backlog_send(u) &&
        (uart_read(u, UART_LSR) & LSR_THRE)) {
        u->tx_wanted = false;
        ready = true;
        uart_write(u, UART_IER, u->ier &= (uint8_t)~IER_TX);
    }
    tx_unlock(u, irqs);
    return ready;
}
