/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_test.c - processes, threads, signals, futexes and timers as a program
 * sees them. Runs on Linux too, where it must pass just the same.
 *
 * Prints "ok NAME" or "FAILED NAME: line" per test; exit status 0 if all
 * passed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static int failed_line;

#define CHECK(e)                                                               \
    do {                                                                       \
        if (!(e)) {                                                            \
            failed_line = __LINE__;                                            \
            return;                                                            \
        }                                                                      \
    } while (0)

static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void sleep_ms(int ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&ts, &ts) && errno == EINTR)
        ;
}

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

/* --- signals ------------------------------------------------------------- */

static volatile sig_atomic_t got, got_code, got_pid;
static volatile uintptr_t got_addr;

static void on_info(int s, siginfo_t *si, void *uc)
{
    (void)uc;
    got = s;
    got_code = si->si_code;
    got_pid = si->si_pid;
    got_addr = (uintptr_t)si->si_addr;
}

static void handle(int s, int flags)
{
    struct sigaction a = {.sa_flags = flags | SA_SIGINFO,
                          .sa_sigaction = on_info};

    sigaction(s, &a, NULL);
    got = got_code = got_pid = 0;
}

static void test_kill_self(void)
{
    handle(SIGUSR1, 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(got == SIGUSR1 && got_code == SI_USER && got_pid == getpid());
    CHECK(kill(getpid(), 65) == -1 && errno == EINVAL);
    CHECK(kill(999999, 0) == -1 && errno == ESRCH);
    signal(SIGUSR1, SIG_DFL);
}

static void test_mask_and_pending(void)
{
    sigset_t s, p;

    handle(SIGUSR1, 0);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR1);
    CHECK(got == 0);
    sigpending(&p);
    CHECK(sigismember(&p, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK(got == SIGUSR1 && got_code == SI_TKILL);
    signal(SIGUSR1, SIG_DFL);
}

static int rt_order[8], rt_count;

static void on_rt(int s, siginfo_t *si, void *uc)
{
    (void)s;
    (void)uc;
    if (rt_count < 8)
        rt_order[rt_count++] = si->si_value.sival_int;
}

static void test_queue(void)
{
    struct sigaction a = {.sa_flags = SA_SIGINFO, .sa_sigaction = on_rt};
    sigset_t s;
    siginfo_t si;
    struct timespec zero = {0, 10000000};

    sigaction(SIGRTMIN, &a, NULL);
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (int i = 1; i <= 4; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) ==
              0);
    CHECK(sigtimedwait(&s, &si, &zero) == SIGRTMIN &&
          si.si_value.sival_int == 1 && si.si_code == SI_QUEUE);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK(rt_count == 3 && rt_order[0] == 2 && rt_order[2] == 4);
    sigprocmask(SIG_BLOCK, &s, NULL);
    CHECK(sigtimedwait(&s, &si, &zero) == -1 && errno == EAGAIN);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static sigjmp_buf jump;

static void on_fault(int s, siginfo_t *si, void *uc)
{
    on_info(s, si, uc);
    siglongjmp(jump, 1);
}

static void test_fault(void)
{
    struct sigaction a = {.sa_flags = SA_SIGINFO, .sa_sigaction = on_fault};
    int st, pid;

    sigaction(SIGSEGV, &a, NULL);
    if (!sigsetjmp(jump, 1))
        *(volatile int *)0x1234 = 1;
    CHECK(got == SIGSEGV && got_code == SEGV_MAPERR && got_addr == 0x1234);
    signal(SIGSEGV, SIG_IGN); /* cannot be ignored */
    pid = fork();
    if (!pid) {
        *(volatile int *)8 = 1;
        _exit(0);
    }
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
    signal(SIGSEGV, SIG_DFL);
}

static char altstack[32768] __attribute__((aligned(16)));
static volatile int was_on_alt;

static void on_alt(int s)
{
    char here;

    got = s;
    was_on_alt = &here >= altstack && &here < altstack + sizeof(altstack);
    stack_t ss = {.ss_flags = SS_DISABLE};
    if (sigaltstack(&ss, NULL) != -1 || errno != EPERM)
        was_on_alt = 0;
}

static void test_altstack(void)
{
    struct sigaction a = {.sa_flags = SA_ONSTACK, .sa_handler = on_alt};
    stack_t ss = {.ss_sp = altstack, .ss_size = 13504}, old;

    CHECK(sigaltstack(&ss, &old) == 0 && (old.ss_flags & SS_DISABLE));
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    CHECK(was_on_alt);
    ss.ss_size = 100;
    CHECK(sigaltstack(&ss, NULL) == -1 && errno == ENOMEM);
    ss.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&ss, NULL) == 0);
    signal(SIGUSR1, SIG_DFL);
}

