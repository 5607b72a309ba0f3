/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * uio_test.c - lists of ranges: moving in odd pieces, faults in the middle, and
 * what is refused. Also strncpy_from_user.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dev/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/uio.h"
#include "mem/user.h"
#include "mem_fakes.h"

#define SIZE 5000

/* Cut (buf) into elements, some of them empty. */
static size_t cut(struct iovec_user *iov, char *buf, size_t size)
{
    size_t n = 0, at = 0;

    while (at < size) {
        size_t len = random_u64() % 4 ? random_u64() % 700 : 0;

        len = MIN(len, size - at);
        iov[n].base = len ? buf + at : (void *)UINTPTR_MAX;
        iov[n++].len = len;
        at += len;
    }
    return n;
}

static void test_pieces(void **state)
{
    static char user[SIZE], kernel[SIZE], back[SIZE];
    static struct iovec_user iov[400];
    struct uio u;

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t n = cut(iov, user, SIZE), done = 0;

        for (unsigned i = 0; i < SIZE; i++)
            kernel[i] = (char)random_u64();
        assert_int_equal(uio_init_iov(&u, iov, n), 0);
        assert_int_equal(u.left, SIZE);
        while (u.left) {
            size_t want = random_u64() % 900;
            ssize_t got = uio_copy_out(&u, kernel + done, want);

            assert_int_equal(got, MIN(want, SIZE - done));
            done += (size_t)got;
        }
        assert_int_equal(uio_copy_out(&u, kernel, 10), 0);
        uio_release(&u);
        assert_memory_equal(user, kernel, SIZE);
        assert_int_equal(uio_init_iov(&u, iov, n), 0);
        assert_int_equal(uio_copy_in(&u, back, SIZE), SIZE);
        uio_release(&u);
        assert_memory_equal(back, kernel, SIZE);
    }
}

static void test_fault(void **state)
{
    static char user[300], data[300];
    struct uio u;

    (void)state;
    memset(data, 7, sizeof(data));
    fake_user_bad(user + 100, 50);
    uio_init_user(&u, user, sizeof(user));
    assert_int_equal(uio_copy_out(&u, data, 300), 100);
    assert_int_equal(u.left, 200);
    assert_int_equal(uio_copy_out(&u, data, 200), -EFAULT);
    assert_int_equal(u.left, 200);
    assert_int_equal(uio_copy_out_nofault(&u, data, 200), 0);
    uio_advance(&u, 50);
    assert_int_equal(uio_zero(&u, 200), 150);
    assert_int_equal(u.left, 0);
    fake_user_bad(NULL, 0);
}

static void test_refused(void **state)
{
    static struct iovec_user iov[UIO_MAX + 1];
    char buf[8];
    struct uio u;

    (void)state;
    assert_int_equal(uio_init_iov(&u, iov, UIO_MAX + 1), -EINVAL);
    assert_int_equal(uio_init_iov(&u, iov, UIO_MAX), 0);
    uio_release(&u);
    iov[0].len = 1ul << 63;
    assert_int_equal(uio_init_iov(&u, iov, 1), -EINVAL);
    iov[0] = (struct iovec_user){(void *)PHYS_BASE, 8};
    assert_int_equal(uio_init_iov(&u, iov, 1), -EFAULT);
    iov[0] = (struct iovec_user){(void *)(USER_TOP - 4), 8};
    assert_int_equal(uio_init_iov(&u, iov, 1), -EFAULT);
    uio_init_user(&u, (void *)PHYS_BASE, 8);
    assert_int_equal(uio_copy_out(&u, buf, 8), -EFAULT);
    assert_int_equal(uio_copy_out(&u, buf, 0), 0);
    assert_int_equal(uio_fault_in(&u, 8, true), -EFAULT);
    uio_init_user(&u, (void *)UINT64_MAX, 8);
    assert_int_equal(uio_copy_in(&u, buf, 8), -EFAULT);
    assert_int_equal(uio_zero(&u, 8), -EFAULT);
}

static void test_strings(void **state)
{
    static char src[3 * PAGE_SIZE] __aligned(4096);
    char dst[300];

    (void)state;
    for (unsigned len = 0; len < 250; len++) {
        for (unsigned off = 0; off < 9; off++) {
            memset(src, 'x', sizeof(src));
            src[off + len] = '\0';
            memset(dst, 'y', sizeof(dst));
            assert_int_equal(strncpy_from_user(dst, src + off, 300), len);
            assert_int_equal(strlen(dst), len);
            assert_int_equal(strncpy_from_user(dst, src + off, len + 1), len);
            assert_int_equal(strncpy_from_user(dst, src + off, len),
                             -ENAMETOOLONG);
        }
    }
    /* The string ends at the end of the last page there is. */
    memset(src, 'x', sizeof(src));
    src[2 * PAGE_SIZE - 1] = '\0';
    fake_user_bad(src + 2 * PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(strncpy_from_user(dst, src + 2 * PAGE_SIZE - 100, 300),
                     99);
    src[2 * PAGE_SIZE - 1] = 'x';
    assert_int_equal(strncpy_from_user(dst, src + 2 * PAGE_SIZE - 100, 300),
                     -EFAULT);
    fake_user_bad(NULL, 0);
    assert_int_equal(strncpy_from_user(dst, (char *)USER_TOP, 10), -EFAULT);
}

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(32);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_fault),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_strings)};

    return cmocka_run_group_tests_name("uio", tests, setup, NULL);
}
