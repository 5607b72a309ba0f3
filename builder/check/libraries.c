/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Libraries that are there, but not what those who load them want: symbol
 * versions, symbols of NIFs and drivers, other systems' files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check_priv.h"
#include "elf_symbols.h"
#include "file.h"
#include "otp_version.h"

struct library {
    const struct closure_object *object;
    struct elf_symbols symbols;
    bool known; /* the symbols could be read */
    bool late;  /* it wants versions that are not there */
    bool seen;  /* in the search for one symbol's owner */
};

struct libraries {
    struct check *check;
    struct library *v;
    size_t n;
    struct library *emulator; /* or NULL */
};

static struct library *by_path(struct libraries *l, const char *real)
{
    for (size_t i = 0; *real && i < l->n; i++)
        if (!strcmp(l->v[i].object->real, real))
            return &l->v[i];
    return NULL;
}

static void read_one(struct libraries *l, const struct closure_object *o)
{
    const struct node *n = tree_find(l->check->view->tree, o->real, true);
    struct library *lib;
    const char *why;

    if (by_path(l, o->real))
        return;
    l->v = xrealloc(l->v, l->n + 1, sizeof(*l->v));
    lib = &l->v[l->n++];
    *lib = (struct library){.object = o};
    lib->known =
        n && n->host && !elf_symbols_read(n->host, &lib->symbols, &why);
}

static void read_all(struct libraries *l)
{
    const struct build_view *view = l->check->view;
    char *path = xasprintf("%s/erts-%s/bin/beam.smp", view->release->root,
                           view->release->erts);
    const struct node *n = tree_find(view->tree, path, true);
    char *real = n ? tree_path(n) : xstrdup("");

    for (const struct closure_object *o = view->closure->objects; o;
         o = o->next)
        read_one(l, o);
    l->emulator = by_path(l, real);
    free(real);
    free(path);
}

/* ---- versions ---- */

/* Of the versions of one kind ("GLIBC_") the last. */
static const char *latest(const struct strvec *versions, const char *like)
{
    const char *best = NULL;
    size_t len = strcspn(like, "_");

    for (size_t i = 0; i < versions->n; i++) {
        const char *v = versions->v[i];
        bool numbered = v[len] == '_' && v[len + 1] >= '0' && v[len + 1] <= '9';

        if (!strncmp(v, like, len) && numbered &&
            (!best || strverscmp(v, best) > 0))
            best = v;
    }
    return best;
}

/* The library that the loader takes for (file), which (lib) names. */
static struct library *provider(struct libraries *l, const struct library *lib,
                                const char *file)
{
    const struct closure_object *o = lib->object;
    const char *loader;

    for (size_t i = 0; i < o->info.needed.n && i < o->deps.n; i++)
        if (!strcmp(o->info.needed.v[i], file) && o->deps.v[i][0])
            return by_path(l, o->deps.v[i]);
    loader = strncmp(file, "ld-linux", 8)
                 ? NULL
                 : closure_find(l->check->view->closure, "ld-linux");
    return loader ? by_path(l, loader) : NULL;
}

static void lacks_version(struct libraries *l, struct library *lib,
                          const struct elf_version_need *need,
                          const struct library *from)
{
    const char *last = latest(&from->symbols.versions, need->version);
    struct finding_of of = {
        .severity = FINDING_ERROR,
        .id = "symbol-version",
        .role = "needed by",
        .where = lib->object->real,
        .remedy = "compile it on a system no newer than that, or name a newer "
                  "one with --sysroot"};

    lib->late = true;
    finding(&l->check->found, &of, "no version %s in %s, which in %s has %s%s",
            need->version, from->object->path,
            sysroot_name(l->check->view->sysroot), last ? "up to " : "others",
            last ? last : "");
}

static void check_versions(struct libraries *l, struct library *lib)
{
    /* musl's loader does not look at them */
    if (lib->object->libc != LIBC_GLIBC)
        return;
    for (size_t i = 0; i < lib->symbols.nneed; i++) {
        const struct elf_version_need *need = &lib->symbols.need[i];
        const struct library *from = provider(l, lib, need->file);

        /* one that has none at all is taken with a warning */
        if (!need->weak && from && from->known && from->symbols.versions.n &&
            !elf_symbols_has(&from->symbols.versions, need->version))
            lacks_version(l, lib, need, from);
    }
}

/* ---- symbols ---- */

static bool defines(struct libraries *l, struct library *lib, const char *name)
{
    const struct closure_object *o;

    if (!lib || lib->seen)
        return false;
    lib->seen = true;
    if (!lib->known || elf_symbols_has(&lib->symbols.defined, name))
        return true;
    o = lib->object;
    if (o->info.interp) {
        const struct node *n =
            tree_find(l->check->view->tree, o->info.interp, true);
        char *real = n ? tree_path(n) : xstrdup("");
        bool yes = defines(l, by_path(l, real), name);

        free(real);
        if (yes)
            return true;
    }
    for (size_t i = 0; i < o->deps.n; i++)
        if (defines(l, by_path(l, o->deps.v[i]), name))
            return true;
    return o->incomplete; /* who knows */
}

static bool resolved(struct libraries *l, struct library *lib, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        l->v[i].seen = false;
    return defines(l, lib, name) || defines(l, l->emulator, name);
}

