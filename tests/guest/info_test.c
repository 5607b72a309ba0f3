/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * info_test.c - what a program can learn: uname, sysinfo, clocks, /proc, /sys.
 * Numbers differ between machines; the form of the files must not.
 */
#include "show.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>

SECTION(names)
{
    struct utsname u;
    char host[65];

    R(uname(&u));
    say("%s %s %s %d", u.sysname, u.machine, u.nodename,
        isdigit(u.release[0]) && strchr(u.release, '.') != NULL);
    V(u.version[0] != 0);
    R(gethostname(host, sizeof(host)));
    say("%s", host);
    R(uname((void *)bad));
    R(sethostname("other", 5));
    uname(&u);
    say("%s", u.nodename);
    say("%s", get("/proc/sys/kernel/hostname"));
    char big[100] = {0};
    R(sethostname(big, 65));
    R(sethostname(bad, 5));
    R(sethostname("unibeam", 7));
    R(setdomainname("dom", 3));
    uname(&u);
    say("%s", u.domainname);
    R(setdomainname("(none)", 6));
}

SECTION(system)
{
    struct sysinfo si;
    struct rlimit r;

    R(sysinfo(&si));
    V(si.totalram * si.mem_unit > 1 << 20 && si.freeram <= si.totalram &&
      si.procs > 0 && si.uptime >= 0);
    R(sysinfo((void *)bad));
    V(sysconf(_SC_NPROCESSORS_ONLN) == sysconf(_SC_NPROCESSORS_CONF));
    V(sysconf(_SC_PHYS_PAGES) > 1000);
    V(sysconf(_SC_CLK_TCK));
    V(sysconf(_SC_PAGESIZE));
    V(sysconf(_SC_OPEN_MAX) >= 1024);
    static const int limits[] = {RLIMIT_CPU,   RLIMIT_FSIZE, RLIMIT_DATA,
                                 RLIMIT_STACK, RLIMIT_RSS,   RLIMIT_AS};
    for (int i = 0; i < 6; i++) {
        getrlimit(limits[i], &r);
        say("limit %d: %ld", limits[i], (long)r.rlim_cur);
    }
}

/* --- clocks
 * ------------------------------------------------------------------- */

SECTION(clocks)
{
    struct timespec ts, res;
    struct timeval tv;
    struct timezone tz;

    for (int c = -1; c <= 12; c++) {
        long r, q;

        errno = 0;
        r = syscall(SYS_clock_gettime, c, &ts);
        int e = errno;
        errno = 0;
        q = syscall(SYS_clock_getres, c, &res);
        if (c < 5 || c == 7 || c == 10)
            say("clock %d: %ld %s, resolution %ld %s %ld", c, r, err_name(e), q,
                err_name(errno), q ? 0 : (long)(res.tv_nsec > 1000000));
    }
    R(clock_getres(CLOCK_MONOTONIC, &res));
    V(res.tv_nsec);
    R(clock_getres(CLOCK_REALTIME, &res));
    V(res.tv_nsec);
    R(clock_getres(CLOCK_MONOTONIC, NULL));
    SYS(clock_gettime, CLOCK_MONOTONIC, bad);
    SYS(gettimeofday, &tv, &tz);
    V(tv.tv_sec > 1600000000);
    V(time(NULL) - tv.tv_sec <= 1);
    V(syscall(SYS_time, NULL) - tv.tv_sec <= 1);
    SYS(gettimeofday, bad, NULL);
    SYS(time, bad);
    SYS(clock_settime, 77, &ts);
    SYS(clock_settime, CLOCK_MONOTONIC, &ts);
    SYS(clock_settime, CLOCK_REALTIME, bad);
    ts.tv_nsec = -1;
    SYS(clock_settime, CLOCK_REALTIME, &ts);
    CHILD
    {
        NEED(!setuid(1000));
        clock_gettime(CLOCK_REALTIME, &ts);
        SYS(clock_settime, CLOCK_REALTIME, &ts);
        SYS(settimeofday, &tv, NULL);
    }
    clockid_t id;
    V(clock_getcpuclockid(getpid(), &id));
    R(clock_gettime(id, &ts));
    V(clock_getcpuclockid(999999, &id));
    pthread_getcpuclockid(pthread_self(), &id);
    R(clock_gettime(id, &ts));
    V(ts.tv_sec < 10 && ts.tv_nsec > 0);
}

