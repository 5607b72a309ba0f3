/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine/control.h"
#include "report.h"
#include "vm.h"

#define EARLY_MAX   8192
#define EARLY_READS 16         /* of the console, which may never fall silent */
#define BEHIND_MAX  (1u << 20) /* bytes a terminal may lag */

int keeper_init(struct keeper *k, struct machine *m, struct record *r,
                struct vm *vm)
{
    *k = (struct keeper){.machine = m,
                         .record = r,
                         .vm = vm,
                         .messages = -1,
                         .started = -1,
                         .listening = -1};
    console_log_init(&k->log, -1, 0);
    for (int i = 0; i < KEEPER_CLIENTS; i++)
        k->clients[i].fd = -1;
    k->listening = control_listen(m);
    return k->listening < 0 || record_write(r, m) ? -1 : 0;
}

void keeper_log(struct keeper *k, uint64_t size)
{
    console_log_init(&k->log, k->machine->dir, size);
}

static void keep(struct keeper *k, const char *data, size_t len)
{
    if (k->log.dir >= 0)
        console_log_write(&k->log, data, len);
}

/* ---- clients ---- */

static void drop(struct keeper *k, struct client *c)
{
    if (k->console == c) {
        k->console = NULL;
        buf_trim(&k->in, 0);
    }
    close(c->fd);
    buf_release(&c->out);
    *c = (struct client){.fd = -1};
}

static int peer_pid(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);

    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
    return peer.pid;
}

