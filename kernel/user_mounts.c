/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "user_mounts.h"

#include "dev/blockdev.h"
#include "fs/vfs.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "sys/trace.h"

#include "abi/machine.h"

#define KEY "mount="

struct user_mount {
    char source[MACHINE_MOUNT_SOURCE_MAX + 1];
    char path[MACHINE_MOUNT_PATH_MAX + 1];
    uint64_t size; /* 0: not said */
};

/* One more than the longest that is right. */
#define WORD_MAX (sizeof(KEY) + sizeof(struct user_mount) + 16)

static bool parse_size(const char *s, uint64_t *size)
{
    static const char units[] = "kmg";
    const char *end, *unit;

    *size = str_to_u64(s, &end, 10);
    if (end == s || !*size || *size > 1u << 30)
        return false;
    if (!*end)
        return true;
    unit = strchr(units, *end | 0x20);
    *size <<= unit ? 10 * (unit - units + 1) : 0;
    return unit && !end[1];
}

/* Copy up to a colon or the end; NULL when it is empty or too long. */
static const char *cut(const char *s, char *out, size_t size)
{
    size_t n = strchr(s, ':') ? (size_t)(strchr(s, ':') - s) : strlen(s);

    if (!n || n >= size)
        return NULL;
    memcpy(out, s, n);
    out[n] = '\0';
    return s + n;
}

static bool parse(const char *word, struct user_mount *m)
{
    const char *s = cut(word + sizeof(KEY) - 1, m->source, sizeof(m->source));

    m->size = 0;
    if (!s || *s != ':')
        return false;
    s = cut(s + 1, m->path, sizeof(m->path));
    if (!s || m->path[0] != '/' || !m->path[1])
        return false;
    return !*s || (!strcmp(m->source, "tmpfs") && parse_size(s + 1, &m->size));
}

/* The next word that is one; false at the end. */
static bool next(const char **line, struct user_mount *m)
{
    char word[WORD_MAX];
    long n;

    while ((n = cmdline_next(line, word, sizeof(word))) >= 0) {
        if (strncmp(word, KEY, sizeof(KEY) - 1))
            continue;
        if (n >= (long)sizeof(word) || !parse(word, m))
            fatal("command line: '%s' is not mount=SOURCE:PATH[:SIZE]", word);
        return true;
    }
    return false;
}

/* Is there another one for the path in what follows? */
static bool overruled(const char *line, const struct user_mount *m)
{
    struct user_mount later;

    while (next(&line, &later))
        if (!strcmp(later.path, m->path))
            return true;
    return false;
}

static struct super_block *make_tmpfs(const struct user_mount *m,
                                      const char **options)
{
    char *text = kmalloc(64, 0);

    if (m->size && text) {
        ksnprintf(text, 64, "rw,nosuid,nodev,size=%lluk",
                  (unsigned long long)(m->size + 1023) / 1024);
        *options = text; /* the mount keeps it */
    } else {
        kfree(text);
        *options = "rw,nosuid,nodev";
    }
    return tmpfs_create(m->size ? MAX(m->size, (uint64_t)PAGE_SIZE) : 0, 01777);
}

static struct blockdev *find_disk(const char *name)
{
    struct blockdev *d = blockdev_find_serial(name);

    d = d ? d : blockdev_find(name);
    d = d ? d : blockdev_find_guid(name);
    d = d ? d : blockdev_find_label(name);
    if (d)
        return d;
    while ((d = blockdev_next(d)))
        if (ext4_has_label(d, name))
            return d;
    return NULL;
}

static struct super_block *mount_disk(const struct user_mount *m,
                                      const char **source)
{
    struct blockdev *d = find_disk(m->source);
    struct super_block *sb;

    if (!d)
        fatal("cannot mount %s on %s: no disk or partition is called so "
              "(mount=)",
              m->source, m->path);
    if (blockdev_in_use(d))
        fatal("cannot mount %s on %s: it is mounted already (mount=)",
              m->source, m->path);
    sb = ext4_mount(d);
    if (!IS_ERR(sb))
        d->mounted = true;
    *source = d->name;
    return sb;
}

static void mount(const struct user_mount *m)
{
    const char *options = "ro,nosuid,nodev,relatime", *source = "tmpfs";
    struct super_block *sb = strcmp(m->source, "tmpfs")
                                 ? mount_disk(m, &source)
                                 : make_tmpfs(m, &options);
    int err = IS_ERR(sb) ? (int)PTR_ERR(sb) : vfs_make_dirs(m->path);

    if (!err)
        err = vfs_mount(sb, m->path, source, options);
    if (err)
        fatal("cannot mount %s on %s: %s (mount=)", m->source, m->path,
              errno_name(-err));
}

void user_mounts(const char *line)
{
    struct user_mount m;

    while (next(&line, &m))
        if (strcmp(m.source, "none") && !overruled(line, &m))
            mount(&m);
}
