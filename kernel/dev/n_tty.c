/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * n_tty.c - input of the line discipline: POSIX termios as Linux does it
 * (termios(3), "General Terminal Interface" of POSIX.1-2017 chapter 11).
 *
 * A byte takes one of three ways:
 *  - plain raw mode (no flag that looks at input): copied;
 *  - special: it edits the line, controls output, or sends a signal;
 *  - ordinary: echoed if asked for, and appended.
 * In line mode readers see only what lies before canon_head, which advances at
 * a line's end. When an unfinished line fills the buffer, further bytes
 * overwrite its last one, so that the line can still be ended; in all other
 * cases a full buffer makes the sender wait.
 */
#include "dev/n_tty_priv.h"

#include <asm/signal.h>

#include "lib/string.h"

static void set_flag(struct n_tty *n, uint32_t pos)
{
    n->read_flags[pos % N_TTY_BUF / 64] |= 1ull << (pos % 64);
}

static void clear_flag(struct n_tty *n, uint32_t pos)
{
    n->read_flags[pos % N_TTY_BUF / 64] &= ~(1ull << (pos % 64));
}

static bool has_flag(const struct n_tty *n, uint32_t pos)
{
    return n->read_flags[pos % N_TTY_BUF / 64] >> (pos % 64) & 1;
}

static uint8_t at(const struct n_tty *n, uint32_t pos)
{
    return (uint8_t)n->read_buf[pos % N_TTY_BUF];
}

static uint32_t used(const struct n_tty *n)
{
    return n->read_head - n->read_tail;
}

bool n_tty_canonical(const struct n_tty *n)
{
    return n_lflag(n, ICANON) && !n_lflag(n, EXTPROC);
}

