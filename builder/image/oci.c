/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "image/disk_copy.h"
#include "image/tar_gz.h"
#include "output.h"
#include "report.h"

#define QEMU_USER 107 /* user and group of KubeVirt's virt-launcher */
#define TYPE      "application/vnd.oci.image."

/* A blob: how it is named, and how large it is. */
struct blob {
    char digest[SHA256_TEXT];
    uint64_t bytes;
};

/* Where the layout goes: one of both. */
struct store {
    const char *path;
    struct output out;
    bool archive;
    struct tar tar;
    int64_t when;
};

/* ---- the layout's files ---- */

static int make_dir(struct store *s, const char *path)
{
    struct tar_member m = {.path = path, .mode = 0755, .mtime = s->when};

    if (s->archive)
        return tar_add(&s->tar, &m, "");
    if (mkdirat(s->out.fd, path, 0755))
        return fail("cannot write '%s/%s': %s", s->path, path, strerror(errno));
    return 0;
}

static int create(struct store *s, const char *path)
{
    int fd =
        openat(s->out.fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0)
        fail("cannot write '%s/%s': %s", s->path, path, strerror(errno));
    return fd;
}

static int put_data(struct store *s, const char *path, const char *data,
                    size_t len)
{
    struct tar_member m = {
        .path = path, .mode = 0644, .mtime = s->when, .size = len};
    int fd, status;

    if (s->archive)
        return tar_add(&s->tar, &m, data);
    fd = create(s, path);
    if (fd < 0)
        return -1;
    status = file_pwrite(fd, s->path, data, len, 0);
    if (close(fd) && !status)
        status = fail("cannot write '%s': %s", s->path, strerror(errno));
    return status;
}

static int copy_file(int from, int to, const char *name, uint64_t bytes)
{
    char piece[65536];

    for (uint64_t at = 0; at < bytes;) {
        ssize_t n = file_pread(from, piece, sizeof(piece), at);

        if (n <= 0)
            return fail("cannot write '%s': %s", name,
                        n ? strerror(errno) : "its layer is gone");
        if (file_pwrite(to, name, piece, (size_t)n, at))
            return -1;
        at += (uint64_t)n;
    }
    return 0;
}

static int put_file(struct store *s, const char *path, int from, uint64_t bytes)
{
    struct tar_member m = {
        .path = path, .mode = 0644, .mtime = s->when, .size = bytes};
    int fd, status;

    if (s->archive)
        return tar_add_file(&s->tar, &m, from, s->path);
    fd = create(s, path);
    if (fd < 0)
        return -1;
    status = copy_file(from, fd, s->path, bytes);
    if (close(fd) && !status)
        status = fail("cannot write '%s': %s", s->path, strerror(errno));
    return status;
}

static char *blob_path(const struct blob *b)
{
    return xasprintf("blobs/sha256/%s", b->digest);
}

/* ---- JSON ---- */

static void hash_text(const char *text, struct blob *b)
{
    struct sha256 hash;

    b->bytes = strlen(text);
    sha256_init(&hash);
    sha256_add(&hash, text, b->bytes);
    sha256_text(&hash, b->digest);
}

/* Write (j), which goes, as a blob. */
static int put_json(struct store *s, json_t *j, struct blob *b)
{
    char *text = json_dumps(j, JSON_COMPACT), *path;
    int status;

    hash_text(text, b);
    path = blob_path(b);
    status = put_data(s, path, text, strlen(text));
    free(path);
    free(text);
    json_decref(j);
    return status;
}

static json_t *descriptor(const char *type, const struct blob *b)
{
    char *digest = xasprintf("sha256:%s", b->digest);
    json_t *j = json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest",
                          digest, "size", (json_int_t)b->bytes);

    free(digest);
    return j;
}

static json_t *config(const char *diff_id, int64_t when)
{
    time_t t = (time_t)when;
    char created[32], *diff = xasprintf("sha256:%s", diff_id);
    struct tm tm = {0};
    json_t *j;

    gmtime_r(&t, &tm);
    strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
    j = json_pack("{s:s, s:s, s:s, s:{}, s:{s:s, s:[s]}, s:[{s:s, s:s}]}",
                  "created", created, "architecture", "amd64", "os", "linux",
                  "config", "rootfs", "type", "layers", "diff_ids", diff,
                  "history", "created", created, "created_by",
                  "unibeam convert --to oci");
    free(diff);
    return j;
}

