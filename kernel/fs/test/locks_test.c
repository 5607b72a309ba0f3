/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * locks_test.c - record locks: splitting, merging, conflicts, waiting; and
 * flock. Two descriptor tables play two processes.
 */
#include "fs/locks.h"
#include "fs_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fdtable tables[2];
static struct file *file;

static int setup(void **state)
{
    fake_vfs_start();
    file = path_open(AT_FDCWD, "/locked", O_CREAT | O_RDWR, 0644);
    fake_process.files = &tables[0];
    return IS_ERR(file);
}

static int teardown(void **state)
{
    locks_owner_closed(file->inode, &tables[0]);
    locks_owner_closed(file->inode, &tables[1]);
    file_put(file);
    return 0;
}

/* As process (who): (cmd) with a lock of (type) on [start, start + len). */
static int call(int who, unsigned cmd, int type, int64_t start, int64_t len,
                struct flock *out)
{
    struct flock fl = {.l_type = (short)type,
                       .l_whence = SEEK_SET,
                       .l_start = start,
                       .l_len = len};
    int rc;

    fake_process.files = &tables[who];
    fake_process.pid = who + 1;
    rc = locks_fcntl(file, cmd, &fl);
    fake_process.files = &tables[0];
    if (out)
        *out = fl;
    return rc;
}

static int set(int who, int type, int64_t start, int64_t len)
{
    return call(who, F_SETLK, type, start, len, NULL);
}

/* What process 1 finds in the way of a write lock. */
static void expect(int64_t from, int type, int64_t start, int64_t len)
{
    struct flock fl;

    assert_int_equal(call(1, F_GETLK, F_WRLCK, from, 0, &fl), 0);
    assert_int_equal(fl.l_type, type);
    if (type == F_UNLCK)
        return;
    assert_int_equal(fl.l_start, start);
    assert_int_equal(fl.l_len, len);
    assert_int_equal(fl.l_pid, 1);
}

static void conflicts(void **state)
{
    assert_int_equal(set(0, F_WRLCK, 10, 10), 0);
    assert_int_equal(set(1, F_RDLCK, 0, 10), 0);
    assert_int_equal(set(1, F_RDLCK, 0, 11), -EAGAIN);
    assert_int_equal(set(1, F_WRLCK, 19, 1), -EAGAIN);
    assert_int_equal(set(1, F_WRLCK, 20, 0), 0);
    assert_int_equal(set(0, F_RDLCK, 10, 10), 0);
    assert_int_equal(set(1, F_RDLCK, 0, 15), 0);
    assert_int_equal(set(0, F_WRLCK, 10, 1), -EAGAIN);
    locks_owner_closed(file->inode, &tables[1]);
    assert_int_equal(set(0, F_WRLCK, 10, 1), 0);
}

static void split_and_merge(void **state)
{
    set(0, F_RDLCK, 0, 100);
    set(0, F_UNLCK, 40, 20);
    expect(0, F_RDLCK, 0, 40);
    expect(40, F_RDLCK, 60, 40);
    set(0, F_RDLCK, 40, 20);
    expect(0, F_RDLCK, 0, 100);
    set(0, F_WRLCK, 90, 0);
    expect(90, F_WRLCK, 90, 0);
    expect(0, F_RDLCK, 0, 90);
    set(0, F_RDLCK, 0, 0);
    expect(0, F_RDLCK, 0, 0);
    set(0, F_UNLCK, 0, 10);
    set(0, F_UNLCK, INT64_MAX, 1);
    expect(0, F_RDLCK, 10, INT64_MAX - 10);
    set(0, F_UNLCK, 0, 0);
    expect(0, F_UNLCK, 0, 0);
}

static void bad_arguments(void **state)
{
    assert_int_equal(set(0, F_WRLCK, -1, 1), -EINVAL);
    assert_int_equal(set(0, F_WRLCK, 5, -6), -EINVAL);
    assert_int_equal(set(0, F_WRLCK, 5, -5), 0);
    expect(0, F_WRLCK, 0, 5);
    assert_int_equal(set(0, F_WRLCK, 2, INT64_MAX), -EOVERFLOW);
    assert_int_equal(set(0, 77, 0, 1), -EINVAL);
    struct file *ro = path_open(AT_FDCWD, "/locked", O_RDONLY, 0);
    struct flock fl = {.l_type = F_WRLCK};
    assert_int_equal(locks_fcntl(ro, F_SETLK, &fl), -EBADF);
    file_put(ro);
}

static int unlock_other(void)
{
    set(1, F_UNLCK, 0, 0);
    return 0;
}

static int interrupted(void)
{
    return -ERESTARTSYS;
}

static void waiting(void **state)
{
    set(1, F_WRLCK, 0, 1);
    fake_sleep = unlock_other;
    assert_int_equal(call(0, F_SETLKW, F_WRLCK, 0, 1, NULL), 0);
    fake_sleep = interrupted;
    assert_int_equal(call(1, F_SETLKW, F_WRLCK, 0, 1, NULL), -ERESTARTSYS);
    fake_sleep = NULL;
    assert_int_equal(fake_locks, 0);
}

/* 0 holds a, 1 holds b and waits for a; then 0 must not wait for b. */
static int wait_back(void)
{
    fake_sleep = interrupted;
    assert_int_equal(call(0, F_SETLKW, F_WRLCK, 1, 1, NULL), -EDEADLK);
    return -ERESTARTSYS;
}

static void deadlock(void **state)
{
    set(0, F_WRLCK, 0, 1);
    set(1, F_WRLCK, 1, 1);
    fake_sleep = wait_back;
    assert_int_equal(call(1, F_SETLKW, F_WRLCK, 0, 1, NULL), -ERESTARTSYS);
    fake_sleep = NULL;
}

static void flock_and_ofd(void **state)
{
    struct file *other = path_open(AT_FDCWD, "/locked", O_RDWR, 0);
    struct flock fl = {.l_type = F_WRLCK};

    assert_int_equal(locks_flock(file, LOCK_EX), 0);
    assert_int_equal(locks_flock(other, LOCK_SH | LOCK_NB), -EAGAIN);
    assert_int_equal(set(0, F_WRLCK, 0, 0), 0); /* another class */
    set(0, F_UNLCK, 0, 0);
    assert_int_equal(locks_flock(file, LOCK_SH), 0);
    assert_int_equal(locks_flock(other, LOCK_SH | LOCK_NB), 0);
    assert_int_equal(locks_flock(file, LOCK_EX | LOCK_NB), -EAGAIN);
    assert_int_equal(locks_flock(file, 0), -EINVAL);
    assert_int_equal(locks_fcntl(other, F_OFD_SETLK, &fl), 0);
    assert_int_equal(set(0, F_RDLCK, 5, 1), -EAGAIN);
    file_put(other); /* its locks go */
    assert_int_equal(set(0, F_RDLCK, 5, 1), 0);
    assert_int_equal(locks_flock(file, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(locks_flock(file, LOCK_UN), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(conflicts), TEST(split_and_merge), TEST(bad_arguments),
        TEST(waiting),   TEST(deadlock),        TEST(flock_and_ofd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
