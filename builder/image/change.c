/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/image.h"
#include "abi/initconf.h"
#include "file.h"
#include "image/disk_copy.h"
#include "image/inspect.h"
#include "manifest.h"
#include "mount_option.h"
#include "output.h"
#include "report.h"

#define HOSTNAME_FILE "/etc/hostname"

void changes_add(struct changes *c, const char *key, const char *value)
{
    c->v = xrealloc(c->v, c->n + 1, sizeof(*c->v));
    c->v[c->n++] = (struct change){xstrdup(key), value ? xstrdup(value) : NULL};
}

void changes_word(struct changes *c, enum word_kind kind, const char *value)
{
    struct word_change *w = &c->words[kind];

    w->given = true;
    if (!value)
        strvec_release(&w->values);
    else
        strvec_push(&w->values, value);
}

bool changes_any(const struct changes *c)
{
    bool any = c->n || c->append;

    for (int k = 0; k < WORD_KINDS; k++)
        any = any || c->words[k].given;
    return any;
}

void changes_release(struct changes *c)
{
    for (int k = 0; k < WORD_KINDS; k++)
        strvec_release(&c->words[k].values);
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].key);
        free(c->v[i].value);
    }
    free(c->v);
    *c = (struct changes){0};
}

/* ---- writing ---- */

/* Say in the manifest how large the file (path) is now. */
static void note_size(json_t *manifest, const char *path, size_t bytes)
{
    json_t *entry;
    size_t i;

    json_array_foreach (json_object_get(manifest, "system"), i, entry) {
        const char *name = json_string_value(json_object_get(entry, "path"));

        if (name && !strcmp(name, path))
            json_object_set_new(entry, "bytes",
                                json_integer((json_int_t)bytes));
    }
}

/* Write the manifest as manifest_write() does. */
static int write_manifest(struct rootfs *r, const json_t *manifest)
{
    char *dump = json_dumps(manifest, JSON_INDENT(1));
    struct buf text = {0};
    int status;

    buf_adds(&text, dump);
    buf_adds(&text, "\n");
    status = rootfs_replace(r, MANIFEST_PATH, &text);
    buf_release(&text);
    free(dump);
    return status;
}

static int write_files(struct rootfs *r, const struct baked *b)
{
    const char *hostname = baked_conf(b, "hostname");
    struct buf conf = {0}, name = {0};
    json_t *manifest = manifest_load(r);
    int status = -1;

    if (manifest) {
        baked_text(b, &conf);
        note_size(manifest, INITCONF_PATH, conf.len);
        status = rootfs_replace(r, INITCONF_PATH, &conf);
        if (!status && hostname) {
            buf_addf(&name, "%s\n", hostname);
            note_size(manifest, HOSTNAME_FILE, name.len);
            status = rootfs_replace(r, HOSTNAME_FILE, &name);
        }
        if (!status)
            status = write_manifest(r, manifest);
    }
    json_decref(manifest);
    buf_release(&conf);
    buf_release(&name);
    return status;
}

static int write_cmdline(const struct image *img, const char *cmdline)
{
    char field[IMG_CMDLINE_SIZE] = {0};

    memcpy(field, cmdline, strlen(cmdline));
    return file_pwrite(img->fd, img->path, field, sizeof(field),
                       img->cmdline_at);
}

/* Write the settings (b) to the copy (fd) of an image, which had (old). */
static int write_settings(int fd, const char *name, const struct baked *old,
                          const struct baked *b)
{
    struct rootfs r = {0};
    struct image img;
    struct buf was = {0}, is = {0};
    int status;

    baked_text(old, &was);
    baked_text(b, &is);
    status = image_open_fd(&img, dup(fd), name) ||
             rootfs_open(&r, &img, true) || write_cmdline(&img, b->cmdline);
    if (!status && strcmp(buf_str(&was), buf_str(&is)))
        status = write_files(&r, b);
    status |= rootfs_close(&r);
    image_close(&img);
    buf_release(&was);
    buf_release(&is);
    return status ? -1 : 0;
}

/* The copy gets the rights of the original, as far as we may. */
static int copy_rights(const struct image *img, const struct output *out)
{
    struct stat st;

    if (fstat(img->fd, &st) || fchmod(out->fd, st.st_mode & 07777))
        return fail("cannot write '%s': %s", out->path, strerror(errno));
    if (fchown(out->fd, st.st_uid, st.st_gid) && errno != EPERM)
        return fail("cannot write '%s': %s", out->path, strerror(errno));
    return 0;
}

/* What (path) leads to if it is a link: that is the image, and the link
 * stays. */
static char *follow(const char *path)
{
    struct stat st;
    char *real = NULL;

    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        real = realpath(path, NULL);
    return real ? real : xstrdup(path);
}

static int write_copy(const struct image *img, const char *output,
                      const struct baked *old, const struct baked *b)
{
    char *target = follow(output);
    struct output out;
    int status = output_open(&out, target);

    if (!status) {
        status = disk_copy(img, img->bytes, out.fd, output) ||
                 write_settings(out.fd, output, old, b) ||
                 copy_rights(img, &out) || output_commit(&out);
        output_close(&out);
    }
    free(target);
    return status ? -1 : 0;
}

/* ---- what is asked for ---- */

/* The new command line (line), which is allocated, takes the old one's place.
 */
static void set_cmdline(struct baked *b, char *line)
{
    free(b->cmdline);
    b->cmdline = line;
}

static int apply(struct baked *b, const struct changes *c)
{
    if (c->append)
        set_cmdline(b, words_appended(b->cmdline, c->append));
    for (int k = 0; k < WORD_KINDS; k++)
        if (c->words[k].given)
            set_cmdline(b, words_with(b->cmdline, (enum word_kind)k,
                                      &c->words[k].values));
    for (size_t i = 0; i < c->n; i++)
        baked_set(b, c->v[i].key, c->v[i].value);
    if (strlen(b->cmdline) >= IMG_CMDLINE_SIZE)
        return fail("the kernel command line is too long: at most %d bytes",
                    IMG_CMDLINE_SIZE - 1);
    return 0;
}

/* The kernel cannot make a directory on a read-only file system. */
static int check_mounts(struct rootfs *r, const struct changes *c)
{
    const struct strvec *mounts = &c->words[WORD_MOUNT].values;
    int status = 0;

    for (size_t i = 0; i < mounts->n && !status; i++) {
        char *path = mount_option_path(mounts->v[i]);
        struct rootfs_file f = {0};

        if (!rootfs_has(r, path) || rootfs_find(r, path, true, &f) ||
            !S_ISDIR(f.mode))
            status = fail("'%s' in '%s' is no directory to mount on: build the "
                          "image with --mount",
                          path, r->img->path);
        rootfs_file_release(&f);
        free(path);
    }
    return status;
}

int image_change(const char *path, const char *output, const struct changes *c,
                 struct baked *b)
{
    struct rootfs r = {0};
    struct baked old = {0};
    struct image img;
    int status;

    *b = (struct baked){0};
    status = image_open(&img, path) || rootfs_open(&r, &img, false) ||
             check_mounts(&r, c) || baked_load(&old, &r) || baked_load(b, &r) ||
             apply(b, c);
    rootfs_close(&r);
    if (!status && (changes_any(c) || output))
        status = write_copy(&img, output ? output : path, &old, b);
    image_close(&img);
    baked_release(&old);
    return status ? -1 : 0;
}
