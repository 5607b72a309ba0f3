/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_test.c - processes as a program sees them: fork, wait, exec, identity,
 * descriptors.
 */
#include "proc_check.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

/* --- fork, wait, exec ---------------------------------------------------- */

static void test_fork_wait(void)
{
    int st, pid = fork();

    if (!pid)
        _exit(42);
    CHECK(pid > 0);
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 42);
    CHECK(waitpid(-1, &st, 0) == -1 && errno == ECHILD);
}

static void test_many_children(void)
{
    int st, seen = 0;

    for (int i = 0; i < 100; i++) {
        int pid = fork();
        CHECK(pid >= 0);
        if (!pid)
            _exit(i & 0x7f);
    }
    while (waitpid(-1, &st, 0) > 0)
        seen++;
    CHECK(seen == 100);
}

static void test_fork_rate(void)
{
    for (int i = 0; i < 500; i++) {
        int st, pid = fork();
        if (!pid)
            _exit(0);
        CHECK(pid > 0 && waitpid(pid, &st, 0) == pid && st == 0);
    }
}

static void test_cow(void)
{
    static volatile int x = 1;
    int st, pid = fork();

    if (!pid) {
        x = 2;
        _exit(x == 2 ? 0 : 1);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    CHECK(x == 1);
}

static int run(const char *arg, const char *arg2)
{
    int st, pid = fork();

    if (!pid) {
        execl(self, "self", arg, arg2, (char *)NULL);
        _exit(120);
    }
    return waitpid(pid, &st, 0) == pid ? st : -1;
}

static void test_exec(void)
{
    CHECK(run("exit", "7") == 7 << 8);
    CHECK(run("exit", "0") == 0);
    CHECK(execl("/does/not/exist", "x", (char *)NULL) == -1 && errno == ENOENT);
    CHECK(execl("/", "x", (char *)NULL) == -1 && errno == EACCES);
}

static void make_file(const char *name, const void *data, size_t n, int mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

    if (write(fd, data, n) != (ssize_t)n)
        abort();
    fchmod(fd, (mode_t)mode);
    close(fd);
}

static int try_exec(const char *path)
{
    int st, pid = fork();

    if (!pid) {
        execl(path, path, "a1", (char *)NULL);
        _exit(errno);
    }
    waitpid(pid, &st, 0);
    return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void test_exec_errors(void)
{
    char script[400];
    unsigned char elf[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

    make_file("/tmp/pt_text", "hello\n", 6, 0755);
    CHECK(try_exec("/tmp/pt_text") == ENOEXEC);
    make_file("/tmp/pt_noexec", "#!/x\n", 5, 0644);
    CHECK(try_exec("/tmp/pt_noexec") == EACCES);
    make_file("/tmp/pt_nointerp", "#!/no/such\n", 11, 0755);
    CHECK(try_exec("/tmp/pt_nointerp") == ENOENT);
    make_file("/tmp/pt_loop", "#!/tmp/pt_loop\n", 15, 0755);
    CHECK(try_exec("/tmp/pt_loop") == ELOOP);
    make_file("/tmp/pt_elf", elf, sizeof(elf), 0755);
    CHECK(try_exec("/tmp/pt_elf") == ENOEXEC);
    make_file("/tmp/pt_empty", "", 0, 0755);
    CHECK(try_exec("/tmp/pt_empty") == ENOEXEC);
    snprintf(script, sizeof(script), "#! %s script_args  \n", self);
    make_file("/tmp/pt_script", script, strlen(script), 0755);
    CHECK(try_exec("/tmp/pt_script") == 33);
}

static void test_exec_limits(void)
{
    static char big[140000];
    char *argv[] = {"x", big, NULL};
    int st, pid;

    memset(big, 'a', sizeof(big) - 1);
    pid = fork();
    if (!pid) {
        execv(self, argv);
        _exit(errno == E2BIG ? 0 : 1);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_cloexec_and_signals_over_exec(void)
{
    int st, pid, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char num[16];

    CHECK(fd >= 0);
    snprintf(num, sizeof(num), "%d", fd);
    pid = fork();
    if (!pid) {
        signal(SIGUSR1, SIG_IGN);
        signal(SIGUSR2, (void (*)(int))(uintptr_t)test_fork_wait);
        execl(self, "self", "after_exec", num, (char *)NULL);
        _exit(120);
    }
    close(fd);
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_vfork_spawn(void)
{
    char *argv[] = {"self", "exit", "9", NULL};
    extern char **environ;
    int st;
    pid_t pid;

    CHECK(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
    CHECK(waitpid(pid, &st, 0) == pid && st == 9 << 8);
    CHECK(posix_spawn(&pid, "/no/such", NULL, NULL, argv, environ) == ENOENT);
}

static void test_wait_options(void)
{
    int st, pid = fork();
    siginfo_t si;

    if (!pid) {
        pause();
        _exit(0);
    }
    CHECK(waitpid(pid, &st, WNOHANG) == 0);
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &st, WUNTRACED) == pid);
    CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &st, WCONTINUED) == pid && WIFCONTINUED(st));
    kill(pid, SIGTERM);
    memset(&si, 0, sizeof(si));
    CHECK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0);
    CHECK(si.si_pid == pid && si.si_code == CLD_KILLED &&
          si.si_status == SIGTERM);
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}

static void test_auto_reap(void)
{
    int pid;

    signal(SIGCHLD, SIG_IGN);
    pid = fork();
    if (!pid)
        _exit(0);
    CHECK(waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void test_orphans(void)
{
    int st, pid, p[2];
    pid_t orphan;

    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(p) == 0);
    pid = fork();
    if (!pid) {
        orphan = fork();
        if (!orphan) {
            sleep_ms(20);
            _exit(getppid() != 1 && getppid() > 0 ? 5 : 6);
        }
        if (write(p[1], &orphan, sizeof(orphan)) < 0)
            _exit(1);
        _exit(0);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    CHECK(read(p[0], &orphan, sizeof(orphan)) == sizeof(orphan));
    CHECK(waitpid(orphan, &st, 0) == orphan);
    CHECK(WEXITSTATUS(st) == (getpid() == 1 ? 6 : 5));
    close(p[0]);
    close(p[1]);
}

static void test_groups(void)
{
    int st, pid = fork();

    if (!pid) {
        if (setpgid(0, 0) || getpgrp() != getpid())
            _exit(1);
        if (setsid() != -1 || errno != EPERM)
            _exit(2);
        int c = fork();
        if (!c) {
            if (setsid() != getpid() || getsid(0) != getpid())
                _exit(3);
            _exit(0);
        }
        if (waitpid(c, &st, 0) != c || st)
            _exit(4);
        signal(SIGUSR1, SIG_DFL);
        kill(0, SIGUSR1);
        _exit(5);
    }
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGUSR1);
}

/* --- odds and ends ------------------------------------------------------- */

static void test_identity(void)
{
    struct utsname u;
    struct rlimit r;
    char name[16];
    cpu_set_t set;

    CHECK(uname(&u) == 0 && !strcmp(u.sysname, "Linux") && u.nodename[0]);
    CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur >= 256);
    CHECK(prctl(PR_SET_NAME, "a-rather-long-name") == 0);
    CHECK(prctl(PR_GET_NAME, name) == 0 && !strcmp(name, "a-rather-long-n"));
    CHECK(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0);
    CHECK(getauxval(AT_RANDOM) && getauxval(AT_PAGESZ) == 4096);
    CHECK(getauxval(AT_PHDR) && getauxval(AT_SYSINFO_EHDR));
    CHECK(sched_yield() == 0);
    CHECK(getppid() >= 0 && gettid() == getpid());
}

static void test_affinity(void)
{
    cpu_set_t old, one;
    int n = 0;

    CHECK(sched_getaffinity(0, sizeof(old), &old) == 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &old))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
        CHECK(sched_getcpu() == cpu);
        n++;
    }
    CHECK(n > 0 && sched_setaffinity(0, sizeof(old), &old) == 0);
    CPU_ZERO(&one);
    CHECK(sched_setaffinity(0, sizeof(one), &one) == -1 && errno == EINVAL);
}

