/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "layout.h"

#include <fnmatch.h>
#include <stddef.h>

/* The first match decides.  Patterns reach across slashes. */
static const struct {
    const char *pattern;
    unsigned rank;
} order[] = {
    {"/sbin/init", 0},
    {"/usr/sbin/init", 0},
    {"/etc/unibeam/init.conf", 0},
    {"/app/erts-*/bin/erlexec", 1},
    {"/etc/ld.so.cache", 2},
    {"*/ld-*.so*", 2},
    {"*/libc.so*", 3},
    {"*/libc-2*", 3},
    {"/app/erts-*/bin/beam*", 4},
    {"/usr/lib*/libnss*", 9},
    {"/usr/lib*/libcrypto*", 8},
    {"/usr/lib*/libssl*", 8},
    {"*/ossl-modules/*", 9},
    {"/usr/lib*.so*", 5},
    {"/lib*.so*", 5},
    {"/app/erts-*/bin/erl_child_setup", 5},
    {"/app/erts-*/bin/inet_gethost", 7},
    {"/app/releases/*", 6},
    {"/app/lib/kernel-*.beam", 10},
    {"/app/lib/stdlib-*.beam", 11},
    {"/app/lib/*/ebin/*", 12},
    {"/app/lib/*/priv/*", 13},
    {"/etc/*", 14},
};

unsigned layout_rank(const char *path)
{
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (fnmatch(order[i].pattern, path, 0) == 0)
            return order[i].rank;
    return 20;
}
