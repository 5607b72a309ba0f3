/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "elf_closure.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "file.h"
#include "report.h"

void closure_init(struct closure *c, const struct sysroot *s, struct tree *t,
                  bool allow_missing)
{
    *c = (struct closure){
        .sysroot = s, .tree = t, .allow_missing = allow_missing};
    ldconf_read(&c->conf, s);
}

void closure_release(struct closure *c)
{
    while (c->objects) {
        struct closure_object *o = c->objects;

        c->objects = o->next;
        elf_info_release(&o->info);
        free(o->path);
        free(o->real);
        free(o->inherited);
        strvec_release(&o->deps);
        free(o);
    }
    ldconf_release(&c->conf);
    ldcache_release(&c->cache);
    for (size_t i = 0; i < c->nforeign; i++) {
        free(c->foreign[i].path);
        free(c->foreign[i].machine);
    }
    free(c->foreign);
}

static enum libc_kind libc_of(const char *interp)
{
    return strncmp(path_base(interp), "ld-musl-", 8) ? LIBC_GLIBC : LIBC_MUSL;
}

/* The host file behind a guest path: of the image, else of the sysroot.  The
 * release's own directory exists in the image only. */
static char *host_of(const struct closure *c, const char *path, bool *in_tree)
{
    const struct node *n = tree_find(c->tree, path, true);
    struct stat st;

    *in_tree = n && n->type == NODE_FILE;
    if (*in_tree)
        return n->host ? xstrdup(n->host) : NULL;
    if (n && n->type == NODE_DIR)
        return NULL;
    return sysroot_host(c->sysroot, path, &st);
}

/* ---- search ---- */

/* One element of a search path with $ORIGIN, $LIB and $PLATFORM replaced.
 * (lib) is tried for $LIB.  NULL: the element means nothing here. */
static char *expand(const char *element, const char *object, const char *lib)
{
    struct buf out = {0};

    for (const char *p = element; *p;) {
        const char *name = p + 1;
        size_t len;
        bool braces;

        if (*p != '$') {
            buf_add(&out, p++, 1);
            continue;
        }
        braces = *name == '{';
        name += braces;
        len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (len == 6 && !memcmp(name, "ORIGIN", 6)) {
            char *dir = path_parent(object);

            buf_adds(&out, dir);
            free(dir);
        } else if (len == 3 && !memcmp(name, "LIB", 3)) {
            buf_adds(&out, lib);
        } else if (len == 8 && !memcmp(name, "PLATFORM", 8)) {
            buf_adds(&out, "x86_64");
        } else {
            len = 0;
        }
        if (!len || (braces && name[len] != '}')) {
            buf_release(&out);
            return NULL;
        }
        p = name + len + braces;
    }
    /* relative to the working directory of whoever starts it: unknown here */
    if (!out.data || out.data[0] != '/') {
        buf_release(&out);
        return NULL;
    }
    return buf_take(&out);
}

/* Is there a library the loader would take at (path)? */
static bool usable(const struct closure *c, const char *path)
{
    struct elf_info info;
    const char *why;
    bool in_tree, ok = false;
    char *host = host_of(c, path, &in_tree);

    if (host && elf_info_read(host, &info, &why) == ELF_OK) {
        ok = info.x86_64 && info.loadable;
        elf_info_release(&info);
    }
    free(host);
    return ok;
}

static char *try_dir(const struct closure *c, const char *dir, const char *name)
{
    char *path = path_join(dir, name);

    if (usable(c, path))
        return path;
    free(path);
    return NULL;
}

static char *try_path(const struct closure *c, const char *list,
                      const char *object, const char *name)
{
    static const char *const libs[] = {"lib/x86_64-linux-gnu", "lib64", "lib"};
    struct strvec elements = {0};
    char *found = NULL;

    strvec_split(&elements, list, ":");
    for (size_t i = 0; i < elements.n && !found; i++) {
        for (size_t k = 0; k < sizeof(libs) / sizeof(*libs) && !found; k++) {
            char *dir = expand(elements.v[i], object, libs[k]);

            if (dir)
                found = try_dir(c, dir, name);
            free(dir);
            if (!strstr(elements.v[i], "LIB"))
                break;
        }
    }
    strvec_release(&elements);
    return found;
}

