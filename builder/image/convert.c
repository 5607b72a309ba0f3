/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "image/disk_copy.h"
#include "image/format.h"
#include "image/oci.h"
#include "image/qemu_img.h"
#include "image/rootfs.h"
#include "image/settle.h"
#include "image/tar_gz.h"
#include "output.h"
#include "report.h"

#define MIB             (1ULL << 20)
#define GIB             (1ULL << 30)
#define ALIGN_UP(n, to) (((n) + (to)-1) / (to) * (to))
#define NAME_LEN        80 /* of a file in an archive */

struct target {
    const char *ending;
    uint64_t unit;    /* the disk's size is a multiple of it */
    const char *qemu; /* format, if qemu-img makes it */
    const char *options;
};

/* vhd: Azure takes disks of whole MiB with a footer that says just that size,
 * and not one made of cylinders.  gce: a disk of whole GiB, as disk.raw. */
static const struct target targets[] = {
    [TO_RAW] = {".raw", 1, NULL, NULL},
    [TO_QCOW2] = {".qcow2", 1, "qcow2", NULL},
    [TO_VMDK] = {".vmdk", 1, "vmdk", NULL},
    [TO_VHD] = {".vhd", MIB, "vpc", "subformat=fixed,force_size=on"},
    [TO_VHDX] = {".vhdx", MIB, "vhdx", NULL},
    [TO_VDI] = {".vdi", MIB, "vdi", NULL},
    [TO_GCE] = {".tar.gz", GIB, NULL, NULL},
    [TO_OCI] = {".oci", 1, NULL, NULL},
};

struct conversion {
    const struct convert_options *o;
    const struct target *target;
    char *output;
    struct image img;
    uint64_t bytes; /* of the disk, as it will be */
    int64_t when;   /* the image was built */
};

/* ---- names ---- */

/* The image's name without directory and ".img" or the like. */
static char *base_name(const char *image)
{
    static const char *const endings[] = {".img", ".raw",  ".qcow2", ".vmdk",
                                          ".vhd", ".vhdx", ".vdi"};
    const char *base = path_base(image);
    size_t len = strlen(base);

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t end = strlen(endings[i]);

        if (len > end && !strcmp(base + len - end, endings[i]))
            return xasprintf("%.*s", (int)(len - end), base);
    }
    return xstrdup(base);
}

/* Beside the image, with the ending of the format. */
static char *default_output(const char *image, const char *ending)
{
    char *dir = path_parent(image), *base = base_name(image);
    char *name = xasprintf("%s%s", base, ending);
    char *path = strchr(image, '/') ? path_join(dir, name) : xstrdup(name);

    free(dir);
    free(base);
    free(name);
    return path;
}

/* A name of a file that everybody can write. */
static char *archived_name(const char *image)
{
    char *name = base_name(image);
    char *file;

    for (char *p = name; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789._-",
                    *p))
            *p = '_';
    if (*name == '.')
        *name = '_';
    file = xasprintf("%.*s.img", NAME_LEN, name);
    free(name);
    return file;
}

/* ---- the disk ---- */

/* A disk of another format, as a raw one in a file without a name. */
static int to_raw(const struct conversion *c, const struct disk_format *f,
                  int from)
{
    int to = disk_temp(c->output);
    struct disk_job job = {.program = c->o->qemu_img,
                           .from = from,
                           .to = to,
                           .from_format = f->qemu,
                           .to_format = "raw",
                           .name = c->o->image};

    if (to >= 0 && qemu_img_convert(&job)) {
        close(to);
        return -1;
    }
    return to;
}

/* A qcow2 disk may name another file that holds the rest of it: what is not in
 * the image is none of its business. */
static bool has_backing_file(const char *head, const struct disk_format *f)
{
    static const char none[8];

    return !strcmp(f->name, "qcow2") && memcmp(head + 8, none, sizeof(none));
}

static int open_disk(struct conversion *c)
{
    const char *path = c->o->image;
    char head[512] = {0};
    const struct disk_format *f;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), raw;

    c->img = (struct image){.fd = -1};
    if (fd < 0)
        return fail("cannot open '%s': %s", path, strerror(errno));
    f = file_pread(fd, head, sizeof(head), 0) == sizeof(head)
            ? disk_format(head, sizeof(head))
            : NULL;
    if (!f || !f->qemu)
        return image_open_fd(&c->img, fd, path);
    raw = has_backing_file(head, f)
              ? fail("'%s' has a backing file: convert it with qemu-img first",
                     path)
              : to_raw(c, f, fd);
    close(fd);
    return raw < 0 ? -1 : image_open_fd(&c->img, raw, path);
}