/* The symbols of the vDSO. */
SECTION(vdso)
{
    const Elf64_Ehdr *e = (void *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Phdr *ph = (void *)((char *)e + e->e_phoff);
    const Elf64_Sym *sym = NULL;
    const char *str = NULL, *base = (const char *)e;
    const uint32_t *hash = NULL;
    const Elf64_Dyn *d = NULL;

    for (int i = 0; i < e->e_phnum; i++)
        if (ph[i].p_type == PT_DYNAMIC)
            d = (void *)(base + ph[i].p_offset);
    for (; d->d_tag; d++) {
        const char *at = base + d->d_un.d_ptr;

        if (d->d_tag == DT_SYMTAB)
            sym = (void *)at;
        else if (d->d_tag == DT_STRTAB)
            str = at;
        else if (d->d_tag == DT_HASH)
            hash = (void *)at;
    }
    say("hash %d", hash != NULL);
    static const char *const names[] = {"__vdso_clock_gettime",
                                        "__vdso_gettimeofday", "__vdso_time",
                                        "__vdso_clock_getres", "__vdso_getcpu"};
    for (int k = 0; k < 5; k++) {
        int found = 0;
        for (uint32_t i = 0; sym && hash && i < hash[1]; i++)
            found |=
                !strcmp(str + sym[i].st_name, names[k]) && sym[i].st_value != 0;
        say("%s %d", names[k], found);
    }
}

static _Atomic long long latest;
static atomic_int backwards;

static void *clock_reader(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        struct timespec ts;
        long long seen = atomic_load(&latest), now;

        if (i % 4 == (intptr_t)arg % 4)
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
        else
            clock_gettime(CLOCK_MONOTONIC, &ts);
        now = ts.tv_sec * 1000000000ll + ts.tv_nsec;
        if (now < seen)
            backwards++;
        while (seen < now && !atomic_compare_exchange_weak(&latest, &seen, now))
            ;
    }
    return NULL;
}

