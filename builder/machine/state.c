/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "nearest.h"
#include "report.h"

#define LOCK  "lock"
#define TRIES 100

bool machine_name_ok(const char *name)
{
    size_t len = strlen(name);

    if (!isalnum((unsigned char)*name) || len > MACHINE_NAME_MAX)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
            return false;
    return true;
}

/* ---- the directory of all ---- */

static char *root_path(void)
{
    const char *run = getenv("XDG_RUNTIME_DIR");

    if (run && *run == '/')
        return path_join(run, "unibeam");
    return xasprintf("/tmp/unibeam-%u", (unsigned)geteuid());
}

/* Others could lead us to machines of theirs, or read cookies. */
static int check_root(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st))
        return fail("cannot look at '%s': %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return fail("'%s' belongs to another user: set XDG_RUNTIME_DIR to a "
                    "directory of your own",
                    path);
    if (st.st_mode & 077)
        return fail("'%s' is open to other users: chmod 700 it", path);
    return 0;
}

static int open_root(void)
{
    static int root = -1;
    char *path;

    if (root >= 0)
        return root;
    path = root_path();
    if (mkdir(path, 0700) && errno != EEXIST)
        fail("cannot make '%s', for what is to be known of machines: %s", path,
             strerror(errno));
    else if ((root = open(path,
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        fail("cannot open '%s': %s", path, strerror(errno));
    else if (check_root(root, path)) {
        close(root);
        root = -1;
    }
    free(path);
    return root;
}

int machine_list(struct strvec *names)
{
    int root = open_root();
    struct dirent *entry;
    DIR *d;
    int fd;

    if (root < 0)
        return -1;
    fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return fail("cannot list the machines: %s", strerror(errno));
    while ((entry = readdir(d)))
        if (machine_name_ok(entry->d_name))
            strvec_push(names, entry->d_name);
    closedir(d);
    strvec_sort(names);
    return 0;
}

/* ---- one ---- */

static bool is_locked(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

bool machine_runs(const struct machine *m)
{
    int fd = openat(m->dir, LOCK, O_RDWR | O_CLOEXEC);
    bool locked = fd >= 0 && is_locked(fd);

    if (fd >= 0)
        close(fd);
    return locked;
}

int machine_try_open(struct machine *m, const char *name)
{
    int root = open_root();

    *m = (struct machine){.dir = -1, .lock = -1};
    if (root < 0)
        return -1;
    m->dir =
        openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (m->dir < 0)
        return -1;
    m->name = xstrdup(name);
    return 0;
}

int machine_open(struct machine *m, const char *name)
{
    struct strvec known = {0};

    *m = (struct machine){.dir = -1, .lock = -1};
    if (open_root() < 0)
        return -1;
    if (machine_name_ok(name) && machine_try_open(m, name) == 0)
        return 0;
    if (machine_list(&known) == 0) {
        char *hint = nearest_hint(name, "", &known);

        fail("there is no machine '%s'%s", name,
             *hint ? hint : ": unibeam ps -a lists them");
        free(hint);
    }
    strvec_release(&known);
    return -1;
}

char *machine_path(const struct machine *m, const char *file)
{
    char *root = root_path();
    char *path = xasprintf("%s/%s/%s", root, m->name, file);

    free(root);
    return path;
}

void machine_close(struct machine *m)
{
    if (m->dir >= 0)
        close(m->dir);
    if (m->lock >= 0)
        close(m->lock);
    free(m->name);
    *m = (struct machine){.dir = -1, .lock = -1};
}

/* ---- making and forgetting ---- */

/* Whether (m)'s lock is still the one that others find under its name. */
static bool is_current(int root, const struct machine *m)
{
    char *path = xasprintf("%s/" LOCK, m->name);
    struct stat ours, theirs;
    bool same = fstat(m->lock, &ours) == 0 &&
                fstatat(root, path, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
                ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;

    free(path);
    return same;
}

static void remove_in(int dir, const char *but)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (d && (entry = readdir(d))) {
        const char *name = entry->d_name;
        int sub;

        if (!strcmp(name, ".") || !strcmp(name, "..") ||
            (but && !strcmp(name, but)))
            continue;
        if (unlinkat(dir, name, 0) == 0)
            continue;
        sub =
            openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0) {
            remove_in(sub, NULL);
            close(sub);
            unlinkat(dir, name, AT_REMOVEDIR);
        }
    }
    if (d)
        closedir(d);
}

/* 1: locked by another; 0: ours; -1, errno: it has gone meanwhile, or worse. */
static int try_lock(int root, struct machine *m, bool make)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    m->lock =
        openat(m->dir, LOCK,
               O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
    if (m->lock < 0)
        return -1;
    if (fcntl(m->lock, F_OFD_SETLK, &l))
        return errno == EAGAIN || errno == EACCES ? 1 : -1;
    if (is_current(root, m))
        return 0;
    errno = ENOENT;
    return -1;
}

static int take_once(int root, struct machine *m, const char *name)
{
    if (mkdirat(root, name, 0700) && errno != EEXIST)
        return -1;
    return machine_try_open(m, name) ? -1 : try_lock(root, m, true);
}

int machine_take(struct machine *m, const char *name)
{
    int root = open_root(), r = -1;

    *m = (struct machine){.dir = -1, .lock = -1};
    if (root < 0)
        return -1;
    for (int i = 0; i < TRIES && r < 0; i++) {
        machine_close(m);
        errno = 0;
        r = take_once(root, m, name);
        if (r < 0 && errno != ENOENT)
            break;
    }
    if (r == 0) {
        remove_in(m->dir, LOCK);
        return 0;
    }
    if (r > 0)
        fail("a machine '%s' runs already: choose another name with --name, or "
             "stop it with unibeam stop %s",
             name, name);
    else
        fail("cannot make the machine '%s': %s", name, strerror(errno));
    machine_close(m);
    return -1;
}

int machine_remove(struct machine *m)
{
    int root = open_root();

    if (root < 0)
        return -1;
    if (m->lock < 0 && try_lock(root, m, true) == 1)
        return fail("the machine '%s' runs: stop it first, or give -f",
                    m->name);
    if (m->lock < 0)
        return fail("cannot remove the machine '%s': %s", m->name,
                    strerror(errno));
    remove_in(m->dir, LOCK);
    unlinkat(m->dir, LOCK, 0);
    /* another may be making it anew in there already */
    if (unlinkat(root, m->name, AT_REMOVEDIR) && errno != ENOTEMPTY &&
        errno != ENOENT)
        return fail("cannot remove the machine '%s': %s", m->name,
                    strerror(errno));
    return 0;
}

/* ---- names ---- */

static char *name_of_image(const char *image)
{
    const char *base = path_base(image);
    size_t len = strlen(base), dot = len;
    char *name;

    for (size_t i = 1; i < len; i++)
        if (base[i] == '.')
            dot = i;
    if (dot > MACHINE_NAME_MAX - 8)
        dot = MACHINE_NAME_MAX - 8;
    name = xasprintf("%.*s", (int)dot, base);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
            *p = '-';
    if (machine_name_ok(name))
        return name;
    free(name);
    return xstrdup("machine");
}

static bool is_free(const char *name)
{
    struct machine m;
    bool taken = machine_try_open(&m, name) == 0 && machine_runs(&m);

    machine_close(&m);
    return !taken;
}

char *machine_name_for(const char *image)
{
    char *base = name_of_image(image), *name = xstrdup(base);

    if (open_root() < 0) {
        free(base);
        free(name);
        return NULL;
    }
    for (unsigned i = 2; !is_free(name); i++) {
        free(name);
        name = xasprintf("%s-%u", base, i);
    }
    free(base);
    return name;
}
