/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * n_tty_out.c - output processing and echo.
 *
 * Everything on its way to the driver passes in order: what the driver does
 * not take waits in (pending), and a program's output is accepted only when
 * nothing waits. Echo goes through the same processing but is held back until
 * the end of a batch of input, because a signal character discards the echo of
 * what came with it (as Linux does).
 */
#include "dev/n_tty_priv.h"

#include "lib/string.h"

#define EXPANSION  8   /* most bytes one byte becomes: a tab */
#define ECHO_BATCH 256 /* held back at most */

size_t n_tty_pending(const struct n_tty *n)
{
    return n->pend_head - n->pend_tail;
}

bool n_tty_push(struct n_tty *n)
{
    while (!n->stopped && n_tty_pending(n)) {
        uint32_t at = n->pend_tail % N_TTY_PENDING;
        size_t run = MIN(n_tty_pending(n), (size_t)N_TTY_PENDING - at);
        size_t took = n->write(n->arg, n->pending + at, run);
        n->pend_tail += (uint32_t)took;
        if (took < run)
            break;
    }
    if (n_tty_pending(n))
        return false;
    n->flushed_column = n->column;
    return true;
}

static void pend(struct n_tty *n, const char *s, size_t len)
{
    for (; len && n_tty_pending(n) < N_TTY_PENDING; len--)
        n->pending[n->pend_head++ % N_TTY_PENDING] = *s++;
}

/* Apply the output flags to one byte; bytes written to (out). */
static size_t process(struct n_tty *n, uint8_t c, char out[EXPANSION])
{
    unsigned spaces;

    switch (c) {
    case '\n':
        if (n_oflag(n, ONLRET))
            n->column = 0;
        if (n_oflag(n, ONLCR)) {
            n->column = n->canon_column = 0;
            out[0] = '\r';
            out[1] = '\n';
            return 2;
        }
        n->canon_column = n->column;
        break;
    case '\r':
        if (n_oflag(n, ONOCR) && !n->column)
            return 0;
        if (n_oflag(n, OCRNL)) {
            c = '\n';
            if (n_oflag(n, ONLRET))
                n->column = n->canon_column = 0;
            break;
        }
        n->column = n->canon_column = 0;
        break;
    case '\t':
        spaces = 8 - (n->column & 7);
        n->column += spaces;
        if ((n->termios.c_oflag & TABDLY) == XTABS) {
            memset(out, ' ', spaces);
            return spaces;
        }
        break;
    case '\b':
        if (n->column)
            n->column--;
        break;
    default:
        if (n_is_control(c))
            break;
        if (n_oflag(n, OLCUC))
            c = n_to_upper(c);
        if (!n_is_continuation(n, c))
            n->column++;
    }
    out[0] = (char)c;
    return 1;
}

size_t n_tty_write(struct n_tty *n, const char *s, size_t count)
{
    char out[512];
    size_t used = 0, in = 0, took;

    if (!n_tty_push(n) || n->stopped)
        return 0;
    if (!n_oflag(n, OPOST))
        return n->write(n->arg, s, count);
    while (in < count && used + EXPANSION <= sizeof(out))
        used += process(n, (uint8_t)s[in++], out + used);
    took = n->write(n->arg, out, used);
    pend(n, out + took, used - took);
    if (!n_tty_pending(n))
        n->flushed_column = n->column;
    return in;
}

void n_tty_flush_output(struct n_tty *n)
{
    n->pend_tail = n->pend_head;
    n->flushed_column = n->column;
}

void n_tty_stop(struct n_tty *n)
{
    n->stopped = true;
}

void n_tty_start(struct n_tty *n)
{
    if (!n->stopped)
        return; /* and echo stays held back to the end of the batch */
    n->stopped = false;
    n_tty_push(n);
}

/* --- echo ---------------------------------------------------------------- */

static void echo_bytes(struct n_tty *n, const char *s, size_t len)
{
    pend(n, s, len);
    if (n_tty_pending(n) >= ECHO_BATCH)
        n_tty_push(n);
}

void n_tty_echo_raw(struct n_tty *n, uint8_t c)
{
    char out[EXPANSION] = {(char)c};
    size_t len = 1;

    if (c == 0xff) /* Linux escapes it in its echo buffer: never processed */
        n->column++;
    else if (n_oflag(n, OPOST))
        len = process(n, c, out);
    echo_bytes(n, out, len);
}

void n_tty_echo(struct n_tty *n, uint8_t c)
{
    char shown[2] = {'^', (char)(c ^ 0x40)};

    if (!n_lflag(n, ECHOCTL) || !n_is_control(c) || c == '\t') {
        n_tty_echo_raw(n, c);
        return;
    }
    n->column += 2;
    echo_bytes(n, shown, 2);
}

void n_tty_echo_back(struct n_tty *n)
{
    if (n->column)
        n->column--;
}

void n_tty_echo_erase_tab(struct n_tty *n, unsigned columns, bool after_tab)
{
    unsigned back;

    if (!after_tab)
        columns += n->canon_column;
    for (back = 8 - (columns & 7); back; back--) {
        echo_bytes(n, "\b", 1);
        n_tty_echo_back(n);
    }
}

/* Output of programs that waits goes too: Linux empties the driver's buffer
 * here. The column falls back to where the last byte sent left it. */
void n_tty_echo_discard(struct n_tty *n)
{
    n->pend_tail = n->pend_head;
    n->column = n->flushed_column;
}