static void test_restart(void)
{
    int p[2], st;
    char c = 0;

    CHECK(pipe(p) == 0);
    for (int restart = 0; restart < 2; restart++) {
        handle(SIGUSR1, restart ? SA_RESTART : 0);
        pid_t me = getpid(), pid = fork();
        if (!pid) {
            sleep_ms(20);
            kill(me, SIGUSR1);
            sleep_ms(20);
            if (write(p[1], "x", 1) != 1)
                _exit(1);
            _exit(0);
        }
        ssize_t n = read(p[0], &c, 1);
        if (restart)
            CHECK(n == 1 && c == 'x' && got == SIGUSR1);
        else
            CHECK(n == -1 && errno == EINTR && got == SIGUSR1);
        while (waitpid(pid, &st, 0) == -1 && errno == EINTR)
            ;
        if (!restart)
            CHECK(read(p[0], &c, 1) == 1);
    }
    close(p[0]);
    close(p[1]);
    signal(SIGUSR1, SIG_DFL);
}

static void test_sigsuspend(void)
{
    sigset_t all, old, wait;

    handle(SIGALRM, 0);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    struct itimerval it = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &it, NULL);
    sigfillset(&wait);
    sigdelset(&wait, SIGALRM);
    CHECK(sigsuspend(&wait) == -1 && errno == EINTR && got == SIGALRM);
    sigprocmask(SIG_SETMASK, NULL, &wait);
    CHECK(sigismember(&wait, SIGALRM)); /* the old mask is back */
    got = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    sigfillset(&wait);
    sigdelset(&wait, SIGALRM);
    struct timespec ts = {1, 0};
    CHECK(ppoll(NULL, 0, &ts, &wait) == -1 && errno == EINTR && got == SIGALRM);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGALRM, SIG_DFL);
}

/* A stop and a continuation do not disturb a sleep. */
static void test_stop_restarts_sleep(void)
{
    int st, pid = fork();

    if (!pid) {
        int64_t t0 = now_ns();
        struct timespec ts = {0, 200000000};
        if (nanosleep(&ts, NULL))
            _exit(1);
        _exit(now_ns() - t0 < 190000000 ? 2 : 0);
    }
    sleep_ms(30);
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &st, WUNTRACED) == pid && WIFSTOPPED(st));
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_kill_stopped(void)
{
    int st, pid = fork();

    if (!pid)
        for (;;)
            pause();
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &st, WUNTRACED) == pid);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

/* --- threads ------------------------------------------------------------- */

static atomic_int counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int plain;

static void *work(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        atomic_fetch_add(&counter, 1);
        pthread_mutex_lock(&mutex);
        plain++;
        pthread_mutex_unlock(&mutex);
        if (i % 100 == 0)
            sched_yield();
    }
    return arg;
}

static void test_threads(void)
{
    pthread_t t[8];
    void *r;

    counter = plain = 0;
    for (intptr_t i = 0; i < 8; i++)
        CHECK(pthread_create(&t[i], NULL, work, (void *)i) == 0);
    for (intptr_t i = 0; i < 8; i++)
        CHECK(pthread_join(t[i], &r) == 0 && (intptr_t)r == i);
    CHECK(counter == 16000 && plain == 16000);
}

