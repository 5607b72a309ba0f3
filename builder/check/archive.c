/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include "file.h"

#define READ_SIZE ((size_t)64 * 1024)

static char *error_of(struct archive *a)
{
    const char *why = archive_error_string(a);

    return xstrdup(why ? why : "no reason is known");
}

/* The next module's content; sizes in headers are not relied on. */
static int read_module(struct archive *a, const char *name, size_t max,
                       struct buf *file, char **why)
{
    const void *data;
    size_t len;
    la_int64_t at;
    int r;

    while ((r = archive_read_data_block(a, &data, &len, &at)) == ARCHIVE_OK) {
        if (len > max - file->len) {
            *why = xasprintf("%s in it is too large", name);
            return -1;
        }
        buf_add(file, data, len);
    }
    if (r == ARCHIVE_EOF)
        return 0;
    *why = error_of(a);
    return -1;
}

static int take_entry(struct archive *a, struct archive_entry *e, size_t max,
                      archive_module *take, void *ctx, char **why)
{
    const char *name = archive_entry_pathname(e);
    struct buf file = {0};
    int r;

    if (!name)
        name = archive_entry_pathname_utf8(e);
    if (!name || archive_entry_filetype(e) != AE_IFREG ||
        !path_ends_with(name, ".beam"))
        return 0;
    r = read_module(a, name, max, &file, why);
    if (!r)
        take(ctx, name, &file);
    buf_release(&file);
    return r;
}

static int read_entries(struct archive *a, size_t max, archive_module *take,
                        void *ctx, char **why)
{
    struct archive_entry *e;
    int r;

    while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK ||
           r == ARCHIVE_WARN)
        if (take_entry(a, e, max, take, ctx, why))
            return -1;
    if (r == ARCHIVE_EOF)
        return 0;
    *why = error_of(a);
    return -1;
}

int archive_modules(const char *path, size_t max, archive_module *take,
                    void *ctx, char **why)
{
    struct archive *a = archive_read_new();
    int r = -1;

    if (!a) {
        *why = xstrdup("no memory");
        return -1;
    }
    /* not the one that does without the directory at the end */
    archive_read_support_format_zip_seekable(a);
    if (archive_read_open_filename(a, path, READ_SIZE) == ARCHIVE_OK)
        r = read_entries(a, max, take, ctx, why);
    else
        *why = error_of(a);
    archive_read_free(a);
    return r;
}
