/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "quote.h"
#include "report.h"

#define SERVICE_PORT 10000
#define MEMORY       "512"

/* What QEMU says when somebody else was faster to take the port. */
#define PORT_TAKEN "set up host forwarding rule"
#define PORT_TRIES 20

#define TURN_MS    200  /* between two looks whether QEMU still runs */
#define LINGER_MS  2000 /* for the reason of a connection that was cut */
#define SHOWN      8    /* of QEMU's messages with an error */
#define SEND       (256u << 10)
#define MAX_REPORT 65536

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- messages ---- */

/* What the user may learn from: QEMU's messages and the console's end. */
static void show_end(struct osv_machine *m)
{
    struct strvec said = {0};

    strvec_split(&said, buf_str(&m->messages), "\r\n");
    for (size_t i = said.n > SHOWN ? said.n - SHOWN : 0; i < said.n; i++)
        fail("QEMU said: %s", said.v[i]);
    strvec_release(&said);
    osv_console_show(&m->console);
}

/* ---- QMP: only to hear of a full disk, on which QEMU stops the guest ---- */

static void qmp_line(struct osv_machine *m)
{
    json_t *j = json_loadb(m->qmp_line.data, m->qmp_line.len, 0, NULL);
    const char *event = json_string_value(json_object_get(j, "event"));
    const char *reason = json_string_value(
        json_object_get(json_object_get(j, "data"), "reason"));

    if (event && !strcmp(event, "BLOCK_IO_ERROR") && !m->disk_error)
        m->disk_error = xstrdup(reason ? reason : "input/output error");
    json_decref(j);
    buf_trim(&m->qmp_line, 0);
}

static void take_qmp(struct osv_machine *m, const struct buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n')
            qmp_line(m);
        else if (m->qmp_line.len < MAX_REPORT)
            buf_add(&m->qmp_line, &text->data[i], 1);
    }
}

/* ---- waiting ---- */

/* The service never sends a byte; what comes is the end. */
static void read_socket(struct osv_machine *m)
{
    char byte;
    ssize_t n = m->sock < 0 ? -1 : recv(m->sock, &byte, 1, MSG_DONTWAIT);

    if (m->sock < 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    m->closed = n == 0;
    close_fd(&m->sock);
}

static void read_all(struct osv_machine *m)
{
    struct buf text = {0};

    child_read(&m->child.out, &text);
    if (text.len)
        m->heard = now_ms();
    osv_console_take(&m->console, buf_str(&text), text.len);
    buf_trim(&text, 0);
    child_read(&m->qmp, &text);
    take_qmp(m, &text);
    buf_release(&text);
    child_read(&m->child.err, &m->messages);
    buf_trim(&m->messages, MAX_REPORT);
    read_socket(m);
}

/* Wait a moment for anything to happen, for room in the socket too when
 * (sending).  Returns -1, reported, when the disk is full or the like. */
static int turn(struct osv_machine *m, bool sending)
{
    short events = POLLIN | (sending ? POLLOUT : 0);
    struct pollfd p[] = {{.fd = m->child.out, .events = POLLIN},
                         {.fd = m->child.err, .events = POLLIN},
                         {.fd = m->qmp, .events = POLLIN},
                         {.fd = m->sock, .events = events}};

    poll(p, sizeof(p) / sizeof(*p), TURN_MS);
    child_poll(&m->child); /* before reading: then all has been read */
    read_all(m);
    if (!m->disk_error)
        return 0;
    return fail("cannot write '%s': %s", m->name, m->disk_error);
}

static bool stands_still(const struct osv_machine *m)
{
    return now_ms() - m->heard > m->timeout * INT64_C(1000);
}

/* ---- failures ---- */

static int ended_early(struct osv_machine *m, const char *when)
{
    char *how = child_status_text(m->child.status);

    fail("QEMU ended with %s %s", how, when);
    free(how);
    show_end(m);
    return -1;
}

static int too_slow(struct osv_machine *m, const char *what)
{
    fail("%s for %u seconds: if this machine is only slow, give more with "
         "--base-timeout",
         what, m->timeout);
    show_end(m);
    return -1;
}

static int was_cut(struct osv_machine *m)
{
    int64_t end = now_ms() + LINGER_MS;

    while (!m->child.ended && now_ms() < end)
        if (turn(m, false))
            return -1;
    fail("OSv broke off the upload");
    show_end(m);
    return -1;
}

/* ---- starting ---- */

/* A port of the loopback interface that nobody has at the moment. */
static int choose_port(struct osv_machine *m)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        r = fail("cannot find a free port: %s", strerror(errno));
    m->port = ntohs(a.sin_port);
    close_fd(&fd);
    return r;
}

static void add(struct strvec *argv, const char *option, char *value)
{
    strvec_push(argv, option);
    strvec_take(argv, value);
}

static void add_devices(const struct osv_machine *m, struct strvec *argv)
{
    /* a disk that is full is no error for the guest to handle: see QMP */
    add(argv, "-drive",
        xasprintf("file=/proc/self/fd/%d,format=raw,if=none,id=hd0,"
                  "cache=unsafe,werror=stop,rerror=stop",
                  m->disk));
    add(argv, "-device",
        xstrdup("virtio-blk-pci,id=blk0,drive=hd0,bootindex=0"));
    add(argv, "-netdev",
        xasprintf("user,id=un0,hostfwd=tcp:127.0.0.1:%u-:%d", m->port,
                  SERVICE_PORT));
    add(argv, "-device", xstrdup("virtio-net-pci,netdev=un0"));
    add(argv, "-device", xstrdup("virtio-rng-pci"));
}

