/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * start-otp.so - stands for `erl` on OSv.
 *
 *   /start-otp.so BOOT ARGS_FILE CONFIG
 *
 * OSv runs the main() of shared objects, in its one address space, and has no
 * exec(): erlexec, which would replace itself with the emulator on Linux, is an
 * object too, whose main() is called here.
 *
 * What OSv's command line sets (--env=NAME=VALUE) stays.  Only functions that
 * every C library has are used: see mk/osv.mk.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT    "/otp"
#define PROGRAM "erlexec"

/* Where boot files may look for applications: relx and mix use these names. */
#define LIBS ROOT "/lib"

typedef int main_function(int argc, char **argv);

int main(int argc, char **argv);

static const char *const env[][2] = {
    {"HOME", ROOT},
    {"ROOTDIR", ROOT},
    {"BINDIR", ROOT "/erts/bin"},
    {"TERM", "vt100-qemu"},
    {"ERL_INETRC", "/etc/default/erlang/inetrc"},
};

static void say(const char *text)
{
    if (text && write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* there is nowhere else to say it */
}

static int fail(const char *what, const char *why)
{
    say("start-otp: ");
    say(what);
    say(why);
    say("\n");
    return 1;
}

static void set_env(void)
{
    for (size_t i = 0; i < sizeof(env) / sizeof(*env); i++)
        setenv(env[i][0], env[i][1], 0);
}

/* erlexec's main(), or NULL after a message. */
static main_function *load(void)
{
    const char *dir = getenv("BINDIR");
    char path[4096];
    void *object, *found = NULL;

    if (!dir || strlen(dir) + sizeof("/" PROGRAM) > sizeof(path)) {
        fail("BINDIR is too long", "");
        return NULL;
    }
    strcpy(path, dir);
    strcat(path, "/" PROGRAM);
    object = dlopen(path, RTLD_LAZY);
    if (object)
        found = dlsym(object, "main");
    if (!found)
        fail("cannot load erlexec: ", dlerror());
    return (main_function *)found;
}

int main(int argc, char **argv)
{
    main_function *erlexec;

    if (argc != 4)
        return fail("usage: /start-otp.so BOOT ARGS_FILE CONFIG", "");
    set_env();
    erlexec = load();
    if (!erlexec)
        return 1;
    char *words[] = {PROGRAM,     "-args_file",   argv[2],       "-boot",
                     argv[1],     "-config",      argv[3],       "-mode",
                     "embedded",  "-boot_var",    "RELEASE_LIB", LIBS,
                     "-boot_var", "ERTS_LIB_DIR", LIBS,          NULL};

    return erlexec((int)(sizeof(words) / sizeof(*words)) - 1, words);
}
