/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_maps.c - /proc/PID/maps, mounts and mountinfo.
 */
#include <linux/stat.h>

#include "dev/device_node.h"
#include "fs/procfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"

/* --- memory maps --- */

struct maps {
    struct seq *s;
    char *name; /* PATH_MAX bytes */
};

void proc_put_area(struct seq *s, const struct vma *v, char *buf)
{
    struct inode *i = v->file ? v->file->inode : NULL;
    uint64_t dev = i ? i->sb->dev : 0;
    const char *name = v->name;
    char line[128];
    int n;

    n = ksnprintf(line, sizeof(line),
                  "%08llx-%08llx %c%c%c%c %08llx %02x:%02x"
                  " %llu",
                  (unsigned long long)v->start, (unsigned long long)v->end,
                  v->prot & PROT_R ? 'r' : '-', v->prot & PROT_W ? 'w' : '-',
                  v->prot & PROT_X ? 'x' : '-',
                  v->flags & VMA_SHARED ? 's' : 'p',
                  (unsigned long long)(v->file ? v->pgoff * PAGE_SIZE : 0),
                  device_major(dev), device_minor(dev),
                  (unsigned long long)(i ? i->ino : 0));
    if (v->file) {
        name = file_name(v->file, buf, PATH_MAX);
        if (IS_ERR(name))
            name = "?";
    }
    if (name) /* names are aligned, as Linux does: column 73 */
        seq_printf(s, "%s%*s%s\n", line, n < 73 ? 73 - n : 1, "", name);
    else
        seq_printf(s, "%s\n", line);
}

static void visit(void *arg, const struct vma *v)
{
    struct maps *m = arg;

    proc_put_area(m->s, v, m->name);
}

int proc_show_maps(struct text *t, struct seq *s)
{
    struct maps m = {s, NULL};
    struct mm *mm;

    if (!proc_may_inspect(t->process))
        return -EACCES;
    mm = process_get_mm(t->process);
    m.name = kmalloc(PATH_MAX, 0);
    if (mm && m.name)
        mm_visit(mm, visit, &m);
    if (mm)
        mm_put(mm);
    kfree(m.name);
    return 0;
}

/* --- mounts --- */

/* Blanks in names are written as octal escapes (fstab(5)). */
static void put_escaped(struct seq *s, const char *name)
{
    for (; *name; name++) {
        if (strchr(" \t\n\\", *name))
            seq_printf(s, "\\%03o", *name);
        else
            seq_write(s, name, 1);
    }
}

static void visit_mount(void *arg, const struct mount *m, const char *where)
{
    struct seq *s = arg;

    put_escaped(s, m->source);
    seq_write(s, " ", 1);
    put_escaped(s, where);
    seq_printf(s, " %s %s 0 0\n", m->sb->type, m->options);
}

int proc_show_mounts(struct text *t, struct seq *s)
{
    (void)t;
    vfs_visit_mounts(visit_mount, s);
    return 0;
}

static void visit_mountinfo(void *arg, const struct mount *m, const char *where)
{
    struct seq *s = arg;

    seq_printf(s, "%d %d %u:%u / ", m->id, m->parent ? m->parent->id : 1,
               device_major(m->sb->dev), device_minor(m->sb->dev));
    put_escaped(s, where);
    seq_printf(s, " %s - %s ", m->options, m->sb->type);
    put_escaped(s, m->source);
    seq_printf(s, " %s\n", m->sb->readonly ? "ro" : "rw");
}

int proc_show_mountinfo(struct text *t, struct seq *s)
{
    (void)t;
    vfs_visit_mounts(visit_mountinfo, s);
    return 0;
}
