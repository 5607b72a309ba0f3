/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* Trees written by the ext4 writer, read back with libext2fs. */
#include "ext4_writer.h"

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "test.h"

#define OFFSET (1 << 20)
#define WHEN   5000000000 /* in the year 2128: beyond 32 bits */

struct fixture {
    char *dir;
    char *path;
    struct tree tree;
    uint64_t bytes;
};

static void start(struct fixture *f)
{
    f->dir = test_dir();
    f->path = path_join(f->dir, "image");
    tree_init(&f->tree);
}

static int write_fs(struct fixture *f, const char *path)
{
    struct ext4_job job = {.tree = &f->tree,
                           .path = path,
                           .name = "image",
                           .offset = OFFSET,
                           .when = WHEN};
    struct digest d;
    int r;

    job.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(job.fd >= 0);
    digest_init(&d);
    job.digest = &d;
    r = ext4_write(&job);
    digest_release(&d);
    close(job.fd);
    f->bytes = job.bytes;
    return r;
}

static ext2_filsys open_fs(const struct fixture *f)
{
    ext2_filsys fs;

    assert_int_equal(ext2fs_open2(f->path, "offset=1048576", EXT2_FLAG_64BITS,
                                  0, 0, unix_io_manager, &fs),
                     0);
    return fs;
}

static void finish(struct fixture *f)
{
    tree_release(&f->tree);
    free(f->path);
    test_remove_dir(f->dir);
}

static ext2_ino_t lookup(ext2_filsys fs, const char *path, bool follow)
{
    ext2_ino_t ino = 0;
    errcode_t err =
        follow
            ? ext2fs_namei_follow(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino)
            : ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino);

    return err ? 0 : ino;
}

static void read_back(ext2_filsys fs, const char *path, struct buf *out)
{
    ext2_ino_t ino = lookup(fs, path, true);
    unsigned got = 1;
    ext2_file_t file;
    char chunk[4096];

    assert_int_not_equal(ino, 0);
    assert_int_equal(ext2fs_file_open(fs, ino, 0, &file), 0);
    while (got) {
        assert_int_equal(ext2fs_file_read(file, chunk, sizeof(chunk), &got), 0);
        buf_add(out, chunk, got);
    }
    ext2fs_file_close(file);
}

static struct node *add_host(struct fixture *f, const char *path,
                             const char *host)
{
    struct stat st;

    assert_int_equal(stat(host, &st), 0);
    return tree_file(&f->tree, path, host, &st, "test");
}

static void small_things(void **state)
{
    char name[257] = "/", target[200] = "";
    struct ext2_inode_large inode;
    struct buf out = {0};
    struct fixture f;
    ext2_filsys fs;
    ext2_ino_t ino;

    memset(name + 1, 'n', 255);
    memset(target, 't', 199);
    start(&f);
    tree_data(&f.tree, "/dir/sub/file", "hello\n", 6, "x");
    tree_data(&f.tree, "/empty", "", 0, "x");
    tree_data(&f.tree, name, "long", 4, "x");
    tree_data(&f.tree, "/odd \t\xff\"name", "odd", 3, "x");
    tree_dir(&f.tree, "/none", "x");
    tree_link(&f.tree, "/fast", "dir/sub/file", "x");
    tree_link(&f.tree, "/slow", target, "x");
    tree_find(&f.tree, "/dir", true)->mode = 01777;
    assert_int_equal(write_fs(&f, f.path), 0);
    fs = open_fs(&f);
    read_back(fs, "/fast", &out);
    assert_string_equal(buf_str(&out), "hello\n");
    buf_trim(&out, 0);
    read_back(fs, name, &out);
    assert_string_equal(buf_str(&out), "long");
    assert_int_not_equal(lookup(fs, "/odd \t\xff\"name", false), 0);
    assert_int_not_equal(lookup(fs, "/none/..", false), 0);
    assert_int_equal(lookup(fs, "/missing", false), 0);
    ino = lookup(fs, "/slow", false);
    assert_int_equal(
        ext2fs_read_inode_full(fs, ino, (void *)&inode, sizeof(inode)), 0);
    assert_int_equal(inode.i_size, 199);
    assert_int_equal(inode.i_blocks, 8);
    assert_int_equal(inode.i_mtime, (uint32_t)WHEN);
    assert_int_equal(inode.i_mtime_extra & 3, 1);
    ino = lookup(fs, "/dir", false);
    ext2fs_read_inode_full(fs, ino, (void *)&inode, sizeof(inode));
    assert_int_equal(inode.i_mode, LINUX_S_IFDIR | 01777);
    assert_int_equal(inode.i_links_count, 3);
    ext2fs_close_free(&fs);
    buf_release(&out);
    finish(&f);
}