static void take_client(struct keeper *k)
{
    int fd = accept4(k->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *c = k->clients;

    if (fd < 0)
        return;
    while (c < k->clients + KEEPER_CLIENTS && c->fd >= 0)
        c++;
    if (c == k->clients + KEEPER_CLIENTS) {
        static const char full[] = "too many commands talk to it already";

        control_send(fd, CONTROL_REFUSED, full, sizeof(full) - 1);
        close(fd);
        return;
    }
    c->fd = fd;
    c->pid = peer_pid(fd);
}

static void refuse(struct client *c, const char *why)
{
    control_send(c->fd, CONTROL_REFUSED, why, strlen(why));
}

static void open_console(struct keeper *k, struct client *c)
{
    char why[80];

    if (k->vm->console < 0) {
        refuse(c, "it runs in the foreground, where its console is");
    } else if (k->console) {
        snprintf(why, sizeof(why), "process %d has it", k->console->pid);
        refuse(c, why);
    } else if (control_send(c->fd, CONTROL_OPENED, NULL, 0) == 0) {
        k->console = c;
    }
}

/* The guest may not listen; then there is no use in waiting.  A line's start
 * may get lost while the guest sets its side up, hence the first newline. */
static void tell_size(struct keeper *k, const char *text, size_t len)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "\n%.*s\n", (int)len, text);

    if (k->vm->size >= 0 && n < (int)sizeof(line))
        (void)!send(k->vm->size, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void do_packet(struct keeper *k, struct client *c, enum control kind,
                      const char *data, size_t len)
{
    switch (kind) {
    case CONTROL_STOP:
        k->stop = true;
        break;
    case CONTROL_KILL:
        k->kill = true;
        break;
    case CONTROL_OPEN:
        open_console(k, c);
        break;
    case CONTROL_INPUT:
        if (k->console == c)
            buf_add(&k->in, data, len);
        break;
    case CONTROL_SIZE:
        if (k->console == c)
            tell_size(k, data, len);
        break;
    default: /* a newer command: it will see that nothing comes of it */
        break;
    }
}

/* What it lags behind, then perhaps more. */
static void send_rest(struct keeper *k, struct client *c)
{
    size_t done = 0;

    while (done < c->out.len) {
        size_t n = c->out.len - done;

        if (n > CONTROL_MAX)
            n = CONTROL_MAX;
        if (control_send(c->fd, CONTROL_OUTPUT, c->out.data + done, n)) {
            if (errno == EAGAIN)
                break;
            drop(k, c);
            return;
        }
        done += n;
    }
    if (!done)
        return;
    memmove(c->out.data, c->out.data + done, c->out.len - done);
    buf_trim(&c->out, c->out.len - done);
}

static void show(struct keeper *k, const char *data, size_t len)
{
    struct client *c = k->console;

    if (!c)
        return;
    buf_add(&c->out, data, len);
    send_rest(k, c);
    if (c->fd >= 0 && c->out.len > BEHIND_MAX)
        drop(k, c);
}

static void serve(struct keeper *k, struct client *c, short events)
{
    char data[CONTROL_MAX];
    enum control kind;
    ssize_t n;

    if (events & POLLOUT)
        send_rest(k, c);
    if (c->fd < 0 || !(events & (POLLIN | POLLHUP | POLLERR)))
        return;
    n = control_receive(c->fd, &kind, data);
    if (n >= 0)
        do_packet(k, c, kind, data, (size_t)n);
    else if (errno != EAGAIN)
        drop(k, c);
}

/* ---- what the machine says ---- */

static bool read_console(struct keeper *k)
{
    char data[CONTROL_MAX];
    ssize_t n = k->vm->console < 0
                    ? -1
                    : recv(k->vm->console, data, sizeof(data), MSG_DONTWAIT);

    if (n > 0) {
        keep(k, data, (size_t)n);
        show(k, data, (size_t)n);
    } else if (n == 0) {
        close(k->vm->console);
        k->vm->console = -1;
    }
    return n > 0;
}

static void write_console(struct keeper *k)
{
    ssize_t n = send(k->vm->console, k->in.data, k->in.len,
                     MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n <= 0)
        return;
    memmove(k->in.data, k->in.data + n, k->in.len - (size_t)n);
    buf_trim(&k->in, k->in.len - (size_t)n);
}

static bool read_messages(struct keeper *k)
{
    char data[CONTROL_MAX];
    ssize_t n = k->messages < 0 ? -1 : read(k->messages, data, sizeof(data));

    if (n <= 0)
        return false;
    keep(k, data, (size_t)n);
    if (k->started >= 0 && k->early.len < EARLY_MAX)
        buf_add(&k->early, data, (size_t)n);
    return true;
}

/* ---- what vm_run() calls ---- */

size_t keeper_poll(struct keeper *k, struct pollfd *p)
{
    p[0] = (struct pollfd){.fd = k->listening, .events = POLLIN};
    p[1] = (struct pollfd){.fd = k->messages, .events = POLLIN};
    p[2] = (struct pollfd){.fd = k->vm->console, .events = POLLIN};
    if (k->in.len)
        p[2].events |= POLLOUT;
    for (size_t i = 0; i < KEEPER_CLIENTS; i++) {
        struct client *c = &k->clients[i];

        /* no more of one whose last the guest has not taken yet */
        p[3 + i] = (struct pollfd){
            .fd = c->fd, .events = c == k->console && k->in.len ? 0 : POLLIN};
        if (c->out.len)
            p[3 + i].events |= POLLOUT;
    }
    return KEEPER_FDS;
}

void keeper_take(struct keeper *k, const struct pollfd *p)
{
    if (p[1].revents)
        read_messages(k);
    if (p[2].revents & (POLLIN | POLLHUP))
        read_console(k);
    if (p[2].revents & POLLOUT && k->vm->console >= 0)
        write_console(k);
    for (size_t i = 0; i < KEEPER_CLIENTS; i++)
        if (p[3 + i].fd >= 0 && p[3 + i].revents)
            serve(k, &k->clients[i], p[3 + i].revents);
    if (p[0].revents)
        take_client(k);
}

void keeper_drain(struct keeper *k)
{
    while (read_messages(k))
        ;
    while (read_console(k))
        ;
}

void keeper_up(struct keeper *k)
{
    k->record->up = true;
    record_write(k->record, k->machine);
    if (k->started < 0)
        return;
    /* what QEMU said so far is in the log of one that has started */
    read_messages(k);
    for (int i = 0; i < EARLY_READS && read_console(k); i++)
        ;
    /* who waits may have been interrupted: then this is not wanted */
    if (write(k->started, "+", 1) != 1)
        k->kill = true;
    close(k->started);
    k->started = -1;
    buf_release(&k->early);
}

void keeper_stopping(struct keeper *k)
{
    k->record->stopping = true;
    record_write(k->record, k->machine);
}

/* Why it did not start, behind the status. */
static void tell_failure(struct keeper *k, int status)
{
    unsigned char byte = (unsigned char)status;
    char head[] = {'-', (char)byte};

    if (write(k->started, head, 2) == 2 && k->early.len)
        (void)!write(k->started, k->early.data, k->early.len);
    close(k->started);
    k->started = -1;
}

void keeper_end(struct keeper *k, int status)
{
    keeper_drain(k);
    k->record->ended = time(NULL);
    k->record->status = status;
    if (k->started >= 0) {
        machine_remove(k->machine);
        tell_failure(k, status);
        return;
    }
    record_write(k->record, k->machine);
}

void keeper_release(struct keeper *k)
{
    for (size_t i = 0; i < KEEPER_CLIENTS; i++)
        if (k->clients[i].fd >= 0)
            drop(k, &k->clients[i]);
    if (k->listening >= 0)
        close(k->listening);
    if (k->messages >= 0)
        close(k->messages);
    if (k->started >= 0)
        close(k->started);
    console_log_close(&k->log);
    buf_release(&k->early);
    buf_release(&k->in);
}
