/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec_test.c - executing programs: arguments, what is kept, scripts, errors.
 */
#include "show.h"

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char buf[100];

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