static void hard_links(void **state)
{
    struct ext2_inode inode;
    struct fixture f;
    ext2_filsys fs;
    char *a, *b;

    start(&f);
    test_file(f.dir, "a", "shared");
    a = path_join(f.dir, "a");
    b = path_join(f.dir, "b");
    assert_int_equal(link(a, b), 0);
    add_host(&f, "/z/one", a); /* the first added comes last on disk */
    add_host(&f, "/m/two", b);
    assert_int_equal(write_fs(&f, f.path), 0);
    fs = open_fs(&f);
    assert_int_equal(lookup(fs, "/z/one", false), lookup(fs, "/m/two", false));
    ext2fs_read_inode(fs, lookup(fs, "/z/one", false), &inode);
    assert_int_equal(inode.i_links_count, 2);
    ext2fs_close_free(&fs);
    free(a);
    free(b);
    finish(&f);
}

static void many_entries(void **state)
{
    struct fixture f;
    struct buf out = {0};
    ext2_filsys fs;
    char *path;

    start(&f);
    for (int i = 0; i < 3000; i++) {
        path = xasprintf("/d/%0*d", 1 + i % 100, i);
        tree_data(&f.tree, path, path, strlen(path), "x");
        free(path);
    }
    assert_int_equal(write_fs(&f, f.path), 0);
    fs = open_fs(&f);
    path = xasprintf("/d/%0*d", 1 + 2946 % 100, 2946);
    read_back(fs, path, &out);
    assert_string_equal(buf_str(&out), path);
    free(path);
    ext2fs_close_free(&fs);
    buf_release(&out);
    finish(&f);
}

/* Data at the start of every second piece of 64 KiB: as many holes. */
static void holes(void **state)
{
    enum { PIECE = 128 * 1024, COUNT = 700 };
    struct buf out = {0}, line = {0};
    struct ext2_inode inode;
    struct fixture f;
    ext2_filsys fs;
    char *host;
    FILE *file;

    start(&f);
    host = path_join(f.dir, "sparse");
    file = fopen(host, "w");
    for (long i = 0; i < COUNT; i++) {
        fseek(file, i * PIECE, SEEK_SET);
        fprintf(file, "piece %ld", i);
    }
    fclose(file);
    assert_int_equal(truncate(host, COUNT * PIECE), 0);
    add_host(&f, "/sparse", host);
    assert_int_equal(write_fs(&f, f.path), 0);
    assert_true(f.bytes < COUNT * PIECE / 4);
    fs = open_fs(&f);
    ext2fs_read_inode(fs, lookup(fs, "/sparse", false), &inode);
    assert_true(inode.i_blocks / 8 < COUNT + 16);
    read_back(fs, "/sparse", &out);
    assert_int_equal(out.len, COUNT * PIECE);
    for (long i = 0; i < COUNT; i++) {
        buf_trim(&line, 0);
        buf_addf(&line, "piece %ld", i);
        assert_string_equal(out.data + i * PIECE, buf_str(&line));
    }
    ext2fs_close_free(&fs);
    buf_release(&out);
    buf_release(&line);
    free(host);
    finish(&f);
}

static void the_same_tree_gives_the_same_bytes(void **state)
{
    struct buf a = {0}, b = {0};
    struct fixture f;

    for (int i = 0; i < 2; i++) {
        start(&f);
        for (int k = 0; k < 50; k++) {
            /* added in another order the second time */
            char *path = xasprintf("/d%d/f%d", k % 3, i ? 49 - k : k);

            tree_data(&f.tree, path, "12345", 5, "x");
            free(path);
        }
        for (int k = 0; k < 50; k++) {
            char *path = xasprintf("/d%d/f%d", (49 - k) % 3, k);

            tree_data(&f.tree, path, "12345", 5, "x");
            path[1] = 'd';
            free(path);
            path = xasprintf("/d%d/f%d", k % 3, k);
            tree_data(&f.tree, path, "12345", 5, "x");
            free(path);
        }
        assert_int_equal(write_fs(&f, f.path), 0);
        assert_int_equal(file_read(f.path, 1 << 28, i ? &b : &a), 0);
        finish(&f);
    }
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    buf_release(&a);
    buf_release(&b);
}

static void a_changed_file_is_an_error(void **state)
{
    struct fixture f;
    char *host;

    start(&f);
    test_file(f.dir, "h", "12345");
    host = path_join(f.dir, "h");
    add_host(&f, "/h", host);
    test_file(f.dir, "h", "123456");
    assert_int_equal(write_fs(&f, f.path), -1);
    unlink(host);
    assert_int_equal(write_fs(&f, f.path), -1);
    free(host);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_things),
        cmocka_unit_test(hard_links),
        cmocka_unit_test(many_entries),
        cmocka_unit_test(holes),
        cmocka_unit_test(the_same_tree_gives_the_same_bytes),
        cmocka_unit_test(a_changed_file_is_an_error),
    };

    return cmocka_run_group_tests_name("ext4", tests, NULL, NULL);
}
