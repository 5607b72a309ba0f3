/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "file.h"

#define MAX_CONF (1u << 20)

bool osv_is_nameserver(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return v4.s_addr && ntohl(v4.s_addr) >> 24 != IN_LOOPBACKNET;
    return inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_LOOPBACK(&v6) &&
           !IN6_IS_ADDR_UNSPECIFIED(&v6);
}

void osv_read_nameservers(const char *path, struct strvec *servers)
{
    struct strvec lines = {0};
    struct buf text = {0};

    if (file_try_read(path, MAX_CONF, &text) == 0)
        strvec_split(&lines, buf_str(&text), "\r\n");
    for (size_t i = 0; i < lines.n; i++) {
        struct strvec words = {0};

        strvec_split(&words, lines.v[i], " \t");
        if (words.n > 1 && !strcmp(words.v[0], "nameserver") &&
            osv_is_nameserver(words.v[1]) && !strvec_has(servers, words.v[1]))
            strvec_push(servers, words.v[1]);
        strvec_release(&words);
    }
    strvec_release(&lines);
    buf_release(&text);
}

void osv_host_nameservers(struct strvec *servers)
{
    osv_read_nameservers("/etc/resolv.conf", servers);
    if (!servers->n) /* where /etc/resolv.conf leads to systemd-resolved */
        osv_read_nameservers("/run/systemd/resolve/resolv.conf", servers);
}

void osv_write_inetrc(struct buf *out)
{
    buf_adds(out, "{file, hosts, \"/etc/hosts\"}.\n"
                  "{file, resolv, \"/etc/resolv.conf\"}.\n"
                  "{lookup, [file, dns]}.\n");
}

void osv_write_resolv_conf(const struct strvec *servers, struct buf *out)
{
    for (size_t i = 0; i < servers->n; i++)
        buf_addf(out, "nameserver %s\n", servers->v[i]);
}