static char *try_dirs(const struct closure *c, const struct strvec *dirs,
                      const char *name)
{
    char *found = NULL;

    for (size_t i = 0; i < dirs->n && !found; i++)
        found = try_dir(c, dirs->v[i], name);
    return found;
}

/* glibc (ld.so(8)): an object with a RUNPATH ignores every RPATH; RPATHs are
 * inherited from the objects that load it, RUNPATHs are not. */
static char *search_glibc(struct closure *c, const struct closure_object *o,
                          const char *name, bool *from_conf)
{
    char *found = NULL;

    if (!o->info.runpath)
        for (const struct closure_object *l = o; l && !found; l = l->loader)
            if (l->info.rpath && !l->info.runpath)
                found = try_path(c, l->info.rpath, l->path, name);
    if (!found && o->info.runpath)
        found = try_path(c, o->info.runpath, o->path, name);
    if (!found && !o->info.nodeflib) {
        found = try_dirs(c, &c->conf.glibc, name);
        *from_conf = found != NULL;
    }
    return found;
}

/* musl (ldso/dynlink.c): RUNPATH and RPATH are one, and inherited. */
static char *search_musl(struct closure *c, const struct closure_object *o,
                         const char *name)
{
    char *found = NULL;

    for (const struct closure_object *l = o; l && !found; l = l->loader) {
        const char *list = l->info.runpath ? l->info.runpath : l->info.rpath;

        if (list)
            found = try_path(c, list, l->path, name);
    }
    return found ? found : try_dirs(c, &c->conf.musl, name);
}

/* Names that the loader itself answers to. */
static bool is_loader(const struct closure_object *o, const char *name)
{
    static const char *const musl[] = {"libc.",   "libpthread.", "librt.",
                                       "libm.",   "libdl.",      "libutil.",
                                       "libxnet."};

    if (o->libc == LIBC_GLIBC)
        return !strncmp(name, "ld-linux", 8);
    for (size_t i = 0; i < sizeof(musl) / sizeof(*musl); i++)
        if (!strncmp(name, musl[i], strlen(musl[i])))
            return true;
    return !strncmp(name, "ld-musl-", 8);
}

static char *search(struct closure *c, const struct closure_object *o,
                    const char *name, bool *from_conf)
{
    *from_conf = false;
    if (strchr(name, '/')) {
        char *path = expand(name, o->path, "lib");

        if (path && usable(c, path))
            return path;
        free(path);
        return NULL;
    }
    if (o->libc == LIBC_MUSL)
        return search_musl(c, o, name);
    return search_glibc(c, o, name, from_conf);
}

/* ---- what is missing ---- */

struct by_name {
    const char *name;
    const struct node *found;
};

static int match_name(struct node *n, void *arg)
{
    struct by_name *b = arg;

    if (n->type == NODE_DIR || strcmp(n->name, b->name))
        return 0;
    b->found = n;
    return 1;
}

/*
 * A library of that name elsewhere in the image is taken as the answer: NIFs
 * with helper libraries often dlopen() them by path first, and the loader then
 * knows them by their soname.
 */
static bool loaded_by_path(const struct closure *c, const char *name)
{
    struct by_name b = {.name = path_base(name)};

    tree_walk(c->tree, match_name, &b);
    return b.found != NULL;
}

/* musl's library, by which only its own loader means itself. */
static bool is_musl_libc(const char *name)
{
    return !strcmp(name, "libc.so") || !strncmp(name, "libc.musl-", 10) ||
           !strncmp(name, "ld-musl-", 8);
}

