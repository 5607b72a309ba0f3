/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Both inputs come from outside (an image file, an operator), so both are read
 * strictly: what is not understood is an error with the line or word in it
 * rather than a release that runs in a way nobody asked for.
 */
#include "conf.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63 /* RFC 1035, 2.3.4; also the kernel's nodename */

void conf_init(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    c->grace = CONF_GRACE_DEFAULT;
    c->ip_wait_ms = 3000;
}

int conf_valid_hostname(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > LABEL_MAX || name[0] == '-' || name[n - 1] == '-')
        return 0;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-.") == n;
}

/* Decimal digits only, at most (max). */
static int parse_uint(const char *s, unsigned max, unsigned *out)
{
    unsigned v = 0;

    if (!*s)
        return -1;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return -1;
        v = v * 10 + (unsigned)(*s - '0');
        if (v > max)
            return -1;
    }
    *out = v;
    return 0;
}

static int set_env(struct pool *p, struct conf *c, const char *name,
                   const char *value, struct err *e)
{
    if (!*name || strchr(name, '='))
        return err_set(e, "bad environment variable name '%s'", name);
    strlist_setenv(p, &c->env, name, value);
    return 0;
}

static int set_hostname(struct conf *c, const char *value, struct err *e)
{
    if (!conf_valid_hostname(value))
        return err_set(e, "bad hostname '%s'", value);
    c->hostname = value;
    return 0;
}

static int set_grace(struct conf *c, const char *value, struct err *e)
{
    if (parse_uint(value, CONF_GRACE_MAX, &c->grace))
        return err_set(e, "bad grace '%s': seconds, at most %d", value,
                       CONF_GRACE_MAX);
    return 0;
}

static int set_layout(struct conf *c, const char *value, struct err *e)
{
    if (!strcmp(value, "relx"))
        c->layout = LAYOUT_RELX;
    else if (!strcmp(value, "mix"))
        c->layout = LAYOUT_MIX;
    else if (!strcmp(value, "gleam"))
        c->layout = LAYOUT_GLEAM;
    else
        return err_set(e, "bad layout '%s'", value);
    return 0;
}

static int set_shell(struct conf *c, const char *value, struct err *e)
{
    c->shell = !strcmp(value, "yes");
    if (!c->shell && strcmp(value, "no"))
        return err_set(e, "bad console.shell '%s': yes or no", value);
    return 0;
}

int conf_parse_size(struct termsize *size, const char *text)
{
    const char *x = strchr(text, 'x');
    char columns[8];
    struct termsize new;

    if (!x || (size_t)(x - text) >= sizeof(columns))
        return -1;
    memcpy(columns, text, (size_t)(x - text));
    columns[x - text] = 0;
    if (parse_uint(columns, CONF_SIDE_MAX, &new.columns) ||
        parse_uint(x + 1, CONF_SIDE_MAX, &new.rows) || !new.columns ||
        !new.rows)
        return -1;
    *size = new;
    return 0;
}

static int set_size(struct conf *c, const char *value, struct err *e)
{
    if (conf_parse_size(&c->size, value))
        return err_set(e, "bad console.size '%.60s': COLUMNSxROWS", value);
    return 0;
}

static int set_size_channel(struct conf *c, const char *value, struct err *e)
{
    if (strncmp(value, "/dev/", 5))
        return err_set(e, "bad console.resize '%.60s': a device", value);
    c->size_channel = value;
    return 0;
}

static int set_restart(struct conf *c, const char *value, struct err *e)
{
    static const char failure[] = "on-failure";
    struct restart_policy new = {RESTART_NO, 0};
    const char *rest = value + sizeof(failure) - 1;

    if (!strcmp(value, "always"))
        new.when = RESTART_ALWAYS;
    else if (!strncmp(value, failure, sizeof(failure) - 1))
        new.when = RESTART_ON_FAILURE;
    else if (strcmp(value, "no"))
        goto bad;
    if (new.when == RESTART_ON_FAILURE &&*rest &&
        (*rest != ':' || parse_uint(rest + 1, CONF_RESTART_MAX, &new.max) ||
         !new.max))
        goto bad;
    c->restart = new;
    return 0;
bad:
    return err_set(e, "bad restart '%.60s': no, on-failure[:TIMES] or always",
                   value);
}

/* --- init.conf ------------------------------------------------------------ */

static const char **plain_key(struct conf *c, const char *key)
{
    const struct {
        const char *key;
        const char **at;
    } keys[] = {
        {"release", &c->release}, {"version", &c->version},
        {"root", &c->root},       {"erts", &c->erts},
        {"boot", &c->boot},       {"config", &c->config},
        {"vmargs", &c->vmargs},   {"cookie", &c->cookie},
        {"runtime", &c->runtime}, {"erl", &c->erl},
        {"envsh", &c->envsh},     {"pre_start", &c->pre_start},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!strcmp(keys[i].key, key))
            return keys[i].at;
    return NULL;
}

