/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Applications whose needs are known.  Only what is certain: each entry says
 * what does not work, not what might.
 */
#include <stdlib.h>
#include <string.h>

#include "check/check_priv.h"
#include "file.h"
#include "runtime_files.h"

/* What makes the finding go away. */
enum unless {
    NEVER,
    PROGRAM, /* one of (names) is in the image */
    CA,      /* there are certificates, or one of (names) is in the release */
    CONFIG,  /* sys.config has one of (names) in it */
};

static const struct known_app {
    const char *app;
    enum severity severity;
    enum unless unless;
    const char *names; /* between blanks */
    const char *what;
    const char *remedy;
} known[] = {
    /* wx draws with the wxWidgets library through GTK on an X or Wayland
     * display; these four do through wx */
    {"wx", FINDING_NOTE, NEVER, NULL,
     "windows need a display, which a machine has not", NULL},
    {"observer", FINDING_NOTE, NEVER, NULL,
     "windows need a display, which a machine has not", NULL},
    {"debugger", FINDING_NOTE, NEVER, NULL,
     "windows need a display, which a machine has not", NULL},
    {"et", FINDING_NOTE, NEVER, NULL,
     "windows need a display, which a machine has not", NULL},
    /* a library for programs in Java, no code of Erlang's */
    {"jinterface", FINDING_NOTE, PROGRAM, "java",
     "jinterface is for Java programs, which need a Java run-time", NULL},
    /* odbcserver loads drivers by what odbcinst.ini says */
    {"odbc", FINDING_NOTE, NEVER, NULL,
     "odbc needs drivers, and odbcinst.ini that names them: they are not put "
     "in by themselves",
     "put them into the image with --file"},
    /* public_key:cacerts_get/0 reads the system's bundle */
    {"ssl", FINDING_WARNING, CA, "certifi castore",
     "there are no CA certificates: servers cannot be verified",
     "install ca-certificates in the system that the image is made of"},
    /* exec-port ends at once: "Not allowed to run as root without setting
     * effective user"; everything in a machine is root */
    {"erlexec", FINDING_WARNING, CONFIG, "erlexec",
     "erlexec does not start as root, which everything in a machine is",
     "give it {root, true} and {user, \"root\"} in sys.config"},
    /* writes updates below its own priv directory unless data_dir is set */
    {"tzdata", FINDING_NOTE, CONFIG, "tzdata",
     "tzdata updates itself in its own directory, which is read-only",
     "set its data_dir below /tmp or on a data volume, or autoupdate to "
     "disabled"},
    /* what follows runs programs of other packages; without these it does
     * nothing */
    {"erlport", FINDING_WARNING, PROGRAM, "python python2 python3 ruby",
     "erlport runs Python or Ruby, which is not in the image",
     "put it into the image with --file"},
    {"nodejs", FINDING_WARNING, PROGRAM, "node",
     "nodejs runs node, which is not in the image",
     "put it into the image with --file"},
    {"mogrify", FINDING_WARNING, PROGRAM, "mogrify magick",
     "mogrify runs ImageMagick, which is not in the image",
     "put it into the image with --file"},
    {"ffmpex", FINDING_WARNING, PROGRAM, "ffmpeg",
     "ffmpex runs ffmpeg, which is not in the image",
     "put it into the image with --file"},
    {"thumbnex", FINDING_WARNING, PROGRAM, "ffmpeg",
     "thumbnex runs ffmpeg, which is not in the image",
     "put it into the image with --file"},
    {"pdf_generator", FINDING_WARNING, PROGRAM,
     "wkhtmltopdf chrome-headless-render-pdf",
     "pdf_generator runs wkhtmltopdf or Chrome, which is not in the image",
     "put it into the image with --file"},
    {"chromic_pdf", FINDING_WARNING, PROGRAM,
     "chromium chromium-browser google-chrome chrome chrome-headless-shell",
     "chromic_pdf runs Chrome, which is not in the image",
     "put it into the image with --file"},
};

struct named {
    const char *name;
    bool found;
};

static int match(struct node *n, void *arg)
{
    struct named *named = arg;

    named->found = n->type != NODE_DIR && !strcmp(n->name, named->name);
    return named->found;
}

/* In PATH or anywhere else: settings may say where. */
static bool has_file(const struct check *c, const char *name)
{
    struct named n = {.name = name};

    tree_walk(c->view->tree, match, &n);
    return n.found;
}

static bool config_says(const struct check *c, const char *word)
{
    const char *path = c->view->release->config;
    const struct node *n = path ? tree_find(c->view->tree, path, true) : NULL;
    struct buf text = {0};
    bool yes = n && n->host && !file_try_read(n->host, 16u << 20, &text) &&
               strstr(buf_str(&text), word);

    buf_release(&text);
    return yes;
}

static bool any_of(const struct check *c, const char *names,
                   bool (*has)(const struct check *c, const char *name))
{
    struct strvec list = {0};
    bool yes = false;

    strvec_split(&list, names, " ");
    for (size_t i = 0; i < list.n && !yes; i++)
        yes = has(c, list.v[i]);
    strvec_release(&list);
    return yes;
}

static bool cared_for(const struct check *c, const struct known_app *k)
{
    switch (k->unless) {
    case PROGRAM:
        return any_of(c, k->names, has_file);
    case CA:
        return runtime_has_certificates(c->view->tree) ||
               any_of(c, k->names, check_has_app);
    case CONFIG:
        /* runtime.exs is a program: it may set anything */
        return c->view->release->runtime || any_of(c, k->names, config_says);
    default:
        return false;
    }
}

void check_apps(struct check *c)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const struct known_app *k = &known[i];
        struct finding_of of = {.severity = k->severity,
                                .id = "known-application",
                                .where = k->app,
                                .remedy = k->remedy};

        if (check_has_app(c, k->app) && !cared_for(c, k))
            finding(&c->found, &of, "%s", k->what);
    }
}