void n_tty_init(struct n_tty *n)
{
    static const cc_t cc[NCCS] = {
        [VINTR] = 3,   [VQUIT] = 28,    [VERASE] = 127,  [VKILL] = 21,
        [VEOF] = 4,    [VMIN] = 1,      [VSTART] = 17,   [VSTOP] = 19,
        [VSUSP] = 26,  [VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23,
        [VLNEXT] = 22,
    };

    n->termios = (struct ktermios){
        .c_iflag = ICRNL | IXON,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = B38400 | CS8 | CREAD | HUPCL,
        .c_lflag =
            ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        .c_ispeed = 38400,
        .c_ospeed = 38400,
    };
    memcpy(n->termios.c_cc, cc, sizeof(cc));
}

/* Entering line mode with bytes waiting makes them a line without an end. */
void n_tty_set_termios(struct n_tty *n, const struct ktermios *t)
{
    tcflag_t changed = n->termios.c_lflag ^ t->c_lflag;
    bool was_ixon = n_iflag(n, IXON);

    n->termios = *t;
    if (changed & (ICANON | EXTPROC)) {
        memset(n->read_flags, 0, sizeof(n->read_flags));
        if (n_lflag(n, ICANON) && used(n)) {
            set_flag(n, n->read_head - 1);
            n->canon_head = n->read_head;
        } else {
            n->canon_head = n->read_tail;
        }
        n->erasing = n->lnext = false;
    }
    /* Without IXON nothing typed could ever restart the output. */
    if (was_ixon && !n_iflag(n, IXON) && n->stopped)
        n_tty_start(n);
}

void n_tty_flush_input(struct n_tty *n)
{
    n->read_tail = n->canon_head = n->read_head;
    n->erasing = n->lnext = false;
    memset(n->read_flags, 0, sizeof(n->read_flags));
}

/* --- putting bytes in ---------------------------------------------------- */

static void put(struct n_tty *n, uint8_t c)
{
    clear_flag(n, n->read_head);
    n->read_buf[n->read_head++ % N_TTY_BUF] = (char)c;
}

/* A byte of data: 0xff is doubled when parity marks use it (PARMRK). */
static void put_data(struct n_tty *n, uint8_t c)
{
    if (c == 0xff && n_iflag(n, PARMRK))
        put(n, c);
    put(n, c);
}

static void finish_erasing(struct n_tty *n)
{
    if (n->erasing)
        n_tty_echo_raw(n, '/');
    n->erasing = false;
}

static void echo_data(struct n_tty *n, uint8_t c)
{
    if (n->canon_head == n->read_head)
        n->canon_column = n->column;
    n_tty_echo(n, c);
}

/* Only a newline made from a carriage return (mapped) is shown as one: in raw
 * mode, or after VLNEXT, Linux shows a typed one as ^J. */
static void ordinary(struct n_tty *n, uint8_t c, bool mapped)
{
    if (n_lflag(n, ECHO)) {
        finish_erasing(n);
        if (c == '\n' && mapped)
            n_tty_echo_raw(n, c);
        else
            echo_data(n, c);
    }
    put_data(n, c);
}

static void end_line(struct n_tty *n, uint8_t c)
{
    set_flag(n, n->read_head);
    n->read_buf[n->read_head++ % N_TTY_BUF] = (char)c;
    n->canon_head = n->read_head;
}

/* --- line editing -------------------------------------------------------- */

/* Letters and digits, also of Latin-1: what VWERASE takes for a word. */
static bool is_word(uint8_t c)
{
    if (c >= 0xc0)
        return c != 0xd7 && c != 0xf7;
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           c == '_';
}

/* Columns from the last tab, or the line's start, to read_head. */
static unsigned columns_before(const struct n_tty *n, bool *after_tab)
{
    unsigned columns = 0;

    *after_tab = false;
    for (uint32_t pos = n->read_head; pos != n->canon_head;) {
        uint8_t c = at(n, --pos);
        if (c == '\t') {
            *after_tab = true;
            break;
        }
        if (n_is_control(c))
            columns += n_lflag(n, ECHOCTL) ? 2 : 0;
        else if (!n_is_continuation(n, c))
            columns++;
    }
    return columns;
}

static void rub_out(struct n_tty *n)
{
    n_tty_echo_raw(n, '\b');
    n_tty_echo_raw(n, ' ');
    n_tty_echo_raw(n, '\b');
}

/* Show that the character (c), of (len) bytes at read_head, is gone. */
static void echo_erased(struct n_tty *n, uint8_t c, unsigned len, bool one)
{
    bool after_tab;
    unsigned columns;

    if (n_lflag(n, ECHOPRT)) {
        if (!n->erasing)
            n_tty_echo_raw(n, '\\');
        n->erasing = true;
        n_tty_echo(n, c);
        for (unsigned i = 1; i < len; i++) {
            n_tty_echo_raw(n, at(n, n->read_head + i));
            n_tty_echo_back(n);
        }
    } else if (one && !n_lflag(n, ECHOE)) {
        n_tty_echo(n, n_cc(n, VERASE));
    } else if (c == '\t') {
        columns = columns_before(n, &after_tab);
        n_tty_echo_erase_tab(n, columns, after_tab);
    } else {
        if (n_is_control(c) && n_lflag(n, ECHOCTL))
            rub_out(n);
        if (!n_is_control(c) || n_lflag(n, ECHOCTL))
            rub_out(n);
    }
}

/* Remove the last character of the unfinished line. In (word) mode false, and
 * nothing removed, where the word begins. */
static bool erase_one(struct n_tty *n, bool one, bool word, bool *seen)
{
    uint32_t pos = n->read_head;
    uint8_t c;

    do {
        c = at(n, --pos);
    } while (n_is_continuation(n, c) && pos != n->canon_head);
    if (n_is_continuation(n, c))
        return false; /* the rest of a character that is no longer there */
    if (word) {
        if (is_word(c))
            *seen = true;
        else if (*seen)
            return false;
    }
    unsigned len = n->read_head - pos;
    n->read_head = pos;
    if (n_lflag(n, ECHO))
        echo_erased(n, c, len, one);
    return true;
}

/* VKILL when the terminal cannot rub out: leave the line, go to a new one. */
static void kill_line_plain(struct n_tty *n)
{
    n->read_head = n->canon_head;
    if (!n_lflag(n, ECHO))
        return;
    finish_erasing(n);
    n_tty_echo(n, n_cc(n, VKILL));
    if (n_lflag(n, ECHOK))
        n_tty_echo_raw(n, '\n');
}

static void erase(struct n_tty *n, uint8_t c)
{
    bool one = c == n_cc(n, VERASE);
    bool word = !one && c == n_cc(n, VWERASE);
    bool seen = false;

    if (n->read_head == n->canon_head)
        return;
    if (!one && !word &&
        (!n_lflag(n, ECHO) || !n_lflag(n, ECHOK) || !n_lflag(n, ECHOKE) ||
         !n_lflag(n, ECHOE))) {
        kill_line_plain(n);
        return;
    }
    while (n->read_head != n->canon_head)
        if (!erase_one(n, one, word, &seen) || one)
            break;
    if (n->read_head == n->canon_head && n_lflag(n, ECHO))
        finish_erasing(n);
}

static void literal_next(struct n_tty *n)
{
    n->lnext = true;
    if (!n_lflag(n, ECHO))
        return;
    finish_erasing(n);
    if (n_lflag(n, ECHOCTL)) {
        n_tty_echo_raw(n, '^');
        n_tty_echo_raw(n, '\b');
    }
}

static void reprint(struct n_tty *n, uint8_t c)
{
    finish_erasing(n);
    n_tty_echo(n, c);
    n_tty_echo_raw(n, '\n');
    for (uint32_t pos = n->canon_head; pos != n->read_head; pos++)
        n_tty_echo(n, at(n, pos));
}

/* --- special characters -------------------------------------------------- */

static bool is_cc(const struct n_tty *n, uint8_t c, unsigned which)
{
    return c != N_TTY_DISABLED && c == n_cc(n, which);
}

static bool flow_control(struct n_tty *n, uint8_t c)
{
    if (!n_iflag(n, IXON))
        return false;
    if (is_cc(n, c, VSTART)) {
        n_tty_start(n);
        n_tty_push(n);
    } else if (is_cc(n, c, VSTOP)) {
        n_tty_stop(n);
    } else {
        return false;
    }
    return true;
}

static bool signal_char(struct n_tty *n, uint8_t c)
{
    int signo = !n_lflag(n, ISIG)    ? 0
                : is_cc(n, c, VINTR) ? SIGINT
                : is_cc(n, c, VQUIT) ? SIGQUIT
                : is_cc(n, c, VSUSP) ? SIGTSTP
                                     : 0;

    if (!signo)
        return false;
    n->signal(n->arg, signo);
    if (!n_lflag(n, NOFLSH)) {
        n_tty_echo_discard(n);
        n_tty_flush_input(n);
    }
    if (n_iflag(n, IXON))
        n_tty_start(n);
    if (n_lflag(n, ECHO))
        n_tty_echo(n, c);
    return true;
}

/* Carriage return and newline mapping. False: the byte is dropped. */
static bool map_newline(struct n_tty *n, uint8_t *c)
{
    if (*c == '\r') {
        if (n_iflag(n, IGNCR))
            return false;
        if (n_iflag(n, ICRNL))
            *c = '\n';
    } else if (*c == '\n' && n_iflag(n, INLCR)) {
        *c = '\r';
    }
    return true;
}

static bool edit_char(struct n_tty *n, uint8_t c)
{
    bool extended = n_lflag(n, IEXTEN);

    if (is_cc(n, c, VERASE) || is_cc(n, c, VKILL) ||
        (extended && is_cc(n, c, VWERASE)))
        erase(n, c);
    else if (extended && is_cc(n, c, VLNEXT))
        literal_next(n);
    else if (extended && n_lflag(n, ECHO) && is_cc(n, c, VREPRINT))
        reprint(n, c);
    else
        return false;
    return true;
}

static bool line_end_char(struct n_tty *n, uint8_t c)
{
    if (c == '\n') {
        if (n_lflag(n, ECHO) || n_lflag(n, ECHONL))
            n_tty_echo_raw(n, '\n');
        end_line(n, c);
    } else if (is_cc(n, c, VEOF)) {
        end_line(n, N_TTY_DISABLED);
    } else if (is_cc(n, c, VEOL) ||
               (n_lflag(n, IEXTEN) && is_cc(n, c, VEOL2))) {
        if (n_lflag(n, ECHO))
            echo_data(n, c);
        if (c == 0xff && n_iflag(n, PARMRK))
            put(n, c);
        end_line(n, c);
    } else {
        return false;
    }
    return true;
}

static void receive_one(struct n_tty *n, uint8_t c)
{
    if (n_iflag(n, ISTRIP))
        c &= 0x7f;
    if (n_iflag(n, IUCLC) && n_lflag(n, IEXTEN))
        c = n_to_lower(c);
    if (n_lflag(n, EXTPROC)) {
        put(n, c);
        return;
    }
    if (n->lnext) {
        n->lnext = false;
        ordinary(n, c, false);
        return;
    }
    if (flow_control(n, c) || signal_char(n, c))
        return;
    if (n->stopped && n_iflag(n, IXON) && n_iflag(n, IXANY))
        n_tty_start(n);
    uint8_t typed = c;
    if (!map_newline(n, &c))
        return;
    if (n_lflag(n, ICANON) && (edit_char(n, c) || line_end_char(n, c)))
        return;
    ordinary(n, c, typed != c);
}

/* No flag that looks at input is on. */
static bool plain_raw(const struct n_tty *n)
{
    return !n_iflag(n,
                    ISTRIP | IUCLC | IGNCR | ICRNL | INLCR | IXON | PARMRK) &&
           !n_lflag(n, ICANON | ISIG | ECHO) && !n->lnext;
}

static size_t receive_raw(struct n_tty *n, const char *s, size_t count)
{
    size_t done = 0;

    count = MIN(count, n_tty_receive_room(n));
    while (done < count) {
        uint32_t pos = n->read_head % N_TTY_BUF;
        size_t run = MIN(count - done, (size_t)N_TTY_BUF - pos);
        memcpy(n->read_buf + pos, s + done, run);
        n->read_head += (uint32_t)run;
        done += run;
    }
    return done;
}

/* Does an unfinished line fill the buffer? */
static bool overflowing(const struct n_tty *n)
{
    return n_lflag(n, ICANON) && n->canon_head == n->read_tail;
}

/* One slot is kept free for the end of a line, one more for a doubled 0xff. */
static size_t receive_limit(const struct n_tty *n)
{
    return N_TTY_BUF - (n_iflag(n, PARMRK) ? 2 : 1);
}

size_t n_tty_receive_room(const struct n_tty *n)
{
    size_t limit = receive_limit(n);

    if (used(n) < limit)
        return limit - used(n);
    return overflowing(n) ? 1 : 0;
}

size_t n_tty_receive(struct n_tty *n, const char *s, size_t count)
{
    size_t done = 0;

    if (plain_raw(n))
        return receive_raw(n, s, count);
    while (done < count && n_tty_receive_room(n)) {
        while (used(n) > receive_limit(n))
            n->read_head--; /* overflow: the new byte replaces the last */
        receive_one(n, (uint8_t)s[done++]);
    }
    n_tty_push(n);
    return done;
}

/* --- taking bytes out ---------------------------------------------------- */

bool n_tty_readable(const struct n_tty *n, unsigned min)
{
    if (n_tty_canonical(n))
        return n->canon_head != n->read_tail;
    return used(n) >= MAX(min, 1u);
}

static void copy_out(struct n_tty *n, char *buf, size_t count)
{
    while (count) {
        uint32_t pos = n->read_tail % N_TTY_BUF;
        size_t run = MIN(count, (size_t)N_TTY_BUF - pos);
        memcpy(buf, n->read_buf + pos, run);
        buf += run;
        n->read_tail += (uint32_t)run;
        count -= run;
    }
}

/* Position of the first line end in [read_tail, read_tail + limit), or the
 * end of that range. */
static uint32_t find_end(const struct n_tty *n, uint32_t limit)
{
    uint32_t pos = n->read_tail, end = pos + limit;

    while (pos != end && !has_flag(n, pos))
        pos++;
    return pos;
}

static size_t read_line(struct n_tty *n, char *buf, size_t size, bool *eol)
{
    uint32_t whole = n->canon_head - n->read_tail;
    /* One more than asked for: an end-of-file mark right behind the last byte
     * belongs to this read, else the next would end at once. */
    uint32_t limit = (uint32_t)MIN((size_t)whole, size + 1);
    uint32_t end = find_end(n, limit);
    bool found = end != n->read_tail + limit;
    size_t len = end - n->read_tail;

    if (found && at(n, end) == N_TTY_DISABLED) {
        copy_out(n, buf, len);
        clear_flag(n, n->read_tail++);
        *eol = true;
        return len;
    }
    len = MIN(len + found, size);
    copy_out(n, buf, len);
    *eol = found && n->read_tail == end + 1;
    if (*eol)
        clear_flag(n, end);
    return len;
}

size_t n_tty_read(struct n_tty *n, char *buf, size_t size, bool *eol)
{
    size_t count;

    *eol = false;
    if (n_tty_canonical(n))
        return read_line(n, buf, size, eol);
    count = MIN((size_t)used(n), size);
    copy_out(n, buf, count);
    /* Line mode later begins with what is left. */
    n->canon_head = n->read_tail;
    return count;
}

size_t n_tty_input_count(const struct n_tty *n)
{
    size_t count;

    if (!n_tty_canonical(n))
        return used(n);
    count = n->canon_head - n->read_tail;
    for (uint32_t pos = n->read_tail; pos != n->canon_head; pos++)
        if (has_flag(n, pos) && at(n, pos) == N_TTY_DISABLED)
            count--;
    return count;
}
