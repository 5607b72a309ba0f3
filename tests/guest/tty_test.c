/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty_test.c - pseudo terminals as programs use them: settings, sizes, job
 * control, hang-ups. (The line discipline itself is compared with Linux by
 * kernel/dev/test/n_tty_test.c.)
 */
#include "show.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

static char buf[10000];
static volatile int signals[65];

static void on_signal(int sig)
{
    signals[sig]++;
}

/* The kernel's structure, without libc's changes. */
struct ktermios {
    unsigned iflag, oflag, cflag, lflag;
    unsigned char line, cc[19];
};

static void show_termios(int fd)
{
    struct ktermios t;
    char cc[60] = "";

    if (ioctl(fd, TCGETS, &t)) {
        say("TCGETS: %s", err_name(errno));
        return;
    }
    for (int i = 0; i < 19; i++)
        sprintf(cc + 2 * i, "%02x", t.cc[i]);
    say("i %o o %o c %o l %o line %d cc %s", t.iflag, t.oflag, t.cflag, t.lflag,
        t.line, cc);
}

static int open_pair(int *slave)
{
    int m = posix_openpt(O_RDWR | O_NOCTTY), n = -1;
    char name[32];

    NEED(m >= 0 && !grantpt(m) && !unlockpt(m));
    NEED(!ioctl(m, TIOCGPTN, &n));
    snprintf(name, sizeof(name), "/dev/pts/%d", n);
    *slave = open(name, O_RDWR | O_NOCTTY);
    NEED(*slave >= 0);
    return m;
}

static void show_read(int line, int fd)
{
    ssize_t n;
    char text[300] = "";

    errno = 0;
    n = read(fd, buf, sizeof(buf));
    for (ssize_t i = 0, k = 0; i < n && k < 290; i++)
        k += sprintf(text + k, buf[i] < ' ' || buf[i] > '~' ? "\\%o" : "%c",
                     (unsigned char)buf[i]);
    say("%d: read %ld '%s' %s", line, (long)n, text,
        n < 0 ? err_name(errno) : "");
}
#define READ(fd) show_read(__LINE__, fd)

/* Until something can be read: ptys pass data on a little later. */
static void until_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    poll(&p, 1, 2000);
    nap(20);
}

SECTION(opening)
{
    struct stat st;
    int m, s, n = -1;

    m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    R(ioctl(m, TIOCGPTN, &n));
    char name[32];
    snprintf(name, sizeof(name), "/dev/pts/%d", n);
    R(open(name, O_RDWR | O_NOCTTY)); /* locked */
    int lock = 0;
    R(ioctl(m, TIOCSPTLCK, &lock));
    R(ioctl(m, TIOCGPTLCK, &lock));
    s = open(name, O_RDWR | O_NOCTTY);
    V(s >= 0);
    R(fstat(s, &st));
    say("mode %o major %d", st.st_mode, (int)(st.st_rdev >> 8 & 0xfff));
    R(isatty(s));
    R(isatty(m));
    V(!strcmp(ttyname(s), name));
    R(ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY) >= 0);
    R(lseek(s, 0, SEEK_SET));
    R(ftruncate(s, 0));
    R(fsync(s));
    show_termios(s);
    show_termios(m);
    close(s);
    close(m);
    R(access(name, F_OK));
}