static int wrong_libc(struct closure *c, const struct closure_object *o,
                      bool musl)
{
    struct finding_of of = {
        .severity = musl ? c->allow_missing ? FINDING_NOTE : FINDING_ERROR
                         : FINDING_WARNING,
        .id = "wrong-libc",
        .where = o->path,
        .remedy = "compile it on the system that the image is made of, or name "
                  "that with --sysroot"};

    return finding(c->findings, &of,
                   "made for %s, but loaded by a program for %s",
                   musl ? "musl" : "glibc", musl ? "glibc" : "musl");
}

/* The Debian package of a library, as its policy (8.1) has them named. */
static char *debian_package(const char *soname)
{
    const char *so = strstr(soname, ".so.");
    struct buf name = {0};

    if (!so || so == soname)
        return NULL;
    buf_addf(&name, "%.*s%s%s", (int)(so - soname), soname,
             isdigit((unsigned char)so[-1]) ? "-" : "", so + 4);
    for (char *p = name.data; *p; p++)
        *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
    return buf_take(&name);
}

static int missing(struct closure *c, struct closure_object *o,
                   const char *what, const char *name)
{
    char *package = debian_package(name);
    char *remedy = xasprintf("install it there%s%s%s, name another --sysroot, "
                             "or pass --allow-missing",
                             package ? " (Debian's package should be " : "",
                             package ? package : "", package ? ")" : "");
    struct finding_of of = {.severity =
                                c->allow_missing ? FINDING_NOTE : FINDING_ERROR,
                            .id = "missing-library",
                            .role = "needed by",
                            .where = o->path,
                            .remedy = c->allow_missing ? NULL : remedy};
    int r;

    c->missing++;
    o->incomplete = true;
    r = finding(c->findings, &of, "cannot find %s '%s' in %s", what, name,
                sysroot_name(c->sysroot));
    free(remedy);
    free(package);
    return r;
}

/* ---- objects ---- */

static char *inherited_rpath(const struct closure_object *loader)
{
    struct buf out = {0};

    for (; loader; loader = loader->loader) {
        char *one;

        if (!loader->info.rpath)
            continue;
        /* once each, or libraries that need each other would never end */
        one = xasprintf("%s@%s:", loader->info.rpath, loader->path);
        if (!strstr(buf_str(&out), one))
            buf_adds(&out, one);
        free(one);
    }
    return buf_take(&out);
}

static bool known(const struct closure *c, const char *real,
                  const char *inherited)
{
    for (const struct closure_object *o = c->objects; o; o = o->next)
        if (!strcmp(o->real, real) && !strcmp(o->inherited, inherited))
            return true;
    return false;
}

static void libc_seen(struct closure *c, enum libc_kind libc)
{
    c->uses_glibc |= libc == LIBC_GLIBC;
    c->uses_musl |= libc == LIBC_MUSL;
}

/* Take over (info), which was read from the file at (path) in the tree. */
static void enqueue(struct closure *c, const char *path, const char *real,
                    const struct closure_object *loader, struct elf_info *info)
{
    char *inherited = inherited_rpath(loader);
    struct closure_object *o;

    if (known(c, real, inherited)) {
        elf_info_release(info);
        free(inherited);
        return;
    }
    o = xcalloc(1, sizeof(*o));
    o->path = xstrdup(path);
    o->real = xstrdup(real);
    o->inherited = inherited;
    o->loader = loader;
    o->info = *info;
    if (info->interp)
        o->libc = libc_of(info->interp);
    else if (loader)
        o->libc = loader->libc;
    else
        o->libc = c->runtime ? c->runtime : LIBC_GLIBC;
    if (info->dynamic && (info->interp || info->needed.n))
        libc_seen(c, o->libc);
    o->next = c->objects;
    c->objects = o;
    o->next_todo = c->todo;
    c->todo = o;
}

static void add_foreign(struct closure *c, const char *path,
                        const struct elf_info *info)
{
    c->foreign = xrealloc(c->foreign, c->nforeign + 1, sizeof(*c->foreign));
    c->foreign[c->nforeign++] =
        (struct closure_foreign){xstrdup(path), elf_machine_name(info)};
}