/* Across processors, and between the vDSO and the kernel. */
SECTION(monotonic)
{
    pthread_t t[8];
    struct timespec a, b;

    for (long i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, clock_reader, (void *)i);
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], NULL);
    V(backwards);
    clock_gettime(CLOCK_REALTIME, &a);
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &b);
    V(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    clock_gettime(CLOCK_MONOTONIC_COARSE, &a);
    clock_gettime(CLOCK_MONOTONIC, &b);
    V((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 0);
}

/* --- files
 * -------------------------------------------------------------------- */

/* Runs of digits become N, runs of blanks one. */
static char *form(const char *s, size_t n)
{
    static char out[1000];
    size_t k = 0;

    for (size_t i = 0; i < n && s[i] && k < sizeof(out) - 2; i++) {
        if (isdigit((unsigned char)s[i])) {
            while (i + 1 < n && isdigit((unsigned char)s[i + 1]))
                i++;
            out[k++] = 'N';
        } else if (s[i] == ' ') {
            while (i + 1 < n && s[i + 1] == ' ')
                i++;
            out[k++] = ' ';
        } else {
            out[k++] = s[i];
        }
    }
    out[k] = 0;
    return out;
}

/* The lines of a file that begin with one of (keys), or all. */
static void show_form(const char *path, const char *keys)
{
    char *text = strdup(get(path)), *save, want[64];

    if (!*text)
        say("%s: %s", path, err_name(errno));
    for (char *l = strtok_r(text, "\n", &save); l;
         l = strtok_r(NULL, "\n", &save)) {
        snprintf(want, sizeof(want), "|%.*s|", (int)strcspn(l, ": \t"), l);
        if (!keys || strstr(keys, want))
            say("%s: %s", path, form(l, strlen(l)));
    }
    free(text);
}

SECTION(proc_system)
{
    show_form("/proc/meminfo",
              "|MemTotal|MemFree|MemAvailable|Buffers|Cached|SwapTotal|"
              "SwapFree|Shmem|Slab|PageTables|AnonPages|Mapped|");
    show_form("/proc/loadavg", NULL);
    show_form("/proc/stat", "|cpu|cpu0|ctxt|btime|processes|procs_running|"
                            "procs_blocked|");
    show_form("/proc/uptime", NULL);
    show_form("/proc/sys/vm/overcommit_memory", NULL);
    show_form("/proc/sys/kernel/ostype", NULL);
    show_form("/proc/sys/kernel/pid_max", NULL);
    show_form("/proc/sys/fs/file-max", NULL);
    show_form("/proc/sys/fs/file-nr", NULL);
    show_form("/proc/sys/kernel/random/boot_id", "|none|");
    show_form("/proc/sys/kernel/random/entropy_avail", NULL);
    show_form("/proc/sys/net/core/somaxconn", NULL);
    V(strstr(get("/proc/version"), "Linux version ") != NULL);
    V(strstr(get("/proc/filesystems"), "nodev\tproc\n") != NULL);
    V(strstr(get("/proc/filesystems"), "selinuxfs") != NULL);
    V(strstr(get("/proc/cpuinfo"), "processor\t: 0\n") != NULL);
    V(strstr(get("/proc/cpuinfo"), "\nmodel name\t: ") != NULL);
    V(strstr(get("/proc/cpuinfo"), "\nflags\t\t: ") != NULL);
    V(strlen(get("/proc/cmdline")) > 0);
    V(strstr(get("/proc/mounts"), "proc /proc proc ") != NULL);
    V(strstr(get("/proc/self/mounts"), "tmpfs /tmp tmpfs rw") != NULL);
    R(open("/proc/none", O_RDONLY));
    R(open("/proc/meminfo", O_WRONLY) >= 0);
    R(mkdir("/proc/x", 0700));
    struct stat st;
    R(stat("/proc/meminfo", &st));
    say("mode %o size %ld", st.st_mode, (long)st.st_size);
    R(stat("/proc/self", &st));
    R(lstat("/proc/self", &st));
    say("mode %o", st.st_mode);
    char link[64] = "";
    R(readlink("/proc/self", link, sizeof(link)) > 0);
    V(atoi(link) == getpid());
    V(atoi(strrchr(strdup((readlink("/proc/thread-self", link, 64), link)),
                   '/') +
           1) == gettid());
}

/* Field names of status whose form is looked at. */
#define STATUS                                                                 \
    "|Name|Umask|State|Tgid|Pid|PPid|TracerPid|Uid|Gid|FDSize|VmSize|"         \
    "VmHWM|VmRSS|VmData|VmStk|VmExe|Threads|SigPnd|ShdPnd|"                    \
    "SigBlk|SigIgn|SigCgt|NoNewPrivs|"                                         \
    "voluntary_ctxt_switches|nonvoluntary_ctxt_switches|"

SECTION(proc_self)
{
    char path[200], link[300];
    struct stat st;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, (void *)section_proc_self);
    show_form("/proc/self/status", STATUS);
    show_form("/proc/self/stat", NULL);
    show_form("/proc/self/statm", NULL);
    show_form("/proc/self/comm", NULL);
    say("%s", form(strstr(get("/proc/self/limits"), "Limit"), 70));
    say("%s", form(strstr(get("/proc/self/limits"), "Max stack"), 70));
    say("%s", form(strstr(get("/proc/self/limits"), "Max open"), 70));
    show_form("/proc/self/cgroup", "|none|");
    show_form("/proc/self/oom_score_adj", NULL);
    char *t = strdup(get("/proc/self/stat"));
    V(atoi(t) == getpid());
    t = strrchr(t, ')');
    int ppid = 0, pgrp = 0, sid = 0;
    sscanf(t, ") %*c %d %d %d", &ppid, &pgrp, &sid);
    say("%d %d %d", ppid == getppid(), pgrp == getpgrp(), sid == getsid(0));
    V(!memcmp(get("/proc/self/cmdline"), program_invocation_name,
              strlen(program_invocation_name) + 1));
    V(strstr(get("/proc/self/environ"), "PATH=") != NULL);
    ssize_t n = readlink("/proc/self/exe", link, sizeof(link) - 1);
    link[n > 0 ? n : 0] = 0;
    say("exe %s", link);
    n = readlink("/proc/self/cwd", link, sizeof(link) - 1);
    link[n > 0 ? n : 0] = 0;
    say("cwd %s", strrchr(link, '/'));
    n = readlink("/proc/self/root", link, sizeof(link) - 1);
    link[n > 0 ? n : 0] = 0;
    say("root %s", link);
    int fd = open("file", O_CREAT | O_RDWR | O_APPEND, 0600), p[2];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    n = readlink(path, link, sizeof(link) - 1);
    link[n > 0 ? n : 0] = 0;
    say("fd %s", strrchr(link, '/'));
    R(lstat(path, &st));
    say("mode %o", st.st_mode);
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    show_form(path, "|pos|flags|");
    NEED(!pipe(p));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
    n = readlink(path, link, sizeof(link) - 1);
    say("%s", form(link, (size_t)n));
    R(readlink("/proc/self/fd/99", link, 10));
    R(readlink("/proc/self/fd/x", link, 10));
    R(open("/proc/self/fd/99", O_RDONLY));
    struct dirent **e;
    int k = scandir("/proc/self/fd", &e, NULL, alphasort);
    for (int i = 0; i < k; i++)
        say("fd entry %s", e[i]->d_name);
    k = scandir("/proc/self/task", &e, NULL, alphasort);
    say("%d tasks", k - 2);
    show_form("/proc/thread-self/status", "|Name|Threads|");
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", gettid());
    V(atoi(get(path)) == gettid());
    R(access("/proc/self/task/1", F_OK));
    R(access("/proc/self/maps", R_OK));
    R(access("/proc/1/status", R_OK));
    R(access("/proc/999999", R_OK));
    V(strstr(get("/proc/self/mountinfo"), " - proc proc rw") != NULL);
    V(strstr(get("/proc/self/mountinfo"), " /tmp rw") != NULL);
    t = strdup(get("/proc/self/mountinfo"));
    t = strstr(t, " /dev/shm ");
    say("%.20s", t);
    CHILD
    {
        NEED(!setuid(1000));
        R(readlink("/proc/1/exe", link, 10));
        R(open("/proc/1/environ", O_RDONLY));
        R(readlink("/proc/1/fd/0", link, 10));
        V(strlen(get("/proc/1/maps")));
        R(readlink("/proc/self/exe", link, 10));
        R(open("/proc/1/status", O_RDONLY) >= 0);
        R(open("/proc/1/stat", O_RDONLY) >= 0);
    }
}

