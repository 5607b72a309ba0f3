/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* fdtable_test.c - descriptor tables, compared with a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/fdtable.h"
#include "proc/process.h"

#define FILES 8

static struct process process;
static struct inode inode;
static struct file files[FILES];
static unsigned locks_closed;

/* --- what fdtable.c wants ------------------------------------------------ */

void file_get(struct file *f)
{
    f->refs++;
}

void file_put(struct file *f)
{
    assert_true(f->refs > 0);
    f->refs--;
}

void locks_owner_closed(struct inode *i, const void *owner);
void locks_owner_closed(struct inode *i, const void *owner)
{
    (void)i;
    (void)owner;
    locks_closed++;
}

uint64_t process_rlimit(unsigned which)
{
    return process.rlimits[which].rlim_cur;
}

void cond_resched(void)
{
}

static int setup(void **state)
{
    (void)state;
    host_cpu_init(0);
    memset(&process, 0, sizeof(process));
    memset(files, 0, sizeof(files));
    for (int i = 0; i < FILES; i++)
        files[i].inode = &inode;
    process.rlimits[RLIMIT_NOFILE].rlim_cur = 2000;
    spin_init(&process.siglock, RANK_SIGNAL);
    process.files = fdtable_create();
    current->process = &process;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fdtable_put(process.files);
    for (int i = 0; i < FILES; i++)
        assert_int_equal(files[i].refs, 0);
    assert_int_equal(host_allocated, 0);
    return 0;
}

static int add(int i, bool cloexec)
{
    file_get(&files[i]);
    return fd_add(&files[i], cloexec);
}

/* --- tests --------------------------------------------------------------- */

static void lowest_first(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(add(0, false), i);
    assert_int_equal(fd_close(3), 0);
    assert_int_equal(fd_close(1), 0);
    assert_int_equal(fd_close(1), -EBADF);
    assert_int_equal(add(1, false), 1);
    assert_int_equal(add(1, false), 3);
    assert_int_equal(add(1, false), 5);
    assert_int_equal(fd_dup(5, 100, true), 100);
    assert_int_equal(fd_get_cloexec(100), 1);
    assert_int_equal(fd_dup(77, 0, false), -EBADF);
    assert_null(fd_get(99));
    assert_null(fd_get(-1));
    struct file *f = fd_get(100);
    assert_ptr_equal(f, &files[1]);
    file_put(f);
}

static void reservations(void **state)
{
    int a, b;

    (void)state;
    a = fd_reserve(0, true);
    b = fd_reserve(0, false);
    assert_int_equal(a, 0);
    assert_int_equal(b, 1);
    assert_null(fd_get(a)); /* not open yet */
    assert_int_equal(fd_close(a), -EBADF);
    file_get(&files[2]);
    assert_int_equal(add(2, false), 2);
    assert_int_equal(fd_dup_to(2, a, false), -EBUSY);
    fd_install(a, &files[2]);
    fd_unreserve(b);
    assert_int_equal(fd_get_cloexec(a), 1);
    assert_int_equal(add(3, false), 1);
}

static void limits(void **state)
{
    (void)state;
    process.rlimits[RLIMIT_NOFILE].rlim_cur = 3;
    for (int i = 0; i < 3; i++)
        assert_int_equal(add(0, false), i);
    assert_int_equal(add(0, false), -EMFILE);
    assert_int_equal(files[0].refs, 3);
    assert_int_equal(fd_dup_to(0, 3, false), -EBADF);
    assert_int_equal(fd_dup_to(0, -1, false), -EBADF);
    process.rlimits[RLIMIT_NOFILE].rlim_cur = 5000;
    assert_int_equal(fd_dup_to(0, 4000, false), 4000);
    host_fail_alloc = 1;
    assert_int_equal(fd_dup_to(0, 4999, false), -ENOMEM);
    assert_int_equal(files[0].refs, 4);
}

static void replace_closes(void **state)
{
    (void)state;
    add(0, true);
    add(1, true);
    assert_int_equal(fd_dup_to(0, 1, false), 1);
    assert_int_equal(files[1].refs, 0);
    assert_int_equal(files[0].refs, 2);
    assert_int_equal(fd_get_cloexec(1), 0);
    assert_int_equal(fd_dup_to(0, 0, false), 0);
    inode.locks = (void *)&inode; /* only looked at */
    fd_close(1);
    assert_int_equal(locks_closed, 1);
    inode.locks = NULL;
}

static void over_exec_and_fork(void **state)
{
    struct fdtable *copy;

    (void)state;
    for (int i = 0; i < 6; i++)
        add(i, i % 2);
    fd_dup_to(0, 300, true);
    fd_reserve(0, false); /* stays behind */
    copy = fdtable_clone(process.files);
    assert_int_equal(copy->count, 7);
    assert_int_equal(files[0].refs, 4);
    assert_ptr_equal(copy->files[300], &files[0]);
    fdtable_close_on_exec(copy);
    assert_int_equal(copy->count, 3);
    assert_null(copy->files[300]);
    assert_null(copy->files[1]);
    assert_non_null(copy->files[2]);
    fdtable_put(copy);
    assert_int_equal(files[0].refs, 2);
    fd_close_range(300, 300, false);
    copy = fdtable_clone(process.files);
    assert_int_equal(copy->size, 64); /* as small as it can be */
    fdtable_put(copy);
}

static void ranges(void **state)
{
    struct file *f = NULL;

    (void)state;
    for (int i = 0; i < 70; i++)
        add(0, false);
    assert_int_equal(fd_close_range(10, 5, false), -EINVAL);
    assert_int_equal(fd_close_range(60, 64, true), 0);
    assert_int_equal(fd_get_cloexec(59), 0);
    assert_int_equal(fd_get_cloexec(60), 1);
    assert_int_equal(fd_get_cloexec(65), 0);
    assert_int_equal(fd_close_range(4, UINT32_MAX, false), 0);
    assert_int_equal(process.files->count, 4);
    assert_int_equal(fd_next(&process, 2, &f), 2);
    file_put(f);
    assert_int_equal(fd_next(&process, 4, NULL), -1);
    assert_int_equal(add(1, false), 4);
}

static void random_operations(void **state)
{
    static int model[2000]; /* file index + 1 */
    uint64_t s = 1;

    (void)state;
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 20000; step++) {
        s = s * 6364136223846793005ul + 1442695040888963407ul;
        int fd = (int)((s >> 33) % 400), file = (int)((s >> 20) % FILES), low;
        switch ((s >> 60) % 4) {
        case 0:
        case 1:
            for (low = 0; model[low]; low++)
                ;
            assert_int_equal(add(file, false), low);
            model[low] = file + 1;
            break;
        case 2:
            assert_int_equal(fd_close(fd), model[fd] ? 0 : -EBADF);
            model[fd] = 0;
            break;
        default:
            assert_int_equal(fd_dup_to(fd, fd / 2, false),
                             model[fd] ? fd / 2 : -EBADF);
            if (model[fd])
                model[fd / 2] = model[fd];
        }
        if (step % 500 == 0)
            fd_close_range(200, UINT32_MAX, false),
                memset(model + 200, 0, sizeof(model) - 200 * sizeof(int));
    }
    for (int fd = 0; fd < 2000; fd++) {
        struct file *f = fd_get(fd);
        assert_ptr_equal(f, model[fd] ? &files[model[fd] - 1] : NULL);
        if (f)
            file_put(f);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lowest_first),      TEST(reservations),       TEST(limits),
        TEST(replace_closes),    TEST(over_exec_and_fork), TEST(ranges),
        TEST(random_operations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
