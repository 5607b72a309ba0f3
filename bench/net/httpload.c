/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * httpload.c - a counted number of HTTP requests, every one of which matters.
 *
 *   httpload ADDR PORT keep CONNECTIONS REQUESTS
 *   httpload ADDR PORT short AT_A_TIME CONNECTIONS
 *   httpload ADDR PORT get PATH
 *   httpload ADDR 0 echo SECONDS
 *
 * keep: all requests over connections that stay open. short: one request on
 * each connection, which the server closes. Each answer must be 200 with the
 * announced length within TIMEOUT. get: one answer's body, to stdout. echo:
 * ICMP echo requests at random distances of up to 30 us, so that many reach the
 * machine just as it goes to sleep; fails if no answer comes for 3 s.
 *
 * Prints one line of figures; exit status 0 when there was no error at all.
 * Unlike wrk it stops at a number, not at a time, so that runs compare.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT  20.0 /* s, connect or answer */
#define BUF      4096
#define MAX_CONN 4096
#define BUCKETS  400 /* of latency, 5 % apart from 10 us on */

struct conn {
    int fd; /* -1: not open */
    bool connected;
    unsigned got;
    double since;
    char buf[BUF];
};

struct load {
    struct sockaddr_in to;
    bool keep;
    unsigned width; /* connections open at a time */
    uint64_t target, started, done;
    uint64_t errors[5];
    uint64_t latency[BUCKETS];
    double worst;
    int epoll;
    char request[256];
    struct conn *conns;
};
enum { E_CONNECT, E_SEND, E_RESET, E_ANSWER, E_TIMEOUT };
static const char *const error_names[] = {"connect", "send", "reset", "answer",
                                          "timeout"};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static unsigned bucket_of(double seconds)
{
    unsigned b = 0;

    for (double edge = 10e-6; edge < seconds && b < BUCKETS - 1; edge *= 1.05)
        b++;
    return b;
}

static double percentile(const struct load *l, double p)
{
    uint64_t seen = 0, want = (uint64_t)((double)l->done * p);
    double edge = 10e-6;

    for (unsigned b = 0; b < BUCKETS; b++, edge *= 1.05) {
        seen += l->latency[b];
        if (seen > want)
            break;
    }
    return edge;
}

/* Length of the complete answer at the start of the buffer; 0: not all is
 * there; -1: not what it should be. */
static long answer_length(const struct conn *c)
{
    const char *end = memmem(c->buf, c->got, "\r\n\r\n", 4);
    const char *field = memmem(c->buf, c->got, "Content-Length: ", 16);

    if (!end)
        return c->got == BUF ? -1 : 0;
    if (strncmp(c->buf, "HTTP/1.1 200 ", 13) || !field || field > end)
        return -1;
    long all = end + 4 - c->buf + atol(field + 16);
    if (all > BUF)
        return -1;
    return (unsigned long)all <= c->got ? all : 0;
}

static void conn_end(struct load *l, struct conn *c, int error)
{
    if (error >= 0)
        l->errors[error]++;
    close(c->fd);
    c->fd = -1;
}

static void conn_watch(struct load *l, struct conn *c, int op, uint32_t events)
{
    struct epoll_event e = {.events = events,
                            .data.u32 = (uint32_t)(c - l->conns)};

    epoll_ctl(l->epoll, op, c->fd, &e);
}

static void conn_open(struct load *l, struct conn *c)
{
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        perror("socket");
        exit(2);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->connected = false;
    c->got = 0;
    c->since = now();
    l->started++;
    if (connect(c->fd, (struct sockaddr *)&l->to, sizeof(l->to)) &&
        errno != EINPROGRESS)
        conn_end(l, c, E_CONNECT);
    else
        conn_watch(l, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void conn_ask(struct load *l, struct conn *c)
{
    size_t n = strlen(l->request);

    c->got = 0;
    if (l->keep)
        c->since = now(); /* short: the connection's making counts */
    if (send(c->fd, l->request, n, MSG_NOSIGNAL) != (ssize_t)n)
        conn_end(l, c, E_SEND);
}

static void conn_answered(struct load *l, struct conn *c)
{
    double took = now() - c->since;

    l->done++;
    l->latency[bucket_of(took)]++;
    if (took > l->worst)
        l->worst = took;
    if (!l->keep) {
        conn_end(l, c, -1);
    } else if (l->started < l->target) {
        l->started++;
        conn_ask(l, c);
    }
}

static void conn_event(struct load *l, struct conn *c)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (!c->connected) {
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error) {
            conn_end(l, c, E_CONNECT);
            return;
        }
        c->connected = true;
        conn_watch(l, c, EPOLL_CTL_MOD, EPOLLIN);
        conn_ask(l, c);
        return;
    }
    ssize_t n = recv(c->fd, c->buf + c->got, BUF - c->got, 0);
    if (n <= 0) {
        conn_end(l, c, E_RESET);
        return;
    }
    c->got += (unsigned)n;
    long all = answer_length(c);
    if (all < 0)
        conn_end(l, c, E_ANSWER);
    else if (all > 0)
        conn_answered(l, c);
}

