/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * n_tty_test.c - the line discipline against the host's.
 *
 * Each case is a script of steps (settings, input, a program's output, reads)
 * performed on our discipline and on a pty of the host, comparing everything
 * that comes out on either side. Chosen cases first, then random ones, whose
 * seed a failure prints. The host works asynchronously, so a step there is
 * given time; a difference counts only when it is there with more time too.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "dev/n_tty.h"

#define OUT_MAX 65536

/* What came out: bytes for the master, and each read of the slave. */
struct trace {
    char bytes[OUT_MAX];
    size_t n;
};

static void trace_add(struct trace *t, const char *s, size_t n)
{
    if (t->n + n > OUT_MAX)
        n = OUT_MAX - t->n;
    memcpy(t->bytes + t->n, s, n);
    t->n += n;
}

static void trace_mark(struct trace *t, const char *what, long v)
{
    char text[64];

    trace_add(t, text,
              (size_t)snprintf(text, sizeof(text), "[%s %ld]", what, v));
}

/* --- the two sides ------------------------------------------------------- */

struct side {
    struct trace trace;
    struct n_tty *ours; /* NULL: the host's */
    char sent[OUT_MAX]; /* ours: output not yet looked at */
    size_t nsent;
    int master, slave;
    unsigned delay; /* host: microseconds for each step */
};

static size_t ours_write(void *arg, const char *s, size_t n)
{
    struct side *side = arg;

    if (side->nsent + n > OUT_MAX)
        return 0;
    memcpy(side->sent + side->nsent, s, n);
    side->nsent += n;
    return n;
}

/* A pty of Linux drops what is still between the two sides. That is what this
 * step has sent so far: the worker that carries it comes after the one that
 * takes in the input. */
static void ours_signal(void *arg, int signo)
{
    struct side *side = arg;

    (void)signo;
    if (!(side->ours->termios.c_lflag & NOFLSH))
        side->nsent = 0;
}

static void side_open_ours(struct side *s)
{
    memset(s, 0, sizeof(*s));
    s->ours = calloc(1, sizeof(*s->ours));
    n_tty_init(s->ours);
    s->ours->write = ours_write;
    s->ours->signal = ours_signal;
    s->ours->arg = s;
}

static bool side_open_host(struct side *s, unsigned delay)
{
    memset(s, 0, sizeof(*s));
    s->delay = delay;
    s->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (s->master < 0)
        return false;
    grantpt(s->master);
    unlockpt(s->master);
    s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    return s->slave >= 0;
}

static void side_close(struct side *s)
{
    if (s->ours) {
        free(s->ours);
    } else {
        close(s->master);
        close(s->slave);
    }
}

/* Move what the terminal sent to the trace. */
static void collect(struct side *s)
{
    char buf[4096];
    ssize_t n;

    trace_mark(&s->trace, "sent", 0);
    if (s->ours) {
        trace_add(&s->trace, s->sent, s->nsent);
        s->nsent = 0;
        return;
    }
    usleep(s->delay);
    while ((n = read(s->master, buf, sizeof(buf))) > 0) {
        trace_add(&s->trace, buf, (size_t)n);
        usleep(s->delay / 4);
    }
}

static void step_settings(struct side *s, const struct ktermios *k)
{
    struct termios t;

    if (s->ours) {
        n_tty_set_termios(s->ours, k);
    } else {
        memcpy(&t, k, sizeof(t));
        assert_int_equal(ioctl(s->slave, 0x5402 /* TCSETS */, &t), 0);
    }
    collect(s);
}

static void step_input(struct side *s, const char *p, size_t n)
{
    if (s->ours) {
        n_tty_receive(s->ours, p, n);
    } else {
        assert_int_equal(write(s->master, p, n), n);
        usleep(s->delay);
    }
    collect(s);
}

static void step_output(struct side *s, const char *p, size_t n)
{
    size_t done = 0;

    if (s->ours) {
        while (done < n) {
            size_t k = n_tty_write(s->ours, p + done, n - done);
            if (!k)
                break;
            done += k;
        }
        trace_mark(&s->trace, "wrote", done ? (long)done : -1);
    } else {
        trace_mark(&s->trace, "wrote", write(s->slave, p, n));
    }
    collect(s);
}

static void step_count(struct side *s)
{
    int n = -1;

    if (s->ours)
        n = (int)n_tty_input_count(s->ours);
    else
        ioctl(s->slave, 0x541B /* FIONREAD */, &n);
    trace_mark(&s->trace, "count", n);
}

static long read_ours(struct side *s, char *buf, size_t size)
{
    bool eol;

    if (!n_tty_readable(s->ours, 1))
        return -1;
    return (long)n_tty_read(s->ours, buf, size, &eol);
}

static void step_read(struct side *s, size_t size)
{
    char buf[8192];
    long n = s->ours ? read_ours(s, buf, size) : read(s->slave, buf, size);

    trace_mark(&s->trace, "read", n);
    if (n > 0)
        trace_add(&s->trace, buf, (size_t)n);
}

/* --- scripts ------------------------------------------------------------- */

struct step {
    enum { SETTINGS, INPUT, OUTPUT, READ, COUNT } what;
    struct ktermios termios;
    char bytes[6000];
    size_t n;
};

struct script {
    struct step steps[16];
    unsigned n;
};

static void perform(struct side *s, const struct script *sc)
{
    for (unsigned i = 0; i < sc->n; i++) {
        const struct step *st = &sc->steps[i];
        trace_mark(&s->trace, "step", i);
        switch (st->what) {
        case SETTINGS:
            step_settings(s, &st->termios);
            break;
        case INPUT:
            step_input(s, st->bytes, st->n);
            break;
        case OUTPUT:
            step_output(s, st->bytes, st->n);
            break;
        case READ:
            step_read(s, st->n);
            break;
        case COUNT:
            step_count(s);
            break;
        }
    }
}

static void show(const char *who, const struct trace *t)
{
    fprintf(stderr, "%s:", who);
    for (size_t i = 0; i < t->n && i < 3000; i++) {
        unsigned char c = (unsigned char)t->bytes[i];
        fprintf(stderr, c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
    }
    fprintf(stderr, "\n");
}

static void show_script(const struct script *sc)
{
    for (unsigned i = 0; i < sc->n; i++) {
        const struct step *st = &sc->steps[i];
        fprintf(stderr, "  %u: %d i=%x o=%x l=%x n=%zu ", i, st->what,
                st->termios.c_iflag, st->termios.c_oflag, st->termios.c_lflag,
                st->n);
        if (st->what == INPUT || st->what == OUTPUT)
            for (size_t k = 0; k < st->n && k < 200; k++)
                fprintf(stderr, "%02x", (unsigned char)st->bytes[k]);
        fprintf(stderr, "\n");
    }
}

static bool have_pty = true;

/* True if both sides agree (or the host has no ptys). */
static bool agree(const struct script *sc, bool verbose)
{
    static const unsigned delays[] = {300, 5000, 50000};
    static struct side ours, host;
    bool same = false;

    side_open_ours(&ours);
    perform(&ours, sc);
    for (int i = 0; i < 3 && !same; i++) {
        if (!side_open_host(&host, delays[i])) {
            have_pty = false;
            same = true;
            break;
        }
        perform(&host, sc);
        same = ours.trace.n == host.trace.n &&
               !memcmp(ours.trace.bytes, host.trace.bytes, ours.trace.n);
        side_close(&host);
    }
    side_close(&ours);
    if (!same && verbose) {
        show_script(sc);
        show("ours", &ours.trace);
        show("host", &host.trace);
    }
    return same;
}

/* --- building scripts ---------------------------------------------------- */

static struct ktermios usual(void)
{
    static struct n_tty n;

    n_tty_init(&n);
    return n.termios;
}

static struct step *next(struct script *sc, int what)
{
    struct step *s = &sc->steps[sc->n++];

    s->what = what;
    s->termios = usual();
    s->n = 0;
    return s;
}

static void add_bytes(struct script *sc, int what, const char *p, size_t n)
{
    struct step *s = next(sc, what);

    memcpy(s->bytes, p, n);
    s->n = n;
}

static void add_number(struct script *sc, int what, size_t n)
{
    next(sc, what)->n = n;
}

#define IN(sc, text)  add_bytes(sc, INPUT, text, sizeof(text) - 1)
#define OUT(sc, text) add_bytes(sc, OUTPUT, text, sizeof(text) - 1)

static void test_editing(void **state)
{
    static const char *const lines[] = {
        "hello\n",
        "abc\x7f\x7f"
        "d\n",
        "one two\x17three\n",
        "gone\x15kept\n",
        "a\tb\x7f\x7f\n",
        "\x16\x03x\n",
        "ctl\x01\x02\x7f\n",
        "abc\x12"
        "def\n",
        "eof\x04more\x04\x04",
        "int\x03"
        "after\n",
        "quit\x1cz\n",
        "susp\x1az\n",
        "stop\x13go\x11x\n",
        "cr\rlf\n",
        "\x7f\x7f\x15\x17\n",
        "a b  c\x17\x17\n",
        "\xc3\xa4\xe2\x82\xac\x7f\x7fx\n",
        "1234567\t\x7f.\n",
        "\t\t\x7f\x7f|\n",
        "ab\x16\ncd\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        for (int utf8 = 0; utf8 < 2; utf8++) {
            static struct script sc;
            sc.n = 0;
            struct step *s = next(&sc, SETTINGS);
            s->termios.c_iflag |= utf8 ? IUTF8 : 0;
            OUT(&sc, "prompt> ");
            add_bytes(&sc, INPUT, lines[i], strlen(lines[i]));
            add_number(&sc, COUNT, 0);
            for (int k = 0; k < 4; k++)
                add_number(&sc, READ, 100);
            assert_true(agree(&sc, true));
        }
}

/* A buffer exactly as long as the line, with the end of file right behind. */
static void test_short_reads(void **state)
{
    (void)state;
    for (size_t size = 1; size < 8; size++) {
        static struct script sc;
        sc.n = 0;
        next(&sc, SETTINGS);
        IN(&sc, "abcd\x04"
                "ef\nghi\n\x04");
        for (int k = 0; k < 12; k++)
            add_number(&sc, READ, size);
        assert_true(agree(&sc, true));
    }
}

static void test_long_line(void **state)
{
    static const size_t lengths[] = {4094, 4095, 4096, 4097, 5000};
    static char text[5100];

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        static struct script sc;
        sc.n = 0;
        memset(text, 'x', sizeof(text));
        memcpy(text + lengths[i], "yz\n", 3);
        next(&sc, SETTINGS)->termios.c_lflag &= ~(tcflag_t)ECHO;
        add_bytes(&sc, INPUT, text, lengths[i] + 3);
        add_number(&sc, COUNT, 0);
        for (int k = 0; k < 3; k++)
            add_number(&sc, READ, 4097);
        assert_true(agree(&sc, true));
    }
}

static void test_mode_switch(void **state)
{
    static struct script sc;

    (void)state;
    sc.n = 0;
    next(&sc, SETTINGS);
    IN(&sc, "line\npart");
    next(&sc, SETTINGS)->termios.c_lflag &= ~(tcflag_t)ICANON;
    add_number(&sc, COUNT, 0);
    add_number(&sc, READ, 3);
    next(&sc, SETTINGS);
    add_number(&sc, COUNT, 0);
    add_number(&sc, READ, 100);
    add_number(&sc, READ, 100);
    IN(&sc, "x\n");
    add_number(&sc, READ, 100);
    assert_true(agree(&sc, true));
}

static void test_output(void **state)
{
    static const tcflag_t flags[] = {OPOST | ONLCR,
                                     0,
                                     OPOST,
                                     OPOST | OCRNL,
                                     OPOST | ONOCR,
                                     OPOST | ONLRET,
                                     OPOST | XTABS | ONLCR,
                                     OPOST | OLCUC};

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        static struct script sc;
        sc.n = 0;
        next(&sc, SETTINGS)->termios.c_oflag = flags[i];
        OUT(&sc, "one\ntwo\r\nthree\r\r\ta\tbc\b\b\tX\xc3\xa4\t|\n\t\t.\n");
        OUT(&sc, "\rtail\tend");
        IN(&sc, "\tin\x7f\x7f\x7f\n");
        assert_true(agree(&sc, true));
    }
}