static void test_pidfd(void)
{
    int st, pid = fork();

    if (!pid) {
        sleep_ms(20);
        _exit(0);
    }
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {fd, POLLIN, 0};
    CHECK(fd >= 0);
    CHECK(poll(&p, 1, 0) == 0);
    CHECK(poll(&p, 1, 2000) == 1 && (p.revents & POLLIN));
    CHECK(waitpid(pid, &st, 0) == pid);
    close(fd);
}

static void test_fds(void)
{
    int fd = open("/dev/null", O_RDWR), n;

    CHECK(fd >= 0);
    n = fcntl(fd, F_DUPFD, 100);
    CHECK(n == 100 && dup2(fd, 200) == 200);
    CHECK(syscall(SYS_close_range, 100, ~0u, 0) == 0);
    CHECK(close(200) == -1 && errno == EBADF);
    CHECK(dup2(fd, fd) == fd && dup2(99, 5) == -1 && errno == EBADF);
    close(fd);
}

int program_child(int argc, char **argv)
{
    struct sigaction a;

    if (!strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (!strcmp(argv[1], "script_args")) /* "#!" gives: arg, script, args */
        return argc == 4 && !strcmp(argv[2], "/tmp/pt_script") &&
                       !strcmp(argv[3], "a1")
                   ? 33
                   : 34;
    if (!strcmp(argv[1], "after_exec")) {
        if (fcntl(atoi(argv[2]), F_GETFD) != -1)
            return 1;
        sigaction(SIGUSR1, NULL, &a);
        if (a.sa_handler != SIG_IGN)
            return 2;
        sigaction(SIGUSR2, NULL, &a);
        return a.sa_handler == SIG_DFL ? 0 : 3;
    }
    return 99;
}

CHECKS(T(fork_wait), T(many_children), T(fork_rate), T(cow), T(exec),
       T(exec_errors), T(exec_limits), T(cloexec_and_signals_over_exec),
       T(vfork_spawn), T(wait_options), T(auto_reap), T(orphans), T(groups),
       T(identity), T(affinity), T(pidfd), T(fds))
