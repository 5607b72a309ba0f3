/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * task_test.c - processes and threads: making, executing, waiting, identity.
 */
#include "show.h"

#include <elf.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>

static char *volatile bad = (char *)8;
static char buf[70000];

/* --- waiting ----------------------------------------------------------------
 */

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

/* --- clone
 * -------------------------------------------------------------------- */

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

/* --- execve
 * --------------------------------------------------------------------- */

int program_child(int argc, char **argv)
{
    sigset_t m;

    section_name = "child";
    if (!strcmp(argv[1], "args")) {
        for (int i = 0; i < argc; i++)
            say("argv[%d] %.60s", i, strrchr(argv[i], '/') ?: argv[i]);
        for (char **e = environ; *e; e++)
            say("env %.60s", *e);
    } else if (!strcmp(argv[1], "state")) {
        sigprocmask(SIG_BLOCK, NULL, &m);
        for (int s = 1; s < 32; s++) {
            struct sigaction a;

            if (sigaction(s, NULL, &a) == 0 && a.sa_handler != SIG_DFL)
                say("signal %d %s", s,
                    a.sa_handler == SIG_IGN ? "ignored" : "caught");
            if (sigismember(&m, s))
                say("signal %d blocked", s);
        }
        sigpending(&m);
        say("pending %d", sigismember(&m, SIGUSR2));
        for (int fd = 3; fd < 20; fd++)
            if (fcntl(fd, F_GETFD) >= 0)
                say("descriptor %d", fd);
        stack_t ss;
        sigaltstack(NULL, &ss);
        say("altstack %d nice %d alarm %d umask %o", ss.ss_flags,
            getpriority(PRIO_PROCESS, 0), alarm(0) > 0, umask(0));
        prctl(PR_GET_NAME, buf);
        say("name %s", buf);
        int dumpable = prctl(PR_GET_DUMPABLE);
        say("dumpable %d", dumpable);
    } else if (!strcmp(argv[1], "auxv")) {
        static const struct {
            const char *name;
            unsigned long type;
        } t[] = {{"PAGESZ", AT_PAGESZ}, {"CLKTCK", AT_CLKTCK},
                 {"PHENT", AT_PHENT},   {"FLAGS", AT_FLAGS},
                 {"UID", AT_UID},       {"EUID", AT_EUID},
                 {"GID", AT_GID},       {"EGID", AT_EGID},
                 {"SECURE", AT_SECURE}};
        for (int i = 0; i < 9; i++)
            say("%s %ld", t[i].name, (long)getauxval(t[i].type));
        say("phdr %d base %d entry %d", getauxval(AT_PHDR) != 0,
            getauxval(AT_BASE) != 0, getauxval(AT_ENTRY) != 0);
        say("phnum %d", getauxval(AT_PHNUM) > 3);
        say("random %d", *(uint64_t *)getauxval(AT_RANDOM) != 0);
        say("platform %s", (char *)getauxval(AT_PLATFORM));
        say("execfn %s", strrchr((char *)getauxval(AT_EXECFN), '/'));
        say("vdso %d", *(uint32_t *)getauxval(AT_SYSINFO_EHDR) == 0x464c457f);
        say("hwcap %d", getauxval(AT_HWCAP) != 0);
        say("sigstack %d", getauxval(AT_MINSIGSTKSZ) > 500);
        uintptr_t sp = (uintptr_t)argv;
        say("stack aligned %d", sp % 16 == 8);
    } else if (!strcmp(argv[1], "busy")) {
        if (fork() == 0) {
            while (getppid() != 1)
                nap(1);
            nap(200);
            write(9, "y", 1);
            _exit(0);
        }
        write(9, "x", 1);
        for (;;)
            pause();
    } else {
        return atoi(argv[1]);
    }
    return 0;
}

static void run_with(const char *path, char *const argv[], char *const envp[])
{
    pid_t pid = fork();

    if (!pid) {
        execve(path, argv, envp);
        say("exec %.40s: %s", path, err_name(errno));
        _exit(126);
    }
    say("%s", ending(child_wait(pid)));
}

static const char *self_path(void)
{
    static char path[300];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[n > 0 ? n : 0] = 0;
    return path;
}

