/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * task_test.c - processes and threads: making them and waiting for their end.
 */
#include "show.h"

#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char buf[100];

/* --- waiting ----------------------------------------------------------- */

static pid_t child_exits(int status)
{
    pid_t pid = fork();

    if (!pid)
        _exit(status);
    return pid;
}

SECTION(waits)
{
    struct rusage ru;
    siginfo_t si;
    int st = 77;
    pid_t pid;

    R(wait4(-1, &st, WNOHANG, NULL));
    R(wait4(-1, &st, 0, NULL));
    R(wait4(999999, &st, 0, NULL));
    R(wait4(getpid(), &st, 0, NULL));
    R(wait4(-999999, &st, 0, NULL));
    R(wait4(-1, &st, 0x12345, NULL));
    pid = child_exits(300);
    V(wait4(pid, &st, 0, &ru) == pid);
    say("%s %d", ending(st), ru.ru_maxrss > 0);
    pid = fork();
    if (!pid)
        for (;;)
            pause();
    R(wait4(pid, &st, WNOHANG, NULL));
    kill(pid, SIGSTOP);
    V(wait4(pid, &st, WUNTRACED, NULL) == pid);
    say("%x", st);
    R(wait4(pid, &st, WNOHANG | WUNTRACED, NULL)); /* once */
    kill(pid, SIGCONT);
    V(wait4(pid, &st, WCONTINUED, NULL) == pid);
    say("%x", st);
    kill(pid, SIGTERM);
    V(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0);
    say("code %d status %d signo %d pid %d", si.si_code, si.si_status,
        si.si_signo, si.si_pid == pid);
    V(waitid(P_ALL, 0, &si, WEXITED) == 0);
    R(waitid(P_ALL, 0, &si, WEXITED));
    R(waitid(P_ALL, 0, &si, 0));
    R(waitid(99, 0, &si, WEXITED));
    R(waitid(P_PID, 0, &si, WEXITED));
    pid = child_exits(1);
    si.si_pid = 5;
    while (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           !si.si_pid)
        ;
    V(si.si_pid == pid);
    R(wait4(pid, (int *)bad, 0, NULL)); /* and it is gone */
    R(wait4(pid, &st, 0, NULL));
    /* groups */
    pid = fork();
    if (!pid) {
        setpgid(0, 0);
        nap(50);
        _exit(4);
    }
    setpgid(pid, pid);
    R(wait4(0, &st, WNOHANG, NULL));
    V(wait4(-pid, &st, 0, NULL) == pid);
    say("%s", ending(st));
    pid = child_exits(6);
    V(wait4(0, &st, 0, NULL) == pid);
    R(getrusage(RUSAGE_CHILDREN, &ru));
    R(getrusage(RUSAGE_SELF, &ru));
    V(ru.ru_maxrss > 0 && ru.ru_minflt > 0);
    R(getrusage(RUSAGE_THREAD, &ru));
    R(getrusage(99, &ru));
    R(getrusage(RUSAGE_SELF, (void *)bad));
    /* children of a child go to process 1 */
    int p[2];
    NEED(!pipe(p));
    CHILD
    {
        if (!fork()) {
            while (getppid() != 1)
                nap(1);
            write(p[1], "orphan", 6);
            _exit(0);
        }
    }
    R(read(p[0], buf, 6));
}

SECTION(zombies)
{
    char path[64];
    int st;
    pid_t pid = child_exits(0);

    siginfo_t si;
    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
    R(kill(pid, 0));
    R(kill(pid, SIGKILL));
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    char *s = strrchr(get(path), ')');
    say("state %c", s ? s[2] : '?');
    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
    V(strlen(get(path)));
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    R(readlink(path, buf, 10));
    R(setpgid(pid, 0));
    V(getpgid(pid) == getpgrp());
    waitpid(pid, &st, 0);
    R(kill(pid, 0));
    R(getpgid(pid));
    R(access(path, F_OK));
    signal(SIGCHLD, SIG_IGN);
    child_exits(1);
    R(wait(&st));
    struct sigaction a = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &a, NULL);
    child_exits(1);
    R(wait(&st));
}

