/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * resolver.h - how an Erlang node on OSv finds names: by /etc/hosts, then by
 * asking the name servers of /etc/resolv.conf itself, as OSv has no program it
 * could run for that.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

#define OSV_INETRC_PATH "/etc/default/erlang/inetrc"

/* Is (text) an address that others can reach, too? */
bool osv_is_nameserver(const char *text);

/* Add the name servers of the resolv.conf (path) that are of use elsewhere:
 * none on the loopback interface, and none with a scope. */
void osv_read_nameservers(const char *path, struct strvec *servers);

/* Those of this host. */
void osv_host_nameservers(struct strvec *servers);

/* The two files. */
void osv_write_inetrc(struct buf *out);
void osv_write_resolv_conf(const struct strvec *servers, struct buf *out);