static void damaged(struct closure *c, const struct node *n, const char *why)
{
    char *path = tree_path(n);
    struct finding_of of = {
        .severity = FINDING_WARNING,
        .id = "damaged-file",
        .where = path,
        .remedy = "compile it, or take it from where it comes, again"};

    finding(c->findings, &of, "a program or library is damaged: %s", why);
    free(path);
}

static int add_node(struct closure *c, const char *path, const struct node *n,
                    const struct closure_object *loader)
{
    struct elf_info info;
    const char *why;
    char *real;

    if (!n->host)
        return 0;
    switch (elf_info_read(n->host, &info, &why)) {
    case ELF_NOT_ELF:
        return 0;
    case ELF_IO:
        return fail("cannot read '%s': %s", n->host, strerror(errno));
    case ELF_BAD:
        damaged(c, n, why);
        return 0;
    case ELF_OK:
        break;
    }
    real = tree_path(n);
    if (!info.x86_64 || !info.loadable) {
        if (!info.x86_64)
            add_foreign(c, real, &info);
        elf_info_release(&info);
    } else {
        enqueue(c, path, real, loader, &info);
    }
    free(real);
    return 0;
}

/* Put what was found at (path) into the tree and look at what it needs. */
static int take(struct closure *c, const char *path,
                const struct closure_object *loader, const char *why)
{
    const struct node *n = tree_find(c->tree, path, true);

    if (!n)
        n = sysroot_mirror(c->sysroot, c->tree, path, why);
    if (!n)
        return -1;
    return add_node(c, path, n, loader);
}

static int not_found(struct closure *c, struct closure_object *o,
                     const char *name)
{
    if (loaded_by_path(c, name)) {
        o->incomplete = true;
        return 0;
    }
    if (o->libc == LIBC_GLIBC && is_musl_libc(name)) {
        o->incomplete = true;
        return wrong_libc(c, o, true);
    }
    return missing(c, o, "library", name);
}

static void remember_dep(struct closure *c, struct closure_object *o,
                         const char *path)
{
    const struct node *n = path ? tree_find(c->tree, path, true) : NULL;

    if (n)
        strvec_take(&o->deps, tree_path(n));
    else
        strvec_push(&o->deps, "");
}

static int follow_needed(struct closure *c, struct closure_object *o,
                         const char *name)
{
    bool from_conf;
    char *path, *why;
    int r;

    if (is_loader(o, name)) {
        remember_dep(c, o, NULL);
        return o->libc == LIBC_MUSL && !strcmp(name, "libc.so.6")
                   ? wrong_libc(c, o, false)
                   : 0;
    }
    path = search(c, o, name, &from_conf);
    if (!path) {
        remember_dep(c, o, NULL);
        return not_found(c, o, name);
    }
    if (from_conf)
        ldcache_add(&c->cache, name, path);
    why = xasprintf("library of %s", o->path);
    r = take(c, path, o, why);
    remember_dep(c, o, path);
    free(why);
    free(path);
    return r;
}

static int follow_interp(struct closure *c, struct closure_object *o)
{
    bool in_tree;
    char *host = host_of(c, o->info.interp, &in_tree);
    char *why;
    int r;

    if (!host)
        return missing(c, o, "program interpreter", o->info.interp);
    free(host);
    why = xasprintf("program interpreter of %s", o->path);
    r = take(c, o->info.interp, NULL, why);
    free(why);
    return r;
}

static int run(struct closure *c)
{
    while (c->todo) {
        struct closure_object *o = c->todo;

        c->todo = o->next_todo;
        if (!o->info.dynamic)
            continue;
        if (o->info.interp && follow_interp(c, o))
            return -1;
        for (size_t i = 0; i < o->info.needed.n; i++)
            if (follow_needed(c, o, o->info.needed.v[i]))
                return -1;
    }
    return 0;
}

int closure_add(struct closure *c, const char *path)
{
    const struct node *n = tree_find(c->tree, path, true);

    if (!n)
        return fail("'%s' is not in the image", path);
    if (n->type != NODE_FILE)
        return 0;
    return add_node(c, path, n, NULL) ? -1 : run(c);
}