SECTION(settings)
{
    struct ktermios t;
    int s, m = open_pair(&s), n;
    struct winsize w = {40, 100, 1, 2};

    ioctl(s, TCGETS, &t);
    t.iflag = 02000;  /* IXON */
    t.oflag = 04;     /* ONLCR, no OPOST */
    t.lflag &= ~012u; /* ICANON, ECHO */
    t.cc[6] = 1;      /* VMIN */
    t.cc[5] = 0;      /* VTIME */
    R(ioctl(s, TCSETS, &t));
    show_termios(s);
    R(ioctl(s, TCSETSW, &t));
    R(ioctl(s, TCSETSF, &t));
    R(ioctl(m, TCSETS, &t));
    R(ioctl(s, TCSETS, bad));
    R(ioctl(s, TCGETS, bad));
    R(ioctl(s, TIOCGWINSZ, &w));
    say("%d %d %d %d", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
    w = (struct winsize){40, 100, 1, 2};
    R(ioctl(m, TIOCSWINSZ, &w));
    memset(&w, 0, sizeof(w));
    R(ioctl(s, TIOCGWINSZ, &w));
    say("%d %d %d %d", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
    R(ioctl(s, TIOCGPGRP, &n));
    R(ioctl(s, TIOCGSID, &n));
    R(ioctl(s, TIOCSPGRP, &n));
    R(ioctl(s, TIOCNOTTY));
    R(ioctl(s, TIOCOUTQ, &n));
    R(ioctl(s, FIONREAD, &n));
    V(n);
    R(ioctl(s, TCFLSH, 2));
    R(ioctl(s, TCFLSH, 9));
    R(ioctl(s, TCSBRK, 1));
    R(ioctl(s, TIOCEXCL));
    R(ioctl(s, TIOCNXCL));
    R(ioctl(s, TIOCGETD, &n));
    V(n);
    R(ioctl(s, 0x54ff, &n));
    R(tcgetattr(s, (void *)buf));
    cfmakeraw((void *)buf);
    R(tcsetattr(s, TCSANOW, (void *)buf));
    show_termios(s);
}

SECTION(lines)
{
    int s, m = open_pair(&s), n;
    struct pollfd p = {s, POLLIN | POLLOUT, 0};
    struct epoll_event ev = {.events = EPOLLIN};
    int ep = epoll_create1(0);

    fcntl(s, F_SETFL, O_RDWR | O_NONBLOCK);
    fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK);
    READ(s);
    R(epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev));
    R(epoll_wait(ep, &ev, 1, 0));
    R(write(m, "hello", 5));
    nap(20);
    READ(s); /* no line yet */
    R(poll(&p, 1, 0));
    V(p.revents);
    R(write(m, "\nnext\n", 6));
    until_readable(s);
    R(epoll_wait(ep, &ev, 1, 1000));
    R(ioctl(s, FIONREAD, &n));
    V(n);
    READ(s);
    READ(s);
    READ(s);
    until_readable(m);
    READ(m); /* the echo */
    R(write(s, "out\nput\n", 8));
    until_readable(m);
    READ(m);
    R(write(m, "abc\177d\025xyz\027 \004", 14));
    until_readable(s);
    READ(s);
    R(write(m, "\004", 1)); /* end of file */
    until_readable(s);
    READ(s);
    R(write(m, "a\003b\n", 4)); /* ^C without a foreground group */
    until_readable(s);
    READ(s);
    /* raw, VMIN and VTIME */
    struct termios t;
    tcgetattr(s, &t);
    cfmakeraw(&t);
    tcsetattr(s, TCSAFLUSH, &t);
    nap(10);
    READ(m);
    R(write(m, "x\003\n", 3));
    until_readable(s);
    READ(s);
    READ(s);
    fcntl(s, F_SETFL, O_RDWR);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 1;
    tcsetattr(s, TCSANOW, &t);
    READ(s);
    t.c_cc[VTIME] = 0;
    tcsetattr(s, TCSANOW, &t);
    READ(s);
    t.c_cc[VMIN] = 3;
    tcsetattr(s, TCSANOW, &t);
    write(m, "12345", 5);
    READ(s);
}

SECTION(ends)
{
    int s, m = open_pair(&s);
    struct pollfd p = {m, POLLIN | POLLOUT, 0};

    signal(SIGHUP, on_signal);
    fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK);
    write(s, "last", 4);
    close(s);
    nap(30);
    R(poll(&p, 1, 0));
    V(p.revents);
    READ(m);
    READ(m); /* nobody at the other end */
    m = open_pair(&s);
    close(m);
    p.fd = s;
    R(poll(&p, 1, 0));
    V(p.revents);
    READ(s);
    R(write(s, "x", 1));
    show_termios(s);
    struct winsize w;
    R(ioctl(s, TIOCGWINSZ, &w));
}

