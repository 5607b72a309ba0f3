/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Archives are made by libarchive, and then damaged: whatever is in one, it is
 * unpacked or refused, and nothing is touched outside.
 */
#include "tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "tempdir.h"
#include "test.h"

#define ROUNDS 400

static void add(struct archive *a, const char *name, mode_t type,
                const char *link, const char *data)
{
    struct archive_entry *e = archive_entry_new();
    size_t len = data ? strlen(data) : 0;

    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, 0755);
    archive_entry_set_mtime(e, 1000000000, 0);
    archive_entry_set_size(e, (la_int64_t)len);
    if (link && type == AE_IFLNK)
        archive_entry_set_symlink(e, link);
    else if (link)
        archive_entry_set_hardlink(e, link);
    /* a warning that the locale is not UTF-8 */
    assert_true(archive_write_header(a, e) >= ARCHIVE_WARN);
    if (len)
        assert_int_equal(archive_write_data(a, data, len), (la_ssize_t)len);
    archive_entry_free(e);
}

static void make(const char *path, bool gzip)
{
    struct archive *a = archive_write_new();

    archive_write_set_format_pax(a);
    if (gzip)
        archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    add(a, "./dir/", AE_IFDIR, NULL, NULL);
    add(a, "dir/file", AE_IFREG, NULL, "content\n");
    add(a, "deep/er/file", AE_IFREG, NULL, "deep\n");
    add(a, "dir/gr\xc3\xbcn", AE_IFREG, NULL, "");
    add(a, "dir/hard", AE_IFREG, "dir/file", NULL);
    add(a, "dir/soft", AE_IFLNK, "../deep", NULL);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st;
    (void)type;
    return where->level ? remove(path) : 0;
}

static void empty(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static unsigned count_in(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2; /* . and .. */
}

struct places {
    struct tempdir temp;
    char *tar; /* in it, as the next */
    char *to;
};

static void places_make(struct places *p)
{
    assert_int_equal(tempdir_make(&p->temp), 0);
    p->tar = path_join(p->temp.path, "a.tar");
    p->to = path_join(p->temp.path, "to");
    assert_int_equal(mkdir(p->to, 0700), 0);
}

static void places_drop(struct places *p)
{
    char *gone = xstrdup(p->temp.path);

    tempdir_remove(&p->temp);
    assert_int_equal(access(gone, F_OK), -1);
    free(gone);
    free(p->tar);
    free(p->to);
}

static void unpacks(void **state)
{
    struct places p;
    struct stat a, b;
    char *file, *hard, *deep;

    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        places_make(&p);
        make(p.tar, gzip);
        assert_int_equal(tarball_unpack(p.tar, p.to), 0);
        file = path_join(p.to, "dir/file");
        hard = path_join(p.to, "dir/hard");
        deep = path_join(p.to, "dir/soft/er/file");
        assert_int_equal(stat(file, &a), 0);
        assert_int_equal(stat(hard, &b), 0);
        assert_int_equal(a.st_ino, b.st_ino);
        assert_int_equal(a.st_size, 8);
        assert_int_equal(a.st_mtime, 1000000000);
        assert_int_equal(a.st_mode & 0777, 0755);
        assert_int_equal(access(deep, R_OK), 0);
        free(file);
        free(hard);
        free(deep);
        places_drop(&p);
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Change some bytes of the archive's headers, or of all of it, and set right
 * the sums of the headers (POSIX.1, ustar), or nothing else would be tried. */
static void damage(struct buf *tar, uint32_t *seed)
{
    for (uint32_t n = next(seed) % 4 + 1; n; n--) {
        size_t at = next(seed) % tar->len;

        if (next(seed) % 2)
            at = at / 512 * 512 + next(seed) % 512;
        if (at < tar->len)
            tar->data[at] = "/.\0"
                            "1234567890xgLK=\n\xff"[next(seed) % 19];
    }
    for (size_t at = 0; at + 512 <= tar->len; at += 512) {
        unsigned char *h = (unsigned char *)tar->data + at;
        unsigned sum = 8 * ' ';

        if (memcmp(h + 257, "ustar", 5))
            continue;
        for (size_t i = 0; i < 512; i++)
            sum += i >= 148 && i < 156 ? 0 : h[i];
        snprintf((char *)h + 148, 8, "%06o", sum);
    }
}

static void survives_damage(void **state)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), err = dup(2);
    struct buf good = {0};
    struct places p;
    uint32_t seed = 1;
    unsigned taken = 0;

    (void)state;
    places_make(&p);
    make(p.tar, false);
    assert_int_equal(file_read(p.tar, 1 << 20, &good), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct buf bad = {0};
        int fd = open(p.tar, O_WRONLY | O_TRUNC | O_CLOEXEC);

        buf_add(&bad, good.data, good.len);
        damage(&bad, &seed);
        assert_int_equal(file_pwrite(fd, p.tar, bad.data, bad.len, 0), 0);
        close(fd);
        buf_release(&bad);
        dup2(null, 2);
        taken += tarball_unpack(p.tar, p.to) == 0;
        dup2(err, 2);
        empty(p.to);
        assert_int_equal(count_in(p.temp.path), 2); /* a.tar and to */
    }
    /* else it tries nothing */
    assert_in_range(taken, ROUNDS / 20, ROUNDS - ROUNDS / 20);
    close(null);
    close(err);
    buf_release(&good);
    places_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks),
        cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
