/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "abi/image.h"
#include "image/disk_copy.h"
#include "json_text.h"
#include "manifest.h"
#include "release.h"
#include "report.h"

#define MANIFEST_MAX (64 << 20)

static void set_bytes(json_t *j, const char *key, uint64_t n)
{
    json_object_set_new(j, key, json_integer((json_int_t)n));
}

static void set_text(json_t *j, const char *key, const char *text)
{
    json_object_set_new(j, key, text ? json_text(text) : json_null());
}

static int set_hash(json_t *j, const struct image *img, uint64_t at,
                    uint64_t len)
{
    char text[SHA256_TEXT];

    if (disk_hash(img->fd, at, len, img->path, text))
        return -1;
    json_object_set_new(j, "sha256", json_string(text));
    return 0;
}

/* ---- the disk ---- */

static void set_uuid(json_t *j, const char *key, const uint8_t u[16])
{
    char text[37];
    size_t at = 0;

    for (int i = 0; i < 16; i++)
        at += (size_t)sprintf(
            text + at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
            u[i]);
    json_object_set_new(j, key, json_string(text));
}

static json_t *partitions(const struct image *img)
{
    json_t *list = json_array();

    for (size_t i = 0; i < img->gpt.n; i++) {
        const struct gpt_part *p = &img->gpt.part[i];
        json_t *j = json_object();

        set_text(j, "name", p->name);
        set_uuid(j, "type", p->type);
        set_uuid(j, "uuid", p->uuid);
        set_bytes(j, "offset", p->first * IMG_SECTOR_SIZE);
        set_bytes(j, "bytes", (p->last - p->first + 1) * IMG_SECTOR_SIZE);
        json_array_append_new(list, j);
    }
    return list;
}

static json_t *file_system(const struct rootfs *r)
{
    struct rootfs_usage u;
    json_t *j = json_object();

    rootfs_usage(r, &u);
    json_object_set_new(j, "type", json_string("ext4"));
    set_bytes(j, "bytes", u.blocks * u.block);
    set_bytes(j, "free_bytes", u.free_blocks * u.block);
    set_bytes(j, "inodes", u.inodes);
    set_bytes(j, "free_inodes", u.free_inodes);
    return j;
}

/* ---- settings ---- */

static json_t *environment(const struct baked *b)
{
    struct strvec env = {0};
    json_t *j = json_object();

    baked_env(b, &env);
    for (size_t i = 0; i < env.n; i++) {
        char *eq = strchr(env.v[i], '=');

        *eq = '\0';
        json_object_set_new(j, env.v[i], json_text(eq + 1));
    }
    strvec_release(&env);
    return j;
}

json_t *image_settings(const struct baked *b)
{
    static const char *const keys[] = {"hostname", "restart", "grace"};
    json_t *j = json_object();
    char *shell = baked_value(b, "console.shell");

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        char *value = baked_value(b, keys[i]);

        set_text(j, keys[i], value);
        free(value);
    }
    json_object_set_new(j, "console",
                        json_boolean(shell && !strcmp(shell, "yes")));
    set_text(j, "command_line", b->cmdline);
    json_object_set_new(j, "environment", environment(b));
    free(shell);
    return j;
}

/* ---- the manifest ---- */

static const char *text_of(const json_t *manifest, const char *key)
{
    return json_string_value(json_object_get(manifest, key));
}

/* The release of Erlang/OTP is that of the run-time system plus 12, since OTP
 * 23 and ERTS 11. */
static json_t *otp_release(const char *erts)
{
    char text[16];
    int major = erts ? atoi(erts) : 0;

    if (major < 11 || major > 999)
        return json_null();
    snprintf(text, sizeof(text), "%d", major + 12);
    return json_string(text);
}

static json_t *release(const json_t *manifest)
{
    static const char *const keys[][2] = {{"name", "release"},
                                          {"version", "version"},
                                          {"layout", "layout"},
                                          {"erts", "erts"}};
    json_t *j = json_object();

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        set_text(j, keys[i][0], text_of(manifest, keys[i][1]));
    json_object_set_new(j, "otp", otp_release(text_of(manifest, "erts")));
    return j;
}

/* The entry for NAME-VERSION in the list of applications, new or old. */
static json_t *application(json_t *list, const char *name)
{
    const char *dash = strrchr(name, '-');
    const char *version = dash ? dash + 1 : NULL;
    char *app =
        dash ? xasprintf("%.*s", (int)(dash - name), name) : xstrdup(name);
    json_t *last = json_array_get(list, json_array_size(list) - 1);
    const char *old = text_of(last, "name"), *old_version;

    old_version = text_of(last, "version");
    if (!old || strcmp(old, app) ||
        strcmp(old_version ? old_version : "", version ? version : "")) {
        last = json_object();
        json_object_set_new(last, "name", json_text(app));
        set_text(last, "version", version);
        set_bytes(last, "files", 0);
        set_bytes(last, "bytes", 0);
        json_array_append_new(list, last);
    }
    free(app);
    return last;
}

