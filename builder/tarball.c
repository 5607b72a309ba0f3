/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "buf.h"
#include "file.h"
#include "report.h"

#define READ_SIZE (256 * 1024)
#define END_SIZE  1024

struct unpack {
    const char *path; /* of the archive */
    const char *dir;
    int dirfd;
    char *real;  /* (dir), with no link in it */
    char *label; /* what messages call a file in it */
    gzFile in;
    uint8_t *buffer;
    bool in_failed; /* and reported */
    bool begun;     /* it has entries */
    size_t zeros;   /* at the end of what was read */
    struct archive *a;
    struct strvec links; /* name, target, name, target, ... */
};

static int refuse(const struct unpack *u, const char *name, const char *why)
{
    return fail("cannot use '%s': '%s' in it %s", u->path, name, why);
}

static int damaged(const struct unpack *u, const char *why)
{
    return fail("cannot use '%s': it is damaged: %s", u->path, why);
}

/* ---- the archive's bytes ---- */

static void count_zeros(struct unpack *u, size_t n)
{
    size_t at = n;

    while (at && !u->buffer[at - 1])
        at--;
    u->zeros = at ? n - at : u->zeros + n;
}

/* zlib hands through what it did not compress.  It is asked first because it
 * checks the sum of what it did, which libarchive leaves out. */
static la_ssize_t read_bytes(struct archive *a, void *ctx, const void **bytes)
{
    struct unpack *u = ctx;
    int n = gzread(u->in, u->buffer, READ_SIZE), code;

    *bytes = u->buffer;
    count_zeros(u, n > 0 ? (size_t)n : 0);
    if (n >= 0 &&
        (n || (gzerror(u->in, &code), code == Z_OK || code == Z_STREAM_END)))
        return n;
    gzerror(u->in, &code);
    u->in_failed = true;
    if (code == Z_ERRNO)
        fail("cannot read '%s': %s", u->path, strerror(errno));
    else if (code == Z_BUF_ERROR)
        damaged(u, "it ends too early");
    else
        damaged(u, "its checksum is wrong");
    archive_set_error(a, EIO, "see above");
    return -1;
}

static int archive_error(const struct unpack *u)
{
    const char *why = archive_error_string(u->a);

    if (u->in_failed)
        return -1;
    if (!u->begun)
        return fail("'%s' is neither a directory nor an archive of one (tar, "
                    "plain or compressed by gzip, zstd, xz or bzip2)",
                    u->path);
    return damaged(u, why ? why : "it cannot be read");
}

static int open_archive(struct unpack *u)
{
    int fd = open(u->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail("cannot open '%s': %s", u->path, strerror(errno));
    u->in = gzdopen(fd, "rb");
    u->a = archive_read_new();
    if (!u->in || !u->a)
        return fail("cannot open '%s': no memory", u->path);
    gzbuffer(u->in, READ_SIZE);
    archive_read_support_filter_zstd(u->a);
    archive_read_support_filter_xz(u->a);
    archive_read_support_filter_bzip2(u->a);
    archive_read_support_format_tar(u->a);
    if (archive_read_open(u->a, u, NULL, read_bytes, NULL) != ARCHIVE_OK)
        return archive_error(u);
    return 0;
}

/* The rest of the file, which the sum covers too.  Two blocks of zeros end an
 * archive (POSIX.1, pax); without them one that was cut between two files looks
 * whole. */
static int drain(struct unpack *u)
{
    const void *bytes;
    la_ssize_t n;

    do
        n = read_bytes(u->a, u, &bytes);
    while (n > 0);
    if (n < 0)
        return -1;
    if (archive_filter_count(u->a) == 1 && u->zeros < END_SIZE)
        return damaged(u, "it ends too early");
    return 0;
}

/* ---- names ---- */

/* "./a//b/" becomes "a/b", "." nothing.  NULL for one that leads elsewhere. */
static char *plain_path(const char *name)
{
    struct buf out = {0};

    if (*name == '/')
        return NULL;
    while (*name) {
        size_t len = strcspn(name, "/");

        if (len == 2 && !memcmp(name, "..", 2)) {
            buf_release(&out);
            return NULL;
        }
        if (len && (len != 1 || *name != '.')) {
            if (out.len)
                buf_adds(&out, "/");
            buf_add(&out, name, len);
        }
        name += len;
        name += strspn(name, "/");
    }
    buf_add(&out, "", 0);
    return buf_take(&out);
}

/* Make the directories above (name), which are missing where an archive lists
 * only files. */
static int make_parents(struct unpack *u, const char *name)
{
    for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
        char *dir = xasprintf("%.*s", (int)(p - name), name);
        int r = mkdirat(u->dirfd, dir, 0700);

        if (r && errno == EEXIST)
            r = 0;
        if (r)
            fail("cannot unpack '%s': %s: %s", u->path, dir, strerror(errno));
        free(dir);
        if (r)
            return -1;
    }
    return 0;
}