static void *idler(void *arg)
{
    while (arg == NULL)
        pause();
    return arg;
}

SECTION(proc_tasks)
{
    pthread_t t[3];
    struct dirent **e;

    for (int i = 0; i < 3; i++) {
        char name[16];

        pthread_create(&t[i], NULL, idler, NULL);
        snprintf(name, sizeof(name), "worker %d", i);
        pthread_setname_np(t[i], name);
    }
    int k = scandir("/proc/self/task", &e, NULL, alphasort);
    say("%d tasks", k - 2);
    int named = 0;
    for (int i = 0; i < k; i++) {
        char path[300];

        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e[i]->d_name);
        named += !strncmp(get(path), "worker ", 7);
    }
    V(named);
    show_form("/proc/self/status", "|Threads|");
}

static void show_file(const char *path)
{
    const char *s = get(path);

    say("%s: %s", path, *s ? form(s, strcspn(s, "\n")) : "-");
}

SECTION(sys_files)
{
    struct stat st;
    char link[300];

    show_file("/sys/devices/system/cpu/cpu0/topology/physical_package_id");
    show_file("/sys/devices/system/cpu/cpu0/topology/core_id");
    V(isdigit(*get("/sys/devices/system/cpu/possible")));
    V(isdigit(*get("/sys/devices/system/cpu/online")));
    V(isdigit(*get("/sys/devices/system/cpu/present")));
    R(lstat("/sys/devices/system/node/node0/cpu0", &st));
    say("mode %o", st.st_mode & S_IFMT);
    R(stat("/sys/devices/system/node/node0/cpu0/topology/core_id", &st));
    ssize_t n = readlink("/sys/devices/system/node/node0/cpu0", link, 299);
    link[n > 0 ? n : 0] = 0;
    say("%s", link);
    R(readlink("/sys/devices/system/node", link, 299));
    V(isdigit(*get("/sys/devices/system/node/node0/cpulist")));
    R(access("/sys/fs/selinux", F_OK));
    R(access("/sys/none", F_OK));
    n = (ssize_t)open("/sys/devices/system/cpu/online", O_RDONLY);
    char c[2];
    R(pread((int)n, c, 2, 1000));
}

SECTION(random)
{
    static char a[4096], b[4096];

    SYS(getrandom, a, 8, 1);
    SYS(getrandom, a, 4096, 0);
    SYS(getrandom, b, 4096, 2);
    V(memcmp(a, b, 4096) != 0);
    SYS(getrandom, a, 0, 0);
    SYS(getrandom, bad, 8, 0);
    SYS(getrandom, a, 8, 0x80);
    SYS(getrandom, a, 8, 6);
}
