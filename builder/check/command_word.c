/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/command_word.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "file.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, list[i]))
            return true;
    return false;
}

static bool is_builtin(const char *word)
{
    static const char *const builtins[] = {
        ".",      ":",     "[",      "alias", "bg",   "break",
        "case",   "cd",    "echo",   "eval",  "exit", "export",
        "false",  "fg",    "for",    "hash",  "if",   "jobs",
        "kill",   "local", "printf", "pwd",   "read", "set",
        "shift",  "test",  "times",  "trap",  "true", "type",
        "ulimit", "umask", "unset",  "until", "wait", "while",
    };

    return is_one_of(word, builtins, ARRAY_SIZE(builtins));
}

/* Words that come before the program. */
static bool is_prefix(const char *word)
{
    static const char *const prefixes[] = {"exec", "command", "env", "nohup"};

    return is_one_of(word, prefixes, ARRAY_SIZE(prefixes));
}

static bool is_plain(const char *word)
{
    for (; *word; word++)
        if (!isalnum((unsigned char)*word) && !strchr("_./+-", *word))
            return false;
    return true;
}

/* NAME=..., a variable for the program. */
static bool is_assignment(const char *word)
{
    size_t name = 0;

    while (isalnum((unsigned char)word[name]) || word[name] == '_')
        name++;
    return name && word[name] == '=';
}

char *command_word(const char *text)
{
    struct strvec words = {0};
    char *found = NULL;
    size_t i = 0;

    strvec_split(&words, text, " \t\n");
    while (i < words.n && (is_assignment(words.v[i]) || is_prefix(words.v[i])))
        i++;
    if (i < words.n) {
        /* the program ends where the shell's punctuation begins */
        char *word =
            xasprintf("%.*s", (int)strcspn(words.v[i], ";|&<>"), words.v[i]);

        if (*word && is_plain(word) && word[0] != '-' && !is_builtin(word))
            found = xstrdup(word);
        free(word);
    }
    strvec_release(&words);
    return found;
}

bool command_of_other_system(const char *program)
{
    static const char *const others[] = {
        "chcp",
        "cmd",
        "cmd.exe",
        "defaults",
        "dscl",
        "handle.exe",
        "ioreg",
        "launchctl",
        "open",
        "osascript",
        "pfctl",
        "powershell",
        "powershell.exe",
        "reg",
        "scutil",
        "start",
        "sw_vers",
        "swap",
        "sysctl",
        "system_profiler",
        "taskkill",
        "tasklist",
        "typeperf",
        "typeperf.exe",
        "ver",
        "vm_stat",
        "where",
        "wmic",
    };

    return is_one_of(path_base(program), others, ARRAY_SIZE(others));
}
