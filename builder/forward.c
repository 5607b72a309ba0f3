/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.h"

static int parse_port(const char *s, uint16_t *port)
{
    size_t digits = strspn(s, "0123456789");
    unsigned long v = strtoul(s, NULL, 10);

    if (!digits || digits > 5 || s[digits] || v < 1 || v > 65535)
        return -1;
    *port = (uint16_t)v;
    return 0;
}

static int parse(char *text, struct forward *f)
{
    char *slash = strchr(text, '/');
    char *guest, *host;

    *f = (struct forward){0};
    if (slash) {
        *slash++ = '\0';
        f->udp = !strcmp(slash, "udp");
        if (!f->udp && strcmp(slash, "tcp"))
            return -1;
    }
    guest = strrchr(text, ':');
    if (!guest)
        return -1;
    *guest++ = '\0';
    host = strrchr(text, ':');
    if (host) {
        *host++ = '\0';
        if (*text && inet_pton(AF_INET, text, &f->addr) != 1)
            return -1;
    } else {
        host = text;
    }
    return parse_port(host, &f->host) || parse_port(guest, &f->guest) ? -1 : 0;
}

int forwards_add(struct forwards *f, const char *text)
{
    char *copy = xstrdup(text);
    struct forward one;
    int r = parse(copy, &one);

    free(copy);
    if (r)
        return -1;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4;
        f->v = xrealloc(f->v, f->cap, sizeof(*f->v));
    }
    f->v[f->n++] = one;
    return 0;
}

/* QEMU would only say that it could not set up a rule. */
static int check_bind(const struct forward *f)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons(f->host), .sin_addr = f->addr};
    const char *kind = f->udp ? "udp" : "tcp";
    int type = f->udp ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1, r = 0;

    if (fd < 0)
        return fail("cannot open a socket: %s", strerror(errno));
    if (!f->udp) /* as QEMU does: connections that linger do not count */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
        (!f->udp && listen(fd, 1))) {
        r = -1;
        if (errno == EADDRINUSE)
            fail("%s port %u of the host is busy: stop what uses it, or choose "
                 "another with -p PORT:%u",
                 kind, f->host, f->guest);
        else if (errno == EACCES)
            fail("%s port %u of the host is privileged: choose one above 1023 "
                 "with -p PORT:%u",
                 kind, f->host, f->guest);
        else
            fail("cannot use %s port %u of the host: %s", kind, f->host,
                 strerror(errno));
    }
    close(fd);
    return r;
}

static bool clash(const struct forward *a, const struct forward *b)
{
    return a->host == b->host && a->udp == b->udp &&
           (a->addr.s_addr == b->addr.s_addr || !a->addr.s_addr ||
            !b->addr.s_addr);
}

int forwards_check(const struct forwards *f)
{
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < i; k++)
            if (clash(&f->v[i], &f->v[k]))
                return fail("port %u of the host is forwarded twice",
                            f->v[i].host);
        if (check_bind(&f->v[i]))
            return -1;
    }
    return 0;
}

void forwards_format(const struct forwards *f, struct buf *out)
{
    for (size_t i = 0; i < f->n; i++) {
        char addr[INET_ADDRSTRLEN] = "";

        if (f->v[i].addr.s_addr)
            inet_ntop(AF_INET, &f->v[i].addr, addr, sizeof(addr));
        buf_addf(out, ",hostfwd=%s:%s:%u-:%u", f->v[i].udp ? "udp" : "tcp",
                 addr, f->v[i].host, f->v[i].guest);
    }
}

void forwards_release(struct forwards *f)
{
    free(f->v);
    *f = (struct forwards){0};
}
