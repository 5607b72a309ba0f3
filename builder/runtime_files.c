/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "runtime_files.h"

#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "file.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* Also the places where public_key:cacerts_get/0 and OpenSSL look. */
static const char *const ca_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

static const char *const openssl_confs[] = {
    "/usr/lib/ssl/openssl.cnf",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/usr/local/ssl/openssl.cnf",
};

static const char *const terminals[] = {
    "ansi",          "dumb",  "linux", "screen", "screen-256color", "tmux",
    "tmux-256color", "vt100", "vt220", "xterm",  "xterm-256color",
};

static const char *const terminfo_dirs[] = {
    "/etc/terminfo",
    "/lib/terminfo",
    "/usr/share/terminfo",
    "/usr/lib/terminfo",
};

/* What libc.so.6 is, as a host path; NULL when no glibc is in the image. */
static char *host_libc(const struct closure *c)
{
    const char *path = closure_find(c, "libc.so.6");
    const struct node *n;

    if (!path)
        path = closure_find(c, "libc-2.");
    n = path ? tree_find(c->tree, path, true) : NULL;
    return n && n->host ? xstrdup(n->host) : NULL;
}

/*
 * The locale C.UTF-8, which process 1 asks for: without its files the emulator
 * takes file names, arguments and environment for Latin-1. setlocale(LC_ALL)
 * wants every category. Systems differ in the name of the directory.
 */
static int add_locale(struct closure *c)
{
    static const char *const dirs[] = {"/usr/lib/locale/C.UTF-8",
                                       "/usr/lib/locale/C.utf8"};
    static const char *const categories[] = {
        "LC_CTYPE",       "LC_COLLATE",   "LC_MESSAGES/SYS_LC_MESSAGES",
        "LC_MONETARY",    "LC_NUMERIC",   "LC_TIME",
        "LC_ADDRESS",     "LC_TELEPHONE", "LC_IDENTIFICATION",
        "LC_MEASUREMENT", "LC_NAME",      "LC_PAPER"};
    bool found;
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        for (size_t j = 0; j < ARRAY_SIZE(categories) && !r; j++) {
            char *file = path_join(dirs[i], categories[j]);

            r = sysroot_mirror_if(c->sysroot, c->tree, file,
                                  "locale of the run-time system", &found);
            free(file);
        }
    return r;
}

/*
 * glibc loads libgcc_s for pthread_cancel and thread exit.  The name-service
 * modules "files" and "dns" are built in since 2.34; before, they were files.
 */
static int add_glibc_files(struct closure *c)
{
    static const char *const nss[] = {"libnss_files.so.2", "libnss_dns.so.2"};
    char *libc = host_libc(c);
    bool found;
    int r;

    if (!libc)
        return 0;
    r = closure_add_library(c, "libgcc_s.so.1", "loaded by libc to end threads",
                            &found);
    if (!r && !elf_has_string(libc, "GLIBC_2.34"))
        for (size_t i = 0; i < ARRAY_SIZE(nss) && !r; i++)
            r = closure_add_library(c, nss[i],
                                    "loaded by libc to look up names", &found);
    free(libc);
    return r ? r : add_locale(c);
}

/* Systems name the directory of an entry by its first letter or, where file
 * names ignore case, by its code. */
static int add_terminal(struct closure *c, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(terminfo_dirs); i++) {
        char *by_letter =
            xasprintf("%s/%c/%s", terminfo_dirs[i], name[0], name);
        char *by_code =
            xasprintf("%s/%02x/%s", terminfo_dirs[i], name[0], name);
        bool found;
        int r = sysroot_mirror_if(c->sysroot, c->tree, by_letter,
                                  "terminal description", &found);

        if (!r && !found)
            r = sysroot_mirror_if(c->sysroot, c->tree, by_code,
                                  "terminal description", &found);
        free(by_code);
        free(by_letter);
        if (r || found)
            return r;
    }
    return 0;
}

static int add_first(struct closure *c, const char *const *path, size_t n,
                     const char *why)
{
    bool found = false;
    int r = 0;

    for (size_t i = 0; i < n && !found && !r; i++)
        r = sysroot_mirror_if(c->sysroot, c->tree, path[i], why, &found);
    return r;
}

/* OTP's crypto also loads the "legacy" provider, if there is one. */
static int add_openssl_files(struct closure *c)
{
    const char *crypto = closure_find(c, "libcrypto.so");
    char *dir, *legacy;
    bool found;
    int r;

    if (!crypto)
        return 0;
    r = add_first(c, openssl_confs, ARRAY_SIZE(openssl_confs),
                  "OpenSSL's configuration");
    dir = path_parent(crypto);
    legacy = path_join(dir, "ossl-modules/legacy.so");
    if (!r)
        r = sysroot_mirror_if(c->sysroot, c->tree, legacy,
                              "OpenSSL's older ciphers", &found);
    if (!r && found)
        r = closure_add(c, legacy);
    free(legacy);
    free(dir);
    return r;
}

bool runtime_has_certificates(const struct tree *t)
{
    for (size_t i = 0; i < ARRAY_SIZE(ca_bundles); i++)
        if (tree_find(t, ca_bundles[i], true))
            return true;
    return false;
}

int runtime_add_files(struct closure *c)
{
    bool found;
    int r = 0;

    if (c->uses_glibc)
        r = add_glibc_files(c);
    if (!r && c->uses_musl)
        r = sysroot_mirror_if(c->sysroot, c->tree, "/etc/ld-musl-x86_64.path",
                              "the loader's configuration", &found);
    if (!r)
        r = add_openssl_files(c);
    for (size_t i = 0; i < ARRAY_SIZE(terminals) && !r; i++)
        r = add_terminal(c, terminals[i]);
    if (!r)
        r = add_first(c, ca_bundles, ARRAY_SIZE(ca_bundles), "CA certificates");
    return r;
}

int runtime_add_cache(struct closure *c)
{
    struct buf cache = {0};
    struct node *n;

    if (!c->cache.n)
        return 0;
    ldcache_write(&c->cache, &cache);
    n = tree_data(c->tree, "/etc/ld.so.cache", cache.data, cache.len,
                  "where the loader finds the libraries");
    buf_release(&cache);
    return n ? 0 : -1;
}
