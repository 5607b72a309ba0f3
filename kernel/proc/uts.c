/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * uts.c - who this machine says it is: uname(2), sethostname(2).
 *
 * Programs parse the release as a Linux version and choose features by it
 * (glibc refuses one below 3.2), so it names the Linux whose interface this is.
 */
#include <linux/utsname.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#ifndef UNIBEAM_VERSION
#define UNIBEAM_VERSION "0.1.0"
#endif

const char uts_release[] = "6.1.0-unibeam";
const char uts_version[] = "#1 SMP unibeam " UNIBEAM_VERSION;

static struct spinlock lock = SPINLOCK_INIT(RANK_NONE);
static char hostname[__NEW_UTS_LEN + 1] = "unibeam";  /* [lock] */
static char domainname[__NEW_UTS_LEN + 1] = "(none)"; /* [lock] */

static int set_name(char *name, const char *new, size_t len)
{
    if (len > __NEW_UTS_LEN)
        return -EINVAL;
    spin_lock(&lock);
    memset(name, 0, __NEW_UTS_LEN + 1);
    memcpy(name, new, len);
    spin_unlock(&lock);
    return 0;
}

void uts_get_hostname(char *out, size_t size)
{
    spin_lock(&lock);
    strlcpy(out, hostname, size);
    spin_unlock(&lock);
}

int uts_set_hostname(const char *name, size_t len)
{
    return set_name(hostname, name, len);
}

long sys_uname(void __user *out)
{
    struct new_utsname u = {
        .sysname = "Linux",
        .machine = "x86_64",
    };

    strlcpy(u.release, uts_release, sizeof(u.release));
    strlcpy(u.version, uts_version, sizeof(u.version));
    spin_lock(&lock);
    memcpy(u.nodename, hostname, sizeof(u.nodename));
    memcpy(u.domainname, domainname, sizeof(u.domainname));
    spin_unlock(&lock);
    return copy_to_user(out, &u, sizeof(u));
}

static long set_from_user(char *name, const char __user *uname, size_t len)
{
    char new[__NEW_UTS_LEN];

    if (current_process()->euid != 0)
        return -EPERM;
    if (len > sizeof(new))
        return -EINVAL;
    if (copy_from_user(new, uname, len))
        return -EFAULT;
    return set_name(name, new, len);
}

long sys_sethostname(const char __user *name, size_t len)
{
    return set_from_user(hostname, name, len);
}

long sys_setdomainname(const char __user *name, size_t len)
{
    return set_from_user(domainname, name, len);
}