static void make_argv(const struct osv_machine *m, int qmp, struct strvec *argv)
{
    strvec_push(argv, m->qemu);
    add(argv, "-accel", xstrdup(m->kvm_cpu ? "kvm" : "tcg,thread=multi"));
    add(argv, "-cpu", xstrdup(m->kvm_cpu ? m->kvm_cpu : "max"));
    add(argv, "-m", xstrdup(MEMORY));
    add(argv, "-smp", xstrdup("1"));
    add(argv, "-display", xstrdup("none"));
    strvec_push(argv, "-no-reboot");
    add_devices(m, argv);
    add(argv, "-serial", xstrdup("stdio"));
    add(argv, "-monitor", xstrdup("none"));
    add(argv, "-chardev", xasprintf("socket,id=qmp,fd=%d", qmp));
    add(argv, "-mon", xstrdup("chardev=qmp,mode=control"));
}

/* Start QEMU with the port. */
static int start_once(struct osv_machine *m)
{
    static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
    struct strvec argv = {0};
    int qmp[2], err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp))
        return fail("cannot make a socket: %s", strerror(errno));
    fcntl(qmp[0], F_SETFL, O_NONBLOCK);
    make_argv(m, qmp[1], &argv);
    err = child_start(&m->child, argv.v, (int[]){m->disk, qmp[1], -1});
    close(qmp[1]);
    strvec_release(&argv);
    m->qmp = qmp[0];
    m->heard = now_ms();
    if (err)
        return fail("cannot start '%s': %s: install QEMU for x86 (on Debian: "
                    "qemu-system-x86), or give --qemu PROGRAM",
                    m->qemu, strerror(err));
    (void)!send(m->qmp, hello, strlen(hello), MSG_NOSIGNAL);
    return 0;
}

static void stop(struct osv_machine *m)
{
    child_end(&m->child);
    close_fd(&m->qmp);
    close_fd(&m->sock);
    buf_trim(&m->messages, 0);
    buf_trim(&m->qmp_line, 0);
}

/* Wait for the first text.  Returns 1 when QEMU has ended before. */
static int wait_for_service(struct osv_machine *m)
{
    int64_t end = now_ms() + m->timeout * INT64_C(1000);

    while (!m->console.waiting) {
        if (turn(m, false))
            return -1;
        if (m->console.waiting)
            break;
        if (m->child.ended)
            return 1;
        if (now_ms() > end)
            return too_slow(m, "OSv's upload service (/tools/cpiod.so) did not "
                               "start");
    }
    return 0;
}

static int connect_to_service(struct osv_machine *m)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(m->port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};

    m->sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* a large one would hide that nothing is taken any more */
    setsockopt(m->sock, SOL_SOCKET, SO_SNDBUF, &(int){SEND}, sizeof(int));
    if (m->sock < 0 || connect(m->sock, (struct sockaddr *)&a, sizeof(a)))
        return fail("cannot connect to port %u, which leads to OSv: %s",
                    m->port, strerror(errno));
    fcntl(m->sock, F_SETFL, O_NONBLOCK);
    m->heard = now_ms();
    return 0;
}

int osv_machine_start(struct osv_machine *m)
{
    int r = 1;

    m->qmp = m->sock = -1;
    m->child = (struct child){.out = -1, .err = -1};
    for (int i = 0; r == 1 && i < PORT_TRIES; i++) {
        stop(m);
        if (choose_port(m) || start_once(m))
            return -1;
        r = wait_for_service(m);
        if (r == 1 && !strstr(buf_str(&m->messages), PORT_TAKEN))
            break;
    }
    if (r == 1)
        return ended_early(m, "before OSv's upload service (/tools/cpiod.so) "
                              "had started");
    return r || connect_to_service(m) ? -1 : 0;
}

/* ---- sending ---- */

/* Send some of it.  Returns -1 when the connection is gone. */
static int send_some(struct osv_machine *m, const char **p, size_t *len)
{
    ssize_t n =
        m->sock < 0 ? -1 : send(m->sock, *p, *len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0) {
        *p += n;
        *len -= (size_t)n;
        m->heard = now_ms();
    }
    return m->sock < 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

static int flush(struct osv_machine *m)
{
    const char *p = buf_str(&m->unsent);
    size_t len = m->unsent.len;

    while (len) {
        if (turn(m, true))
            return -1;
        if (m->child.ended)
            return ended_early(m, "while the release was sent");
        if (send_some(m, &p, &len))
            return was_cut(m);
        if (stands_still(m))
            return too_slow(m, "OSv has not taken anything");
    }
    buf_trim(&m->unsent, 0);
    return 0;
}

int osv_machine_write(void *to, const void *data, size_t len)
{
    struct osv_machine *m = to;

    buf_add(&m->unsent, data, len);
    return m->unsent.len < SEND ? 0 : flush(m);
}

int osv_machine_finish(struct osv_machine *m)
{
    if (flush(m))
        return -1;
    while (!m->child.ended) {
        if (turn(m, false))
            return -1;
        if (!m->child.ended && stands_still(m))
            return too_slow(m, "the release was sent, but OSv has not stopped "
                               "and was silent");
    }
    if (!WIFEXITED(m->child.status) || WEXITSTATUS(m->child.status))
        return ended_early(m, "after the release was sent");
    if (!m->closed || !m->console.finished) {
        fail("OSv broke off the upload: %s",
             m->console.finished ? "the connection was reset"
                                 : "it did not say '" OSV_FINISHED "'");
        show_end(m);
        return -1;
    }
    return 0;
}

void osv_machine_release(struct osv_machine *m)
{
    stop(m);
    buf_release(&m->unsent);
    buf_release(&m->messages);
    buf_release(&m->qmp_line);
    osv_console_release(&m->console);
    free(m->disk_error);
}
