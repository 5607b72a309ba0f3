/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vfs_test.c - names: walks, the dentry cache, tmpfs, renames.
 */
#include "fs_fakes.h"

#include "fs/nodes.h"
#include "mem/slab.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void fresh(const char *dir)
{
    fake_vfs_start();
    fake_process.fsuid = fake_process.fsgid = 0;
    assert_int_equal(t_mkdir(dir), 0);
}

static uint64_t ino(const char *path)
{
    struct stat st;

    return t_stat(path, &st, false) ? 0 : st.st_ino;
}

static bool is(const char *path, const char *text)
{
    char buf[64];
    long n = t_read(path, buf, sizeof(buf));

    return n == (long)strlen(text) && !memcmp(buf, text, (size_t)n);
}

static void walk(void **state)
{
    struct stat st;
    char name[300];

    fresh("/walk");
    assert_int_equal(t_mkdir("/walk/a"), 0);
    assert_int_equal(t_mkdir("/walk/a/b"), 0);
    assert_int_equal(t_write("/walk/a/b/f", "hello"), 0);
    assert_true(is("/walk/a/b/f", "hello"));
    assert_true(is("//walk/./a//b/../b/f", "hello"));
    assert_true(is("/../../walk/a/b/f", "hello"));
    assert_int_equal(t_stat("/walk/a/b/f/", &st, true), -ENOTDIR);
    assert_int_equal(t_stat("/walk/a/b/f/x", &st, true), -ENOTDIR);
    assert_int_equal(t_stat("/walk/a/b/f/..", &st, true), -ENOTDIR);
    assert_int_equal(t_stat("/walk/a/none/f", &st, true), -ENOENT);
    assert_int_equal(t_stat("/walk/a/none", &st, true), -ENOENT);
    assert_int_equal(t_stat("", &st, true), -ENOENT);
    assert_int_equal(t_stat("/walk/a/", &st, true), 0);
    assert_true(S_ISDIR(st.st_mode));
    memset(name, 'x', sizeof(name));
    memcpy(name, "/walk/", 6);
    name[6 + 255] = '\0';
    assert_int_equal(t_stat(name, &st, true), -ENOENT);
    name[6 + 255] = 'x';
    name[6 + 256] = '\0';
    assert_int_equal(t_stat(name, &st, true), -ENAMETOOLONG);
    assert_int_equal(fake_locks, 0);
}