/* --- clone ------------------------------------------------------------- */

static int clone3(struct clone_args *a, size_t size)
{
    return (int)syscall(SYS_clone3, a, size);
}

static int thread_fn(void *arg)
{
    *(int *)arg = 5;
    return 9;
}

SECTION(clones)
{
    struct clone_args a = {.exit_signal = SIGCHLD};
    pid_t tid = 0, ctid = 0;
    char *stack = malloc(65536);
    int value = 0, st, pidfd = -1;
    pid_t pid;

    /* fork as glibc does it */
    pid = (pid_t)syscall(SYS_clone,
                         CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD,
                         NULL, NULL, &ctid, 0);
    if (!pid)
        _exit(ctid == (pid_t)syscall(SYS_getpid) ? 0 : 1);
    say("%s %d", ending(child_wait(pid)), ctid);
    pid = clone3(&a, sizeof(a));
    if (!pid)
        _exit(3);
    say("%s", ending(child_wait(pid)));
    pid = clone3(&a, 64);
    if (!pid)
        _exit(3);
    say("%s", ending(child_wait(pid)));
    a.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_PIDFD;
    a.parent_tid = (uintptr_t)&tid;
    a.child_tid = (uintptr_t)&ctid;
    a.pidfd = (uintptr_t)&pidfd;
    pid = clone3(&a, sizeof(a));
    if (!pid)
        _exit(ctid == getpid() && tid ? 0 : 1);
    say("%d %d", tid == pid, pidfd >= 0 && fcntl(pidfd, F_GETFD) == 1);
    struct pollfd pf = {pidfd, POLLIN, 0};
    R(poll(&pf, 1, 2000));
    say("%s", ending(child_wait(pid)));
    R(read(pidfd, buf, 1));
    SYS(pidfd_send_signal, pidfd, 0, NULL, 0);
    close(pidfd);
    /* memory shared: as vfork, with a stack */
    a = (struct clone_args){.flags = CLONE_VM | CLONE_VFORK,
                            .exit_signal = SIGCHLD};
    pid = clone(thread_fn, stack + 65536, CLONE_VM | CLONE_VFORK | SIGCHLD,
                &value);
    V(value); /* the parent waited for it */
    say("%s", ending(child_wait(pid)));
    /* files and directories shared */
    value = 0;
    pid = clone(thread_fn, stack + 65536, CLONE_VM | CLONE_FILES | SIGCHLD,
                &value);
    V(pid > 0);
    say("%s", ending(child_wait(pid)));
    V(value);
    /* another exit signal: only __WALL or __WCLONE sees it */
    pid = clone(thread_fn, stack + 65536, CLONE_VM, &value);
    nap(20);
    R(waitpid(pid, &st, WNOHANG));
    V(waitpid(pid, &st, __WCLONE) == pid);
    /* errors */
    SYS(clone, CLONE_SIGHAND, NULL, NULL, NULL, 0);
    SYS(clone, CLONE_THREAD | CLONE_SIGHAND, NULL, NULL, NULL, 0);
    SYS(clone, CLONE_FS | CLONE_NEWNS, NULL, NULL, NULL, 0);
    a = (struct clone_args){.exit_signal = 99};
    R(clone3(&a, sizeof(a)));
    R(clone3(&a, 8));
    R(clone3(&a, 100000));
    R(clone3((void *)bad, sizeof(a)));
    a = (struct clone_args){.stack = (uintptr_t)stack};
    R(clone3(&a, sizeof(a)));
    a = (struct clone_args){.stack_size = 4096};
    R(clone3(&a, sizeof(a)));
    a = (struct clone_args){.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
                            .exit_signal = SIGCHLD};
    R(clone3(&a, sizeof(a)));
    a = (struct clone_args){.flags = 0xff};
    R(clone3(&a, sizeof(a)));
    struct {
        struct clone_args a;
        uint64_t more;
    } big = {{.exit_signal = SIGCHLD}, 1};
    R(clone3((void *)&big, sizeof(big)));
    big.more = 0;
    pid = clone3((void *)&big, sizeof(big));
    if (!pid)
        _exit(0);
    say("%s", ending(child_wait(pid)));
}

