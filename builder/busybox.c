/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "busybox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "report.h"

#define BUSYBOX     "/bin/busybox"
#define MAX_BUSYBOX (64u << 20)

static const char *const places[] = {
    "/bin/busybox",      "/usr/bin/busybox",        "/bin/busybox.static",
    "/sbin/busybox",     "/usr/bin/busybox.static", "/usr/bin/busybox-static",
    "/usr/sbin/busybox",
};

/* Linked if this busybox has them: what scripts and debugging use.  Nothing
 * that administers users, disks, services or the network. */
static const char *const applets[] = {
    "sh",        "ash",    "[",     "awk",     "base64",   "basename",
    "bc",        "cat",    "chmod", "cksum",   "clear",    "cmp",
    "cp",        "cut",    "date",  "dd",      "df",       "diff",
    "dirname",   "dmesg",  "du",    "echo",    "egrep",    "env",
    "expr",      "false",  "fgrep", "find",    "free",     "grep",
    "gunzip",    "gzip",   "head",  "hexdump", "hostname", "id",
    "kill",      "less",   "ln",    "ls",      "md5sum",   "mkdir",
    "mktemp",    "more",   "mv",    "nc",      "netstat",  "nproc",
    "nslookup",  "od",     "pgrep", "pidof",   "ping",     "pkill",
    "printenv",  "printf", "ps",    "pwd",     "readlink", "realpath",
    "reset",     "rm",     "rmdir", "sed",     "seq",      "sha1sum",
    "sha256sum", "sleep",  "sort",  "stat",    "stty",     "sync",
    "tail",      "tar",    "tee",   "test",    "time",     "timeout",
    "top",       "touch",  "tr",    "true",    "tty",      "uname",
    "uniq",      "uptime", "vi",    "watch",   "wc",       "wget",
    "which",     "whoami", "xargs", "xxd",     "yes",      "zcat",
};

static int no_busybox(const struct closure *c, const char *why)
{
    struct finding_of of = {.severity = FINDING_ERROR,
                            .id = "no-busybox",
                            .remedy = "install busybox-static, or pass "
                                      "--busybox FILE or --no-shell"};

    return finding(c->findings, &of, "no busybox in %s for /bin/sh (%s)",
                   sysroot_name(c->sysroot), why);
}

/* (*n) stays NULL when there is none and that was no reason to stop. */
static int add_binary(struct closure *c, const char *file, const char *why,
                      struct node **n)
{
    char *host = file ? xstrdup(file) : NULL;
    struct stat st;
    int r = 0;

    *n = NULL;
    for (size_t i = 0; !host && i < sizeof(places) / sizeof(*places); i++)
        host = sysroot_host(c->sysroot, places[i], &st);
    if (!host)
        return no_busybox(c, why);
    if (stat(host, &st))
        r = fail("cannot read '%s': %s", host, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        r = fail("cannot use '%s': not a regular file", host);
    else
        *n = tree_file(c->tree, BUSYBOX, host, &st, why);
    if (*n)
        (*n)->mode = 0755;
    free(host);
    return r || !*n ? -1 : 0;
}

/* Does the program list the applet (name)?  Its table of names is a run of
 * NUL-terminated strings; running it would need a program of this host. */
static bool has_applet(const struct buf *program, const char *name)
{
    char key[40];
    size_t len = strlen(name) + 2;

    memset(key, 0, sizeof(key));
    strcpy(key + 1, name);
    return memmem(program->data, program->len, key, len) != NULL;
}

static int add_applets(struct closure *c, const struct buf *program,
                       const char *why)
{
    for (size_t i = 0; i < sizeof(applets) / sizeof(*applets); i++) {
        char *path;
        struct node *n;

        if (i > 1 && !has_applet(program, applets[i]))
            continue;
        path = xasprintf("/bin/%s", applets[i]);
        n = tree_link(c->tree, path, "busybox", why);
        free(path);
        if (!n)
            return -1;
    }
    return 0;
}

static int add_df(struct closure *c)
{
    static const char *const df[] = {"/bin/df", "/usr/bin/df"};
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "no-df",
                            .remedy = "install coreutils there"};

    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        char *host = sysroot_host(c->sysroot, df[i], &st);
        bool is_busybox = host && strstr(path_base(host), "busybox");

        free(host);
        if (!host || is_busybox)
            continue;
        if (!sysroot_mirror(c->sysroot, c->tree, df[i], "run by os_mon"))
            return -1;
        return closure_add(c, df[i]);
    }
    return finding(
        c->findings, &of,
        "no df but busybox's: os_mon's disksup will report no disks");
}

int busybox_add(struct closure *c, const char *file, const char *why,
                bool real_df)
{
    struct buf program = {0};
    struct node *n;
    int r = add_binary(c, file, why, &n);

    if (!n)
        return r;
    r = file_read(n->host, MAX_BUSYBOX, &program);
    if (!r && !has_applet(&program, "ash") && !has_applet(&program, "sh"))
        r = fail("'%s' is not a busybox with a shell", n->host);
    if (!r && real_df)
        r = add_df(c);
    if (!r)
        r = add_applets(c, &program, why);
    if (!r)
        r = closure_add(c, BUSYBOX);
    buf_release(&program);
    return r;
}
