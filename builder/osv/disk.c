/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "child.h"
#include "file.h"
#include "report.h"

#define SECTOR     512
#define CMDLINE_AT 512
#define KERNEL_AT  65536
#define BLOCK      32768 /* the kernel's size is counted in these */
#define COPY       (1u << 20)

/* What "qemu-img check" ends with. */
#define CHECK_DAMAGE 2
#define CHECK_LEAKS  3

#define AT_KERNEL_SIZE 0x10
#define AT_SIGNATURE   0x1b8
#define AT_PARTITION   0x1ce /* the second entry */
#define AT_BOOT_MAGIC  0x1fe

static const char signature[6] = {0x56, 0x53, 0x4f, 0, 0, 0};

const char *osv_format_name(enum osv_format f)
{
    return f == OSV_QCOW2 ? "qcow2" : "raw";
}

static int no_write(const struct osv_disk *d)
{
    return fail("cannot write '%s': %s", d->out.path, strerror(errno));
}

/* ---- is it OSv's? ---- */

static uint32_t le32(const unsigned char *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* (size) is that of the disk. */
static int check_sector(const unsigned char *p, uint64_t size, const char *base)
{
    const unsigned char *part = p + AT_PARTITION;
    uint64_t blocks = p[AT_KERNEL_SIZE] | p[AT_KERNEL_SIZE + 1] << 8;
    uint64_t kernel_end = KERNEL_AT + blocks * BLOCK;
    uint64_t first = (uint64_t)le32(part + 8) * SECTOR;
    uint64_t end = first + (uint64_t)le32(part + 12) * SECTOR;

    if (memcmp(p + AT_SIGNATURE, signature, sizeof(signature)) ||
        p[AT_BOOT_MAGIC] != 0x55 || p[AT_BOOT_MAGIC + 1] != 0xaa)
        return fail("'%s' is not an OSv image: the boot sector has no "
                    "signature of OSv's",
                    base);
    if (!blocks || part[4] != 0x83 || first < kernel_end)
        return fail("'%s' is not a usable OSv image: it has no file system "
                    "behind its kernel, where a release could go",
                    base);
    if (end > size)
        return fail("OSv image '%s' is cut off: its file system ends at byte "
                    "%llu, the disk at %llu",
                    base, (unsigned long long)end, (unsigned long long)size);
    return 0;
}

static int check_disk(const struct osv_disk *d, const char *base)
{
    unsigned char sector[SECTOR];
    struct stat st;
    ssize_t n = file_pread(d->fd, sector, sizeof(sector), 0);

    if (n < 0 || fstat(d->fd, &st))
        return fail("cannot read the copy of '%s': %s", base, strerror(errno));
    if (n < SECTOR)
        return fail("'%s' is not an OSv image: it has %zd bytes", base, n);
    return check_sector(sector, (uint64_t)st.st_size, base);
}

/* ---- copying ---- */

static bool is_qcow2(int fd)
{
    char magic[4] = "";

    return file_pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
           !memcmp(magic, "QFI\xfb", sizeof(magic));
}

/* Copy [at, end), which holds data. */
static int copy_data(struct osv_disk *d, int from, const char *base, char *copy,
                     uint64_t at, uint64_t end)
{
    while (at < end) {
        size_t len = end - at < COPY ? (size_t)(end - at) : COPY;
        ssize_t n = file_pread(from, copy, len, at);

        if (n < 0)
            return fail("cannot read '%s': %s", base, strerror(errno));
        if (n == 0)
            return fail("'%s' changed while it was copied", base);
        if (file_pwrite(d->fd, d->out.path, copy, (size_t)n, at))
            return -1;
        at += (size_t)n;
    }
    return 0;
}

/* Copy what is no hole. */
static int copy_sparse(struct osv_disk *d, int from, const char *base,
                       uint64_t size)
{
    char *copy = xcalloc(1, COPY);
    off_t at = 0, end = 0;
    int r = ftruncate(d->fd, (off_t)size) ? no_write(d) : 0;

    while (!r && (uint64_t)end < size) {
        at = lseek(from, end, SEEK_DATA);
        if (at < 0 && errno == ENXIO)
            break;
        end = at < 0 ? -1 : lseek(from, at, SEEK_HOLE);
        if (end < 0)
            r = fail("cannot read '%s': %s", base, strerror(errno));
        else
            r = copy_data(d, from, base, copy, (uint64_t)at, (uint64_t)end);
    }
    free(copy);
    return r;
}

static int copy_raw(struct osv_disk *d, int from, const char *base)
{
    struct stat st, now;

    if (fstat(from, &st))
        return fail("cannot read '%s': %s", base, strerror(errno));
    /* file systems that can share the blocks do */
    if (ioctl(d->fd, FICLONE, from) &&
        copy_sparse(d, from, base, (uint64_t)st.st_size))
        return -1;
    if (fstat(from, &now) || now.st_size != st.st_size ||
        now.st_mtim.tv_sec != st.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != st.st_mtim.tv_nsec)
        return fail("'%s' changed while it was copied", base);
    return 0;
}

/* ---- qcow2 ---- */

/* Descriptors have names that need no quoting, and cannot be replaced. */
static char *fd_name(int fd)
{
    return xasprintf("/proc/self/fd/%d", fd);
}

/* Run it; (*text) becomes the first line of what it says.  Returns its exit
 * status, or -1 after a report. */
static int qemu_img(const char *const words[], const int *keep, char **text)
{
    struct buf messages = {0};
    struct strvec argv = {0};
    int status;

    strvec_push(&argv, "qemu-img");
    for (size_t i = 0; words[i]; i++)
        strvec_push(&argv, words[i]);
    status = child_run(argv.v, keep, &messages);
    if (status < 0)
        fail("cannot start 'qemu-img': %s: install it (on Debian: "
             "qemu-utils), or use a base image in raw form, without --format "
             "qcow2",
             strerror(errno));
    if (status > 0 && WIFEXITED(status))
        status = WEXITSTATUS(status);
    *text = xasprintf("%.*s", (int)strcspn(buf_str(&messages), "\r\n"),
                      buf_str(&messages));
    strvec_release(&argv);
    buf_release(&messages);
    return status;
}

/* Where a file ends too early qemu-img would read zeros: it has to check
 * first. */
static int check_qcow2(const char *real, const char *base)
{
    const char *const words[] = {"check", "-q", "-f", "qcow2", real, NULL};
    const int keep[] = {-1};
    char *text;
    int status = qemu_img(words, keep, &text);

    /* 3: some clusters belong to nothing, which harms nobody */
    if (status > 0 && status != CHECK_LEAKS)
        fail("cannot use '%s': %s: %s", base,
             status == CHECK_DAMAGE ? "the qcow2 image is damaged or cut off"
                                    : "qemu-img cannot check it",
             text);
    free(text);
    return status == 0 || status == CHECK_LEAKS ? 0 : -1;
}

static int convert(const char *const words[], const int *keep, const char *what,
                   const char *path)
{
    char *text;
    int status = qemu_img(words, keep, &text);

    if (status > 0)
        fail("cannot %s '%s': %s", what, path, text);
    free(text);
    return status ? -1 : 0;
}

static int copy_qcow2(struct osv_disk *d, const char *base)
{
    const int keep[] = {d->fd, -1};
    char *raw = fd_name(d->fd);
    char *real = realpath(base, NULL); /* "a:b" would be a protocol to it */
    const char *const words[] = {"convert", "-f", "qcow2", "-O",
                                 "raw",     real, raw,     NULL};
    int r;

    if (!real)
        r = fail("cannot open '%s': %s", base, strerror(errno));
    else
        r = check_qcow2(real, base) || convert(words, keep, "copy", base);
    free(real);
    free(raw);
    return r ? -1 : 0;
}

static int write_qcow2(struct osv_disk *d)
{
    const int keep[] = {d->fd, d->out.fd, -1};
    char *raw = fd_name(d->fd);
    char *result = fd_name(d->out.fd);
    const char *const words[] = {"convert", "-f", "raw",  "-O",
                                 "qcow2",   raw,  result, NULL};
    int r = convert(words, keep, "write", d->out.path);

    free(result);
    free(raw);
    return r;
}

/* ---- all of it ---- */

/* A file without a name, beside the result, where there is room for both. */
static int open_unnamed(struct osv_disk *d)
{
    char *dir = path_parent(d->out.path);
    char *name = path_join(dir, ".unibeam-osv.XXXXXX");

    d->fd = mkostemp(name, O_CLOEXEC);
    if (d->fd >= 0)
        unlink(name);
    else
        no_write(d);
    free(name);
    free(dir);
    return d->fd < 0 ? -1 : 0;
}

static int open_base(const char *base)
{
    int fd = open(base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st)) {
        fail("cannot open '%s': %s", base, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        fail("cannot use '%s' as the base: it is not a file", base);
        close(fd);
        fd = -1;
    }
    return fd;
}

static int copy_base(struct osv_disk *d, int from, const char *base,
                     enum osv_format format)
{
    bool qcow2 = is_qcow2(from);

    d->format = format != OSV_AS_BASE ? format : qcow2 ? OSV_QCOW2 : OSV_RAW;
    if (d->format == OSV_RAW)
        d->fd = d->out.fd;
    else if (open_unnamed(d))
        return -1;
    if (qcow2 ? copy_qcow2(d, base) : copy_raw(d, from, base))
        return -1;
    return check_disk(d, base);
}

/* The base is to stay as it is. */
static int check_distinct(int from, const char *base, const char *path)
{
    struct stat a, b;

    if (fstat(from, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return fail("'%s' is the base image itself, '%s': give another output "
                    "with -o",
                    path, base);
    return 0;
}

int osv_disk_open(struct osv_disk *d, const char *base, const char *path,
                  enum osv_format format)
{
    int from = open_base(base), r;

    *d = (struct osv_disk){.out = {.fd = -1}, .fd = -1};
    if (from < 0)
        return -1;
    r = check_distinct(from, base, path) || output_open(&d->out, path) ||
        copy_base(d, from, base, format);
    close(from);
    return r ? -1 : 0;
}

int osv_disk_set_cmdline(struct osv_disk *d, const char *text)
{
    char *area = xcalloc(1, OSV_MAX_CMDLINE);
    int r;

    if (strlen(text) >= OSV_MAX_CMDLINE)
        abort();
    memcpy(area, text, strlen(text)); /* and zeros behind it */
    r = file_pwrite(d->fd, d->out.path, area, OSV_MAX_CMDLINE, CMDLINE_AT);
    free(area);
    return r;
}

int osv_disk_finish(struct osv_disk *d)
{
    struct stat st;

    if (d->format == OSV_QCOW2 && write_qcow2(d))
        return -1;
    if (fstat(d->out.fd, &st))
        return no_write(d);
    d->bytes = (uint64_t)st.st_size;
    return output_commit(&d->out);
}

void osv_disk_close(struct osv_disk *d)
{
    if (d->format == OSV_QCOW2 && d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    output_close(&d->out);
}