static void *thread_ids(void *arg)
{
    pid_t *out = arg;

    out[0] = getpid();
    out[1] = gettid();
    out[2] = getppid();
    prctl(PR_SET_NAME, "1_scheduler_long_name");
    int fd = open("/proc/thread-self/comm", O_RDONLY);
    ssize_t n = read(fd, buf, 100);
    buf[n > 0 ? n - 1 : 0] = 0;
    close(fd);
    return NULL;
}

SECTION(threads)
{
    pid_t ids[3];
    pthread_t t;
    uint32_t *head;
    size_t len;

    pthread_create(&t, NULL, thread_ids, ids);
    pthread_join(t, NULL);
    say("%d %d %d %s", ids[0] == getpid(), ids[1] != getpid(),
        ids[2] == getppid(), buf);
    V(gettid() == getpid());
    V(syscall(SYS_set_tid_address, &len) == getpid());
    SYS(get_robust_list, 0, &head, &len);
    V(len);
    SYS(set_robust_list, head, 24);
    SYS(set_robust_list, head, 25);
    SYS(get_robust_list, 999999, &head, &len);
    char path[100];
    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", gettid());
    prctl(PR_SET_NAME, "main thread");
    say("%s", strtok(strdup(get(path)), "\n"));
    say("%s", strtok(strdup(get("/proc/self/comm")), "\n"));
    put("/proc/self/comm", "renamed");
    prctl(PR_GET_NAME, buf);
    say("%s", buf);
}

/* robust mutexes whose owner dies */
static pthread_mutex_t robust;

static void *die_with_lock(void *arg)
{
    pthread_mutex_lock(&robust);
    return arg;
}

SECTION(robust_list)
{
    pthread_mutexattr_t at;
    pthread_t t;

    pthread_mutexattr_init(&at);
    pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &at);
    pthread_create(&t, NULL, die_with_lock, NULL);
    pthread_join(t, NULL);
    say("%s", err_name(pthread_mutex_lock(&robust)));
    R(pthread_mutex_consistent(&robust));
    R(pthread_mutex_unlock(&robust));
    /* shared between processes, the owner is killed */
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_setpshared(&at, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(m, &at);
    int go[2];
    NEED(!pipe(go));
    pid_t pid = fork();
    if (!pid) {
        pthread_mutex_lock(m);
        write(go[1], "x", 1);
        nap(50);
        kill(getpid(), SIGKILL);
    }
    read(go[0], buf, 1);
    say("%s", err_name(pthread_mutex_lock(m)));
    say("%s", ending(child_wait(pid)));
}

SECTION(vforks)
{
    volatile int shared = 0;
    int st = 0;
    pid_t pid;

    put("script", "#!/bin/sh\nexit 23\n");
    chmod("script", 0755);
    pid = vfork();
    if (!pid) {
        shared = 5;
        _exit(7);
    }
    say("%d %s", shared, ending(child_wait(pid)));
    pid = vfork();
    if (!pid) {
        execl("./script", "script", NULL);
        _exit(127);
    }
    say("%s", ending(child_wait(pid)));
    char *argv[] = {"sh", "-c", "exit 9", NULL}, *none[] = {NULL};
    R(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, none));
    say("%s", ending(child_wait(pid)));
    say("%s", err_name(posix_spawn(&pid, "/no/such", NULL, NULL, argv, none)));
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 5, "script", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&fa, 5, 6);
    posix_spawn_file_actions_addclose(&fa, 5);
    posix_spawnattr_init(&at);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGDEF |
                                      POSIX_SPAWN_SETSIGMASK |
                                      POSIX_SPAWN_SETPGROUP);
    char *argv2[] = {"sh", "-c", "read x <&6; echo $x >&2; exit 3", NULL};
    NEED(!posix_spawn(&pid, "/bin/sh", &fa, &at, argv2, none));
    say("%s", ending(child_wait(pid)));
    V(system("exit 5") >> 8);
    FILE *f = popen("echo from popen; exit 2", "r");
    say("%s", fgets(buf, 100, f) ? strtok(buf, "\n") : "?");
    st = pclose(f);
    say("%s", ending(st));
}