/* --- random scripts ------------------------------------------------------ */

static uint64_t rng;

static unsigned rnd(unsigned n)
{
    rng = rng * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(rng >> 33) % n;
}

static tcflag_t some(const tcflag_t *flags, size_t n)
{
    tcflag_t f = 0;

    for (size_t i = 0; i < n; i++)
        if (rnd(2))
            f |= flags[i];
    return f;
}

static void random_settings(struct ktermios *k)
{
    static const tcflag_t in[] = {ICRNL, IXON, INLCR, IGNCR, IUTF8};
    static const tcflag_t rare_in[] = {ISTRIP, IXANY, IUCLC, PARMRK};
    static const tcflag_t out[] = {OPOST, ONLCR};
    static const tcflag_t rare_out[] = {OCRNL, ONOCR, ONLRET, XTABS, OLCUC};
    static const tcflag_t local[] = {ICANON,  ECHO,   ECHOE,  ECHOK,
                                     ECHOCTL, ECHOKE, IEXTEN, ISIG};
    static const tcflag_t rare_local[] = {ECHONL, NOFLSH, ECHOPRT};

    if (!rnd(3))
        return; /* the usual ones */
    k->c_iflag = some(in, 5) | (rnd(4) ? 0 : some(rare_in, 4));
    k->c_oflag = some(out, 2) | (rnd(4) ? 0 : some(rare_out, 5));
    k->c_lflag = some(local, 8) | (rnd(4) ? 0 : some(rare_local, 3));
    if (rnd(2))
        k->c_lflag |= ICANON | ECHO;
}

