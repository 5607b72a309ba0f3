/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * netlink_priv.h - between netlink sockets and the routing family.
 */
#pragma once

#include "lib/types.h"

/* One datagram of an answer; 0 or a negative errno, which ends it. Must not
 * sleep: net_lock may be held. */
typedef int netlink_emit_fn(void *arg, const void *data, size_t len);

/* Answer the requests in (buf) of (len) bytes, from the socket (portid):
 * RTM_GETLINK, RTM_GETADDR and RTM_GETROUTE; others with NLMSG_ERROR. Malformed
 * ones are ignored, as Linux does. */
int rtnetlink_request(const uint8_t *buf, size_t len, uint32_t portid,
                      netlink_emit_fn *emit, void *arg);