SECTION(exec_arguments)
{
    char *self = (char *)self_path();
    char *argv[] = {"name", "args", "", "a b", NULL};
    char *envp[] = {"A=1", "B", "", NULL}, *none[] = {NULL};

    run_with(self, argv, envp);
    run_with(self, argv, NULL);
    argv[1] = "auxv";
    run_with(self, argv, envp);
    R(execve(self, (void *)bad, none));
    R(execve(self, argv, (void *)bad));
    R(execve(bad, argv, none));
    argv[1] = bad;
    R(execve(self, argv, none));
    /* too long */
    char *big = malloc(200001);
    memset(big, 'x', 200000);
    big[200000] = 0;
    argv[1] = big;
    R(execve(self, argv, none));
    big[131071] = 0; /* 32 pages with the end: just allowed */
    argv[1] = "0";
    argv[2] = big;
    run_with(self, argv, none);
    big[131071] = 'x';
    big[131072] = 0;
    R(execve(self, argv, none));
    char **many = calloc(2000001, sizeof(*many));
    for (int i = 0; i < 2000000; i++)
        many[i] = "x";
    R(execve(self, many, none));
    many[0] = self;
    many[1] = "17";
    many[100000] = NULL;
    run_with(self, many, none);
}

SECTION(exec_state)
{
    char *argv[] = {"name", "state", NULL}, *none[] = {NULL};
    struct sigaction a = {.sa_handler = (void *)section_exec_state};
    sigset_t m;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGFPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigemptyset(&m);
    sigaddset(&m, SIGUSR2);
    sigaddset(&m, SIGHUP);
    open("a", O_CREAT | O_RDWR, 0600);
    open("b", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    dup2(3, 9);
    fcntl(dup2(3, 10), F_SETFD, FD_CLOEXEC);
    stack_t ss = {malloc(65536), 0, 65536};
    sigaltstack(&ss, NULL);
    setpriority(PRIO_PROCESS, 0, 5);
    umask(027);
    pid_t pid = fork();
    if (!pid) {
        alarm(100);
        sigprocmask(SIG_BLOCK, &m, NULL);
        raise(SIGUSR2);
        prctl(PR_SET_NAME, "before");
        execve(self_path(), argv, none);
    }
    say("%s", ending(child_wait(pid)));
}

SECTION(exec_errors)
{
    char *argv[] = {"x", "0", NULL}, *none[] = {NULL};

    put("empty", "");
    put("text", "hello\n");
    put("plain", "#!/bin/sh\nexit 3\n");
    put("dir_interp", "#!/tmp\n");
    put("no_interp", "#!/no/such\n");
    put("blank", "#!   \n");
    put("spaces", "#! \t /bin/sh \t -e  \nexit 4\n");
    put("nonl", "#!/bin/sh");
    put("twice", "#!./plain\n");
    put("self", "#!./self\n");
    put("elf", "\177ELF");
    char *longline = malloc(1000);
    memset(longline, 'a', 1000);
    memcpy(longline, "#!/", 3);
    longline[300] = '\n';
    longline[301] = 0;
    put("long", longline);
    memcpy(longline, "#!/bin/sh ", 10);
    put("longarg", longline);
    mkdir("d", 0755);
    mkfifo("fifo", 0755);
    for (const char *f = "empty\0text\0plain\0dir_interp\0no_interp\0"
                         "blank\0spaces\0nonl\0twice\0self\0elf\0long\0"
                         "longarg\0d\0fifo\0none\0plain/x\0";
         *f; f += strlen(f) + 1) {
        char path[40];

        snprintf(path, sizeof(path), "./%s", f);
        run_with(path, argv, none); /* not executable */
        chmod(f, 0755);
        run_with(path, argv, none);
    }
    for (int i = 0; i < 7; i++) {
        char name[16], text[32];

        snprintf(name, sizeof(name), "n%d", i);
        snprintf(text, sizeof(text), i ? "#!./n%d\n" : "#!/bin/sh\nexit 6\n",
                 i - 1);
        put(name, text);
        chmod(name, 0755);
        run_with(name, argv, none);
    }
    run_with("/dev/null", argv, none);
    run_with("/proc/self/status", argv, none);
    run_with("", argv, none);
    symlink("plain", "link");
    run_with("link", argv, none);
    /* arguments of scripts */
    char script[400];
    snprintf(script, sizeof(script), "#!%s args -x  y \nbody\n", self_path());
    put("args", script);
    chmod("args", 0755);
    char *sargv[] = {"zero", "one", "two", NULL};
    run_with("./args", sargv, none);
    run_with("./args", none, none);
    /* by descriptor */
    int fd = open("plain", O_RDONLY);
    CHILD
    {
        syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH);
        _exit(errno);
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    SYS(execveat, fd, "", argv, none, AT_EMPTY_PATH);
    SYS(execveat, fd, "x", argv, none, 0);
    SYS(execveat, AT_FDCWD, "link", argv, none, AT_SYMLINK_NOFOLLOW);
    SYS(execveat, AT_FDCWD, "plain", argv, none, 0x4444);
    CHILD
    {
        fexecve(open(self_path(), O_PATH | O_CLOEXEC), argv, none);
        _exit(errno);
    }
    CHILD
    {
        NEED(!setuid(1000));
        chmod("plain", 0700);
        run_with("plain", argv, none);
    }
}

SECTION(exec_busy)
{
    char *argv[] = {"prog", "busy", NULL}, *none[] = {NULL}, *code;
    int fd, go[2], out, w;
    struct stat st;

    fd = open(self_path(), O_RDONLY);
    fstat(fd, &st);
    code = malloc((size_t)st.st_size);
    NEED(read(fd, code, (size_t)st.st_size) == st.st_size);
    out = open("prog", O_CREAT | O_WRONLY, 0755);
    NEED(write(out, code, (size_t)st.st_size) == st.st_size);
    R(execve("./prog", argv, none)); /* open for writing */
    close(out);
    NEED(!pipe(go));
    dup2(go[1], 9);
    fcntl(go[0], F_SETFD, FD_CLOEXEC);
    fcntl(go[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (!pid)
        _exit(execve("./prog", argv, none));
    read(go[0], buf, 1); /* now it runs */
    R(open("prog", O_WRONLY));
    R(open("prog", O_RDWR | O_CREAT, 0755));
    R(open("prog", O_RDONLY | O_TRUNC));
    R(truncate("prog", 0));
    R(open("prog", O_RDONLY) >= 0);
    R(chmod("prog", 0700));
    R(link("prog", "other"));
    R(open("other", O_WRONLY));
    R(rename("prog", "third"));
    put("prog", "#!/bin/sh\nexit 3\n");
    R(rename("prog", "other"));
    kill(pid, SIGTERM); /* its child goes on */
    child_wait(pid);
    R(open("third", O_WRONLY));
    read(go[0], buf, 1);
    for (int i = 0; i < 500 && (w = open("third", O_WRONLY)) < 0; i++)
        nap(10); /* it ends */
    V(w >= 0);
    R(execve("./third", argv, none));
}

/* --- ELF files of our own
 * ----------------------------------------------------- */

struct small_elf {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[3];
    unsigned char code[64];
};

/* mov $60,%eax; mov $n,%edi; syscall */
static void elf_init(struct small_elf *e, int status)
{
    unsigned char code[] = {0xb8, 60, 0, 0,    0, 0xbf, (unsigned char)status,
                            0,    0,  0, 0x0f, 5};

    memset(e, 0, sizeof(*e));
    memcpy(e->eh.e_ident, ELFMAG, 4);
    e->eh.e_ident[EI_CLASS] = ELFCLASS64;
    e->eh.e_ident[EI_DATA] = ELFDATA2LSB;
    e->eh.e_ident[EI_VERSION] = EV_CURRENT;
    e->eh.e_type = ET_EXEC;
    e->eh.e_machine = EM_X86_64;
    e->eh.e_version = 1;
    e->eh.e_phoff = offsetof(struct small_elf, ph);
    e->eh.e_ehsize = sizeof(e->eh);
    e->eh.e_phentsize = sizeof(e->ph[0]);
    e->eh.e_phnum = 1;
    e->eh.e_entry = 0x400000 + offsetof(struct small_elf, code);
    e->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                            .p_flags = PF_R | PF_X,
                            .p_vaddr = 0x400000,
                            .p_filesz = sizeof(*e),
                            .p_memsz = sizeof(*e),
                            .p_align = 4096};
    memcpy(e->code, code, sizeof(code));
}

static void elf_run(int line, const char *what, const struct small_elf *e,
                    size_t size)
{
    char *argv[] = {"elf", NULL}, *none[] = {NULL};
    int fd = open("elf", O_CREAT | O_TRUNC | O_WRONLY, 0755);

    write(fd, e, size);
    close(fd);
    pid_t pid = fork();
    if (!pid) {
        execve("./elf", argv, none);
        say("%d: %s: %s", line, what, err_name(errno));
        _exit(126);
    }
    say("%d: %s: %s", line, what, ending(child_wait(pid)));
}
#define ELF(change, n)                                                         \
    do {                                                                       \
        elf_init(&e, n);                                                       \
        change;                                                                \
        elf_run(__LINE__, #change, &e, sizeof(e));                             \
    } while (0)

SECTION(elf_files)
{
    struct small_elf e;

    ELF((void)0, 11);
    ELF(e.eh.e_type = ET_DYN; e.ph[0].p_vaddr = 0;
        e.eh.e_entry -= 0x400000, 12);
    ELF(e.eh.e_type = ET_REL, 0);
    ELF(e.eh.e_type = ET_CORE, 0);
    ELF(e.eh.e_machine = EM_AARCH64, 0);
    ELF(e.eh.e_ident[0] = 0, 0);
    ELF(e.eh.e_phentsize = 8, 0);
    ELF(e.eh.e_phnum = 0, 0);
    ELF(e.eh.e_phnum = 3000, 0);
    ELF(e.eh.e_phoff = 1 << 30, 0);
    ELF(e.eh.e_phoff = -1, 0);
    ELF(e.ph[0].p_flags = PF_R, 0); /* the code cannot be executed */
    ELF(e.ph[0].p_flags = PF_R | PF_W | PF_X, 14);
    ELF(e.ph[0].p_memsz += 100000, 15); /* bss in a segment without PF_W */
    ELF(e.ph[0].p_flags |= PF_W; e.ph[0].p_memsz += 100000, 16);
    ELF(e.ph[0].p_align = 1 << 21, 17);
    ELF(e.ph[0].p_align = 3, 17);
    ELF(e.ph[0].p_filesz = 1 << 20; e.ph[0].p_memsz = 1 << 20, 18);
    ELF(e.eh.e_entry = 0, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 1, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP;
        e.ph[1].p_filesz = 5000, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "/no/such/ld", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "/etc/passwd", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "not ended...", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_GNU_STACK;
        e.ph[1].p_flags = PF_R | PF_W | PF_X, 19);
    /* two segments, the second with a zero tail and one that is all zero */
    ELF(e.eh.e_phnum = 3; e.ph[1] = e.ph[0]; e.ph[1].p_vaddr = 0x500000;
        e.ph[1].p_flags = PF_R | PF_W; e.ph[1].p_memsz += 8192;
        e.ph[2] = e.ph[1]; e.ph[2].p_vaddr = 0x600000;
        e.ph[2].p_filesz = 0, 20);
    elf_init(&e, 0);
    for (size_t n = 0; n <= sizeof(e.eh) + 56; n += 20)
        elf_run(__LINE__, "short", &e, n);
}

/* --- identity
 * -------------------------------------------------------------------- */

static void show_ids(void)
{
    uid_t r, e, s;
    gid_t g, h, i;

    getresuid(&r, &e, &s);
    getresgid(&g, &h, &i);
    say("uid %u %u %u gid %u %u %u", r, e, s, g, h, i);
}

SECTION(identity)
{
    gid_t groups[4] = {5, 6, 7, 8};

    show_ids();
    R(getgroups(0, NULL) >= 0);
    R(setgroups(3, groups));
    R(getgroups(0, NULL));
    R(getgroups(2, groups));
    R(getgroups(4, groups));
    R(getgroups(-1, groups));
    R(setgroups(70000, groups));
    R(getgroups(4, (void *)bad));
    CHILD
    {
        R(seteuid(1000));
        show_ids();
        R(setuid(1001));
        R(setuid(0));
        show_ids();
        R(setresuid(1, 2, 3));
        show_ids();
        R(setresuid(-1, 3, -1));
        R(setresuid(-1, 1, -1));
        R(setuid(0));
        R(setreuid(2, 2));
        R(setreuid(3, 3));
        show_ids();
    }
    CHILD
    {
        R(setgid(1000));
        R(setuid(1000));
        show_ids();
        R(setuid(0));
        R(setgid(0));
        R(setgroups(0, NULL));
        R(seteuid(0));
        R(setregid(1000, -1));
        R(setresgid(5, 5, 5));
        R(setpriority(PRIO_PROCESS, 0, -5));
        R(setpriority(PRIO_PROCESS, 0, 5));
        R(setpriority(PRIO_PROCESS, 0, 1));
        R(getpriority(PRIO_PROCESS, 0));
        R(kill(1, SIGTERM));
        R(nice(100));
        R(getpriority(PRIO_PROCESS, 0));
    }
    CHILD
    {
        R(setreuid(1000, -1));
        show_ids();
        R(setreuid(-1, 1001));
        show_ids();
        R(setregid(7, 8));
    }
    R(setpriority(99, 0, 0));
    R(getpriority(PRIO_PROCESS, 999999));
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2];
    SYS(capget, &h, d);
    V(d[0].effective & 1);
    h.version = 5;
    SYS(capget, &h, d);
    say("%x", h.version);
    SYS(capget, &h, NULL);
    R(prctl(PR_CAPBSET_READ, 0));
    R(prctl(PR_CAPBSET_READ, 999));
    SYS(setfsuid, 1000);
    SYS(setfsuid, -1);
    SYS(setfsgid, 1000);
    SYS(setfsgid, -1);
}

SECTION(sessions)
{
    CHILD
    {
        pid_t self = getpid();

        V(getsid(0) != self && getpgrp() != self);
        V(setsid() == self);
        V(getsid(0) == self && getpgrp() == self);
        R(setsid());
        R(setpgid(0, 0));
        R(setpgid(0, 999999));
        R(setpgid(-1, 0));
        R(setpgid(0, -1));
        R(setpgid(1, 1));
        R(getpgid(999999));
        R(getpgid(-1));
        R(getsid(999999));
        R(open("/dev/tty", O_RDWR));
        pid_t pid = fork();
        if (!pid) {
            nap(1000);
            _exit(0);
        }
        V(getpgid(pid) == self);
        R(setpgid(pid, pid));
        V(getpgid(pid) == pid);
        R(setpgid(pid, self));
        kill(-self, 0);
        pid_t other = fork();
        if (!other) {
            setsid();
            nap(1000);
            _exit(0);
        }
        nap(50);
        R(setpgid(other, self));
        kill(pid, SIGKILL);
        kill(other, SIGKILL);
        pid_t old = fork();
        if (!old) {
            execl("/bin/sh", "sh", "-c", "sleep 1", NULL);
            _exit(1);
        }
        nap(200);
        R(setpgid(old, 0)); /* has executed a program */
        kill(old, SIGKILL);
    }
}

SECTION(prctls)
{
    int v = 7;

    R(prctl(PR_SET_NAME, "abcdefghijklmnopqrstuvwxyz"));
    R(prctl(PR_GET_NAME, buf));
    say("%s", buf);
    R(prctl(PR_SET_NAME, bad));
    R(prctl(PR_GET_NAME, bad));
    R(prctl(PR_SET_PDEATHSIG, 9));
    R(prctl(PR_GET_PDEATHSIG, &v));
    V(v);
    R(prctl(PR_SET_PDEATHSIG, 999));
    R(prctl(PR_GET_DUMPABLE));
    R(prctl(PR_SET_DUMPABLE, 0));
    R(prctl(PR_GET_DUMPABLE));
    R(prctl(PR_SET_DUMPABLE, 5));
    R(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    R(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    R(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    R(prctl(PR_GET_KEEPCAPS));
    R(prctl(PR_SET_CHILD_SUBREAPER, 1));
    R(prctl(PR_GET_CHILD_SUBREAPER, &v));
    V(v);
    R(prctl(99999));
    R(prctl(PR_GET_TIMERSLACK) > 0);
    /* the subreaper gets the orphans */
    int p[2];
    NEED(!pipe(p));
    pid_t me = getpid();
    CHILD
    {
        if (!fork()) {
            for (int i = 0; i < 200 && getppid() != me; i++)
                nap(5);
            nap(50);
            say("adopted %d", getppid() == me);
            _exit(8);
        }
    }
    say("%s", ending(child_wait(-1)));
    SYS(arch_prctl, 0x1003, &v); /* ARCH_GET_FS */
    SYS(arch_prctl, 0x9999, &v);
    SYS(personality, 0xffffffff);
}

SECTION(scheduling)
{
    struct sched_param sp = {0};
    struct timespec ts;
    unsigned long mask[128] = {0};
    cpu_set_t one;

    R(sched_yield());
    V(syscall(SYS_sched_getaffinity, 0, 128, mask) > 0);
    V(mask[0] & 1);
    SYS(sched_getaffinity, 0, 1, mask);
    SYS(sched_getaffinity, 0, 12, mask);
    SYS(sched_getaffinity, 999999, 128, mask);
    SYS(sched_getaffinity, 0, 128, bad);
    CPU_ZERO(&one);
    R(sched_setaffinity(0, sizeof(one), &one));
    CPU_SET(1000, &one);
    R(sched_setaffinity(0, sizeof(one), &one));
    CPU_SET(0, &one);
    R(sched_setaffinity(0, sizeof(one), &one));
    R(sched_getaffinity(0, sizeof(one), &one));
    V(CPU_COUNT(&one));
    V(sched_getcpu());
    CHILD
    {
        sched_getaffinity(0, sizeof(one), &one);
        V(CPU_COUNT(&one));
    }
    R(sched_getscheduler(0));
    R(sched_getparam(0, &sp));
    R(sched_setscheduler(0, SCHED_OTHER, &sp));
    sp.sched_priority = 5;
    R(sched_setscheduler(0, SCHED_OTHER, &sp));
    R(sched_setscheduler(0, 99, &sp));
    R(sched_get_priority_max(SCHED_FIFO));
    R(sched_get_priority_min(SCHED_FIFO));
    R(sched_get_priority_max(SCHED_OTHER));
    R(sched_get_priority_max(99));
    R(sched_getscheduler(999999));
    R(sched_rr_get_interval(0, &ts));
    struct tms t;
    V(times(&t) > 0);
    unsigned cpu, node;
    SYS(getcpu, &cpu, &node, NULL);
    say("%u %u", cpu, node);
}

/* --- futexes
 * --------------------------------------------------------------------- */

static _Atomic uint32_t word, word2;

static long fut(void *a, int op, uint32_t v, void *ts, void *b, uint32_t v3)
{
    return syscall(SYS_futex, a, op, v, ts, b, v3);
}

static void *wait_bits(void *arg)
{
    fut(&word, FUTEX_WAIT_BITSET | 128, 0, NULL, NULL,
        (uint32_t)(uintptr_t)arg);
    word2++;
    return NULL;
}

SECTION(futexes)
{
    struct timespec ts = {0, 1000000}, wrong = {0, -1};
    pthread_t t[3];

    R(fut(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAIT | 128, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, &wrong, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, bad, NULL, 0));
    R(fut(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 1));
    R(fut(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0u));
    R(fut(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0u));
    R(fut((char *)&word + 2, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut((char *)&word + 2, FUTEX_WAKE, 1, NULL, NULL, 0));
    R(fut(bad, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut((void *)4096, FUTEX_WAKE, 1, NULL, NULL, 0));
    R(fut((void *)4096, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut((void *)-4096ul, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_FD, 1, NULL, NULL, 0));
    R(fut(&word, 99, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_REQUEUE | 128, 1, (void *)1, &word2, 0));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, 1, (void *)1, &word2, 7));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, -1, (void *)1, &word2, 0));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, 1, (void *)1, bad, 0));
    for (long i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, wait_bits, (void *)(1l << i));
    nap(100);
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 10, NULL, NULL, 8));
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 10, NULL, NULL, 5));
    R(fut(&word, FUTEX_WAKE | 128, 10, NULL, NULL, 0));
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    V(word2);
    /* FUTEX_WAKE_OP: old value, then compare */
    word2 = 5;
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP((FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT), 3, FUTEX_OP_CMP_GT,
                   100)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP(FUTEX_OP_ANDN, 8, FUTEX_OP_CMP_LT, -1)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2, 7u << 28));
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2, 9u << 24));
    /* shared between processes: in memory, in a file, by another address */
    uint32_t *sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t waker = fork();
    if (!waker) {
        nap(50);
        sh[1] = 1;
        fut(&sh[1], FUTEX_WAKE, 1, NULL, NULL, 0);
        _exit(0);
    }
    ts = (struct timespec){5, 0};
    while (!*(volatile uint32_t *)&sh[1])
        NEED(fut(&sh[1], FUTEX_WAIT, 0, &ts, NULL, 0) == 0 || errno == EAGAIN);
    child_wait(waker);
    int fd = open("f", O_CREAT | O_RDWR, 0600);
    ftruncate(fd, 4096);
    uint32_t *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pid_t pid = fork();
    if (!pid)
        _exit(fut(&a[3], FUTEX_WAIT, 0, &ts, NULL, 0) == 0 ? 0 : 1);
    nap(100);
    R(fut(&b[3], FUTEX_WAKE, 1, NULL, NULL, 0));
    say("%s", ending(child_wait(pid)));
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
