/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwipopts.h - how lwIP is built here.
 *
 * One thread of control under net_lock (NO_SYS), raw API, every object from
 * kmalloc: the only fixed tables are those for neighbours. All timers are ours
 * (net/lwip_timer.c), so that an idle machine sleeps.
 */
#ifndef UNIBEAM_LWIPOPTS_H
#define UNIBEAM_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0 /* net_lock covers everything */
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_TIMERS          0
#define LWIP_STATS           0
#define LWIP_DNS             0
#define LWIP_HOOK_FILENAME   "net/lwip_hooks.h"

/* Assertions state what lwIP believes of its own data. A violated one must not
 * let a packet end the machine, so only test and debug builds have them; the
 * packet fuzzer runs with them on. */
#ifndef DEBUG
#define LWIP_NOASSERT
#endif

/* Memory: kmalloc behind the names of the C library. */
#define MEM_LIBC_MALLOC          1
#define MEMP_MEM_MALLOC          1
#define MEM_ALIGNMENT            8
#define mem_clib_malloc          net_mem_alloc
#define mem_clib_calloc          net_mem_calloc
#define mem_clib_free            net_mem_free
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* Room in front of a packet for all headers, Ethernet's padded so that what
 * follows is aligned. */
#define ETH_PAD_SIZE                 0
#define PBUF_LINK_ENCAPSULATION_HLEN 0

/* Interfaces. */
#define LWIP_HAVE_LOOPIF              1
#define LWIP_NETIF_LOOPBACK           1
#define LWIP_LOOPIF_MULTICAST         1
#define LWIP_CHECKSUM_CTRL_PER_NETIF  1
#define LWIP_NETIF_STATUS_CALLBACK    1
#define LWIP_NETIF_HOSTNAME           1
#define LWIP_NETIF_HWADDRHINT         1
#define LWIP_NUM_NETIF_CLIENT_DATA    1 /* net6_addr.c */
#define ARP_TABLE_SIZE                32
#define ARP_QUEUEING                  1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define ETH_STATIC                    0

/* IP. */
#define LWIP_IPV4                 1
#define LWIP_IPV6                 1
#define LWIP_IPV6_FRAG            1
#define IPV6_FRAG_COPYHEADER      1 /* pointers are wider than the header */
#define LWIP_IPV6_DHCP6           0
#define LWIP_IPV6_NUM_ADDRESSES   8
#define LWIP_ND6_NUM_NEIGHBORS    64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define LWIP_ND6_NUM_PREFIXES     16
#define LWIP_ND6_NUM_ROUTERS      4
#define LWIP_ICMP                 1
#define ICMP_TTL                  64
#define LWIP_ICMP6_HL             64
#define LWIP_IGMP                 1
#define LWIP_RAW                  1
#define LWIP_MULTICAST_TX_OPTIONS 1
#define LWIP_BROADCAST_PING       0
#define LWIP_MULTICAST_PING       1 /* IPv6's; see net_hook_ip4_input */
#define IP_REASS_MAX_PBUFS        64
#define IP_SOF_BROADCAST          1
#define IP_SOF_BROADCAST_RECV     0
#define LWIP_DHCP                 1
/* A host name of 63 letters, and the options we ask for. */
#define DHCP_OPTIONS_LEN         160
#define DHCP_DOES_ARP_CHECK      0
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_DHCP_CHECK_LINK_UP  1
#define SO_REUSE                 1
#define SO_REUSE_RXTOALL         1

/* UDP. */
#define LWIP_UDP 1

/* TCP. TCP_MSS is the limit for loopback; a connection's own follows from its
 * interface. The window and buffer limits here are for the largest socket:
 * SO_RCVBUF and SO_SNDBUF hold each one lower (net/sock_tcp.c). Headers, pbuf
 * and data of a full loopback segment fill 16 KiB. */
#define LWIP_TCP                   1
#define TCP_MSS                    16200
#define TCP_CALCULATE_EFF_SEND_MSS 1
#define LWIP_WND_SCALE             1
#define TCP_RCV_SCALE              4
#define TCP_WND                    (512 * 1024)
#define TCP_WND_UPDATE_THRESHOLD   8192
#define TCP_SND_BUF                (512 * 1024)
#define TCP_SND_QUEUELEN           16000
#define TCP_SNDLOWAT               (TCP_MSS * 2)
#define TCP_SNDQUEUELOWAT          8000
#define TCP_OVERSIZE               0
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_MAX_PBUFS        256
#define LWIP_TCP_SACK_OUT          1
#define LWIP_TCP_TIMESTAMPS        0
#define LWIP_TCP_KEEPALIVE         1
#define TCP_LISTEN_BACKLOG         0 /* counts in 8 bits; ours is sock_tcp's */
#define LWIP_TCP_PCB_NUM_EXT_ARGS  2 /* sock_tcp.c, lwip_demux.c */
#define TCP_MSL                    15000UL
/* The bound on repeating data is one in time, net/lwip_timer.c's. With the last
 * SYN not waited for, connecting takes Linux's 127 s to fail. */
#define TCP_MAXRTX    12
#define TCP_SYNMAXRTX 7

/* The local ports programs get without asking: as Linux's default, see
 * /proc/sys/net/ipv4/ip_local_port_range. UDP and TCP share the definition. */
#define TCP_LOCAL_PORT_RANGE_START 32768
#define TCP_LOCAL_PORT_RANGE_END   60999
#define TCP_ENSURE_LOCAL_PORT_RANGE(port)                                      \
    ((u16_t)(TCP_LOCAL_PORT_RANGE_START +                                      \
             (port) %                                                          \
                 (TCP_LOCAL_PORT_RANGE_END - TCP_LOCAL_PORT_RANGE_START)))
#define UDP_LOCAL_PORT_RANGE_START        TCP_LOCAL_PORT_RANGE_START
#define UDP_LOCAL_PORT_RANGE_END          TCP_LOCAL_PORT_RANGE_END
#define UDP_ENSURE_LOCAL_PORT_RANGE(port) TCP_ENSURE_LOCAL_PORT_RANGE(port)

#define LWIP_CHKSUM net_checksum

#define LWIP_DISABLE_MEMP_SANITY_CHECKS 1
#define LWIP_DISABLE_TCP_SANITY_CHECKS  1

#endif