static void random_bytes(struct step *s)
{
    static const char special[] = "\n\r\t\x7f\x15\x17\x16\x12\x04\x03\x1c\x1a"
                                  "\x11\x13\b \x01\xff\xc3\xa4\x00";

    s->n = 1 + rnd(20);
    for (size_t i = 0; i < s->n; i++)
        s->bytes[i] = rnd(3) ? (char)("abcXYZ_1 "[rnd(9)])
                             : special[rnd(sizeof(special) - 1)];
}

static void random_script(struct script *sc)
{
    sc->n = 0;
    random_settings(&next(sc, SETTINGS)->termios);
    for (unsigned i = 2 + rnd(6); i; i--) {
        switch (rnd(8)) {
        case 0:
            random_settings(&next(sc, SETTINGS)->termios);
            /* Linux applies these to echo when it is sent, we when it is made:
             * not the same while output is stopped. */
            sc->steps[sc->n - 1].termios.c_oflag = sc->steps[0].termios.c_oflag;
            break;
        case 1:
            random_bytes(next(sc, OUTPUT));
            break;
        case 2:
            add_number(sc, READ, 1 + rnd(30));
            break;
        default:
            random_bytes(next(sc, INPUT));
        }
    }
    add_number(sc, COUNT, 0);
    for (int i = 0; i < 4; i++)
        add_number(sc, READ, 1 + rnd(60));
}

static void test_random(void **state)
{
    const char *rounds = getenv("N_TTY_ROUNDS");
    const char *first = getenv("N_TTY_SEED");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 300;
    unsigned seed = first ? (unsigned)atoi(first) : 1;
    unsigned failed = 0;
    static struct script sc;

    (void)state;
    for (unsigned i = 0; i < n && have_pty; i++) {
        rng = (seed + i) * 0x9e3779b97f4a7c15ull;
        random_script(&sc);
        if (!agree(&sc, failed < 3)) {
            fprintf(stderr, "seed %u differs\n", seed + i);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_editing),   cmocka_unit_test(test_short_reads),
        cmocka_unit_test(test_long_line), cmocka_unit_test(test_mode_switch),
        cmocka_unit_test(test_output),    cmocka_unit_test(test_random),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);

    if (!have_pty)
        fprintf(stderr, "n_tty_test: no ptys here: NOT compared with the "
                        "host's terminals\n");
    return rc;
}
