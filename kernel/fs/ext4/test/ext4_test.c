/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ext4_test.c - PROGRAM IMAGE DIR ... -- IMAGE ...: mount each image and
 * compare it with the directory that debugfs has dumped from it; the later ones
 * cannot be mounted.
 */
#include "fs_fakes.h"
#include "mem/slab.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char **images;
static char **refused_images;
static int nr_images, nr_refused;

static struct inode *child(struct inode *dir, const char *name)
{
    return dir->ops->lookup(dir, name, strlen(name));
}

static void compare_file(struct inode *i, const char *path)
{
    size_t size;
    char *want = host_load(path, &size), *got = kmalloc(size + 1, 0);
    struct file *f = file_alloc(i, NULL, i->fops, O_RDONLY);

    assert_non_null(want);
    assert_int_equal(i->mapping.size, size);
    assert_int_equal(file_read_kernel(f, got, size + 1, 0), size);
    assert_memory_equal(got, want, size);
    file_put(f);
    kfree(got);
    host_free(want);
}

struct listed {
    struct dir_context ctx;
    long count;
};

static bool count_entry(struct dir_context *c, const char *name, size_t len,
                        uint64_t ino, unsigned dtype, uint64_t next)
{
    struct listed *l = container_of(c, struct listed, ctx);

    l->count += !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
    return true;
}

static long count_listed(struct inode *dir)
{
    struct listed l = {.ctx = {.emit = count_entry}};
    struct file *f = file_alloc(dir, NULL, dir->fops, O_RDONLY);

    assert_int_equal(f->ops->readdir(f, &l.ctx), 0);
    file_put(f);
    return l.count;
}

struct place {
    struct inode *dir;
    const char *path;
};
static void compare_name(void *arg, const char *name);

static void compare(struct inode *i, const char *path)
{
    struct host_entry e;
    char a[5000], b[5000];
    struct place here = {i, path};

    assert_int_equal(host_stat(path, &e), 0);
    assert_int_equal(i->mode & S_IFMT, e.mode & S_IFMT);
    switch (e.type) {
    case 'f':
        assert_int_equal(i->mode & 07777, e.mode & 07777);
        compare_file(i, path);
        break;
    case 'l':
        assert_int_equal(host_readlink(path, a, sizeof(a)), i->mapping.size);
        assert_int_equal(i->ops->readlink(i, b, sizeof(b)), i->mapping.size);
        assert_memory_equal(a, b, i->mapping.size);
        break;
    case 'd':
        assert_int_equal(host_list(path, compare_name, &here), count_listed(i));
        assert_int_equal(PTR_ERR(child(i, "no-such-name")), -ENOENT);
        break;
    }
}

static void compare_name(void *arg, const char *name)
{
    struct place *p = arg;
    struct inode *i = child(p->dir, name);
    char path[4096];
    size_t n = strlcpy(path, p->path, sizeof(path));

    assert_false(IS_ERR(i));
    path[n] = '/';
    strlcpy(path + n + 1, name, sizeof(path) - n - 1);
    compare(i, path);
    inode_put(i);
}

static void same_as_debugfs(void **state)
{
    long objects;

    fake_vfs_start();
    objects = fake_objects;
    for (int k = 0; k + 1 < nr_images; k += 2) {
        struct blockdev d;
        size_t size;
        char *image = host_load(images[k], &size);

        host_print(images[k]);
        assert_non_null(image);
        fake_disk(&d, image, size);
        struct super_block *sb = ext4_mount(&d);
        assert_false(IS_ERR(sb));
        compare(sb->root, images[k + 1]);
        inode_put(sb->root);
        assert_int_equal(fake_objects, objects);
        fake_unmount(sb);
        host_free(image);
    }
    assert_int_equal(fake_pages, 0);
    assert_int_equal(fake_locks, 0);
}

/* Features that are not supported are refused by name: the last part of the
 * image's path. */
static void refused_by_name(void **state)
{
    fake_log_quiet = true;
    for (int k = 0; k < nr_refused; k++) {
        struct blockdev d;
        size_t size;
        char *image = host_load(refused_images[k], &size);

        host_print(refused_images[k]);
        assert_non_null(image);
        fake_disk(&d, image, size);
        assert_int_equal(PTR_ERR(ext4_mount(&d)), -EOPNOTSUPP);
        assert_non_null(
            strstr(fake_log_last, strrchr(refused_images[k], '/') + 1));
        host_free(image);
    }
    fake_log_quiet = false;
}

static void refused(void **state)
{
    struct blockdev d;
    size_t size;
    char *image = host_load(images[0], &size);
    uint32_t features, more[] = {0x1, 0x8, 0x10, 0x8000, 0x10000, 1u << 31};

    memcpy(&features, image + 1024 + 0x60, 4);
    fake_log_quiet = true;
    for (size_t k = 0; k < ARRAY_SIZE(more); k++) {
        uint32_t f = features | more[k];

        memcpy(image + 1024 + 0x60, &f, 4);
        fake_disk(&d, image, size);
        assert_int_equal(PTR_ERR(ext4_mount(&d)), -EOPNOTSUPP);
    }
    memcpy(image + 1024 + 0x60, &features, 4);
    image[1024 + 0x38] ^= 1;
    assert_int_equal(PTR_ERR(ext4_mount(&d)), -EINVAL);
    fake_disk(&d, image, 1024);
    assert_int_equal(PTR_ERR(ext4_mount(&d)), -EINVAL);
    image[1024 + 0x38] ^= 1;
    fake_disk(&d, image, size);
    image[1024 + 0x18] = 6; /* as other architectures can have them */
    assert_int_equal(PTR_ERR(ext4_mount(&d)), -EOPNOTSUPP);
    image[1024 + 0x18] = 7;
    assert_int_equal(PTR_ERR(ext4_mount(&d)), -EUCLEAN);
    fake_log_quiet = false;
    host_free(image);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_debugfs),
        cmocka_unit_test(refused),
        cmocka_unit_test(refused_by_name),
    };

    images = argv + 1;
    while (nr_images + 1 < argc && strcmp(images[nr_images], "--"))
        nr_images++;
    refused_images = images + nr_images + 1;
    nr_refused = argc - 2 - nr_images;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
