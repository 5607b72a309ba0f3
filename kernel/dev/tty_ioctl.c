/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty_ioctl.c - settings and control of terminals (ioctl_tty(2)).
 */
#include <asm/signal.h>
#include <asm/termios.h>

#include "dev/tty_priv.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/user.h"

/* --- termios ------------------------------------------------------------- */

struct baud {
    tcflag_t code;
    unsigned rate;
};

// clang-format off
static const struct baud bauds[] = {
    {B0, 0},             {B50, 50},           {B75, 75},
    {B110, 110},         {B134, 134},         {B150, 150},
    {B200, 200},         {B300, 300},         {B600, 600},
    {B1200, 1200},       {B1800, 1800},       {B2400, 2400},
    {B4800, 4800},       {B9600, 9600},       {B19200, 19200},
    {B38400, 38400},     {B57600, 57600},     {B115200, 115200},
    {B230400, 230400},   {B460800, 460800},   {B500000, 500000},
    {B576000, 576000},   {B921600, 921600},   {B1000000, 1000000},
    {B1152000, 1152000}, {B1500000, 1500000}, {B2000000, 2000000},
    {B2500000, 2500000}, {B3000000, 3000000}, {B3500000, 3500000},
    {B4000000, 4000000},
};
// clang-format on

/* The rate for the code in (cflag), or (given) for BOTHER. */
static unsigned baud_rate(tcflag_t code, unsigned given)
{
    for (size_t i = 0; i < ARRAY_SIZE(bauds); i++)
        if (bauds[i].code == code)
            return bauds[i].rate;
    return given;
}

/* struct termios is the beginning of ktermios and termios2. */
_Static_assert(sizeof(struct termios) == offsetof(struct ktermios, c_ispeed) &&
                   sizeof(struct termios2) == sizeof(struct ktermios),
               "abi");

static long termios_get(struct tty *t, unsigned long arg, size_t size)
{
    struct ktermios k;

    tty_lock(t);
    k = t->n.termios;
    tty_unlock(t);
    return copy_to_user((void __user *)arg, &k, size);
}

static void termios_apply(struct tty *t, const struct ktermios *k)
{
    tty_lock(t);
    n_tty_set_termios(&t->n, k);
    if (!t->hardware) { /* a pty has no line to set up */
        t->n.termios.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
        t->n.termios.c_cflag |= CS8 | CREAD;
    }
    t->due_read = t->due_write = true; /* conditions may have changed */
    tty_unlock(t);
    if (t->driver->set_termios)
        t->driver->set_termios(t);
}

static long termios_set(struct tty *t, unsigned long arg, size_t size,
                        bool drain, bool flush)
{
    struct ktermios k;
    long rc = tty_job_check(t, SIGTTOU);

    if (rc)
        return rc;
    tty_lock(t);
    k = t->n.termios;
    tty_unlock(t);
    if (copy_from_user(&k, (void __user *)arg, size))
        return -EFAULT;
    k.c_ospeed = baud_rate(k.c_cflag & CBAUD, k.c_ospeed);
    k.c_ispeed = k.c_cflag & CIBAUD
                     ? baud_rate((k.c_cflag >> IBSHIFT) & CBAUD, k.c_ispeed)
                     : k.c_ospeed;
    if (drain) {
        rc = tty_wait_drained(t);
        if (rc)
            return rc;
    }
    if (flush) {
        tty_lock(t);
        n_tty_flush_input(&t->n);
        t->due_room = t->input_full;
        tty_unlock(t);
    }
    termios_apply(t, &k);
    return 0;
}

static long termios_ioctl(struct tty *t, unsigned cmd, unsigned long arg)
{
    switch (cmd) {
    case TCGETS:
        return termios_get(t, arg, sizeof(struct termios));
    case TCGETS2:
        return termios_get(t, arg, sizeof(struct termios2));
    case TCSETS:
        return termios_set(t, arg, sizeof(struct termios), false, false);
    case TCSETSW:
        return termios_set(t, arg, sizeof(struct termios), true, false);
    case TCSETSF:
        return termios_set(t, arg, sizeof(struct termios), true, true);
    case TCSETS2:
        return termios_set(t, arg, sizeof(struct termios2), false, false);
    case TCSETSW2:
        return termios_set(t, arg, sizeof(struct termios2), true, false);
    case TCSETSF2:
        return termios_set(t, arg, sizeof(struct termios2), true, true);
    default:
        return -ENOIOCTLCMD;
    }
}

/* --- flow and buffers ---------------------------------------------------- */

