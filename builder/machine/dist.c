/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/dist.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "image/baked.h"
#include "machine/emu_words.h"
#include "quote.h"
#include "report.h"

#define VM_ARGS_MAX  (1u << 20)
#define COOKIE_BYTES 20

/* What the image and the command line say. */
struct facts {
    struct strvec env; /* later ones win */
    struct emu_words words;
    bool mix;
    bool env_sh;
};

/* ---- what there is ---- */

static const char *env_of(const struct facts *f, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = f->env.n; i--;)
        if (!strncmp(f->env.v[i], name, len) && f->env.v[i][len] == '=')
            return f->env.v[i] + len + 1;
    return NULL;
}

/* vm.args, or what it is made of when it starts. */
static int read_vm_args(struct facts *f, struct rootfs *r, const char *path)
{
    char *src = path ? xasprintf("%s.src", path) : NULL;
    struct buf b = {0};
    int err = 0;

    if (path && rootfs_has(r, src))
        err = rootfs_load(r, src, VM_ARGS_MAX, &b);
    else if (path && rootfs_has(r, path))
        err = rootfs_load(r, path, VM_ARGS_MAX, &b);
    if (!err && b.len)
        emu_words_text(&f->words, buf_str(&b), true);
    buf_release(&b);
    free(src);
    return err;
}

static int read_baked(struct facts *f, struct rootfs *r)
{
    struct baked b = {0};
    const char *layout, *cookie;
    int err = baked_load(&b, r);

    if (!err) {
        layout = baked_conf(&b, "layout");
        cookie = baked_conf(&b, "cookie");
        f->mix = layout && !strcmp(layout, "mix");
        f->env_sh = baked_conf(&b, "envsh") != NULL;
        if (f->mix && cookie)
            strvec_pushf(&f->env, "RELEASE_COOKIE=%s", cookie);
        baked_env(&b, &f->env);
        err = read_vm_args(f, r, baked_conf(&b, "vmargs"));
    }
    baked_release(&b);
    return err;
}

static int read_image(struct facts *f, const struct image *img)
{
    struct rootfs r;
    int err;

    if (rootfs_open(&r, img, false))
        return -1;
    err = read_baked(f, &r);
    return rootfs_close(&r) || err ? -1 : 0;
}

/* ---- what to choose ---- */

static int free_port(unsigned *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) ||
        getsockname(fd, (struct sockaddr *)&addr, &len))
        r = fail("cannot find a free port: %s", strerror(errno));
    *port = ntohs(addr.sin_port);
    if (fd >= 0)
        close(fd);
    return r;
}

static char *new_cookie(void)
{
    unsigned char bytes[COOKIE_BYTES];
    struct buf b = {0};

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        fail("cannot make a cookie: %s", strerror(errno));
        return NULL;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        buf_addf(&b, "%02x", bytes[i]);
    return buf_take(&b);
}

/* With ${NAME} in it as its template has it.  NULL, reported. */
static char *fill_in(const struct facts *f, const char *text)
{
    struct buf b = {0};
    const char *end;

    for (; *text; text++) {
        char *name;
        const char *value;

        if (strncmp(text, "${", 2) || !(end = strchr(text, '}'))) {
            buf_add(&b, text, 1);
            continue;
        }
        name = xasprintf("%.*s", (int)(end - text - 2), text + 2);
        name[strcspn(name, ":")] = '\0'; /* ${NAME:-default} */
        value = env_of(f, name);
        if (!value)
            fail("cannot know the cookie: vm.args takes it from %s: give "
                 "--env %s=VALUE",
                 name, name);
        free(name);
        if (!value) {
            buf_release(&b);
            return NULL;
        }
        buf_adds(&b, value);
        text = end;
    }
    buf_str(&b);
    return buf_take(&b);
}

/* (made): it is new, and the node has to be told. */
static char *choose_cookie(const struct facts *f, bool *made)
{
    const char *cookie = f->mix ? env_of(f, "RELEASE_COOKIE") : NULL;

    *made = false;
    if (!cookie && f->words.cookie)
        return fill_in(f, f->words.cookie);
    if (cookie)
        return xstrdup(cookie);
    *made = true;
    return new_cookie();
}

/* ---- the words ---- */

static void env_word(struct buf *b, const char *name, const char *value)
{
    char *key = xasprintf("%senv.%s=", b->len ? " " : "", name);

    quote_kernel(b, key, value);
    free(key);
}

/* What mix's script takes from the environment becomes arguments behind ours;
 * without it the emulator is to have them from us. */
static bool by_mix(const struct facts *f)
{
    return f->mix && !f->env_sh && !f->words.name && !f->words.sname;
}

static void make_words(struct dist *d, const struct facts *f, bool new_one)
{
    struct buf flags = {0}, words = {0};
    const char *more = env_of(f, "ERL_AFLAGS");

    buf_addf(&flags, "-start_epmd false -erl_epmd_port %u", d->port);
    if (!by_mix(f))
        buf_addf(&flags, " %s %s", f->words.sname ? "-sname" : "-name",
                 d->node);
    if (new_one && !f->mix)
        buf_addf(&flags, " -setcookie %s", d->cookie);
    if (more && *more)
        buf_addf(&flags, " %s", more);
    env_word(&words, "ERL_AFLAGS", buf_str(&flags));
    if (f->mix) {
        env_word(&words, "RELEASE_DISTRIBUTION", by_mix(f) ? "name" : "none");
        env_word(&words, "RELEASE_NODE", d->node);
    }
    if (new_one && f->mix)
        env_word(&words, "RELEASE_COOKIE", d->cookie);
    d->words = buf_take(&words);
    buf_release(&flags);
}

/* A node's name has no dot before its host. */
static char *node_name(const char *machine, bool is_short)
{
    char *name =
        xasprintf("%s@%s", machine, is_short ? "localhost" : "127.0.0.1");

    for (char *p = name; *p != '@'; p++)
        if (*p == '.')
            *p = '_';
    return name;
}

int dist_make(struct dist *d, const struct image *img, const char *name,
              const struct strvec *env, const struct strvec *args)
{
    struct facts f = {0};
    bool new_one = false;
    int r;

    *d = (struct dist){0};
    r = read_image(&f, img);
    for (size_t i = 0; i < env->n; i++)
        strvec_push(&f.env, env->v[i]);
    emu_words_list(&f.words, args);
    if (!r)
        d->cookie = choose_cookie(&f, &new_one);
    if (!r && (!d->cookie || free_port(&d->port)))
        r = -1;
    if (!r) {
        d->elixir = f.mix;
        /* a short name comes before a long one, whichever is first */
        d->node = node_name(name, f.words.sname);
        make_words(d, &f, new_one);
    }
    emu_words_release(&f.words);
    strvec_release(&f.env);
    return r;
}

int dist_keep(const struct dist *d, const struct machine *m)
{
    int fd = openat(m->dir, DIST_COOKIE,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(d->cookie);
    bool ok = fd >= 0 && write(fd, d->cookie, len) == (ssize_t)len;

    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    return ok ? 0 : fail("cannot keep the cookie: %s", strerror(errno));
}

void dist_release(struct dist *d)
{
    free(d->node);
    free(d->cookie);
    free(d->words);
    *d = (struct dist){0};
}
