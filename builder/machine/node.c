/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#ifndef _REENTRANT
#define _REENTRANT /* libei.a is made so: its errno is a thread's own */
#endif
#include "machine/node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <ei.h>

#include "buf.h"
#include "machine/node_program.h"
#include "report.h"

/* One that knocks too early may wait for nothing: it is not left at that. */
#define FIRST_MS   2000
#define CONNECT_MS 16000
#define AGAIN_MS   250

struct session {
    const struct target *target;
    ei_cnode us;
    int fd;
    long long limit; /* when to give up, 0: never */
};

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* ---- to connect ---- */

static char *host_of(const struct target *t)
{
    return t->address ? t->address : strchr(t->node, '@') + 1;
}

/* A name that no other node has.  Nodes with short names talk to such. */
static int make_us(struct session *s)
{
    const char *host = strchr(s->target->node, '@') + 1;
    const char *own = strchr(host, '.') ? "127.0.0.1" : "localhost";
    struct in_addr addr = {.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned random = 0;
    char *alive, *name;
    int r;

    (void)!getrandom(&random, sizeof(random), 0);
    alive = xasprintf("unibeam-%d-%08x", getpid(), random);
    name = xasprintf("%s@%s", alive, own);
    r = ei_connect_xinit(&s->us, own, alive, name, &addr, s->target->cookie,
                         random | 4);
    free(alive);
    free(name);
    return r < 0 ? fail("cannot make a name for this node") : 0;
}

static int try_connect(struct session *s, unsigned ms)
{
    int port = (int)s->target->port;
    int fd =
        port ? ei_connect_host_port_tmo(&s->us, host_of(s->target), port, ms)
             : ei_connect_tmo(&s->us, s->target->node, ms);

    s->fd = fd < 0 ? -1 : fd;
    return s->fd < 0 ? -1 : 0;
}

/* The library does not tell: it is not there, or it does not want us. */
static bool listens(const struct target *t)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char *port = xasprintf("%u", t->port);
    bool yes = false;
    int fd;

    if (getaddrinfo(host_of(t), port, &hints, &list) == 0) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        yes = fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0;
        if (fd >= 0)
            close(fd);
        freeaddrinfo(list);
    }
    free(port);
    return yes;
}

static int no_answer(const struct target *t)
{
    if (!t->port)
        return fail("the node '%s' does not answer, or has another cookie; or "
                    "epmd does not know it: give --port",
                    t->node);
    if (!listens(t))
        return fail("nothing listens for the node '%s' at port %u", t->node,
                    t->port);
    if (t->machine)
        return fail("the node '%s' does not answer: is it still starting? "
                    "unibeam logs %s",
                    t->node, t->machine);
    return fail("the node '%s' does not answer, or has another cookie",
                t->node);
}

static int open_session(struct session *s, const struct target *t,
                        unsigned seconds)
{
    long long limit = now_ms() + seconds * 1000LL;

    *s = (struct session){.target = t, .fd = -1};
    ei_init();
    if (make_us(s))
        return -1;
    for (unsigned ms = seconds ? FIRST_MS : CONNECT_MS;; ms *= 2) {
        if (ms > CONNECT_MS)
            ms = CONNECT_MS;
        if (try_connect(s, ms) == 0)
            return 0;
        if (now_ms() + AGAIN_MS > limit)
            return no_answer(t);
        poll(NULL, 0, AGAIN_MS);
    }
}

static void close_session(struct session *s)
{
    if (s->fd >= 0)
        ei_close_connection(s->fd);
}

int node_ping(const struct target *t, unsigned seconds)
{
    struct session s;
    int r = open_session(&s, t, seconds);

    close_session(&s);
    return r;
}

/* ---- to call ---- */