static void symlinks(void **state)
{
    char buf[32];
    struct stat st;

    fresh("/links");
    t_mkdir("/links/d");
    t_write("/links/d/f", "f");
    t_symlink("d", "/links/rel");
    t_symlink("/links/d/f", "/links/abs");
    t_symlink("../links/rel/f", "/links/chain");
    t_symlink("nowhere", "/links/dangling");
    t_symlink("loop2", "/links/loop1");
    t_symlink("loop1", "/links/loop2");
    assert_true(is("/links/rel/f", "f"));
    assert_true(is("/links/abs", "f"));
    assert_true(is("/links/chain", "f"));
    assert_int_equal(t_read("/links/dangling", buf, 1), -ENOENT);
    assert_int_equal(t_read("/links/loop1", buf, 1), -ELOOP);
    assert_int_equal(t_open("/links/abs", O_RDONLY | O_NOFOLLOW), -ELOOP);
    assert_int_equal(t_open("/links/abs", O_PATH | O_NOFOLLOW), 0);
    assert_int_equal(t_open("/links/rel", O_DIRECTORY), 0);
    assert_int_equal(t_open("/links/rel", O_DIRECTORY | O_NOFOLLOW), -ENOTDIR);
    assert_int_equal(t_open("/links/dangling", O_CREAT | O_EXCL | O_WRONLY),
                     -EEXIST);
    assert_int_equal(t_write("/links/dangling", "made"), 0);
    assert_true(is("/links/nowhere", "made"));
    assert_int_equal(t_stat("/links/rel", &st, false), 0);
    assert_true(S_ISLNK(st.st_mode) && st.st_size == 1);
    assert_int_equal(t_stat("/links/rel/", &st, false), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(t_stat("/links/abs/", &st, false), -ENOTDIR);
    /* Forty links are followed, one more is not. */
    t_write("/links/c0", "end");
    for (int k = 1; k <= 41; k++) {
        char from[32] = "/links/c", to[8] = "c";
        from[8] = (char)('0' + k / 10);
        from[9] = (char)('0' + k % 10);
        to[1] = k == 1 ? '0' : (char)('0' + (k - 1) / 10);
        to[2] = k == 1 ? '\0' : (char)('0' + (k - 1) % 10);
        assert_int_equal(t_symlink(to, from), 0);
    }
    assert_true(is("/links/c40", "end"));
    assert_int_equal(t_read("/links/c41", buf, 1), -ELOOP);
}

static void open_flags(void **state)
{
    fresh("/open");
    assert_int_equal(t_open("/open/x", O_RDONLY), -ENOENT);
    assert_int_equal(t_open("/open/x", O_CREAT | O_RDWR), 0);
    assert_int_equal(t_open("/open/x", O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(t_open("/open/x", O_DIRECTORY), -ENOTDIR);
    assert_int_equal(t_open("/open", O_RDONLY), 0);
    assert_int_equal(t_open("/open", O_RDWR), -EISDIR);
    assert_int_equal(t_open("/open", O_CREAT), -EISDIR);
    assert_int_equal(t_open("/open/new/", O_CREAT | O_WRONLY), -EISDIR);
    assert_int_equal(t_open("/open/..", O_CREAT | O_WRONLY), -EISDIR);
    assert_int_equal(t_open("/", O_CREAT | O_WRONLY), -EISDIR);
    assert_int_equal(t_open("/open", O_TMPFILE | O_RDWR), 0);
    assert_int_equal(t_open("/open", O_TMPFILE | O_RDONLY), -EINVAL);
    t_write("/open/x", "12345");
    assert_int_equal(t_open("/open/x", O_TRUNC | O_WRONLY), 0);
    assert_true(is("/open/x", ""));
}

static void unlinking(void **state)
{
    struct stat st;

    fresh("/unlink");
    t_mkdir("/unlink/d");
    t_write("/unlink/d/f", "x");
    assert_int_equal(t_unlink("/unlink/d"), -EISDIR);
    assert_int_equal(t_rmdir("/unlink/d"), -ENOTEMPTY);
    assert_int_equal(t_rmdir("/unlink/d/f"), -ENOTDIR);
    assert_int_equal(t_unlink("/unlink/none"), -ENOENT);
    struct file *f = path_open(AT_FDCWD, "/unlink/d/f", O_RDONLY, 0);
    assert_int_equal(t_unlink("/unlink/d/f"), 0);
    char c;
    assert_int_equal(file_read_kernel(f, &c, 1, 0), 1);
    inode_stat(f->inode, &st);
    assert_int_equal(st.st_nlink, 0);
    char buf[64];
    assert_string_equal(path_name(&f->path, buf, sizeof(buf)),
                        "/unlink/d/f (deleted)");
    file_put(f);
    assert_int_equal(t_rmdir("/unlink/d"), 0);
    assert_int_equal(t_stat("/unlink/d", &st, true), -ENOENT);
    assert_int_equal(t_stat("/unlink", &st, true), 0);
    assert_int_equal(st.st_nlink, 2);
    /* A directory that is gone takes no new names. */
    t_mkdir("/unlink/gone");
    fake_fds[3] = path_open(AT_FDCWD, "/unlink/gone", O_DIRECTORY, 0);
    assert_int_equal(t_rmdir("/unlink/gone"), 0);
    f = path_open(3, "x", O_CREAT | O_WRONLY, 0644);
    assert_int_equal(PTR_ERR(f), -ENOENT);
    file_put(fake_fds[3]);
    fake_fds[3] = NULL;
}

static void links(void **state)
{
    struct stat st;

    fresh("/hard");
    t_write("/hard/a", "x");
    assert_int_equal(t_link("/hard/a", "/hard/b"), 0);
    assert_int_equal(ino("/hard/a"), ino("/hard/b"));
    t_stat("/hard/b", &st, true);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(t_link("/hard/a", "/hard/b"), -EEXIST);
    assert_int_equal(t_link("/hard", "/hard/d"), -EPERM);
    t_unlink("/hard/a");
    assert_true(is("/hard/b", "x"));
}

/* Every combination of what is renamed and what is there. */
static void rename_matrix(void **state)
{
    /* none, file, empty directory, full directory */
    static const int plain[3][4] = {
        {0, 0, -EISDIR, -EISDIR},     /* file */
        {0, -ENOTDIR, 0, -ENOTEMPTY}, /* empty directory */
        {0, -ENOTDIR, 0, -ENOTEMPTY}, /* full directory */
    };

    fresh("/ren");
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 4; to++)
            for (int across = 0; across < 2; across++)
                for (unsigned flags = 0; flags < 3; flags++) {
                    const char *src = "/ren/s/x";
                    const char *dst = across ? "/ren/t/y" : "/ren/s/y";
                    char inside[32];
                    uint64_t moved, there;
                    int rc, want;

                    t_mkdir("/ren/s");
                    t_mkdir("/ren/t");
                    if (from == 0)
                        t_write(src, "src");
                    else
                        t_mkdir(src);
                    if (from == 2)
                        t_write("/ren/s/x/in", "in");
                    if (to == 1)
                        t_write(dst, "dst");
                    else if (to)
                        t_mkdir(dst);
                    strlcpy(inside, dst, sizeof(inside));
                    strlcpy(inside + strlen(inside), "/in", 8);
                    if (to == 3)
                        t_write(inside, "in");
                    moved = ino(src);
                    there = ino(dst);
                    rc = t_rename(src, dst, flags);
                    want = flags == RENAME_NOREPLACE  ? to ? -EEXIST : 0
                           : flags == RENAME_EXCHANGE ? to ? 0 : -ENOENT
                                                      : plain[from][to];
                    assert_int_equal(rc, want);
                    assert_int_equal(ino(dst), rc ? there : moved);
                    assert_int_equal(ino(src), rc ? moved
                                               : flags == RENAME_EXCHANGE
                                                   ? there
                                                   : 0);
                    t_unlink("/ren/s/x/in");
                    t_unlink(inside);
                    t_unlink(src);
                    t_rmdir(src);
                    t_unlink(dst);
                    t_rmdir(dst);
                    assert_int_equal(t_rmdir("/ren/s"), 0);
                    assert_int_equal(t_rmdir("/ren/t"), 0);
                }
    assert_int_equal(fake_locks, 0);
}

static void rename_details(void **state)
{
    struct stat st;
    char buf[64];

    fresh("/rd");
    t_mkdir("/rd/a");
    t_mkdir("/rd/a/b");
    t_mkdir("/rd/c");
    assert_int_equal(t_rename("/rd/a", "/rd/a/b/x", 0), -EINVAL);
    assert_int_equal(t_rename("/rd/a/b", "/rd/a", 0), -ENOTEMPTY);
    assert_int_equal(t_rename("/rd/a/b", "/rd/a", RENAME_EXCHANGE), -EINVAL);
    assert_int_equal(t_rename("/rd/none", "/rd/x", 0), -ENOENT);
    t_write("/rd/f", "f");
    assert_int_equal(t_rename("/rd/f/", "/rd/x", 0), -ENOTDIR);
    assert_int_equal(t_rename("/rd/f", "/rd/x/", 0), -ENOTDIR);
    t_link("/rd/f", "/rd/g");
    assert_int_equal(t_rename("/rd/f", "/rd/g", 0), 0);
    assert_int_equal(ino("/rd/f"), ino("/rd/g")); /* both stay */
    /* The cache follows: below a moved directory, and its "..". */
    t_write("/rd/a/b/deep", "deep");
    struct file *f = path_open(AT_FDCWD, "/rd/a/b/deep", O_RDONLY, 0);
    assert_int_equal(t_rename("/rd/a/b",
                              "/rd/c/new-and-rather-long-name-that-"
                              "does-not-fit-inline",
                              0),
                     0);
    assert_string_equal(path_name(&f->path, buf, sizeof(buf)) + 0,
                        path_name(&f->path, buf, sizeof(buf)));
    assert_int_equal(t_stat("/rd/a/b/deep", &st, true), -ENOENT);
    assert_int_equal(t_stat("/rd/c/new-and-rather-long-name-that-does-not-fit-"
                            "inline/../../c",
                            &st, true),
                     0);
    t_stat("/rd/a", &st, true);
    assert_int_equal(st.st_nlink, 2);
    t_stat("/rd/c", &st, true);
    assert_int_equal(st.st_nlink, 3);
    file_put(f);
}

static void permissions(void **state)
{
    struct stat st;

    fresh("/perm");
    t_mkdir("/perm/closed");
    t_write("/perm/closed/f", "x");
    struct path p;
    path_lookup(AT_FDCWD, "/perm/closed", 0, &p);
    assert_int_equal(attr_chmod(p.dentry->inode, 0700), 0);
    path_put(&p);
    t_mkdir("/perm/tmp");
    path_lookup(AT_FDCWD, "/perm/tmp", 0, &p);
    assert_int_equal(attr_chmod(p.dentry->inode, 03777), 0);
    attr_chown(p.dentry->inode, UINT32_MAX, 77);
    attr_chmod(p.dentry->inode, 03777);
    path_put(&p);
    t_write("/perm/tmp/roots", "x");

    fake_process.fsuid = fake_process.fsgid = 1000;
    assert_int_equal(t_stat("/perm/closed/f", &st, true), -EACCES);
    assert_int_equal(t_write("/perm/new", "x"), -EACCES);
    assert_int_equal(t_unlink("/perm/tmp/roots"), -EPERM);
    assert_int_equal(t_rename("/perm/tmp/roots", "/perm/tmp/x", 0), -EPERM);
    assert_int_equal(t_open("/perm/tmp/roots", O_WRONLY), -EACCES);
    assert_int_equal(t_open("/perm/tmp/roots", O_RDONLY), 0);
    assert_int_equal(t_open("/perm/tmp/roots", O_RDONLY | O_NOATIME), -EPERM);
    assert_int_equal(t_mkdir("/perm/tmp/mine"), 0);
    t_stat("/perm/tmp/mine", &st, true);
    assert_int_equal(st.st_uid, 1000);
    assert_int_equal(st.st_gid, 77); /* set-group-ID directory */
    assert_true(st.st_mode & S_ISGID);
    path_lookup(AT_FDCWD, "/perm/tmp/roots", 0, &p);
    assert_int_equal(attr_chmod(p.dentry->inode, 0777), -EPERM);
    assert_int_equal(attr_chown(p.dentry->inode, 1000, 1000), -EPERM);
    assert_int_equal(attr_utimes(p.dentry->inode, 1, 1, true), -EPERM);
    assert_int_equal(attr_utimes(p.dentry->inode, 1, 1, false), -EACCES);
    path_put(&p);
    assert_int_equal(t_rmdir("/perm/tmp/mine"), 0);
    fake_process.fsuid = fake_process.fsgid = 0;
}

static void mounts(void **state)
{
    struct super_block *sb;
    struct stat st;
    char buf[64];

    fresh("/mnt");
    sb = tmpfs_create(8 * PAGE_SIZE, 0755);
    fake_log_quiet = true;
    assert_int_equal(vfs_mount(sb, "/mnt/none", "tmp", "rw"), -ENOENT);
    fake_log_quiet = false;
    assert_int_equal(vfs_mount(sb, "/mnt", "tmp", "rw"), 0);
    assert_int_equal(t_write("/mnt/f", "x"), 0);
    assert_int_equal(t_rmdir("/mnt"), -EBUSY);
    assert_int_equal(t_rename("/mnt", "/mnt2", 0), -EBUSY);
    t_write("/outside", "x");
    assert_int_equal(t_rename("/outside", "/mnt/o", 0), -EXDEV);
    assert_int_equal(t_link("/outside", "/mnt/o"), -EXDEV);
    t_mkdir("/mnt/d");
    assert_int_equal(t_stat("/mnt/d/../../mnt/f", &st, true), 0);
    struct file *f = path_open(AT_FDCWD, "/mnt/f", O_RDWR, 0);
    assert_string_equal(path_name(&f->path, buf, sizeof(buf)), "/mnt/f");
    /* The file system is full after its eight pages. */
    char page[PAGE_SIZE];
    ssize_t n = 0;
    for (uint64_t pos = 0; n >= 0;) {
        struct uio u;
        uio_init_kernel(&u, page, sizeof(page));
        n = file_write(f, &u, &pos);
        assert_true(pos <= 8 * PAGE_SIZE);
    }
    assert_int_equal(n, -ENOSPC);
    file_put(f);
    assert_int_equal(t_unlink("/mnt/f"), 0);
    struct statfs_info info;
    sb->statfs(sb, &info);
    assert_int_equal(info.bfree, 8);
    t_unlink("/outside");
}

static void beneath(void **state)
{
    struct path p;

    fresh("/ben");
    t_mkdir("/ben/in");
    t_write("/ben/in/f", "x");
    t_symlink("/ben/in/f", "/ben/in/abs");
    t_symlink("../in/f", "/ben/in/up");
    t_symlink("f", "/ben/in/ok");
    fake_fds[3] = path_open(AT_FDCWD, "/ben/in", O_DIRECTORY, 0);
    unsigned b = LOOKUP_BENEATH | LOOKUP_FOLLOW;
    assert_int_equal(path_lookup(3, "f", b, &p), 0);
    path_put(&p);
    assert_int_equal(path_lookup(3, "ok", b, &p), 0);
    path_put(&p);
    assert_int_equal(path_lookup(3, "abs", b, &p), -EXDEV);
    assert_int_equal(path_lookup(3, "up", b, &p), -EXDEV);
    assert_int_equal(path_lookup(3, "..", b, &p), -EXDEV);
    assert_int_equal(path_lookup(3, "/ben", b, &p), -EXDEV);
    unsigned r = LOOKUP_IN_ROOT | LOOKUP_FOLLOW;
    assert_int_equal(path_lookup(3, "../../f", r, &p), 0);
    path_put(&p);
    assert_int_equal(path_lookup(3, "/f", r, &p), 0);
    path_put(&p);
    assert_int_equal(path_lookup(3, "abs", r, &p), -ENOENT);
    assert_int_equal(
        path_lookup(3, "ok", LOOKUP_NO_SYMLINKS | LOOKUP_FOLLOW, &p), -ELOOP);
    assert_int_equal(path_lookup(9, "x", 0, &p), -EBADF);
    file_put(fake_fds[3]);
    fake_fds[3] = NULL;
}

static void many_names(void **state)
{
    char name[64] = "/many/";
    struct stat st;
    uint64_t most = 0;

    fresh("/many");
    for (int k = 0; k < 20000; k++) {
        int v = k, len = 6;

        do
            name[len++] = (char)('a' + v % 26);
        while (v /= 26);
        name[len] = '\0';
        assert_int_equal(t_stat(name, &st, true), -ENOENT);
        most = MAX(most, dentry_count());
    }
    assert_true(most < 20000); /* the bound: a thirty-second of 64 MiB */
    assert_true(most > 5000);
    assert_int_equal(t_write(name, "now"), 0);
    assert_true(is(name, "now"));
}

struct listed {
    struct dir_context ctx;
    int count, limit;
    uint64_t next;
    char last[64];
};

static bool emit(struct dir_context *c, const char *name, size_t len,
                 uint64_t i, unsigned dtype, uint64_t next)
{
    struct listed *l = container_of(c, struct listed, ctx);

    if (l->limit && l->count == l->limit)
        return false;
    l->count++;
    l->next = next;
    memcpy(l->last, name, len);
    l->last[len] = '\0';
    return true;
}

static void listing(void **state)
{
    struct listed l = {.ctx = {.emit = emit}, .limit = 1};
    char name[32];
    int seen = 0;

    fresh("/list");
    for (int k = 0; k < 100; k++) {
        strlcpy(name, "/list/f00", sizeof(name));
        name[7] = (char)('0' + k / 10);
        name[8] = (char)('0' + k % 10);
        t_write(name, "x");
    }
    struct file *f = path_open(AT_FDCWD, "/list", O_DIRECTORY, 0);
    for (;;) { /* one at a time, removing what was seen */
        l.count = 0;
        f->ops->readdir(f, &l.ctx);
        if (!l.count)
            break;
        seen++;
        if (l.last[0] == '.')
            continue;
        strlcpy(name, "/list/", sizeof(name));
        strlcpy(name + 6, l.last, sizeof(name) - 6);
        assert_int_equal(t_unlink(name), 0);
    }
    assert_int_equal(seen, 102);
    file_put(f);
    assert_int_equal(t_rmdir("/list"), 0);
}

static void contents(void **state)
{
    struct file *f;
    char buf[16];

    fresh("/data");
    f = path_open(AT_FDCWD, "/data/f", O_CREAT | O_RDWR | O_APPEND, 0644);
    struct uio u;
    uint64_t pos = 0;
    uio_init_kernel(&u, "abc", 3);
    assert_int_equal(file_write(f, &u, &pos), 3);
    pos = 0;
    uio_init_kernel(&u, "def", 3);
    assert_int_equal(file_write(f, &u, &pos), 3);
    assert_true(is("/data/f", "abcdef"));
    assert_int_equal(f->ops->truncate(f, 3 * PAGE_SIZE), 0);
    assert_int_equal(f->ops->lseek(f, 0, SEEK_HOLE), PAGE_SIZE);
    assert_int_equal(f->ops->lseek(f, PAGE_SIZE, SEEK_DATA), -ENXIO);
    assert_int_equal(f->ops->fallocate(f, 0, PAGE_SIZE, PAGE_SIZE), 0);
    assert_int_equal(f->ops->lseek(f, 0, SEEK_HOLE), 2 * PAGE_SIZE);
    assert_int_equal(f->ops->fallocate(f, 3, 1, 2), 0); /* punch, keep size */
    assert_int_equal(file_read_kernel(f, buf, 6, 0), 6);
    assert_memory_equal(buf, "a\0\0def", 6);
    assert_int_equal(f->ops->fallocate(f, 2, 0, 1), -EOPNOTSUPP);
    assert_int_equal(f->ops->lseek(f, -1, SEEK_SET), -EINVAL);
    fake_fsize_limit = 4 * PAGE_SIZE;
    assert_int_equal(f->ops->truncate(f, 5 * PAGE_SIZE), -EFBIG);
    fake_fsize_limit = UINT64_MAX;
    f->inode->seals = F_SEAL_SHRINK;
    assert_int_equal(f->ops->truncate(f, 0), -EPERM);
    f->inode->seals = F_SEAL_WRITE;
    uio_init_kernel(&u, "x", 1);
    assert_int_equal(file_write(f, &u, &pos), -EPERM);
    file_put(f);
    f = tmpfs_anon_file("memfd:test", 100);
    char name[64];
    assert_string_equal(file_name(f, name, sizeof(name)),
                        "/memfd:test (deleted)");
    file_put(f);
}

static void devices(void **state)
{
    static const struct file_ops ops = {.kind = "test"};
    struct stat st;

    fresh("/dev");
    assert_int_equal(
        devfs_add("sub/thing", S_IFCHR | 0600, 42, 300, NULL, &ops), 0);
    assert_int_equal(vfs_mount(devfs_create(), "/dev", "devtmpfs", "rw"), 0);
    assert_int_equal(t_stat("/dev/sub/thing", &st, true), 0);
    assert_int_equal(st.st_rdev, make_rdev(42, 300));
    assert_int_equal(t_open("/dev/sub/thing", O_RDWR), 0);
    assert_int_equal(t_stat("/dev/late", &st, true), -ENOENT);
    assert_int_equal(devfs_add("late", S_IFCHR | 0600, 42, 301, NULL, &ops), 0);
    assert_int_equal(t_open("/dev/late", O_RDWR), 0);
    assert_int_equal(devfs_remove("late"), 0);
    assert_int_equal(t_open("/dev/late", O_RDWR), -ENOENT);
    assert_int_equal(t_stat("/dev/shm", &st, true), 0);
}

static void tmpfile_link(void **state)
{
    struct file *f;
    struct path p, dir;
    struct entry_name n = {"named", 5, name_hash("named", 5), false};

    fresh("/tmpfile");
    assert_int_equal(path_lookup(AT_FDCWD, "/tmpfile", 0, &dir), 0);
    f = path_open(AT_FDCWD, "/tmpfile", O_TMPFILE | O_RDWR, 0600);
    assert_int_equal(f->inode->nlink, 0);
    assert_int_equal(path_of_file(f, &p), 0);
    assert_int_equal(entry_link(p.dentry->inode, &dir, &n), 0);
    assert_int_equal(ino("/tmpfile/named"), f->inode->ino);
    path_put(&p);
    file_put(f);
    f = path_open(AT_FDCWD, "/tmpfile", O_TMPFILE | O_EXCL | O_RDWR, 0600);
    n = (struct entry_name){"other", 5, name_hash("other", 5), false};
    assert_int_equal(entry_link(f->inode, &dir, &n), -ENOENT);
    file_put(f);
    path_put(&dir);
}

static void seq_grows(void **state)
{
    struct seq s = {0};

    for (int k = 0; k < 1000; k++)
        seq_printf(&s, "%04d %s\n", k, "some text that makes the line longer");
    assert_false(s.failed);
    assert_int_equal(s.len, 1000 * 42);
    assert_memory_equal(s.buf + 999 * 42, "0999 some", 9);
    seq_write(&s, "end", 3);
    assert_memory_equal(s.buf + 1000 * 42, "end", 3);
    kfree(s.buf);
}

static int shows;

static void show(struct seq *s, void *arg)
{
    seq_printf(s, "%s %d\n", (const char *)arg, ++shows);
}

static int store(const char *text, size_t n, void *arg)
{
    memcpy(arg, text, MIN(n, (size_t)3));
    return n > 3 ? -EINVAL : 0;
}

static void synthetic_files(void **state)
{
    struct super_block *sb = super_alloc("test", 1);
    struct node *root = node_root();
    static char value[4] = "abc";
    char buf[16];

    fresh("/nodes");
    assert_int_equal(
        node_add(root, "a/b/f", S_IFREG | 0644, show, store, value, NULL), 0);
    assert_int_equal(
        node_add(root, "a/l", S_IFLNK | 0777, NULL, NULL, NULL, "b/f"), 0);
    fake_log_quiet = true;
    assert_int_equal(
        node_add(root, "a/b/f", S_IFREG | 0444, show, NULL, value, NULL),
        -EEXIST);
    assert_int_equal(
        node_add(root, "a/b/f/g", S_IFREG | 0444, show, NULL, value, NULL),
        -ENOTDIR);
    fake_log_quiet = false;
    sb->root = node_inode(sb, root);
    assert_int_equal(vfs_mount(sb, "/nodes", "test", "rw"), 0);
    struct file *f = path_open(AT_FDCWD, "/nodes/a/l", O_RDWR, 0);
    assert_int_equal(file_read_kernel(f, buf, sizeof(buf), 0), 6);
    assert_memory_equal(buf, "abc 1\n", 6);
    assert_int_equal(file_read_kernel(f, buf, 4, 2), 4); /* the same text */
    assert_memory_equal(buf, "c 1\n", 4);
    struct uio u;
    uint64_t pos = 0;
    uio_init_kernel(&u, "xyz", 3);
    assert_int_equal(file_write(f, &u, &pos), 3);
    assert_int_equal(file_read_kernel(f, buf, 5, 0), 5); /* made anew */
    assert_memory_equal(buf, "xyz 2", 5);
    uio_init_kernel(&u, "long", 4);
    assert_int_equal(file_write(f, &u, &pos), -EINVAL);
    file_put(f);
    assert_int_equal(t_mkdir("/nodes/new"), -ENOENT);
    assert_int_equal(t_unlink("/nodes/a/l"), -EPERM);
}

/* What the tests left unreferenced is really gone: the objects that exist do
 * not depend on how often something is done. */
static void no_leaks(void **state)
{
    long objects = 0, pages = 0;

    fresh("/leak");
    for (int k = 0; k < 50; k++) {
        t_mkdir("/leak/a");
        t_mkdir("/leak/b");
        t_write("/leak/a/f", "x");
        t_symlink("a", "/leak/l");
        t_open("/leak/l/f", O_RDWR);
        t_open("/leak/a", O_TMPFILE | O_RDWR);
        t_rename("/leak/a/f",
                 "/leak/b/a-name-too-long-to-be-kept-inline-so-"
                 "allocated",
                 0);
        t_rename("/leak/a", "/leak/b", RENAME_EXCHANGE);
        t_unlink("/leak/a/a-name-too-long-to-be-kept-inline-so-allocated");
        t_unlink("/leak/l");
        assert_int_equal(t_rmdir("/leak/a"), 0);
        assert_int_equal(t_rmdir("/leak/b"), 0);
        if (k == 2) {
            objects = fake_objects;
            pages = fake_pages;
        }
    }
    assert_int_equal(fake_objects, objects);
    assert_int_equal(fake_pages, pages);
    assert_int_equal(fake_locks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk),
        cmocka_unit_test(symlinks),
        cmocka_unit_test(open_flags),
        cmocka_unit_test(unlinking),
        cmocka_unit_test(links),
        cmocka_unit_test(rename_matrix),
        cmocka_unit_test(rename_details),
        cmocka_unit_test(permissions),
        cmocka_unit_test(mounts),
        cmocka_unit_test(beneath),
        cmocka_unit_test(many_names),
        cmocka_unit_test(listing),
        cmocka_unit_test(contents),
        cmocka_unit_test(devices),
        cmocka_unit_test(tmpfile_link),
        cmocka_unit_test(seq_grows),
        cmocka_unit_test(synthetic_files),
        cmocka_unit_test(no_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
