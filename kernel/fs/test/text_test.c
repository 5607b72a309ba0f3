/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * text_test.c - synthetic files: made at once and made in pieces.
 */
#include "fs/nodes.h"
#include "fs_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int made; /* pieces */
static int fail_at;
static unsigned nr_pieces;

/* "0.0.0." "1.1.1." ...; every fourth is empty. */
static int show_piece(struct text *t, struct seq *s)
{
    unsigned k = (unsigned)t->cursor;

    if (++made == fail_at)
        return -EIO;
    if (k >= nr_pieces)
        return 0;
    for (unsigned i = 0; i < 3 && k % 4 != 3; i++)
        seq_printf(s, "%u.", k);
    t->cursor = k + 1;
    t->more = true;
    return 0;
}

static int show_whole(struct text *t, struct seq *s)
{
    (void)t;
    seq_printf(s, "text %d", ++made);
    return 0;
}

static struct file *open_text(text_show_fn *show)
{
    static struct file f;

    made = fail_at = 0;
    assert_int_equal(text_open(&f, show, NULL, NULL, NULL, 0, -1), 0);
    return &f;
}

static void close_text(struct file *f)
{
    f->ops->release(f);
}

static ssize_t read_at(struct file *f, char *buf, size_t n, uint64_t pos)
{
    struct uio u;

    uio_init_kernel(&u, buf, n);
    return f->ops->read(f, &u, &pos);
}

/* All of it, by (block) bytes. */
static size_t read_all(struct file *f, char *buf, size_t block)
{
    size_t at = 0;
    ssize_t n;

    while ((n = read_at(f, buf + at, block, at)) > 0)
        at += (size_t)n;
    assert_int_equal(n, 0);
    return at;
}

static void whole(void **state)
{
    struct file *f = open_text(show_whole);
    char buf[100];

    (void)state;
    assert_int_equal(read_at(f, buf, 4, 0), 4);
    assert_int_equal(read_at(f, buf, 100, 4), 2);
    assert_memory_equal(buf, " 1", 2);
    assert_int_equal(read_at(f, buf, 100, 6), 0);
    assert_int_equal(made, 1);
    assert_int_equal(read_at(f, buf, 100, 0), 6); /* rewound: made anew */
    assert_memory_equal(buf, "text 2", 6);
    close_text(f);
}

static void pieces(void **state)
{
    static char want[2000], got[2000];
    struct file *f = open_text(show_piece);
    size_t n;

    (void)state;
    nr_pieces = 101;
    n = read_all(f, want, sizeof(want));
    assert_memory_equal(want, "0.0.0.1.1.1.2.2.2.4.4.4.", 24);
    assert_memory_equal(want + n - 12, "100.100.100.", 12);
    for (size_t block = 1; block < 40; block++) {
        made = 0;
        assert_int_equal(read_all(f, got, block), n);
        assert_memory_equal(want, got, n);
        assert_true(made <= 2 * (int)nr_pieces);
    }
    for (size_t at = n; at > 0; at -= MIN(at, (size_t)7)) { /* backwards */
        ssize_t some = read_at(f, got, 9, at);

        assert_int_equal(some, MIN(n - at, (size_t)9));
        assert_memory_equal(got, want + at, (size_t)some);
    }
    assert_int_equal(read_at(f, got, 9, 1u << 30), 0);
    close_text(f);
}

/* What is long costs no more memory than its longest piece. */
static void long_text(void **state)
{
    struct file *f = open_text(show_piece);
    const struct text *t = f->private;
    char block[4096];
    uint64_t all = 0;
    ssize_t n;

    (void)state;
    nr_pieces = 1200000;
    while ((n = read_at(f, block, sizeof(block), all)) > 0)
        all += (uint64_t)n;
    assert_true(all > 16u << 20);
    assert_true(t->seq.size <= 256);
    close_text(f);
}

static void failures(void **state)
{
    struct file *f = open_text(show_piece);
    char buf[100];

    (void)state;
    nr_pieces = 9;
    fail_at = 1;
    assert_int_equal(read_at(f, buf, 100, 0), -EIO);
    fail_at = made + 3; /* what came before is answered */
    assert_int_equal(read_at(f, buf, 100, 0), 12);
    fail_at = made + 2;
    assert_int_equal(read_at(f, buf, 100, 12), -EIO);
    fail_at = 0;
    assert_int_equal(read_at(f, buf, 6, 12), 6);
    assert_memory_equal(buf, "2.2.2.", 6);
    close_text(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole), cmocka_unit_test(pieces),
        cmocka_unit_test(long_text), cmocka_unit_test(failures)};

    fake_vfs_start();
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
