/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_dns.c - resolvers and search domains, as routers (RFC 8106) and DHCPv6
 * servers (RFC 3646) tell them, for process 1 to write down.
 *
 * One list for the machine, as there is one resolver configuration. What DHCPv6
 * says comes first (RFC 8106, 5.3.1). Names from the network go into files, so
 * a domain with anything but letters, digits, - _ and . is left out.
 */
#include "net/net6.h"

#include "lib/string.h"

#define SERVERS 8
#define DOMAINS 8

struct entry {
    bool used;
    uint8_t source;
    nsec_t expires;
};
struct server {
    struct entry e;
    uint8_t addr[16];
};
struct domain {
    struct entry e;
    char name[64];
};

static struct server servers[SERVERS]; /* net_lock */
static struct domain domains[DOMAINS]; /* net_lock */

static bool alive(struct entry *e)
{
    if (e->used && e->expires <= time_monotonic())
        e->used = false;
    return e->used;
}

static void renew(struct entry *e, enum net6_dns_source from, uint32_t lifetime)
{
    if (!alive(e) && lifetime)
        net6_conf_changed();
    e->used = lifetime != 0;
    e->source = (uint8_t)from;
    e->expires = lifetime == UINT32_MAX
                     ? NSEC_NEVER
                     : time_monotonic() + (nsec_t)lifetime * NSEC_PER_SEC;
}

void net6_dns_server(struct netif *n, enum net6_dns_source from,
                     const uint8_t addr[16], uint32_t lifetime)
{
    struct server *place = NULL;

    (void)n;
    for (int i = 0; i < SERVERS; i++) {
        struct server *s = &servers[i];
        if (alive(&s->e) && s->e.source == from && !memcmp(s->addr, addr, 16)) {
            place = s;
            break;
        }
        if (!alive(&s->e) && !place)
            place = s;
    }
    if (!place)
        return;
    memcpy(place->addr, addr, 16);
    renew(&place->e, from, lifetime);
}

static bool good_name(const char *s)
{
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
              (*s >= '0' && *s <= '9') || *s == '-' || *s == '.' || *s == '_'))
            return false;
    return true;
}

/* One name as text; the bytes it took, or 0: malformed. An empty name is
 * padding (RFC 8106, 5.2), one that is too long is skipped. */
static unsigned decode(const uint8_t *p, unsigned len, char name[64])
{
    unsigned at = 0, n = 0;

    while (at < len && p[at]) {
        unsigned label = p[at++];
        if (label > 63 || label > len - at)
            return 0;
        if (n + label + 2 <= 64) {
            if (n)
                name[n++] = '.';
            memcpy(name + n, p + at, label);
            n += label;
        } else {
            n = 64;
        }
        at += label;
    }
    name[n < 64 ? n : 0] = '\0';
    return at < len ? at + 1 : 0;
}

static void add_domain(enum net6_dns_source from, const char *name,
                       uint32_t lifetime)
{
    struct domain *place = NULL;

    for (int i = 0; i < DOMAINS; i++) {
        struct domain *d = &domains[i];
        if (alive(&d->e) && d->e.source == from && !strcmp(d->name, name)) {
            place = d;
            break;
        }
        if (!alive(&d->e) && !place)
            place = d;
    }
    if (!place)
        return;
    strlcpy(place->name, name, sizeof(place->name));
    renew(&place->e, from, lifetime);
}

void net6_dns_search(enum net6_dns_source from, const uint8_t *names,
                     unsigned len, uint32_t lifetime)
{
    char name[64];
    unsigned n;

    for (; len && (n = decode(names, len, name)); names += n, len -= n)
        if (name[0] && good_name(name))
            add_domain(from, name, lifetime);
}

void net6_dns_forget(enum net6_dns_source from)
{
    for (int i = 0; i < SERVERS; i++)
        if (servers[i].e.source == from)
            servers[i].e.used = false;
    for (int i = 0; i < DOMAINS; i++)
        if (domains[i].e.source == from)
            domains[i].e.used = false;
}

static void fill_from(struct netconf_ip6 *conf, enum net6_dns_source from)
{
    for (int i = 0; i < SERVERS; i++) {
        struct server *s = &servers[i];
        bool known = false;
        if (!alive(&s->e) || s->e.source != from)
            continue;
        for (unsigned k = 0; k < conf->ndns; k++)
            known |= !memcmp(conf->dns[k], s->addr, 16);
        if (!known && conf->ndns < NETCONF_DNS6_MAX)
            memcpy(conf->dns[conf->ndns++], s->addr, 16);
    }
    for (int i = 0; i < DOMAINS; i++) {
        struct domain *d = &domains[i];
        size_t used = strlen(conf->search);
        if (!alive(&d->e) || d->e.source != from ||
            used + strlen(d->name) + 2 > sizeof(conf->search))
            continue;
        if (used)
            strlcpy(conf->search + used, " ", sizeof(conf->search) - used);
        used = strlen(conf->search);
        strlcpy(conf->search + used, d->name, sizeof(conf->search) - used);
    }
}

void net6_dns_fill(struct netconf_ip6 *conf)
{
    conf->ndns = 0;
    memset(conf->dns, 0, sizeof(conf->dns));
    memset(conf->search, 0, sizeof(conf->search));
    fill_from(conf, NET6_DNS_DHCP);
    fill_from(conf, NET6_DNS_RA);
}
