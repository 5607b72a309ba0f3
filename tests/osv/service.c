/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * service.c - process 1 of a machine that plays OSv's upload service, behind
 * QEMU's real network: waits on port 10000, takes one archive, says what the
 * service says, and how many bytes came with which checksum, and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT    10000
#define ADDRESS "10.0.2.15" /* what QEMU forwards to */
#define MASK    "255.255.255.0"
#define HEADER  110

struct archive {
    int fd;
    uint64_t bytes;
    uint64_t sum; /* FNV-1a */
};

static _Noreturn void die(const char *what)
{
    printf("service: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    exit(1);
}

static void set(int fd, int what, const char *addr)
{
    struct ifreq r = {.ifr_name = "eth0"};
    struct sockaddr_in in = {.sin_family = AF_INET};

    inet_pton(AF_INET, addr, &in.sin_addr);
    memcpy(&r.ifr_addr, &in, sizeof(in));
    if (ioctl(fd, what, &r))
        die("address");
}

static void set_network(void)
{
    struct ifreq r = {.ifr_name = "eth0", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    set(fd, SIOCSIFADDR, ADDRESS);
    set(fd, SIOCSIFNETMASK, MASK);
    if (ioctl(fd, SIOCSIFFLAGS, &r))
        die("eth0");
    close(fd);
}

static int wait_for_host(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), s;

    if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 1))
        die("port");
    puts("Waiting for connection from host...");
    fflush(stdout);
    s = accept(fd, NULL, NULL);
    if (s < 0)
        die("accept");
    close(fd);
    return s;
}

static void take(struct archive *a, void *to, size_t len)
{
    unsigned char *p = to;

    for (size_t done = 0; done < len;) {
        ssize_t n = read(a->fd, p + done, len - done);

        if (n <= 0)
            die("the archive has no end");
        done += (size_t)n;
    }
    a->bytes += len;
    for (size_t i = 0; i < len; i++)
        a->sum = (a->sum ^ p[i]) * UINT64_C(1099511628211);
}

static size_t number(const char *header, int n)
{
    char text[9] = "";

    memcpy(text, header + 6 + 8 * n, 8);
    return strtoul(text, NULL, 16);
}

/* One entry; 0: it was the last. */
static int take_entry(struct archive *a)
{
    static char data[65536];
    char header[HEADER], name[4096];
    size_t len, size;

    take(a, header, HEADER);
    if (memcmp(header, "070701", 6))
        die("bad cpio magic");
    len = number(header, 11);
    size = (number(header, 6) + 3) / 4 * 4;
    if (len + 4 > sizeof(name))
        die("name");
    take(a, name, len + (-(HEADER + len) & 3));
    for (size_t n; size; size -= n) {
        n = size < sizeof(data) ? size : sizeof(data);
        take(a, data, n);
    }
    return strcmp(name, "TRAILER!!!") != 0;
}

int main(void)
{
    struct archive a = {.sum = UINT64_C(14695981039346656037)};

    set_network();
    a.fd = wait_for_host();
    while (take_entry(&a))
        ;
    printf("archive of %llu bytes, sum %016llx\n", (unsigned long long)a.bytes,
           (unsigned long long)a.sum);
    puts("cpiod finished");
    fflush(stdout);
    close(a.fd);
    return 0;
}
