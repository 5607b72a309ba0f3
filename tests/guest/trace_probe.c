/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trace_probe.c - calls whose lines in the trace are looked at by trace.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void *many(void *arg)
{
    for (int i = 0; i < 50; i++)
        syscall(SYS_kill, 0x7000000 + (int)(long)arg, 0);
    return NULL;
}

int main(void)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 7};
    struct pollfd pf = {0, POLLIN, 0};
    struct timespec ts = {0, 5000000};
    struct termios t;
    struct stat st;
    pthread_t th[4];
    char buf[64];
    int fd, p[2], ep;

    mkdir("/tmp/probe", 0755);
    fd = open("/tmp/probe/f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    write(fd, "a\tb\n\"q\"", 7);
    pread(fd, buf, 4, 0);
    lseek(fd, 0, SEEK_END);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ioctl(fd, TCGETS, &t);
    stat("/no/such/file", &st);
    mmap(NULL, 36864, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
         0);
    syscall(SYS_pipe2, p, O_CLOEXEC);
    ep = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev);
    epoll_wait(ep, &ev, 1, 0);
    poll(&pf, 1, 0);
    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    kill(getpid(), 0);
    signal(SIGUSR1, SIG_IGN);
    nanosleep(&ts, NULL);
    close(99);
    if (!fork())
        _exit(3);
    wait(NULL);
    for (long i = 0; i < 4; i++)
        pthread_create(&th[i], NULL, many, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(th[i], NULL);
    for (int i = 0; i < 3; i++) {
        syscall(SYS_io_uring_setup, 1, NULL);
        syscall(SYS_swapon, "x", 0);
        syscall(999);
    }
    return 0;
}
