/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mkdoc DIR - write man pages and completions below DIR.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doc/doc.h"
#include "file.h"
#include "report.h"

/* The directories above (path), which is below the working directory or
 * absolute. */
static void make_parents(const char *path)
{
    char *copy = xstrdup(path);

    for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST) {
            fail("cannot make '%s': %s", copy, strerror(errno));
            exit(1);
        }
        *p = '/';
    }
    free(copy);
}

static FILE *begin(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    FILE *f;

    make_parents(path);
    f = fopen(path, "w");
    if (!f) {
        fail("cannot write '%s': %s", path, strerror(errno));
        exit(1);
    }
    free(path);
    return f;
}

static void end(FILE *f)
{
    if (ferror(f) | fclose(f)) {
        fail("cannot write: %s", strerror(errno));
        exit(1);
    }
}

static void write_file(const char *dir, const char *name, void (*put)(FILE *to))
{
    FILE *f = begin(dir, name);

    put(f);
    end(f);
}

int main(int argc, char **argv)
{
    const char *dir = argv[1];

    if (argc != 2)
        usage_error("mkdoc: which directory?");
    write_file(dir, "man/man1/unibeam.1", man_main);
    write_file(dir, "man/man5/unibeam.json.5", man_settings);
    for (size_t i = 0; commands[i]; i++) {
        char *name = xasprintf("man/man1/unibeam-%s.1", commands[i]->name);
        FILE *f = begin(dir, name);

        man_command(f, commands[i]);
        end(f);
        free(name);
    }
    write_file(dir, "bash-completion/completions/unibeam", bash_completion);
    write_file(dir, "zsh/site-functions/_unibeam", zsh_completion);
    write_file(dir, "fish/vendor_completions.d/unibeam.fish", fish_completion);
    return 0;
}