static int read_time(struct conversion *c)
{
    struct rootfs r = {0};
    int status = rootfs_open(&r, &c->img, false);

    if (!status)
        c->when = rootfs_time(&r);
    rootfs_close(&r);
    return status;
}

/* Whether the image itself has the size, and its partition table the place,
 * that are wanted. */
static bool fits(const struct conversion *c)
{
    return c->bytes == c->img.bytes &&
           c->img.gpt.backup == c->img.bytes / GPT_SECTOR - 1;
}

/* The raw disk in its new size: a file to read, which the caller closes. */
static int sized_disk(const struct conversion *c)
{
    int fd;

    if (fits(c))
        return fcntl(c->img.fd, F_DUPFD_CLOEXEC, 3);
    fd = disk_temp(c->output);
    if (fd >= 0 && disk_copy(&c->img, c->bytes, fd, c->output)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- what it becomes ---- */

static int write_qemu(const struct conversion *c, int from, int to,
                      const char *format, const char *options)
{
    struct disk_job job = {.program = c->o->qemu_img,
                           .from = from,
                           .to = to,
                           .from_format = "raw",
                           .to_format = format,
                           .options = options,
                           .name = c->o->image};

    return qemu_img_convert(&job);
}

static int write_gce(const struct conversion *c, int disk, int fd)
{
    struct tar_member m = {
        .path = "disk.raw", .mode = 0644, .mtime = c->when, .size = c->bytes};
    struct tar tar;
    int status = tar_open(&tar, fd, c->output, true) ||
                 tar_add_sparse(&tar, &m, disk, c->o->image) ||
                 tar_finish(&tar);

    tar_close(&tar);
    return status ? -1 : 0;
}

static int settle(const struct conversion *c, int disk, int fd)
{
    struct settle s = {.fd = fd,
                       .format = c->target->qemu,
                       .path = c->output,
                       .when = c->when};

    return disk_hash(disk, 0, c->bytes, c->o->image, s.hash) || disk_settle(&s)
               ? -1
               : 0;
}

static int write_file(const struct conversion *c, int disk, int fd)
{
    if (c->o->to == TO_RAW)
        return disk_copy(&c->img, c->bytes, fd, c->output);
    if (c->o->to == TO_GCE)
        return write_gce(c, disk, fd);
    return write_qemu(c, disk, fd, c->target->qemu, c->target->options) ||
                   settle(c, disk, fd)
               ? -1
               : 0;
}

static int write_output(const struct conversion *c, int disk)
{
    struct output out;
    int status = output_open(&out, c->output);

    if (!status) {
        status = write_file(c, disk, out.fd) || output_commit(&out);
        output_close(&out);
    }
    return status ? -1 : 0;
}

static int write_oci(const struct conversion *c, int disk)
{
    struct oci_disk d = {.fd = disk, .source = c->o->image, .when = c->when};
    char *name = archived_name(c->o->image);
    int qcow2 = c->o->oci_qcow2 ? disk_temp(c->output) : -1;
    struct stat st;
    int status = 0;

    if (c->o->oci_qcow2) {
        status = qcow2 < 0 || write_qemu(c, disk, qcow2, "qcow2", NULL);
        d.fd = qcow2;
    }
    if (!status && fstat(d.fd, &st))
        status = fail("cannot read '%s': %s", c->o->image, strerror(errno));
    if (!status) {
        d.bytes = (uint64_t)st.st_size;
        d.file = name;
        status = oci_write(&d, c->output);
    }
    if (qcow2 >= 0)
        close(qcow2);
    free(name);
    return status ? -1 : 0;
}

static int convert(struct conversion *c)
{
    int disk, status;

    if (open_disk(c) || read_time(c))
        return -1;
    c->bytes = ALIGN_UP(c->img.bytes, c->target->unit);
    disk = sized_disk(c);
    if (disk < 0)
        return -1;
    status = c->o->to == TO_OCI ? write_oci(c, disk) : write_output(c, disk);
    close(disk);
    return status;
}

int image_convert(const struct convert_options *o)
{
    struct conversion c = {.o = o, .target = &targets[o->to]};
    int status;

    c.output = o->output ? xstrdup(o->output)
                         : default_output(o->image, c.target->ending);
    status = convert(&c);
    if (!status && !o->quiet)
        printf("%s: a disk of %.1f MiB\n", c.output,
               (double)c.bytes / (double)MIB);
    image_close(&c.img);
    free(c.output);
    return status;
}
