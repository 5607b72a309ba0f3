/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * conf.h - what process 1 is told: the image's init.conf and the kernel
 * command line, later wins.
 */
#pragma once

#include <stdint.h>

#include "pool.h"

#define CONF_GRACE_DEFAULT 30 /* seconds, include/abi/machine.h */
#define CONF_GRACE_MAX     86400
#define CONF_RESTART_MAX   1000000
#define CONF_DNS_MAX       4

#define CONF_SIDE_MAX 1000 /* rows or columns of a terminal */

enum conf_layout { LAYOUT_NONE, LAYOUT_RELX, LAYOUT_MIX, LAYOUT_GLEAM };

enum restart_when { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct restart_policy {
    enum restart_when when;
    unsigned max; /* in a row, 0: any number */
};

enum conf_ip { IP_DEFAULT, IP_NONE, IP_DHCP, IP_STATIC };

/* Of a terminal; 0 is "not known". */
struct termsize {
    unsigned columns;
    unsigned rows;
};

/* Addresses are in network byte order; 0 is "none". */
struct ipconf {
    enum conf_ip mode;
    uint32_t addr;
    uint32_t netmask;
    uint32_t gateway;
    uint32_t dns[CONF_DNS_MAX];
    unsigned ndns;
};

enum conf_ip6 { IP6_DEFAULT, IP6_NONE, IP6_AUTO, IP6_DHCP, IP6_STATIC };

/* As of a struct in6_addr; all zero is "none". */
struct ip6conf {
    enum conf_ip6 mode;
    uint8_t addr[16];
    unsigned prefix;
    uint8_t gateway[16];
    uint8_t dns[CONF_DNS_MAX][16];
    unsigned ndns;
};

struct conf {
    enum conf_layout layout;
    const char *release;
    const char *version;
    const char *root;
    const char *erts;
    const char *boot;
    const char *config; /* or NULL, as all below */
    const char *vmargs;
    const char *cookie;
    const char *runtime;
    const char *erl;       /* mix: arguments, $RELEASE_MODE in them */
    const char *envsh;     /* mix's env.sh, if there are commands in it */
    const char *pre_start; /* relx's hooks, as its script has them */
    const char *eval;      /* run this instead of the applications (mix) */
    const char *hostname;
    struct strlist hosts; /* lines of /etc/hosts */
    struct strlist env;   /* NAME=VALUE */
    struct strlist args;  /* for the emulator */
    struct strlist pa;    /* gleam: directories of compiled modules */
    struct restart_policy restart;
    struct ipconf ip;
    struct ip6conf ip6;
    int shell;                /* start the release with its shell */
    struct termsize size;     /* of the console */
    const char *size_channel; /* device that tells when it changes */
    unsigned ip_wait_ms;      /* for a lease, before the release is started */
    unsigned grace;           /* seconds from SIGTERM to SIGKILL */
};

/* Empty, with defaults. */
void conf_init(struct conf *c);

/* Reads the text of init.conf.  0, or -1 with the reason in (e). */
int conf_parse_file(struct pool *p, struct conf *c, const char *text,
                    struct err *e);

/* Applies the kernel's command line.  Words that are not ours are left alone
 * (the kernel reports those nobody knows).  0, or -1 with the reason. */
int conf_parse_cmdline(struct pool *p, struct conf *c, const char *text,
                       struct err *e);

/* Reads COLUMNSxROWS, both from 1 to CONF_SIDE_MAX. */
int conf_parse_size(struct termsize *size, const char *text);

/* Reads the value of "ip=". */
int conf_parse_ip(struct ipconf *ip, const char *value, struct err *e);

/* Reads the value of "ip6=". */
int conf_parse_ip6(struct ip6conf *ip, const char *value, struct err *e);

/* A name that gethostname(2) and the BEAM's short node names can use. */
int conf_valid_hostname(const char *name);
