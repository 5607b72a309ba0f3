/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * console.c - kernel messages and the terminals on the serial lines.
 *
 * Messages come from the first instruction to the last; the terminal behind
 * /dev/console and /dev/ttyS0 shares the UART's transmit lock with them, so a
 * message and a program's output mix only between lines of usual length. A
 * second line, if there is one, is a terminal without messages, /dev/ttyS1.
 */
#include "dev/console.h"

#include <asm/termios.h>

#include "dev/device_node.h"
#include "dev/random_priv.h"
#include "dev/serial.h"
#include "dev/tty.h"
#include "dev/tty_priv.h"
#include "fs/vfs.h"
#include "lib/log.h"
#include "lib/string.h"
#include "sched/softirq.h"
#include "sched/thread.h"
#include "sched/time.h"

static struct tty *line_tty[SERIAL_LINES];
#define console_tty (line_tty[0])

void console_early_init(void)
{
    serial_init(0);
}

/* Lines are gathered with their \r so that one line is one locked write. */
void console_write(const char *s, size_t n)
{
    char buf[256];
    size_t used = 0;

    if (!serial_present(0))
        return;
    for (; n; n--, s++) {
        if (used + 2 > sizeof(buf)) {
            serial_write_message(buf, used);
            used = 0;
        }
        if (*s == '\n')
            buf[used++] = '\r';
        buf[used++] = *s;
    }
    serial_write_message(buf, used);
}

void console_last_words(void)
{
    serial_last_words();
}

void console_flush(void)
{
    serial_last_words();
    serial_wait_empty(0);
}

/* The host may be slow to read, but a machine that ends does not wait for one
 * that does not. */
void console_drain(void)
{
    nsec_t limit = time_monotonic() + 5 * NSEC_PER_SEC;

    if (console_tty)
        tty_wait_drained_until(console_tty, limit);
}

static unsigned line_of(struct tty *t)
{
    return (unsigned)(uintptr_t)tty_private(t);
}

static size_t console_tty_write(struct tty *t, const char *s, size_t n)
{
    return serial_write_some(line_of(t), s, n);
}

/* The FIFO's state is not asked (a port read is an exit under KVM): there is
 * room until a write found none. */
static size_t console_tty_room(struct tty *t)
{
    return serial_transmit_full(line_of(t)) ? 0 : 4096;
}

static void console_tty_drain(struct tty *t)
{
    serial_wait_empty(line_of(t));
}

/* A reader made room: take in what waits in the receive ring. */
static void console_tty_input_possible(struct tty *t)
{
    softirq_raise(SOFTIRQ_CONSOLE);
}

static const struct tty_driver console_driver = {
    .write = console_tty_write,
    .write_room = console_tty_room,
    .drain = console_tty_drain,
    .input_possible = console_tty_input_possible,
};

static void receive(unsigned line)
{
    const char *s;
    size_t n;

    while ((n = serial_peek(line, &s)) > 0) {
        size_t took = tty_receive(line_tty[line], s, n);
        serial_consume(line, took);
        if (took < n)
            break; /* the reader's turn; see input_possible */
    }
    serial_receive_on(line);
}

/* A receive ring has one consumer, but the work may be raised on two CPUs (by
 * the interrupt and by a reader). Nothing that takes this lock is called with
 * another one held. */
static void console_softirq(void)
{
    static struct spinlock one = SPINLOCK_INIT(RANK_NONE);

    spin_lock(&one);
    for (unsigned line = 0; line < SERIAL_LINES; line++)
        if (line_tty[line])
            receive(line);
    spin_unlock(&one);
    random_add_timing();
    for (unsigned line = 0; line < SERIAL_LINES; line++)
        if (line_tty[line] && serial_transmit_ready(line))
            tty_output_possible(line_tty[line]);
}

static int console_open(struct inode *i, struct file *f)
{
    return tty_open(console_tty, f);
}

/* /dev/console never becomes a controlling terminal (as in Linux). */
static int console_open_noctty(struct inode *i, struct file *f)
{
    return tty_open_noctty(console_tty, f);
}

static int second_open(struct inode *i, struct file *f)
{
    return tty_open(line_tty[1], f);
}

static void line_create(unsigned line, const char *name)
{
    struct tty *t = tty_create(name, &console_driver, (void *)(uintptr_t)line);

    if (!t)
        panic("no memory for the console");
    tty_set_device(t, 4, 64 + line);
    line_tty[line] = t;
}

void console_init(void)
{
    line_create(0, "ttyS0");
    tty_init();
    devfs_add("console", S_IFCHR_MODE(0600), 5, 1, console_open_noctty,
              &tty_file_ops);
    devfs_add("ttyS0", S_IFCHR_MODE(0660), 4, 64, console_open, &tty_file_ops);
    if (serial_init(1)) {
        line_create(1, "ttyS1");
        devfs_add("ttyS1", S_IFCHR_MODE(0660), 4, 65, second_open,
                  &tty_file_ops);
    }
    softirq_register(SOFTIRQ_CONSOLE, console_softirq);
    for (unsigned line = 0; line < SERIAL_LINES; line++)
        if (serial_present(line) && serial_irq_start(line))
            kwarn("ttyS%u: no interrupt: output only", line);
}