static int set_key(struct pool *p, struct conf *c, const char *key,
                   const char *value, struct err *e)
{
    const char **at = plain_key(c, key);

    if (at) {
        if (!*value)
            return err_set(e, "'%s' has no value", key);
        *at = value;
        return 0;
    }
    if (!strcmp(key, "layout"))
        return set_layout(c, value, e);
    if (!strcmp(key, "hostname"))
        return set_hostname(c, value, e);
    if (!strcmp(key, "grace"))
        return set_grace(c, value, e);
    if (!strcmp(key, "console.shell"))
        return set_shell(c, value, e);
    if (!strcmp(key, "restart"))
        return set_restart(c, value, e);
    if (!strcmp(key, "pa")) {
        strlist_add(p, &c->pa, (char *)value);
        return 0;
    }
    if (!strncmp(key, "env.", 4))
        return set_env(p, c, key + 4, value, e);
    return err_set(e, "unknown key '%s'", key);
}

static int check_complete(const struct conf *c, struct err *e)
{
    const struct {
        const char *key;
        const void *value;
    } needed[] = {
        {"release", c->release}, {"version", c->version},
        {"root", c->root},       {"erts", c->erts},
        {"boot", c->boot},       {"layout", c->layout ? c : NULL},
    };
    const char *paths[] = {c->root,   c->erts,    c->boot, c->config,
                           c->vmargs, c->runtime, c->envsh};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!needed[i].value)
            return err_set(e, "'%s' is missing", needed[i].key);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (paths[i] && paths[i][0] != '/')
            return err_set(e, "'%s' is not an absolute path", paths[i]);
    return 0;
}

int conf_parse_file(struct pool *p, struct conf *c, const char *text,
                    struct err *e)
{
    unsigned line = 0;

    while (*text) {
        size_t len = strcspn(text, "\n");
        char *key = pool_strndup(p, text, len);
        char *eq = strchr(key, '=');
        struct err why;

        line++;
        text += len + (text[len] == '\n');
        if (key[0] == '#' || key[0] == 0)
            continue;
        if (!eq)
            return err_set(e, "line %u: '%.80s' is not key=value", line, key);
        *eq = 0;
        if (set_key(p, c, key, eq + 1, &why))
            return err_set(e, "line %u: %.200s", line, why.text);
    }
    return check_complete(c, e);
}

/* --- addresses ------------------------------------------------------------ */

static int parse_addr(const char *s, uint32_t *out)
{
    struct in_addr a;

    if (inet_pton(AF_INET, s, &a) != 1)
        return -1;
    *out = a.s_addr;
    return 0;
}

/* Cuts the next comma-separated field out of *(s); NULL at the end. */
static char *next_field(char **s)
{
    char *field = *s;

    if (!field)
        return NULL;
    *s = strchr(field, ',');
    if (*s)
        *(*s)++ = 0;
    return field;
}

static int parse_static(struct ipconf *ip, char *text)
{
    char *rest = text;
    char *field = next_field(&rest);
    char *slash = strchr(field, '/');
    unsigned prefix;
    uint32_t host;

    if (!slash)
        return -1;
    *slash = 0;
    if (parse_addr(field, &ip->addr) || parse_uint(slash + 1, 32, &prefix))
        return -1;
    host = ntohl(ip->addr);
    if (prefix == 0 || host >> 28 >= 14 || host >> 24 == 0)
        return -1;
    ip->netmask = htonl(~0u << (32 - prefix));
    field = next_field(&rest);
    if (field && *field && parse_addr(field, &ip->gateway))
        return -1;
    while ((field = next_field(&rest))) {
        if (ip->ndns == CONF_DNS_MAX || parse_addr(field, &ip->dns[ip->ndns++]))
            return -1;
    }
    ip->mode = IP_STATIC;
    return 0;
}

int conf_parse_ip(struct ipconf *ip, const char *value, struct err *e)
{
    char text[128];
    struct ipconf new = {0};

    if (!strcmp(value, "dhcp")) {
        new.mode = IP_DHCP;
    } else if (!strcmp(value, "none")) {
        new.mode = IP_NONE;
    } else {
        if (strlen(value) >= sizeof(text))
            goto bad;
        strcpy(text, value);
        if (parse_static(&new, text))
            goto bad;
    }
    *ip = new;
    return 0;
bad:
    return err_set(e,
                   "bad ip '%.60s': dhcp, none or "
                   "ADDRESS/PREFIX[,GATEWAY[,DNS...]]",
                   value);
}

/* "NAME:ADDR" becomes a line of /etc/hosts. */
static int add_host(struct pool *p, struct conf *c, const char *value,
                    struct err *e)
{
    const char *addr = strchr(value, ':');
    char *name = pool_strndup(p, value, strcspn(value, ":"));
    struct in6_addr ignored;