static int unpack_error(const struct unpack *u, const char *name)
{
    if (errno == EISDIR || errno == ENOTDIR || errno == EEXIST)
        return refuse(u, name, "is a file and a directory at once");
    return fail("cannot unpack '%s': %s: %s", u->path, name, strerror(errno));
}

/* ---- entries ---- */

static int make_dir(struct unpack *u, const char *name)
{
    struct stat st;

    if (!*name || mkdirat(u->dirfd, name, 0700) == 0)
        return 0;
    if (errno == EEXIST &&
        fstatat(u->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(st.st_mode))
        return 0;
    return unpack_error(u, name);
}

static int copy_data(struct unpack *u, int fd)
{
    const void *data;
    size_t len;
    la_int64_t at;
    int r;

    while ((r = archive_read_data_block(u->a, &data, &len, &at)) == ARCHIVE_OK)
        if (file_pwrite(fd, u->label, data, len, (uint64_t)at))
            return -1;
    return r == ARCHIVE_EOF ? 0 : archive_error(u);
}

static int make_file(struct unpack *u, const char *name,
                     struct archive_entry *e)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = archive_entry_mtime(e)}};
    mode_t mode = 0600 | (archive_entry_mode(e) & 0777);
    int fd, r;

    /* a later entry of the same name replaces the file, as tar does, and not
     * the content of one that is linked with it */
    unlinkat(u->dirfd, name, 0);
    fd = openat(u->dirfd, name,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return unpack_error(u, name);
    r = copy_data(u, fd);
    if (!r && (ftruncate(fd, archive_entry_size(e)) || fchmod(fd, mode) ||
               futimens(fd, times)))
        r = unpack_error(u, name);
    if (close(fd) && !r)
        r = unpack_error(u, name);
    return r;
}

/* Another name of a file that came before. */
static int make_hard_link(struct unpack *u, const char *name,
                          const char *target)
{
    char *to = plain_path(target);
    struct stat st;
    int r;

    if (!to)
        r = refuse(u, name, "is a link that leads out of it");
    else if (fstatat(u->dirfd, to, &st, AT_SYMLINK_NOFOLLOW) ||
             !S_ISREG(st.st_mode))
        r = refuse(u, name, "is a hard link to what is not in it");
    else {
        if (strcmp(to, name))
            unlinkat(u->dirfd, name, 0);
        r = strcmp(to, name) && linkat(u->dirfd, to, u->dirfd, name, 0)
                ? unpack_error(u, name)
                : 0;
    }
    free(to);
    return r;
}

