/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "network_option.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "report.h"

#define DNS_MAX      4 /* as process 1 takes, guest/init/conf.h */
#define HOSTNAME_MAX 63

/* Linux's rule for the name of an interface. */
static bool valid_interface(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n < IFNAMSIZ && !strpbrk(name, "/: \t") &&
           strcmp(name, ".") && strcmp(name, "..");
}

static bool valid_socket(const char *path)
{
    return *path && strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

static int parse_network(struct network *n, const char *text)
{
    static const struct {
        const char *prefix;
        enum network_kind kind;
        bool (*valid)(const char *);
    } kinds[] = {
        {"tap=", NETWORK_TAP, valid_interface},
        {"bridge=", NETWORK_BRIDGE, valid_interface},
        {"socket=", NETWORK_SOCKET, valid_socket},
    };

    if (!strcmp(text, "user")) {
        n->kind = NETWORK_USER;
        n->name = NULL;
        return 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        size_t len = strlen(kinds[i].prefix);

        if (strncmp(text, kinds[i].prefix, len))
            continue;
        n->kind = kinds[i].kind;
        n->name = text + len;
        return kinds[i].valid(n->name) ? 0 : -1;
    }
    return -1;
}

static int parse_mac(struct network *n, const char *text)
{
    unsigned char b[6];
    int end = -1;

    if (strlen(text) != NETWORK_MAC_TEXT - 1 ||
        strspn(text, "0123456789abcdefABCDEF:") != NETWORK_MAC_TEXT - 1 ||
        sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &b[0], &b[1],
               &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
        end != NETWORK_MAC_TEXT - 1)
        return -1;
    /* a group's address, and none at all, are no card's (IEEE 802, 8.2) */
    if ((b[0] & 1) || !(b[0] | b[1] | b[2] | b[3] | b[4] | b[5]))
        return -1;
    strcpy(n->mac, text);
    return 0;
}

static bool valid_ipv4(const char *text)
{
    struct in_addr a;

    return inet_pton(AF_INET, text, &a) == 1;
}

/* Cut ADDR/PREFIX: the address into (addr), the prefix, 1 to (max), checked. */
static bool cut_prefix(const char *text, char *addr, size_t size,
                       unsigned long max)
{
    const char *slash = strchr(text, '/');
    unsigned long prefix;
    char *end;

    if (!slash || (size_t)(slash - text) >= size)
        return false;
    memcpy(addr, text, (size_t)(slash - text));
    addr[slash - text] = '\0';
    prefix = strtoul(slash + 1, &end, 10);
    return slash[1] >= '0' && slash[1] <= '9' && !*end && end - slash <= 4 &&
           prefix >= 1 && prefix <= max;
}

static bool valid_address(const char *text)
{
    char addr[INET_ADDRSTRLEN];
    struct in_addr a;
    uint32_t host;

    if (!cut_prefix(text, addr, sizeof(addr), 32) ||
        inet_pton(AF_INET, addr, &a) != 1)
        return false;
    host = ntohl(a.s_addr);
    return host >> 24 != 0 && host >> 28 < 14; /* a host's, not a group's */
}

/* What an interface can have: RFC 4291, 2.5 and 2.7. */
static bool valid_ipv6(const char *text)
{
    struct in6_addr a;

    return inet_pton(AF_INET6, text, &a) == 1 && !IN6_IS_ADDR_MULTICAST(&a) &&
           !IN6_IS_ADDR_UNSPECIFIED(&a) && !IN6_IS_ADDR_LOOPBACK(&a);
}

static bool valid_address6(const char *text)
{
    char addr[INET6_ADDRSTRLEN];

    return cut_prefix(text, addr, sizeof(addr), 128) && valid_ipv6(addr);
}

/* ADDR/PREFIX[,GATEWAY[,DNS...]] */
static bool valid_static(const char *text, bool (*address)(const char *),
                         bool (*host)(const char *))
{
    struct strvec fields = {0};
    bool good;

    /* An empty gateway between two commas is none: split by hand. */
    for (const char *at = text;; at += strcspn(at, ",") + 1) {
        strvec_pushf(&fields, "%.*s", (int)strcspn(at, ","), at);
        if (!at[strcspn(at, ",")])
            break;
    }
    good = fields.n <= 2 + DNS_MAX && address(fields.v[0]);
    for (size_t i = 1; i < fields.n && good; i++)
        good = (i == 1 && !*fields.v[i]) || host(fields.v[i]);
    strvec_release(&fields);
    return good;
}

static int parse_ip(struct network *n, const char *text)
{
    if (strcmp(text, "dhcp") && strcmp(text, "none") &&
        !valid_static(text, valid_address, valid_ipv4))
        return -1;
    n->ip = text;
    return 0;
}

static int parse_ip6(struct network *n, const char *text)
{
    if (strcmp(text, "auto") && strcmp(text, "dhcp") && strcmp(text, "none") &&
        !valid_static(text, valid_address6, valid_ipv6))
        return -1;
    n->ip6 = text;
    return 0;
}

static bool valid_hostname(const char *name, size_t len)
{
    return len > 0 && len <= HOSTNAME_MAX && name[0] != '-' &&
           name[len - 1] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") >= len;
}

static int parse_hostname(struct network *n, const char *text)
{
    if (!valid_hostname(text, strlen(text)))
        return -1;
    n->hostname = text;
    return 0;
}

static int parse_host(struct network *n, const char *text)
{
    size_t len = strcspn(text, ":");
    unsigned char addr[sizeof(struct in6_addr)];

    if (!text[len] || !valid_hostname(text, len) ||
        (inet_pton(AF_INET, text + len + 1, addr) != 1 &&
         inet_pton(AF_INET6, text + len + 1, addr) != 1))
        return -1;
    strvec_push(&n->hosts, text);
    return 0;
}

void network_option(struct network *n, const char *option, const char *value)
{
    network_option_of("run", n, option, value);
}

void network_option_of(const char *command, struct network *n,
                       const char *option, const char *value)
{
    static const struct {
        const char *name;
        int (*parse)(struct network *, const char *);
        const char *wanted;
    } options[] = {
        {"network", parse_network,
         "user, tap=NAME, bridge=NAME or socket=PATH"},
        {"mac", parse_mac, "a card's address like 52:54:00:12:34:56"},
        {"ip", parse_ip, "dhcp, none or ADDR/PREFIX[,GATEWAY[,DNS...]]"},
        {"ip6", parse_ip6,
         "auto, dhcp, none or ADDR/PREFIX[,GATEWAY[,DNS...]]"},
        {"hostname", parse_hostname, "a host name"},
        {"add-host", parse_host, "NAME:ADDR"},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (!strcmp(option, options[i].name) && options[i].parse(n, value))
            usage_error("%s: --%s '%s' is not %s", command, option, value,
                        options[i].wanted);
}