static void put(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            return; /* nobody reads it */
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static void put_binary(int fd, const ei_x_buff *x, int at)
{
    int type, size;
    long len;
    char *data;

    if (ei_get_type(x->buff, &at, &type, &size) || type != ERL_BINARY_EXT)
        return;
    data = xcalloc(1, (size_t)size + 1);
    if (ei_decode_binary(x->buff, &at, data, &len) == 0)
        put(fd, data, (size_t)len);
    free(data);
}

/* (x) is a message to us: {rex, Answer} or {rex_stdout, Bytes}. */
static bool is_answer(const ei_x_buff *x, int *at)
{
    char atom[MAXATOMLEN_UTF8];
    int version, arity;

    *at = 0;
    if (ei_decode_version(x->buff, at, &version) ||
        ei_decode_tuple_header(x->buff, at, &arity) || arity != 2 ||
        ei_decode_atom(x->buff, at, atom))
        return false;
    if (!strcmp(atom, "rex"))
        return true;
    if (!strcmp(atom, "rex_stdout"))
        put_binary(STDOUT_FILENO, x, *at);
    return false;
}

static int ms_left(const struct session *s)
{
    long long left = s->limit ? s->limit - now_ms() : 0;

    if (!s->limit)
        return 0;
    return left > 0 ? (int)left : -1;
}

/* Wait for the answer: (x) holds it at (*at). */
static int receive(struct session *s, ei_x_buff *x, int *at)
{
    erlang_msg msg;

    for (;;) {
        int left = ms_left(s), got;

        if (left < 0)
            return fail("the node '%s' has not answered in time",
                        s->target->node);
        x->index = 0;
        got = ei_xreceive_msg_tmo(s->fd, &msg, x, (unsigned)left);
        if (got == ERL_TICK || (got == ERL_ERROR && erl_errno == ETIMEDOUT))
            continue;
        if (got != ERL_MSG)
            return fail("the node '%s' has gone without an answer",
                        s->target->node);
        if (is_answer(x, at))
            return 0;
    }
}

static int bad_rpc(const ei_x_buff *x, int at)
{
    char *text = NULL;

    ei_s_print_term(&text, x->buff, &at);
    if (text && !strcmp(text, "{badrpc, {'EXIT', killed}}"))
        fail("its process there was killed: what it returns may be too large "
             "to print");
    else
        fail("the node cannot do that: %s", text ? text : "");
    free(text);
    return -1;
}

/* Call a function with the arguments in (args), a list; the answer, which is a
 * tuple {WHAT, ...}, is in (x), with (*at) behind WHAT. */
static int call(struct session *s, const char *module, const char *function,
                const ei_x_buff *args, const char *what, ei_x_buff *x, int *at)
{
    char atom[MAXATOMLEN_UTF8] = "";
    int start, arity;

    if (ei_xrpc_to(&s->us, s->fd, (char *)(size_t)module,
                   (char *)(size_t)function, args->buff, args->index,
                   EI_RPC_FETCH_STDOUT) < 0)
        return fail("cannot send to the node '%s'", s->target->node);
    if (receive(s, x, at))
        return -1;
    start = *at;
    if (ei_decode_tuple_header(x->buff, at, &arity) ||
        ei_decode_atom(x->buff, at, atom) || strcmp(atom, what))
        return bad_rpc(x, start);
    return 0;
}

/* Append the term of (x) at (at) as it is. */
static void append_term(ei_x_buff *to, const ei_x_buff *x, int at)
{
    int end = at;

    ei_skip_term(x->buff, &end);
    ei_x_append_buf(to, x->buff + at, end - at);
}

/* ---- to evaluate ---- */

static void add_binding(ei_x_buff *x, const char *name, const char *value)
{
    ei_x_encode_list_header(x, 1);
    ei_x_encode_tuple_header(x, 2);
    ei_x_encode_atom(x, name);
    ei_x_encode_binary(x, value, (int)strlen(value));
}

/* In the order of their names: it is an orddict. */
static void add_bindings(ei_x_buff *x, const struct session *s,
                         const struct request *r)
{
    add_binding(x, "Function", r->function ? r->function : "");
    add_binding(x, "How",
                r->module           ? "call"
                : s->target->elixir ? "elixir"
                                    : "erlang");
    ei_x_encode_list_header(x, 1);
    ei_x_encode_tuple_header(x, 2);
    ei_x_encode_atom(x, "Max");
    ei_x_encode_long(x, NODE_TEXT_MAX);
    add_binding(x, "Module", r->module ? r->module : "");
    add_binding(x, "Quiet", r->quiet ? "yes" : "no");
    add_binding(x, "Text", r->text);
    ei_x_encode_empty_list(x);
}

/* Our program, parsed by the node: [Expressions, Bindings] in (args). */
static int prepare(struct session *s, const struct request *r, ei_x_buff *args)
{
    ei_x_buff x;
    int at = 0, err;

    ei_x_new(&x);
    ei_x_encode_list_header(args, 1);
    ei_x_encode_string(args, node_program);
    ei_x_encode_empty_list(args);
    err = call(s, "erl_scan", "string", args, "ok", &x, &at);
    args->index = 0;
    ei_x_encode_list_header(args, 1);
    if (!err)
        append_term(args, &x, at);
    ei_x_encode_empty_list(args);
    if (!err)
        err = call(s, "erl_parse", "parse_exprs", args, "ok", &x, &at);
    args->index = 0;
    ei_x_encode_list_header(args, 2);
    if (!err)
        append_term(args, &x, at);
    add_bindings(args, s, r);
    ei_x_encode_empty_list(args);
    ei_x_free(&x);
    return err;
}

static void note_cut(void)
{
    note("that is not all: it was cut at about %d characters, and '...' stands "
         "for the rest",
         NODE_TEXT_MAX);
}

/* {value, {ok | error, Text, whole | cut}, _} */
static int show(const ei_x_buff *x, int at)
{
    char result[MAXATOMLEN_UTF8] = "", size[MAXATOMLEN_UTF8] = "";
    int arity, start = at, text;
    bool ok;

    if (ei_decode_tuple_header(x->buff, &at, &arity) || arity != 3 ||
        ei_decode_atom(x->buff, &at, result))
        return bad_rpc(x, start);
    text = at;
    if (ei_skip_term(x->buff, &at) || ei_decode_atom(x->buff, &at, size))
        return bad_rpc(x, start);
    ok = !strcmp(result, "ok");
    if (!ok)
        put(STDERR_FILENO, "unibeam: ", 9);
    put_binary(ok ? STDOUT_FILENO : STDERR_FILENO, x, text);
    if (!strcmp(size, "cut"))
        note_cut();
    return ok ? 0 : -1;
}

int node_ask(const struct target *t, const struct request *r, unsigned seconds)
{
    struct session s;
    ei_x_buff args, x;
    int at = 0, err = open_session(&s, t, 0);

    ei_x_new(&args);
    ei_x_new(&x);
    if (seconds)
        s.limit = now_ms() + seconds * 1000LL;
    if (!err)
        err = prepare(&s, r, &args) ||
              call(&s, "erl_eval", "exprs", &args, "value", &x, &at) ||
              show(&x, at);
    close_session(&s);
    ei_x_free(&args);
    ei_x_free(&x);
    return err ? -1 : 0;
}