static void catch_all(void)
{
    static const int sigs[] = {SIGINT, SIGQUIT,  SIGTSTP, SIGCONT,
                               SIGHUP, SIGWINCH, SIGTTIN, SIGTTOU};

    for (int i = 0; i < 8; i++) {
        struct sigaction a = {.sa_handler = on_signal};

        sigaction(sigs[i], &a, NULL);
    }
}

static void show_signals(int line)
{
    char text[200] = "";

    nap(50);
    for (int i = 1, k = 0; i < 65; i++)
        if (signals[i])
            k += sprintf(text + k, " %d", i), signals[i] = 0;
    say("%d: signals%s", line, text);
}
#define SIGNALS() show_signals(__LINE__)

SECTION(jobs)
{
    int s, m = open_pair(&s), n;

    if (fork() == 0) {
        char name[32];
        struct winsize w = {30, 90, 0, 0};

        catch_all();
        ioctl(m, TIOCGPTN, &n);
        snprintf(name, sizeof(name), "/dev/pts/%d", n);
        setsid();
        R(open("/dev/tty", O_RDWR));
        int t = open(name, O_RDWR); /* becomes the controlling terminal */
        V(t >= 0);
        R(ioctl(t, TIOCGSID, &n));
        V(n == getpid());
        R(ioctl(t, TIOCGPGRP, &n));
        V(n == getpid());
        int tty = open("/dev/tty", O_RDWR);
        V(tty >= 0);
        R(isatty(tty));
        R(ioctl(t, TIOCSCTTY, 0));
        write(m, "\003", 1);
        SIGNALS();
        write(m, "\034", 1);
        SIGNALS();
        write(m, "\032", 1);
        SIGNALS();
        R(ioctl(m, TIOCSWINSZ, &w));
        SIGNALS();
        R(ioctl(m, TIOCSWINSZ, &w)); /* the same size: no signal */
        SIGNALS();
        n = 999999;
        R(ioctl(t, TIOCSPGRP, &n));
        n = -1;
        R(ioctl(t, TIOCSPGRP, &n));
        /* the background */
        pid_t pid = fork();
        if (!pid) {
            setpgid(0, 0);
            signal(SIGTTIN, SIG_DFL);
            read(t, buf, 1);
            _exit(0);
        }
        int st;
        waitpid(pid, &st, WUNTRACED);
        say("reader: %s", ending(st));
        kill(pid, SIGKILL);
        waitpid(pid, &st, 0);
        CHILD
        {
            setpgid(0, 0);
            signal(SIGTTIN, SIG_IGN);
            R(read(t, buf, 1));
            signal(SIGTTOU, SIG_IGN);
            R(write(t, "x", 1));
            n = getpgrp();
            R(ioctl(t, TIOCSPGRP, &n)); /* takes the foreground */
            R(ioctl(t, TIOCGPGRP, &n));
            V(n == getpid());
        }
        signal(SIGTTOU, SIG_IGN);
        n = getpid();
        R(ioctl(t, TIOCSPGRP, &n));
        signal(SIGTTOU, on_signal);
        R(ioctl(t, TIOCNOTTY));
        SIGNALS();
        R(open("/dev/tty", O_RDWR));
        R(ioctl(t, TIOCSCTTY, 0));
        close(s);
        close(m); /* hang-up */
        SIGNALS();
        R(read(t, buf, 1));
        _exit(0);
    }
    close(m);
    close(s);
    child_wait(-1);
}

SECTION(console)
{
    struct stat st;

    R(stat("/dev/console", &st));
    say("mode %o %lx", st.st_mode & S_IFMT, (long)st.st_rdev);
    R(stat("/dev/tty", &st));
    say("mode %o %lx", st.st_mode, (long)st.st_rdev);
}