static int foreign_emulator(struct closure *c, const char *path)
{
    struct finding_of of = {
        .severity = FINDING_ERROR,
        .id = "foreign-emulator",
        .remedy = "make the release on such a system, or give --erts from one"};

    return finding(c->findings, &of, "'%s' is not a program for x86-64 Linux",
                   path);
}

int closure_set_runtime(struct closure *c, const char *path)
{
    const struct node *n = tree_find(c->tree, path, true);
    struct elf_info info;
    const char *why;
    bool fit;

    if (!n || !n->host || elf_info_read(n->host, &info, &why) != ELF_OK)
        return foreign_emulator(c, n && n->host ? n->host : path);
    fit = info.x86_64 && info.loadable;
    if (fit)
        c->runtime = info.interp ? libc_of(info.interp) : LIBC_NONE;
    elf_info_release(&info);
    return fit ? 0 : foreign_emulator(c, n->host);
}

int closure_add_library(struct closure *c, const char *name, const char *why,
                        bool *found)
{
    const struct strvec *dirs =
        c->runtime == LIBC_MUSL ? &c->conf.musl : &c->conf.glibc;
    char *path = try_dirs(c, dirs, name);
    int r = 0;

    *found = path != NULL;
    if (!path)
        return 0;
    if (c->runtime != LIBC_MUSL)
        ldcache_add(&c->cache, name, path);
    r = take(c, path, NULL, why);
    free(path);
    return r ? -1 : run(c);
}

static int gather(struct node *n, void *arg)
{
    size_t len = strlen(n->name);

    /* Most files of a release, and never ELF. */
    if (len > 5 && !strcmp(n->name + len - 5, ".beam"))
        return 0;
    if (n->type == NODE_FILE && n->host && n->size >= 64)
        strvec_take(arg, tree_path(n));
    return 0;
}

static void gather_below(struct node *dir, struct strvec *paths)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        gather(dir->child[i], paths);
        gather_below(dir->child[i], paths);
    }
}

int closure_add_tree(struct closure *c, struct node *dir)
{
    struct strvec paths = {0};
    int r = 0;

    /* The tree grows while libraries are found: list first, follow later. */
    gather_below(dir, &paths);
    for (size_t i = 0; i < paths.n && !r; i++)
        r = closure_add(c, paths.v[i]);
    strvec_release(&paths);
    return r;
}

/* Up to and with lib/APPLICATION in (path), or its directory. */
static size_t unit_len(const char *path)
{
    const char *lib = strstr(path, "/lib/");
    const char *end = lib ? strchr(lib + 5, '/') : strrchr(path, '/');

    return end ? (size_t)(end - path) + 1 : 0;
}

/* Does the application of the file at (path) hold libraries for this machine?
 * Then it brings its own for several. */
static bool has_native(const struct closure *c, const char *path)
{
    size_t len = unit_len(path);

    for (const struct closure_object *o = c->objects; o; o = o->next)
        if (!strncmp(o->real, path, len))
            return true;
    return false;
}

void closure_report_foreign(const struct closure *c)
{
    for (size_t i = 0; i < c->nforeign; i++) {
        const struct closure_foreign *f = &c->foreign[i];
        struct finding_of of = {
            .severity = has_native(c, f->path) ? FINDING_NOTE : FINDING_WARNING,
            .id = "foreign-machine"};

        if (of.severity == FINDING_WARNING)
            of.remedy = "compile it for x86-64";
        finding(c->findings, &of,
                "'%s' is for another processor (%s), and no use in the image",
                f->path, f->machine);
    }
}

const struct closure_object *closure_object(const struct closure *c,
                                            const char *real)
{
    for (const struct closure_object *o = c->objects; o; o = o->next)
        if (!strcmp(o->real, real))
            return o;
    return NULL;
}

const char *closure_find(const struct closure *c, const char *prefix)
{
    const char *best = NULL;

    for (const struct closure_object *o = c->objects; o; o = o->next)
        if (!strncmp(path_base(o->real), prefix, strlen(prefix)))
            best = o->real;
    return best;
}
