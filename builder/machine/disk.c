/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/disk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "crash_dump.h"
#include "file.h"
#include "opt.h"
#include "report.h"

/* virtio's identification has room for as many (virtio 1.2, 5.2.6). */
#define SERIAL_MAX  20
#define QCOW2_MAGIC "QFI\xfb"
/* Its header, of big-endian numbers (QEMU's docs/interop/qcow2.txt). */
#define QCOW2_BACKING  8  /* where the name of the file behind it is */
#define QCOW2_FEATURES 72 /* without which it cannot be read; version 3 */
#define QCOW2_EXTERNAL 4  /* the data is in another file */

/* QEMU locks single bytes of the files it has open (block/file-posix.c): here
 * those that stand for writing, and for not letting others write. */
#define LOCKED_WRITING  101
#define LOCKED_EXCLUDES 201

/* ---- the option ---- */

static bool serial_ok(const char *s)
{
    if (!*s || strlen(s) > SERIAL_MAX)
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
            return false;
    return true;
}

static void take_serial(struct disks *d, struct disk *one, const char *serial)
{
    if (!serial_ok(serial))
        usage_error("run: --disk: the serial number '%s' is not one of 1 to %d "
                    "letters, digits, '.', '_' and '-'",
                    serial, SERIAL_MAX);
    if (!strcmp(serial, CRASH_DUMP_SERIAL))
        usage_error("run: --disk: the serial number " CRASH_DUMP_SERIAL
                    " is for --crash-dump");
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].serial && !strcmp(d->v[i].serial, serial))
            usage_error("run: --disk: two disks with the serial number '%s'",
                        serial);
    one->serial = serial;
}

static void take_format(struct disk *one, const char *format)
{
    if (strcmp(format, "raw") && strcmp(format, "qcow2"))
        usage_error("run: --disk: the format '%s' is neither raw nor qcow2",
                    format);
    one->format = format;
}

/* Settings stand at the end: a comma in the file's name is no matter. */
void disks_add(struct disks *d, const char *text)
{
    static const char serial[] = "serial=", format[] = "format=";
    char *file = xstrdup(text), *comma;
    struct disk one = {0};

    opt_keep(file);
    while ((comma = strrchr(file, ','))) {
        if (!strcmp(comma + 1, "ro"))
            one.read_only = true;
        else if (!strncmp(comma + 1, format, strlen(format)) && !one.format)
            take_format(&one, comma + 1 + strlen(format));
        else if (!strncmp(comma + 1, serial, strlen(serial)) && !one.serial)
            take_serial(d, &one, comma + 1 + strlen(serial));
        else
            break;
        *comma = '\0';
    }
    if (!*file)
        usage_error("run: --disk '%s' is not FILE[,serial=NAME]"
                    "[,format=FORMAT][,ro]",
                    text);
    one.file = file;
    d->v = xrealloc(d->v, d->n + 1, sizeof(*d->v));
    d->v[d->n++] = one;
}

void disks_release(struct disks *d)
{
    free(d->v);
    *d = (struct disks){0};
}

/* ---- the files ---- */

static const char *format_of(int fd)
{
    char magic[4] = "";

    if (file_pread(fd, magic, sizeof(magic), 0) < 0)
        return NULL;
    return memcmp(magic, QCOW2_MAGIC, sizeof(magic)) ? "raw" : "qcow2";
}

const char *disk_probe(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *format = fd < 0 ? NULL : format_of(fd);
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
    return format;
}

static uint64_t number_at(int fd, unsigned at)
{
    uint8_t bytes[8] = {0};
    uint64_t n = 0;

    if (file_pread(fd, bytes, sizeof(bytes), at) < 0)
        return UINT64_MAX;
    for (size_t i = 0; i < sizeof(bytes); i++)
        n = n << 8 | bytes[i];
    return n;
}

/* A guest can write into a raw disk what makes it look like qcow2 the next
 * time, and name a file of this system's that it wants to see: what leads to
 * other files is taken for qcow2 only by who says so. */
static int check_format(struct disk *d, int fd)
{
    const char *format = d->format ? d->format : format_of(fd);

    if (!format)
        return fail("cannot read the disk '%s': %s", d->file, strerror(errno));
    if (!d->format && !strcmp(format, "qcow2") &&
        (number_at(fd, QCOW2_BACKING) ||
         number_at(fd, QCOW2_FEATURES) & QCOW2_EXTERNAL))
        return fail("'%s' looks like qcow2 with another file behind it, which "
                    "a guest could have written to a raw disk: if it is yours, "
                    "give --disk '%s,format=qcow2'",
                    d->file, d->file);
    d->format = format;
    return 0;
}

static bool locked(int fd, off_t at)
{
    struct flock l = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int check_use(int fd, const char *file, bool read_only)
{
    if (locked(fd, LOCKED_WRITING))
        return fail("'%s' is in use: another virtual machine writes to it; "
                    "stop that first",
                    file);
    if (!read_only && locked(fd, LOCKED_EXCLUDES))
        return fail("'%s' is in use: another virtual machine reads it; stop "
                    "that first, or add ,ro to only read it too",
                    file);
    return 0;
}

static int check_kind(int fd, const char *file)
{
    struct stat st;

    if (fstat(fd, &st))
        return fail("cannot look at '%s': %s", file, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return fail("'%s' is neither a file nor a disk", file);
    if (S_ISREG(st.st_mode) && !st.st_size)
        return fail("'%s' is empty: give it a size, as with truncate -s 1G "
                    "'%s'",
                    file, file);
    return 0;
}

static int check_disk(struct disk *d)
{
    int mode = d->read_only ? O_RDONLY : O_RDWR;
    int fd = open(d->file, mode | O_CLOEXEC | O_NONBLOCK), r;

    if (fd < 0 && errno == ENOENT)
        return fail("cannot find the disk '%s': make it, as with truncate -s "
                    "1G '%s'",
                    d->file, d->file);
    if (fd < 0 && (errno == EACCES || errno == EROFS) && !d->read_only)
        return fail("cannot write to the disk '%s': %s: add ,ro to only read "
                    "it",
                    d->file, strerror(errno));
    if (fd < 0)
        return fail("cannot open the disk '%s': %s", d->file, strerror(errno));
    r = check_kind(fd, d->file) || check_use(fd, d->file, d->read_only) ||
        check_format(d, fd);
    close(fd);
    return r ? -1 : 0;
}

static int check_image(const char *image)
{
    int fd = open(image, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return fail("cannot open '%s': %s", image, strerror(errno));
    r = check_use(fd, image, true);
    close(fd);
    return r;
}

int disks_check(struct disks *d, const char *image)
{
    for (size_t i = 0; i < d->n; i++)
        if (check_disk(&d->v[i]))
            return -1;
    return check_image(image);
}

void disks_guess(struct disks *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const char *format =
            d->v[i].format ? d->v[i].format : disk_probe(d->v[i].file);

        d->v[i].format = format ? format : "raw";
    }
}