/* Add what (from) counts to (to). */
static void add_number(json_t *to, const char *key, json_int_t n)
{
    json_int_t old = json_integer_value(json_object_get(to, key));

    json_object_set_new(to, key, json_integer(old + n));
}

static json_int_t number_of(const json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

/* Those of the release: in lib/, or for Gleam all there is. */
static void add_own_applications(json_t *list, const json_t *manifest)
{
    const char *layout = text_of(manifest, "layout");
    bool gleam = layout && !strcmp(layout, "gleam");
    json_t *part, *app;
    size_t i;

    json_array_foreach (json_object_get(manifest, "app"), i, part) {
        const char *name = text_of(part, "name");

        if (!name)
            continue;
        if (!strncmp(name, "lib/", 4))
            app = application(list, name + 4);
        else if (gleam && !strchr(name, '.'))
            app = application(list, name);
        else
            continue;
        add_number(app, "files", number_of(part, "files"));
        add_number(app, "bytes", number_of(part, "bytes"));
    }
}

/* The file (entry) of the system, or of an application of Erlang's own that a
 * release of Gleam's runs with: those lie one behind the other. */
static void add_file(const json_t *entry, json_t *list, json_t *system)
{
    static const char lib[] = RELEASE_OTP_ROOT "/lib/";
    const char *path = text_of(entry, "path"), *rest;
    json_t *to = system;

    if (!json_is_integer(json_object_get(entry, "bytes")))
        return; /* a link */
    rest = path && !strncmp(path, lib, strlen(lib)) ? path + strlen(lib) : "";
    if (strchr(rest, '/')) {
        char *name = xasprintf("%.*s", (int)strcspn(rest, "/"), rest);

        to = application(list, name);
        free(name);
    }
    add_number(to, "files", 1);
    add_number(to, "bytes", number_of(entry, "bytes"));
}

static void add_files(json_t *info, const json_t *manifest)
{
    json_t *list = json_array(), *system = json_object(), *entry;
    size_t i;

    set_bytes(system, "files", 0);
    set_bytes(system, "bytes", 0);
    add_own_applications(list, manifest);
    json_array_foreach (json_object_get(manifest, "system"), i, entry) {
        add_file(entry, list, system);
    }
    json_object_set_new(info, "applications", list);
    json_object_set_new(info, "system", system);
}

json_t *manifest_load(struct rootfs *r)
{
    struct buf text = {0};
    json_error_t why;
    json_t *m = NULL;

    if (rootfs_load(r, MANIFEST_PATH, MANIFEST_MAX, &text) == 0) {
        m = json_loadb(buf_str(&text), text.len, 0, &why);
        if (!m)
            fail("'%s' in '%s' is damaged: line %d: %s", MANIFEST_PATH,
                 r->img->path, why.line, why.text);
    }
    buf_release(&text);
    return m;
}

static int add_manifest(json_t *info, struct rootfs *r)
{
    json_t *m = manifest_load(r);

    if (!m)
        return -1;
    set_text(info, "unibeam", text_of(m, "unibeam"));
    json_object_set_new(info, "release", release(m));
    set_text(info, "shell", text_of(m, "shell"));
    add_files(info, m);
    json_decref(m);
    return 0;
}

/* ---- all of it ---- */

static int add_kernel(json_t *info, const struct image *img)
{
    json_t *kernel = json_object();

    set_bytes(kernel, "bytes", img->kernel_bytes);
    json_object_set_new(info, "kernel", kernel);
    return set_hash(kernel, img, img->kernel_at, img->kernel_bytes);
}

static int add_settings(json_t *info, struct rootfs *r)
{
    struct baked b;
    int status = baked_load(&b, r);

    if (!status)
        json_object_set_new(info, "settings", image_settings(&b));
    baked_release(&b);
    return status;
}

json_t *image_inspect(struct rootfs *r)
{
    const struct image *img = r->img;
    json_t *info = json_object();

    set_text(info, "image", img->path);
    set_bytes(info, "bytes", img->bytes);
    if (set_hash(info, img, 0, img->bytes) || add_manifest(info, r) ||
        add_kernel(info, img) || add_settings(info, r)) {
        json_decref(info);
        return NULL;
    }
    set_uuid(info, "disk_uuid", img->gpt.disk_uuid);
    json_object_set_new(info, "partitions", partitions(img));
    json_object_set_new(info, "file_system", file_system(r));
    return info;
}