static int take_entry(struct unpack *u, struct archive_entry *e,
                      const char *name)
{
    const char *hard = archive_entry_hardlink(e);
    const char *soft = archive_entry_symlink(e);

    if (!hard)
        hard = archive_entry_hardlink_utf8(e);
    if (!soft)
        soft = archive_entry_symlink_utf8(e);
    if (make_parents(u, name))
        return -1;
    if (hard)
        return make_hard_link(u, name, hard);
    switch (archive_entry_filetype(e)) {
    case AE_IFDIR:
        return make_dir(u, name);
    case AE_IFREG:
        return *name ? make_file(u, name, e)
                     : refuse(u, ".", "is not a directory");
    case AE_IFLNK:
        if (!soft)
            return refuse(u, name, "is a link without a target");
        strvec_push(&u->links, name);
        strvec_push(&u->links, soft);
        return 0;
    default:
        return refuse(u, name, "is a device, pipe or socket");
    }
}

static int unpack_entries(struct unpack *u)
{
    struct archive_entry *e;
    int r, err = 0;

    while (!err && (r = archive_read_next_header(u->a, &e)) != ARCHIVE_EOF) {
        const char *raw;
        char *name;

        /* ARCHIVE_RETRY, too: going on would skip a header whose sum is wrong
         */
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return archive_error(u);
        u->begun = true;
        /* in a locale that is not UTF-8 only the second is there for some */
        raw = archive_entry_pathname(e);
        if (!raw)
            raw = archive_entry_pathname_utf8(e);
        if (!raw)
            return damaged(u, "a name in it cannot be read");
        name = plain_path(raw);
        err = name ? take_entry(u, e, name)
                   : refuse(u, raw, "would be unpacked elsewhere");
        free(name);
    }
    return err;
}

/* ---- links ---- */

/* Does the link at (name), by its text alone, stay inside? */
static bool text_stays(const char *name, const char *target)
{
    int depth = 0;

    if (*target == '/')
        return false;
    for (const char *p = name; *p; p++)
        depth += *p == '/';
    while (*target && depth >= 0) {
        size_t len = strcspn(target, "/");

        if (len == 2 && !memcmp(target, "..", 2))
            depth--;
        else if (len && (len != 1 || *target != '.'))
            depth++;
        target += len;
        target += strspn(target, "/");
    }
    return depth >= 0;
}

/* And when other links on its way are followed? */
static bool really_stays(const struct unpack *u, const char *name)
{
    char *path = path_join(u->dir, name);
    char *real = realpath(path, NULL);
    size_t len = strlen(u->real);
    bool ok = !real || (!strncmp(real, u->real, len) &&
                        (!real[len] || real[len] == '/'));

    free(real);
    free(path);
    return ok;
}

static int make_links(struct unpack *u)
{
    for (size_t i = 0; i < u->links.n; i += 2) {
        const char *name = u->links.v[i], *target = u->links.v[i + 1];

        if (!text_stays(name, target))
            return refuse(u, name, "is a link that leads out of it");
        if (symlinkat(target, u->dirfd, name))
            return unpack_error(u, name);
    }
    for (size_t i = 0; i < u->links.n; i += 2)
        if (!really_stays(u, u->links.v[i]))
            return refuse(u, u->links.v[i], "is a link that leads out of it");
    return 0;
}

int tarball_unpack(const char *path, const char *dir)
{
    struct unpack u = {.path = path, .dir = dir};
    int r;

    u.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    u.real = realpath(dir, NULL);
    u.label = xasprintf("%s (TMPDIR)", u.real ? u.real : dir);
    u.buffer = xcalloc(1, READ_SIZE);
    if (u.dirfd < 0 || !u.real)
        r = fail("cannot open '%s': %s", dir, strerror(errno));
    else
        r = open_archive(&u) || unpack_entries(&u) || drain(&u) ||
            make_links(&u);
    if (u.a)
        archive_read_free(u.a);
    if (u.in)
        gzclose(u.in);
    if (u.dirfd >= 0)
        close(u.dirfd);
    strvec_release(&u.links);
    free(u.buffer);
    free(u.label);
    free(u.real);
    return r ? -1 : 0;
}