static long flow(struct tty *t, unsigned long how)
{
    char c;

    tty_lock(t);
    switch (how) {
    case TCOOFF:
        n_tty_stop(&t->n);
        break;
    case TCOON:
        n_tty_start(&t->n);
        t->due_write = true;
        break;
    case TCIOFF:
    case TCION:
        c = (char)t->n.termios.c_cc[how == TCIOFF ? VSTOP : VSTART];
        if (c)
            t->due_wrote |= t->driver->write(t, &c, 1) > 0;
        break;
    default:
        how = ~0ul;
    }
    tty_unlock(t);
    return how == ~0ul ? -EINVAL : 0;
}

static long flush(struct tty *t, unsigned long which)
{
    if (which > TCIOFLUSH)
        return -EINVAL;
    tty_lock(t);
    if (which != TCOFLUSH) {
        n_tty_flush_input(&t->n);
        t->due_room = t->input_full;
        t->input_full = false;
    }
    if (which != TCIFLUSH) {
        n_tty_flush_output(&t->n);
        t->due_write = true;
    }
    tty_unlock(t);
    return 0;
}

static long buffer_ioctl(struct tty *t, unsigned cmd, unsigned long arg)
{
    size_t count;
    long rc;

    switch (cmd) {
    case TCXONC:
        rc = tty_job_check(t, SIGTTOU);
        return rc ? rc : flow(t, arg);
    case TCFLSH:
        rc = tty_job_check(t, SIGTTOU);
        return rc ? rc : flush(t, arg);
    case TCSBRK: /* drain, then a break, which no line here can send */
    case TCSBRKP:
        rc = tty_job_check(t, SIGTTOU);
        return rc ? rc : tty_wait_drained(t);
    case FIONREAD:
    case TIOCOUTQ:
        tty_lock(t);
        count =
            cmd == FIONREAD ? n_tty_input_count(&t->n) : n_tty_pending(&t->n);
        tty_unlock(t);
        return put_user((int)count, (int __user *)arg);
    default:
        return -ENOIOCTLCMD;
    }
}

/* --- window size and the rest -------------------------------------------- */

static long winsize_get(struct tty *t, unsigned long arg)
{
    struct winsize w;

    tty_lock(t);
    w = t->winsize;
    tty_unlock(t);
    return put_user(w, (struct winsize __user *)arg);
}

static long winsize_set(struct tty *t, unsigned long arg)
{
    struct winsize w;

    if (get_user(w, (struct winsize __user *)arg))
        return -EFAULT;
    tty_lock(t);
    if (memcmp(&w, &t->winsize, sizeof(w)))
        t->due_signals |= 1ull << SIGWINCH;
    t->winsize = w;
    tty_unlock(t);
    return 0;
}

static long set_exclusive(struct tty *t, bool on)
{
    tty_lock(t);
    t->exclusive = on;
    tty_unlock(t);
    return 0;
}

static long set_discipline(unsigned long arg)
{
    int number;

    if (get_user(number, (int __user *)arg))
        return -EFAULT;
    return number == 0 ? 0 : -EINVAL; /* N_TTY is the only one */
}

static long misc_ioctl(struct tty *t, unsigned cmd, unsigned long arg)
{
    switch (cmd) {
    case TIOCGWINSZ:
        return winsize_get(t, arg);
    case TIOCSWINSZ:
        return winsize_set(t, arg);
    case TIOCEXCL:
        return set_exclusive(t, true);
    case TIOCNXCL:
        return set_exclusive(t, false);
    case TIOCGEXCL:
        return put_user((int)t->exclusive, (int __user *)arg);
    case TIOCGETD:
        return put_user(0, (int __user *)arg);
    case TIOCSETD:
        return set_discipline(arg);
    case TIOCSTI: /* as with Linux's dev.tty.legacy_tiocsti = 0 */
        return -EIO;
    default:
        return -ENOIOCTLCMD;
    }
}

long tty_ioctl(struct tty *t, bool master, struct file *f, unsigned cmd,
               unsigned long arg)
{
    long rc = termios_ioctl(t, cmd, arg);

    if (rc == -ENOIOCTLCMD)
        rc = buffer_ioctl(t, cmd, arg);
    if (rc == -ENOIOCTLCMD)
        rc = misc_ioctl(t, cmd, arg);
    if (rc == -ENOIOCTLCMD)
        rc = tty_job_ioctl(t, master, cmd, arg);
    return rc == -ENOIOCTLCMD ? -ENOTTY : rc;
}