    if (!addr || !conf_valid_hostname(name) ||
        (inet_pton(AF_INET, addr + 1, &ignored) != 1 &&
         inet_pton(AF_INET6, addr + 1, &ignored) != 1))
        return err_set(e, "bad host '%.80s': NAME:ADDRESS", value);
    strlist_add(p, &c->hosts, pool_printf(p, "%s\t%s\n", addr + 1, name));
    return 0;
}

static int parse_addr6(const char *s, uint8_t out[16])
{
    return inet_pton(AF_INET6, s, out) == 1 ? 0 : -1;
}

/* An address an interface can have: RFC 4291, 2.5 and 2.7. */
static int usable_addr6(const uint8_t a[16])
{
    static const uint8_t any[16], loopback[16] = {[15] = 1};

    return a[0] != 0xff && memcmp(a, any, 16) && memcmp(a, loopback, 16);
}

static int parse_static6(struct ip6conf *ip, char *text)
{
    char *rest = text;
    char *field = next_field(&rest);
    char *slash = strchr(field, '/');

    if (!slash)
        return -1;
    *slash = 0;
    if (parse_addr6(field, ip->addr) || !usable_addr6(ip->addr) ||
        parse_uint(slash + 1, 128, &ip->prefix) || ip->prefix == 0)
        return -1;
    field = next_field(&rest);
    if (field && *field &&
        (parse_addr6(field, ip->gateway) || !usable_addr6(ip->gateway)))
        return -1;
    while ((field = next_field(&rest))) {
        if (ip->ndns == CONF_DNS_MAX || parse_addr6(field, ip->dns[ip->ndns++]))
            return -1;
    }
    ip->mode = IP6_STATIC;
    return 0;
}

int conf_parse_ip6(struct ip6conf *ip, const char *value, struct err *e)
{
    static const struct {
        const char *word;
        enum conf_ip6 mode;
    } words[] = {{"auto", IP6_AUTO}, {"dhcp", IP6_DHCP}, {"none", IP6_NONE}};
    struct ip6conf new = {0};
    char text[300];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(value, words[i].word))
            new.mode = words[i].mode;
    if (new.mode == IP6_DEFAULT) {
        if (strlen(value) >= sizeof(text) ||
            parse_static6(&new, strcpy(text, value)))
            return err_set(e,
                           "bad ip6 '%.60s': auto, dhcp, none or "
                           "ADDRESS/PREFIX[,GATEWAY[,DNS...]]",
                           value);
    }
    *ip = new;
    return 0;
}

/* --- the kernel's command line -------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes one word off *(text), quotes resolved as include/abi/machine.h has it.
 * The word, or NULL: at the end (*(text) is then empty) or when a quote is not
 * closed. */
static char *next_word(struct pool *p, const char **text)
{
    const char *s = *text;
    char *word;
    char *d;
    int quoted = 0;

    while (is_blank(*s))
        s++;
    *text = s;
    if (!*s)
        return NULL;
    d = word = pool_alloc(p, strlen(s) + 1);
    for (; *s && (quoted || !is_blank(*s)); s++) {
        if (*s == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        *d++ = *s;
    }
    if (quoted)
        return NULL;
    *d = 0;
    *text = s;
    return word;
}

static int apply_word(struct pool *p, struct conf *c, char *word, struct err *e)
{
    char *value = strchr(word, '=');
    unsigned seconds;

    if (!value)
        return 0;
    *value++ = 0;
    if (!strncmp(word, "env.", 4))
        return set_env(p, c, word + 4, value, e);
    if (!strcmp(word, "hostname"))
        return set_hostname(c, value, e);
    if (!strcmp(word, "host"))
        return add_host(p, c, value, e);
    if (!strcmp(word, "grace"))
        return set_grace(c, value, e);
    if (!strcmp(word, "console.shell"))
        return set_shell(c, value, e);
    if (!strcmp(word, "console.size"))
        return set_size(c, value, e);
    if (!strcmp(word, "console.resize"))
        return set_size_channel(c, value, e);
    if (!strcmp(word, "restart"))
        return set_restart(c, value, e);
    if (!strcmp(word, "eval"))
        c->eval = *value ? value : NULL;
    if (!strcmp(word, "ip"))
        return conf_parse_ip(&c->ip, value, e);
    if (!strcmp(word, "ip6"))
        return conf_parse_ip6(&c->ip6, value, e);
    if (!strcmp(word, "ip.wait")) {
        if (parse_uint(value, 3600, &seconds))
            return err_set(e, "bad ip.wait '%s': seconds", value);
        c->ip_wait_ms = seconds * 1000;
    }
    if (!strcmp(word, "arg"))
        strlist_add(p, &c->args, value);
    return 0;
}

int conf_parse_cmdline(struct pool *p, struct conf *c, const char *text,
                       struct err *e)
{
    char *word;

    while ((word = next_word(p, &text)))
        if (apply_word(p, c, word, e))
            return -1;
    if (*text)
        return err_set(e, "a quote is not closed: %.*s",
                       (int)strcspn(text, "\n"), text);
    return 0;
}