static json_t *manifest(const struct blob *config, const struct blob *layer)
{
    return json_pack("{s:i, s:s, s:o, s:[o]}", "schemaVersion", 2, "mediaType",
                     TYPE "manifest.v1+json", "config",
                     descriptor(TYPE "config.v1+json", config), "layers",
                     descriptor(TYPE "layer.v1.tar+gzip", layer));
}

static int put_index(struct store *s, const struct blob *manifest)
{
    json_t *entry = descriptor(TYPE "manifest.v1+json", manifest), *index;
    char *text;
    int status;

    json_object_set_new(
        entry, "platform",
        json_pack("{s:s, s:s}", "architecture", "amd64", "os", "linux"));
    json_object_set_new(
        entry, "annotations",
        json_pack("{s:s}", "org.opencontainers.image.ref.name", "latest"));
    index = json_pack("{s:i, s:s, s:[o]}", "schemaVersion", 2, "mediaType",
                      TYPE "index.v1+json", "manifests", entry);
    text = json_dumps(index, JSON_COMPACT);
    status = put_data(s, "index.json", text, strlen(text));
    free(text);
    json_decref(index);
    return status;
}

/* ---- the layer ---- */

/* Write the layer to (fd). */
static int make_layer(const struct oci_disk *disk, const char *path, int fd,
                      struct blob *layer, char diff_id[SHA256_TEXT])
{
    struct tar_member dir = {
        .path = "disk/", .mode = 0755, .owner = QEMU_USER, .mtime = disk->when};
    struct tar_member file = dir;
    struct tar tar;
    char *name = xasprintf("disk/%s", disk->file);
    int status = tar_open(&tar, fd, path, true);

    file.path = name;
    file.mode = 0440;
    file.size = disk->bytes;
    if (!status)
        status = tar_add(&tar, &dir, "") ||
                 tar_add_file(&tar, &file, disk->fd, disk->source) ||
                 tar_finish(&tar);
    tar_close(&tar);
    layer->bytes = tar.at;
    sha256_text(&tar.plain, diff_id);
    sha256_text(&tar.packed, layer->digest);
    free(name);
    return status ? -1 : 0;
}

static int put_layer(struct store *s, int fd, const struct blob *layer)
{
    char *path = blob_path(layer);
    int status = put_file(s, path, fd, layer->bytes);

    free(path);
    return status;
}

/* ---- all of it ---- */

static int fill(struct store *s, const struct oci_disk *disk, int layer_fd)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    struct blob layer, conf, mani;
    char diff_id[SHA256_TEXT];

    return make_layer(disk, s->path, layer_fd, &layer, diff_id) ||
                   put_data(s, "oci-layout", version, strlen(version)) ||
                   make_dir(s, "blobs/") || make_dir(s, "blobs/sha256/") ||
                   put_layer(s, layer_fd, &layer) ||
                   put_json(s, config(diff_id, disk->when), &conf) ||
                   put_json(s, manifest(&conf, &layer), &mani) ||
                   put_index(s, &mani)
               ? -1
               : 0;
}

static int open_store(struct store *s)
{
    if (!s->archive)
        return output_open_dir(&s->out, s->path);
    if (output_open(&s->out, s->path))
        return -1;
    return tar_open(&s->tar, s->out.fd, s->path, false);
}

int oci_write(const struct oci_disk *disk, const char *path)
{
    size_t len = strlen(path);
    struct store s = {.path = path, .when = disk->when};
    int layer, status;

    s.archive = len > 4 && !strcmp(path + len - 4, ".tar");
    if (open_store(&s))
        return -1;
    layer = disk_temp(path);
    status = layer < 0 || fill(&s, disk, layer) ||
             (s.archive && tar_finish(&s.tar)) || output_commit(&s.out);
    output_close(&s.out);
    if (layer >= 0)
        close(layer);
    return status ? -1 : 0;
}