static long futex(void *a, int op, uint32_t v, void *ts, void *b, uint32_t v3)
{
    return syscall(SYS_futex, a, op, v, ts, b, v3);
}

static uint32_t word, word2;
static atomic_int woken;

static void *futex_waiter(void *arg)
{
    atomic_store((_Atomic pid_t *)arg, gettid());
    while (futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1 &&
           errno == EINTR)
        ;
    woken++;
    return NULL;
}

/* /proc says that the thread sleeps. */
static void until_asleep(_Atomic pid_t *tid)
{
    char path[64], text[256], *s = NULL;

    for (int i = 0; i < 500 && (!s || s[2] != 'S'); i++) {
        sleep_ms(10);
        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *tid);
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = '\0';
        s = strrchr(text, ')');
        close(fd);
    }
}

static void test_futex(void)
{
    struct timespec ts = {0, 20000000};
    _Atomic pid_t tids[4] = {0};
    pthread_t t[4];
    int64_t t0;

    word = 1;
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1 &&
          errno == EAGAIN);
    t0 = now_ns();
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == ETIMEDOUT);
    CHECK(now_ns() - t0 >= 20000000);
    CHECK(futex((char *)&word + 1, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == EINVAL);
    CHECK(futex((void *)16, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == EFAULT);
    clock_gettime(CLOCK_REALTIME, &ts);
    CHECK(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &ts, NULL,
                FUTEX_BITSET_MATCH_ANY) == -1 &&
          errno == ETIMEDOUT);
    word = word2 = 0;
    woken = 0;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&t[i], NULL, futex_waiter, &tids[i]) == 0);
    for (int i = 0; i < 4; i++)
        until_asleep(&tids[i]);
    /* A shared wake does not find private waiters. */
    CHECK(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &word2, 0) ==
          3);
    for (int i = 0; i < 500 && !woken; i++)
        sleep_ms(10);
    CHECK(woken == 1);
    CHECK(futex(&word2, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0) == 2);
    futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

static void *spin(void *arg)
{
    for (;;)
        (*(volatile int *)arg)++;
    return NULL;
}

static void test_kill_threads(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n[3];
        pthread_t t;
        for (int i = 0; i < 3; i++)
            pthread_create(&t, NULL, i ? spin : futex_waiter, &n[i]);
        pause();
    }
    sleep_ms(50);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

static void *exec_in_thread(void *arg)
{
    (void)arg;
    execl(self, "self", "tid_is_pid", (char *)NULL);
    return NULL;
}

static void test_exec_from_thread(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n;
        pthread_t t;
        pthread_create(&t, NULL, spin, &n);
        pthread_create(&t, NULL, exec_in_thread, NULL);
        for (;;)
            pause();
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void *sleeper(void *arg)
{
    sleep_ms(30);
    return arg;
}

/* The first thread ends; the process lives on until the last one does, whose
 * status counts. */
static void test_leader_exits_first(void)
{
    int st, pid = fork();

    if (!pid) {
        pthread_t t;
        pthread_create(&t, NULL, sleeper, NULL);
        syscall(SYS_exit, 3);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_exit_group_from_thread(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n;
        pthread_t t;
        pthread_create(&t, NULL, spin, &n);
        syscall(SYS_exit_group, 4);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 4 << 8);
}

/* --- time ---------------------------------------------------------------- */

static void test_sleep(void)
{
    int64_t t0 = now_ns();
    struct timespec ts;

    sleep_ms(30);
    CHECK(now_ns() - t0 >= 30000000 && now_ns() - t0 < 2000000000);
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 20000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_nsec -= 1000000000;
        ts.tv_sec++;
    }
    t0 = now_ns();
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL) == 0);
    CHECK(now_ns() - t0 >= 15000000);
}