static uint64_t errors(const struct load *l)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 5; i++)
        n += l->errors[i];
    return n;
}

/* Open what is missing, end what takes too long. */
static void tend(struct load *l)
{
    double t = now();

    for (unsigned i = 0; i < l->width; i++) {
        struct conn *c = &l->conns[i];
        if (c->fd >= 0 && t - c->since > TIMEOUT && l->done < l->target)
            conn_end(l, c, E_TIMEOUT);
        if (c->fd < 0 && l->started < l->target)
            conn_open(l, c);
    }
}

static void run(struct load *l)
{
    struct epoll_event ev[64];

    while (l->done + errors(l) < l->target) {
        tend(l);
        int n = epoll_wait(l->epoll, ev, 64, 100);
        for (int i = 0; i < n; i++)
            if (l->conns[ev[i].data.u32].fd >= 0)
                conn_event(l, &l->conns[ev[i].data.u32]);
    }
}

static int report(const struct load *l, double took)
{
    printf("%s width=%u done=%lu errors=%lu", l->keep ? "keep" : "short",
           l->width, l->done, errors(l));
    for (unsigned i = 0; i < 5; i++)
        if (l->errors[i])
            printf(" %s=%lu", error_names[i], l->errors[i]);
    printf(" seconds=%.1f per_second=%.0f p50_ms=%.2f p99_ms=%.2f "
           "worst_ms=%.1f\n",
           took, (double)l->done / took, percentile(l, .5) * 1e3,
           percentile(l, .99) * 1e3, l->worst * 1e3);
    return errors(l) || l->done != l->target;
}

static int get(const struct load *l, const char *path)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    static char buf[1 << 20];
    size_t got = 0;
    ssize_t n;

    if (connect(fd, (const struct sockaddr *)&l->to, sizeof(l->to)))
        return 1;
    dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            path);
    while ((n = recv(fd, buf + got, sizeof(buf) - got, 0)) > 0)
        got += (size_t)n;
    const char *body = memmem(buf, got, "\r\n\r\n", 4);
    if (!body || strncmp(buf, "HTTP/1.1 200 ", 13))
        return 1;
    fwrite(body + 4, 1, got - (size_t)(body + 4 - buf), stdout);
    return 0;
}

static void ping(int fd, const struct sockaddr_in *to, uint16_t seq)
{
    uint8_t p[32] = {8, 0, 0, 0, 0, 9, (uint8_t)(seq >> 8), (uint8_t)seq};
    uint32_t sum = 8 * 256 + 9 + seq;

    sum = ~((sum & 0xffff) + (sum >> 16));
    p[2] = (uint8_t)(sum >> 8), p[3] = (uint8_t)sum;
    sendto(fd, p, sizeof(p), MSG_DONTWAIT, (const struct sockaddr *)to,
           sizeof(*to));
}

static int echo(const struct load *l, double seconds)
{
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    double start = now(), last = start;
    uint64_t sent = 0, got = 0;
    uint8_t buf[256];

    if (fd < 0) {
        perror("socket");
        return 2;
    }
    while (now() < start + seconds && now() < last + 3) {
        ping(fd, &l->to, (uint16_t)sent++);
        double next = now() + (double)(random() % 30) * 1e-6;
        do {
            while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 20)
                if (buf[20] == 0) /* an answer */
                    got++, last = now();
        } while (now() < next);
    }
    printf("echo sent=%lu answered=%lu silence_ms=%.0f\n", sent, got,
           (now() - last) * 1e3);
    return now() >= last + 3;
}

int main(int argc, char **argv)
{
    static struct load l;

    if (argc < 5) {
        fprintf(stderr, "usage: httpload ADDR PORT keep|short WIDTH NUMBER\n"
                        "       httpload ADDR PORT get PATH\n"
                        "       httpload ADDR 0 echo SECONDS\n");
        return 2;
    }
    alarm(3600);
    l.to.sin_family = AF_INET;
    l.to.sin_addr.s_addr = inet_addr(argv[1]);
    l.to.sin_port = htons((uint16_t)atoi(argv[2]));
    if (!strcmp(argv[3], "get"))
        return get(&l, argv[4]);
    if (!strcmp(argv[3], "echo"))
        return echo(&l, atof(argv[4]));
    l.keep = !strcmp(argv[3], "keep");
    l.width = (unsigned)atoi(argv[4]);
    l.target = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    if (!l.width || l.width > MAX_CONN || !l.target)
        return 2;
    l.conns = calloc(l.width, sizeof(l.conns[0]));
    for (unsigned i = 0; i < l.width; i++)
        l.conns[i].fd = -1;
    l.epoll = epoll_create1(0);
    snprintf(l.request, sizeof(l.request),
             "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n",
             l.keep ? "" : "Connection: close\r\n");
    double start = now();
    run(&l);
    return report(&l, now() - start);
}