static bool is_emulator_call(const char *name)
{
    return !strncmp(name, "enif_", 5) || !strncmp(name, "driver_", 7) ||
           !strncmp(name, "erl_drv_", 8);
}

static void lacks_symbol(struct libraries *l, const struct library *lib,
                         const char *name)
{
    bool own = is_emulator_call(name);
    struct finding_of of = {.severity = own ? FINDING_ERROR : FINDING_WARNING,
                            .id = "undefined-symbol",
                            .role = "needed by",
                            .where = lib->object->real,
                            .remedy =
                                own ? "compile it with the OTP of the release"
                                    : "link it with the library that has it"};

    if (own)
        finding(&l->check->found, &of,
                "the emulator (erts %s) has no function '%s'",
                l->check->view->release->erts, name);
    else
        finding(&l->check->found, &of,
                "neither the libraries it is linked with nor the emulator "
                "have '%s'",
                name);
}

/* The emulator loads NIFs and drivers with everything bound at once
 * (RTLD_NOW): what is not there keeps them from being loaded. */
static void check_symbols(struct libraries *l, struct library *lib)
{
    const struct strvec *have = &lib->symbols.defined;

    if (lib->object->info.interp || !l->emulator || !l->emulator->known ||
        !elf_symbols_has(&l->emulator->symbols.defined, "enif_make_atom"))
        return;
    if (!elf_symbols_has(have, "nif_init") &&
        !elf_symbols_has(have, "driver_init"))
        return;
    for (size_t i = 0; i < lib->symbols.undefined.n; i++) {
        const char *name = lib->symbols.undefined.v[i];

        /* what has those versions has the symbols too */
        if (!resolved(l, lib, name) && (!lib->late || is_emulator_call(name)))
            lacks_symbol(l, lib, name);
    }
}

static void check_nif(struct libraries *l, const struct library *lib)
{
    unsigned minor = otp_nif_minor(l->check->otp);
    struct finding_of of = {.severity = FINDING_ERROR,
                            .id = "newer-nif",
                            .where = lib->object->real,
                            .remedy = "compile it with the OTP of the release"};

    if (minor && lib->symbols.nif_minor > minor)
        finding(&l->check->found, &of,
                "a NIF is made for version 2.%u of the interface, OTP %u has "
                "2.%u",
                lib->symbols.nif_minor, l->check->otp, minor);
}

/* ---- other systems ---- */

static void check_system(struct libraries *l, const struct library *lib)
{
    const char *system = elf_other_system(&lib->object->info);
    struct finding_of of = {.severity = FINDING_ERROR,
                            .id = "foreign-system",
                            .remedy = "compile it for Linux"};

    if (system)
        finding(&l->check->found, &of, "'%s' is for %s", lib->object->real,
                system);
}

/* What a file is by its first bytes, when that is no program here. */
static const char *foreign_format(const uint8_t magic[4])
{
    static const uint8_t macho64[] = {0xcf, 0xfa, 0xed, 0xfe};
    static const uint8_t macho32[] = {0xce, 0xfa, 0xed, 0xfe};
    static const uint8_t fat[] = {0xca, 0xfe, 0xba, 0xbe};

    if (!memcmp(magic, macho64, 4) || !memcmp(magic, macho32, 4) ||
        !memcmp(magic, fat, 4))
        return "macOS";
    return memcmp(magic, "MZ", 2) ? NULL : "Windows";
}

static void check_format(struct check *c, const struct node *n)
{
    bool is_library = path_ends_with(n->name, ".so");
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "foreign-system",
                            .remedy = "compile it for Linux"};
    uint8_t magic[4] = {0};
    const char *system;
    char *path;
    int fd;

    if (!n->host || (!is_library && !(n->mode & 0111)))
        return;
    fd = open(n->host, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* gathering it has said so */
    file_pread(fd, magic, sizeof(magic), 0);
    close(fd);
    system = foreign_format(magic);
    path = tree_path(n);
    if (system) {
        /* packages bring programs for several systems; of a library there is
         * one, which has the name that is loaded */
        if (!is_library)
            of = (struct finding_of){.severity = FINDING_NOTE, .id = of.id};
        finding(&c->found, &of, "'%s' is for %s", path, system);
    } else if (is_library && memcmp(magic, "\177ELF", 4)) {
        of.id = "damaged-file";
        of.remedy = "compile it, or take it from where it comes, again";
        finding(&c->found, &of, "'%s' is not a library", path);
    }
    free(path);
}

static void check_formats(struct check *c, const struct node *dir)
{
    for (size_t i = 0; dir && i < dir->nchild; i++)
        if (dir->child[i]->type == NODE_DIR)
            check_formats(c, dir->child[i]);
        else if (dir->child[i]->type == NODE_FILE)
            check_format(c, dir->child[i]);
}

void check_libraries(struct check *c)
{
    struct libraries l = {.check = c};

    read_all(&l);
    /* oldest first, which is the order of names */
    for (size_t i = l.n; i-- > 0;) {
        check_system(&l, &l.v[i]);
        if (l.v[i].known) {
            check_versions(&l, &l.v[i]);
            check_symbols(&l, &l.v[i]);
            check_nif(&l, &l.v[i]);
        }
    }
    check_formats(c, c->app);
    for (size_t i = 0; i < l.n; i++)
        elf_symbols_release(&l.v[i].symbols);
    free(l.v);
}