static void test_posix_timer(void)
{
    struct itimerspec it = {{0, 10000000}, {0, 10000000}};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL,
                          .sigev_signo = SIGRTMIN + 3};
    timer_t id;
    sigset_t s;
    siginfo_t si;

    ev.sigev_value.sival_int = 77;
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &s, NULL);
    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    CHECK(timer_settime(id, 0, &it, NULL) == 0);
    sleep_ms(55);
    CHECK(sigwaitinfo(&s, &si) == SIGRTMIN + 3 && si.si_code == SI_TIMER &&
          si.si_value.sival_int == 77);
    CHECK(si.si_overrun >= 2);
    CHECK(sigwaitinfo(&s, &si) == SIGRTMIN + 3);
    CHECK(timer_delete(id) == 0);
    while (sigtimedwait(&s, &si, &(struct timespec){0, 0}) > 0)
        ;
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static void test_cpu_time(void)
{
    struct timespec a, b;
    struct rusage ru;
    struct tms t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (volatile int i = 0; i < 3000000; i++)
        ;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    CHECK((b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec >
          500000);
    do { /* the two may be counted in ticks */
        CHECK(getrusage(RUSAGE_SELF, &ru) == 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    } while (!ru.ru_utime.tv_sec && !ru.ru_utime.tv_usec &&
             b.tv_sec - a.tv_sec < 5);
    CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec > 0);
    CHECK(ru.ru_maxrss > 0);
    CHECK(times(&t) != (clock_t)-1);
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

/* --- ping-pong between two threads: latency of wake-ups ------------------ */

static void test_ping_pong(void)
{
    int a[2], b[2], st;
    char c;

    CHECK(pipe(a) == 0 && pipe(b) == 0);
    int pid = fork();
    if (!pid) {
        for (int i = 0; i < 2000; i++)
            if (read(a[0], &c, 1) != 1 || write(b[1], &c, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 2000; i++)
        CHECK(write(a[1], "x", 1) == 1 && read(b[0], &c, 1) == 1);
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    close(a[0]);
    close(a[1]);
    close(b[0]);
    close(b[1]);
}

#define T(f)                                                                   \
    {                                                                          \
#f, test_##f                                                           \
    }
static const struct {
    const char *name;
    void (*fn)(void);
} tests[] = {
    T(fork_wait),
    T(many_children),
    T(fork_rate),
    T(cow),
    T(exec),
    T(exec_errors),
    T(exec_limits),
    T(cloexec_and_signals_over_exec),
    T(vfork_spawn),
    T(wait_options),
    T(auto_reap),
    T(orphans),
    T(groups),
    T(kill_self),
    T(mask_and_pending),
    T(queue),
    T(fault),
    T(altstack),
    T(restart),
    T(sigsuspend),
    T(stop_restarts_sleep),
    T(kill_stopped),
    T(threads),
    T(futex),
    T(kill_threads),
    T(exec_from_thread),
    T(leader_exits_first),
    T(exit_group_from_thread),
    T(sleep),
    T(posix_timer),
    T(cpu_time),
    T(identity),
    T(affinity),
    T(pidfd),
    T(fds),
    T(ping_pong),
};

/* What this program does when a test executes it. */
static int child(int argc, char **argv)
{
    struct sigaction a;

    if (!strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (!strcmp(argv[1], "script_args")) /* "#!" gives: arg, script, args */
        return argc == 4 && !strcmp(argv[2], "/tmp/pt_script") &&
                       !strcmp(argv[3], "a1")
                   ? 33
                   : 34;
    if (!strcmp(argv[1], "tid_is_pid"))
        return gettid() == getpid() ? 0 : 1;
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

int main(int argc, char **argv)
{
    static char path[PATH_MAX];
    int failures = 0;

    if (argc > 1 && strcmp(argv[1], "--only"))
        return child(argc, argv);
    self = (const char *)getauxval(AT_EXECFN);
    if (self[0] != '/' && realpath(self, path))
        self = path;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        if (argc > 2 && strcmp(argv[2], tests[i].name))
            continue;
        failed_line = 0;
        tests[i].fn();
        if (failed_line) {
            failures++;
            printf("FAILED %s: line %d (errno %d)\n", tests[i].name,
                   failed_line, errno);
        } else {
            printf("ok %s\n", tests[i].name);
        }
    }
    printf("%d failed\n", failures);
    return failures != 0;
}
