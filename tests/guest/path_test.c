/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * path_test.c - names: directories, links, permissions, attributes.
 */
#include "show.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <utime.h>

static char buf[70000];

static void show_stat(const char *path)
{
    struct stat st;

    errno = 0;
    if (lstat(path, &st))
        say("%s: %s", path, err_name(errno));
    else
        say("%s: mode %o uid %u gid %u nlink %ld size %ld", path, st.st_mode,
            st.st_uid, st.st_gid, S_ISDIR(st.st_mode) ? 0 : (long)st.st_nlink,
            S_ISDIR(st.st_mode) ? 0 : (long)st.st_size);
}

SECTION(making)
{
    umask(022);
    R(mkdir("d", 0777));
    R(mkdir("d", 0777));
    R(mkdir("d/", 0777));
    R(mkdir("e/", 01777));
    R(mkdir("x/y", 0777));
    R(mkdir("", 0777));
    R(mkdir("/", 0777));
    R(mkdir(".", 0777));
    R(mkdir("d/.", 0777));
    R(mkdir("d/..", 0777));
    R(mkdir("new/.", 0777));
    R(mkdir(bad, 0777));
    R(mkdirat(99, "f", 0777));
    R(mkdir("/etc/new", 0777));
    R(mkdir("/etc", 0777));
    R(mkdir("/proc/new", 0777));
    put("f", "x");
    R(mkdir("f", 0777));
    R(mkdir("f/", 0777));
    R(mkdir("f/x", 0777));
    show_stat("d");
    show_stat("e");
    R(umask(077));
    R(umask(01777));
    R(umask(0));
    R(mkdir("g", 07777));
    show_stat("g");
    R(rmdir("g"));
    R(rmdir("g"));
    R(rmdir("f"));
    R(rmdir("f/"));
    R(rmdir(""));
    R(rmdir("/"));
    R(rmdir("."));
    R(rmdir("d/."));
    R(rmdir("d/.."));
    R(mkdir("d/sub", 0700));
    R(rmdir("d"));
    R(rmdir("d/.."));
    R(rmdir("d/sub/"));
    R(rmdir("d"));
    R(rmdir("/tmp"));
    R(rmdir("/etc"));
    R(unlinkat(AT_FDCWD, "e", 0));
    R(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
    R(unlinkat(AT_FDCWD, "e", AT_REMOVEDIR));
    R(unlinkat(AT_FDCWD, "f", 0x1000));
    R(unlinkat(AT_FDCWD, "f", 0));
    R(unlinkat(99, "f", 0));
    R(mknod("reg", S_IFREG | 0644, 0));
    R(mknod("zero", 0644, 0));
    R(mknod("fifo", S_IFIFO | 0644, 0));
    R(mknod("sock", S_IFSOCK | 0644, 0));
    R(mknod("chr", S_IFCHR | 0644, makedev(1, 3)));
    R(mknod("blk", S_IFBLK | 0644, makedev(7, 0)));
    R(mknod("dir", S_IFDIR | 0755, 0));
    R(mknod("lnk", S_IFLNK | 0755, 0));
    R(mknod("odd", 0170000, 0));
    R(mknod("fifo", S_IFIFO | 0644, 0));
    R(mkfifo("no/fifo", 0644));
    show_stat("reg");
    show_stat("zero");
    show_stat("fifo");
    show_stat("sock");
    show_stat("chr");
    show_stat("blk");
    R(open("sock", O_RDONLY));
    R(open("blk", O_RDONLY));
}

SECTION(unlinking)
{
    put("f", "x");
    mkdir("d", 0700);
    symlink("f", "l");
    symlink("d", "ld");
    R(unlink("d"));
    R(unlink("d/"));
    R(unlink("f/"));
    R(unlink("l/"));
    R(unlink("ld/"));
    R(rmdir("ld"));
    R(rmdir("ld/"));
    R(unlink("l"));
    show_stat("f");
    R(unlink("none"));
    R(unlink(""));
    R(unlink("."));
    R(unlink(".."));
    R(unlink("/"));
    R(unlink("f/x"));
    R(unlink(bad));
    R(unlink("/etc/passwd"));
    R(unlink("/etc/none"));
    R(unlink("/proc/self"));
    R(unlink("/proc/cpuinfo"));
    R(unlink("f"));
}

SECTION(links)
{
    struct stat st;

    put("f", "x");
    mkdir("d", 0700);
    R(link("f", "g"));
    show_stat("f");
    R(link("f", "g"));
    R(link("f", "d/"));
    R(link("f", "d/h"));
    R(link("d", "dd"));
    R(link("none", "x"));
    R(link("f", "no/x"));
    R(link("f", ""));
    R(link("", "x"));
    R(link("f", "/run/x"));
    R(link("/etc/passwd", "x"));
    R(link("f/", "x"));
    R(link("f", "x/"));
    R(symlink("f", "s"));
    R(link("s", "s2"));
    show_stat("s2");
    R(linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW));
    show_stat("s3");
    R(linkat(AT_FDCWD, "s", AT_FDCWD, "s4", 0x40));
    int fd = open("f", O_RDONLY);
    R(linkat(fd, "", AT_FDCWD, "s4", AT_EMPTY_PATH));
    R(linkat(99, "f", AT_FDCWD, "s5", 0));
    R(symlink("", "e"));
    R(symlink("x", ""));
    R(symlink("x", "s"));
    R(symlink("x", "f"));
    R(symlink("x", "new/"));
    R(symlink("x", "no/x"));
    R(symlink(bad, "y"));
    R(symlink("x", "/etc/x"));
    char *big = malloc(5000);
    memset(big, 'a', 4999);
    big[4999] = 0;
    R(symlink(big, "big"));
    big[4095] = 0;
    R(symlink(big, "big"));
    R(lstat("big", &st));
    V(st.st_size);
    R(open("big", O_RDONLY));
    R(readlink("big", buf, 10));
    R(readlink("big", buf, sizeof(buf)));
    R(readlink("s", buf, 0));
    R(readlink("s", buf, -1));
    R(readlink("s", bad, 5));
    R(readlink("f", buf, 5));
    R(readlink("d", buf, 5));
    R(readlink("none", buf, 5));
    R(readlink("", buf, 5));
    R(readlink("s/", buf, 5));
    R(readlinkat(99, "s", buf, 5));
    fd = open("s", O_PATH | O_NOFOLLOW);
    R(readlinkat(fd, "", buf, 5));
    R(fstat(fd, &st));
    V(S_ISLNK(st.st_mode));
    R(readlinkat(AT_FDCWD, "", buf, 5));
    /* chains */
    symlink("a1", "a0");
    for (int i = 1; i < 45; i++) {
        char from[8], to[8];

        snprintf(from, sizeof(from), "a%d", i);
        snprintf(to, sizeof(to), "a%d", i + 1);
        symlink(i == 44 ? "f" : to, from);
    }
    R(stat("a5", &st)); /* 40 links */
    R(stat("a4", &st));
    R(stat("a0", &st));
    R(symlink("loop/x", "loop"));
    R(stat("loop", &st));
    R(open("loop/y", O_RDONLY));
    R(chdir("loop"));
    R(symlink("/proc/self/root", "root"));
    R(stat("root/etc/passwd", &st));
    R(symlink("../links/f", "up"));
    R(stat("up", &st));
    R(symlink("d/", "slash"));
    R(stat("slash", &st));
    R(mkdir("slash", 0700));
    R(symlink("nowhere", "dangle"));
    R(mkdir("dangle", 0700));
    R(mkdir("dangle/", 0700));
    R(open("dangle", O_CREAT | O_EXCL | O_RDWR, 0600));
    R(open("dangle", O_CREAT | O_RDWR, 0600) >= 0);
    show_stat("nowhere");
}

SECTION(renames)
{
    put("f", "f");
    put("g", "g");
    mkdir("d", 0700);
    mkdir("e", 0700);
    mkdir("full", 0700);
    put("full/x", "x");
    symlink("f", "s");
    R(rename("f", "f"));
    R(rename("f", "g"));
    say("%s", get("g"));
    R(rename("f", "g"));
    R(rename("g", "d"));
    R(rename("d", "g"));
    R(rename("d", "e"));
    R(rename("e", "full"));
    R(rename("full", "e"));
    R(rename("e", "e/x"));
    R(rename("e/x", "e"));
    R(rename("g", "e/"));
    R(rename("g", "new/"));
    R(rename("e", "new/"));
    R(rename("new/", "e"));
    R(rename("g/", "h"));
    R(rename("g", "."));
    R(rename(".", "h"));
    R(rename("..", "h"));
    R(rename("e/..", "h"));
    R(rename("/", "h"));
    R(rename("g", "/"));
    R(rename("g", ""));
    R(rename("", "g"));
    R(rename("g", bad));
    R(rename("none", "g"));
    R(rename("g", "no/g"));
    R(rename("g", "/run/g"));
    R(rename("g", "/etc/g"));
    R(rename("/etc/passwd", "g"));
    R(rename("/etc/passwd", "/etc/x"));
    R(rename("/etc/none", "/etc/x"));
    R(rename("s", "t"));
    show_stat("t");
    R(link("g", "h"));
    R(rename("g", "h")); /* the same file: nothing happens */
    show_stat("g");
    R(rename("t", "h"));
    show_stat("h");
    R(renameat2(AT_FDCWD, "g", AT_FDCWD, "h", RENAME_NOREPLACE));
    R(renameat2(AT_FDCWD, "g", AT_FDCWD, "new", RENAME_NOREPLACE));
    R(renameat2(AT_FDCWD, "new", AT_FDCWD, "e", RENAME_EXCHANGE));
    show_stat("new");
    show_stat("e");
    R(renameat2(AT_FDCWD, "e", AT_FDCWD, "none", RENAME_EXCHANGE));
    R(renameat2(AT_FDCWD, "new", AT_FDCWD, "new/x", RENAME_EXCHANGE));
    R(renameat2(AT_FDCWD, "e", AT_FDCWD, "h", 8));
    R(renameat2(AT_FDCWD, "e", AT_FDCWD, "h", 3));
    R(renameat(99, "e", AT_FDCWD, "h"));
    char longname[260];
    memset(longname, 'x', 256);
    longname[256] = 0;
    R(rename("e", longname));
    longname[255] = 0;
    R(rename("e", longname));
    R(rename(longname, "e"));
}

SECTION(places)
{
    char *long_dir = malloc(256);

    mkdir("a", 0700);
    put("f", "x");
    R(chdir("a"));
    SYS(getcwd, buf, sizeof(buf)) - 0;
    say("%s", strrchr(buf, '/'));
    SYS(getcwd, buf, 0ul);
    SYS(getcwd, buf, 5ul);
    SYS(getcwd, bad, 100ul);
    SYS(getcwd, NULL, 100ul);
    R(chdir("../f"));
    R(chdir("../none"));
    R(chdir(""));
    R(chdir(bad));
    R(chdir(".."));
    int fd = open("a", O_RDONLY), p = open("a", O_PATH), f;
    R(fchdir(fd));
    R(chdir(".."));
    R(fchdir(p));
    R(chdir(".."));
    f = open("f", O_RDONLY);
    R(fchdir(f));
    R(fchdir(99));
    R(chdir("/"));
    SYS(getcwd, buf, sizeof(buf));
    say("%s", buf);
    SYS(getcwd, buf, 2ul);
    SYS(getcwd, buf, 1ul);
    R(chdir("/.."));
    SYS(getcwd, buf, sizeof(buf));
    R(fchdir(fd));
    R(chdir(".."));
    memset(long_dir, 'd', 250);
    long_dir[250] = 0;
    for (int i = 0; i < 17; i++)
        NEED(!mkdir(long_dir, 0700) && !chdir(long_dir));
    SYS(getcwd, buf, sizeof(buf)); /* longer than PATH_MAX */
    SYS(getcwd, buf, 4096ul);
    V(getcwd(NULL, 0) != NULL);
    CHILD
    {
        R(fchdir(fd));
        R(chroot("."));
        SYS(getcwd, buf, sizeof(buf));
        say("%s", buf);
        R(chdir("/"));
        SYS(getcwd, buf, sizeof(buf));
        say("%s", buf);
        R(access("/etc", F_OK));
        R(access("../../..", F_OK));
    }
    CHILD
    {
        R(fchdir(fd));
        R(chdir(".."));
        R(chroot("a"));
        R(chroot("none"));
        R(chroot("f"));
        NEED(!setuid(1000));
        R(chroot("a"));
    }
}

static void list(const char *path)
{
    static const char *const type[] = {
        [DT_UNKNOWN] = "?", [DT_FIFO] = "fifo", [DT_CHR] = "chr",
        [DT_DIR] = "dir",   [DT_BLK] = "blk",   [DT_REG] = "reg",
        [DT_LNK] = "lnk",   [DT_SOCK] = "sock",
    };
    struct dirent **e;
    int n = scandir(path, &e, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        struct stat st = {0};

        fstatat(open(path, O_PATH), e[i]->d_name, &st, AT_SYMLINK_NOFOLLOW);
        say("%s %s same inode %d", e[i]->d_name, type[e[i]->d_type],
            st.st_ino == e[i]->d_ino);
    }
}

SECTION(listing)
{
    int fd;

    mkdir("d", 0755);
    put("d/reg", "x");
    mkdir("d/dir", 0755);
    symlink("x", "d/lnk");
    mkfifo("d/fifo", 0644);
    mknod("d/sock", S_IFSOCK | 0644, 0);
    mknod("d/chr", S_IFCHR | 0644, 0);
    list("d");
    fd = open("d", O_RDONLY);
    SYS(getdents64, fd, buf, 10);
    SYS(getdents64, fd, buf, 24);
    SYS(getdents64, fd, buf, 24);
    SYS(getdents64, fd, bad, 1000);
    SYS(getdents64, fd, buf, sizeof(buf)) - 0;
    SYS(getdents64, fd, buf, sizeof(buf));
    R(lseek(fd, 0, SEEK_SET));
    V(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
    R(lseek(fd, 0, SEEK_SET));
    V(syscall(SYS_getdents, fd, buf, sizeof(buf)));
    SYS(getdents64, 99, buf, sizeof(buf));
    int f = open("d/reg", O_RDONLY);
    SYS(getdents64, f, buf, sizeof(buf));
    f = open("d", O_PATH);
    SYS(getdents64, f, buf, sizeof(buf));
    V(open("d", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC) >= 0);
    /* Entries that come and go during a walk: the others are seen once. */
    mkdir("m", 0755);
    for (int i = 0; i < 300; i++) {
        snprintf(buf, 100, "m/%03d", i);
        put(buf, "");
    }
    DIR *d = opendir("m");
    struct dirent *e;
    int seen = 0;
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        seen++;
        snprintf(buf, 300, "m/%.200s", e->d_name);
        unlink(buf);
    }
    V(seen);
    R(rmdir("m"));
}

SECTION(attributes)
{
    struct timespec t[2] = {{1000, 1}, {2000, 999999999}};
    struct timeval tv[2] = {{5, 6}, {7, 8}};
    struct stat st, st2;

    put("f", "x");
    symlink("f", "s");
    R(chmod("f", 0));
    show_stat("f");
    R(chmod("f", 07777));
    show_stat("f");
    R(chmod("f", 0177777));
    show_stat("f");
    R(chmod("s", 0600));
    show_stat("f");
    show_stat("s");
    R(chmod("none", 0600));
    R(chmod("", 0600));
    R(chmod(bad, 0600));
    R(chmod("/etc/passwd", 0600));
    R(fchmod(99, 0600));
    SYS(fchmodat, AT_FDCWD, "f", 0644);
    R(fchmodat(AT_FDCWD, "f", 0640, 0));
    R(chmod("f", 06755));
    R(chown("f", 1, 2));
    show_stat("f");
    R(chown("f", -1, -1));
    R(chown("f", 3, -1));
    show_stat("f");
    R(chown("s", 4, 4));
    show_stat("f");
    R(lchown("s", 5, 5));
    show_stat("s");
    show_stat("f");
    R(chown("none", 1, 1));
    R(chown("/etc/passwd", 1, 1));
    R(fchown(99, 1, 1));
    R(fchownat(AT_FDCWD, "s", 6, 6, AT_SYMLINK_NOFOLLOW));
    R(fchownat(AT_FDCWD, "s", 6, 6, 0x40));
    int fd = open("f", O_RDONLY);
    R(fchownat(fd, "", 7, 7, AT_EMPTY_PATH));
    show_stat("f");
    /* writing takes the set-ID bits away from others than root */
    R(chmod("f", 06777));
    CHILD
    {
        NEED(!setgid(1000) && !setuid(1000));
        int w = open("f", O_WRONLY);
        R(write(w, "y", 1));
        show_stat("f");
        R(chmod("f", 0600));
        R(chown("f", 1000, -1));
        R(utimensat(AT_FDCWD, "f", NULL, 0));
        R(utimensat(AT_FDCWD, "f", t, 0));
        R(truncate("f", 0));
        R(chmod("s", 0600));
        R(unlink("s"));
        R(open("new", O_CREAT | O_RDWR, 0600));
        R(mkdir("newd", 0600));
        R(link("f", "ff"));
        R(rename("f", "ff"));
        R(open("/tmp/x_other", O_CREAT | O_RDWR, 04755) >= 0);
        show_stat("/tmp/x_other");
        R(chown("/tmp/x_other", 1001, -1));
        R(chown("/tmp/x_other", -1, 1001));
        R(chown("/tmp/x_other", 1000, 1000));
        R(chmod("/tmp/x_other", 02755));
        show_stat("/tmp/x_other");
        R(unlink("/tmp/x_other"));
    }
    R(utimensat(AT_FDCWD, "f", t, 0));
    stat("f", &st);
    say("%ld.%09ld %ld.%09ld", st.st_atim.tv_sec, st.st_atim.tv_nsec,
        st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_OMIT;
    R(utimensat(AT_FDCWD, "f", t, 0));
    R(utimensat(AT_FDCWD, "none", t, 0));
    t[1].tv_nsec = UTIME_NOW;
    R(utimensat(AT_FDCWD, "f", t, 0));
    stat("f", &st);
    say("%ld.%09ld %d", st.st_atim.tv_sec, st.st_atim.tv_nsec,
        st.st_mtim.tv_sec > 100000);
    t[0].tv_nsec = 1000000000;
    R(utimensat(AT_FDCWD, "f", t, 0));
    t[0].tv_nsec = -1;
    R(utimensat(AT_FDCWD, "f", t, 0));
    R(utimensat(AT_FDCWD, "f", (struct timespec *)bad, 0));
    t[0] = (struct timespec){-5, 0};
    t[1] = (struct timespec){1ll << 33, 5};
    R(utimensat(AT_FDCWD, "f", t, 0));
    stat("f", &st);
    say("%ld %ld", st.st_atim.tv_sec, st.st_mtim.tv_sec);
    R(utimensat(AT_FDCWD, "s", t, AT_SYMLINK_NOFOLLOW));
    lstat("s", &st);
    say("%ld", st.st_mtim.tv_sec);
    R(utimensat(AT_FDCWD, "f", t, 0x8000));
    SYS(utimensat, fd, NULL, t, 0);
    SYS(utimensat, 99, NULL, t, 0);
    SYS(utimensat, AT_FDCWD, NULL, t, 0);
    R(utimes("f", tv));
    stat("f", &st);
    say("%ld.%09ld %ld.%09ld", st.st_atim.tv_sec, st.st_atim.tv_nsec,
        st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    tv[0].tv_usec = 1000000;
    SYS(utimes, "f", tv);
    struct utimbuf u = {11, 12};
    SYS(utime, "f", &u);
    SYS(utime, "f", NULL);
    /* what changes which time */
    nap(20);
    stat("f", &st);
    nap(20);
    R(chmod("f", 0600));
    stat("f", &st2);
    say("chmod: m %d c %d", st2.st_mtim.tv_nsec != st.st_mtim.tv_nsec,
        st2.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
    st = st2;
    nap(20);
    int w = open("f", O_WRONLY);
    write(w, "z", 1);
    stat("f", &st2);
    say("write: m %d c %d", st2.st_mtim.tv_nsec != st.st_mtim.tv_nsec,
        st2.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
    st = st2;
    nap(20);
    link("f", "f2");
    stat("f", &st2);
    say("link: m %d c %d", st2.st_mtim.tv_nsec != st.st_mtim.tv_nsec,
        st2.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
    st = st2;
    nap(20);
    rename("f2", "f3");
    stat("f", &st2);
    say("rename: m %d c %d", st2.st_mtim.tv_nsec != st.st_mtim.tv_nsec,
        st2.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
    stat(".", &st);
    nap(20);
    put("f4", "");
    stat(".", &st2);
    say("create in .: m %d c %d", st2.st_mtim.tv_nsec != st.st_mtim.tv_nsec,
        st2.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
}

SECTION(access)
{
    static const int modes[] = {F_OK, R_OK, W_OK, X_OK, R_OK | W_OK | X_OK};

    put("f", "x");
    put("x", "x");
    chmod("x", 0100);
    chmod("f", 0444);
    mkdir("d", 0000);
    put("d/f", "x");
    for (int user = 0; user < 2; user++)
        CHILD
        {
            if (user)
                NEED(!setgid(1000) && !setuid(1000));
            for (int i = 0; i < 5; i++) {
                say("mode %d", modes[i]);
                R(access("f", modes[i]));
                R(access("x", modes[i]));
                R(access("d", modes[i]));
                R(access("d/f", modes[i]));
                if (modes[i] <= W_OK && (!user || modes[i] != W_OK)) {
                    R(access("/etc/passwd", modes[i]));
                    R(access("/bin/busybox", modes[i]));
                }
                R(access("/dev/null", modes[i]));
                R(access("/proc/self/status", modes[i]));
            }
            R(open("f", O_WRONLY) >= 0);
            R(open("x", O_RDONLY) >= 0);
            R(open("d", O_RDONLY) >= 0);
            R(chdir("d"));
        }
    R(access("f", 8));
    R(access("f", -1));
    R(access("", F_OK));
    R(access("none", F_OK));
    R(access("f/x", F_OK));
    R(access(bad, F_OK));
    R(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
    SYS(faccessat2, AT_FDCWD, "f", R_OK, 0);
    SYS(faccessat2, AT_FDCWD, "f", R_OK, 0x200);
    SYS(faccessat2, AT_FDCWD, "f", R_OK, 0x8000);
    SYS(faccessat2, open("f", O_PATH), "", R_OK, AT_EMPTY_PATH);
    CHILD
    {
        NEED(!setegid(1000) && !seteuid(1000));
        R(access("f", W_OK)); /* the real user is root */
        R(faccessat(AT_FDCWD, "f", W_OK, AT_EACCESS));
    }
}

static void show_statx(const char *path, unsigned mask, int flags)
{
    struct statx x;

    memset(&x, 0xee, sizeof(x));
    errno = 0;
    if (statx(AT_FDCWD, path, flags, mask, &x)) {
        say("statx %s %x: %s", path, mask, err_name(errno));
        return;
    }
    say("statx %s %x: has basic %d mode %o nlink %u uid %u size %llu blksize "
        "%u",
        path, mask, (x.stx_mask & mask) == mask, x.stx_mode,
        S_ISDIR(x.stx_mode) ? 0 : x.stx_nlink, x.stx_uid,
        S_ISDIR(x.stx_mode) ? 0 : (long long)x.stx_size, x.stx_blksize);
}

SECTION(stats)
{
    struct stat st, st2;
    struct statfs fs;

    put("f", "hello");
    symlink("f", "s");
    R(stat("f", &st));
    say("mode %o size %ld blksize %ld blocks %ld nlink %ld", st.st_mode,
        (long)st.st_size, (long)st.st_blksize, (long)st.st_blocks,
        (long)st.st_nlink);
    int fd = open("f", O_RDONLY);
    R(fstat(fd, &st2));
    V(st.st_ino == st2.st_ino && st.st_dev == st2.st_dev);
    SYS(newfstatat, fd, "", &st2, AT_EMPTY_PATH);
    SYS(newfstatat, fd, "", &st2, 0);
    SYS(newfstatat, AT_FDCWD, "", &st2, AT_EMPTY_PATH);
    V(S_ISDIR(st2.st_mode));
    SYS(newfstatat, AT_FDCWD, "f", &st2, 0x8000);
    SYS(newfstatat, AT_FDCWD, "f", &st2, AT_NO_AUTOMOUNT);
    SYS(newfstatat, 99, "f", &st2, 0);
    SYS(newfstatat, 99, "/", &st2, 0);
    SYS(newfstatat, fd, "f", &st2, 0);
    R(stat("f", (struct stat *)bad));
    R(stat("none", (struct stat *)bad));
    R(fstat(99, &st));
    R(lstat("s", &st));
    say("mode %o size %ld", st.st_mode, (long)st.st_size);
    R(lstat("s/", &st));
    R(stat(".", &st) || stat("../stats", &st2));
    V(st.st_ino == st2.st_ino);
    R(stat("/tmp", &st) || stat("/run", &st2));
    V(st.st_dev == st2.st_dev);
    show_statx("f", STATX_BASIC_STATS, 0);
    show_statx("f", STATX_MODE, AT_NO_AUTOMOUNT);
    show_statx("f", 0, AT_STATX_DONT_SYNC);
    show_statx("s", STATX_BASIC_STATS, AT_SYMLINK_NOFOLLOW);
    show_statx("none", STATX_MODE, 0);
    show_statx("f", 0x80000000, 0);
    show_statx("f", STATX_MODE, 0x6000);
    show_statx("f", STATX_MODE, 0x10000);
    show_statx("/dev/null", STATX_MODE, 0);
    SYS(statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, buf);
    SYS(statx, fd, "", 0, STATX_SIZE, buf);
    SYS(statx, AT_FDCWD, "f", 0, STATX_SIZE, bad);
    SYS(statx, AT_FDCWD, bad, 0, STATX_SIZE, buf);
    R(statfs("/tmp", &fs));
    say("type %lx bsize %ld namelen %ld frsize %ld flags %lx room %d",
        (long)fs.f_type, (long)fs.f_bsize, (long)fs.f_namelen,
        (long)fs.f_frsize, (long)fs.f_flags & ~0x1000, fs.f_blocks > 0);
    R(statfs("/proc", &fs));
    say("type %lx blocks %ld bsize %ld", (long)fs.f_type, (long)fs.f_blocks,
        (long)fs.f_bsize);
    R(statfs("/sys", &fs));
    say("type %lx", (long)fs.f_type);
    R(statfs("/dev/shm", &fs));
    say("type %lx", (long)fs.f_type);
    R(statfs("/sys/fs/selinux", &fs));
    R(statfs("none", &fs));
    R(statfs("", &fs));
    R(statfs("f", (struct statfs *)bad));
    R(fstatfs(fd, &fs));
    R(fstatfs(99, &fs));
    R(fstatfs(fd, (struct statfs *)bad));
}

SECTION(long_names)
{
    char *path = malloc(9000);
    struct stat st;

    put("f", "x");
    /* "./././f" up to the limit */
    for (int n = 4090; n <= 4098; n++) {
        memset(path, 0, 9000);
        for (int i = 0; i + 1 < n; i += 2)
            memcpy(path + i, "./", 2);
        path[n - 1] = 'f';
        if (n % 2 == 0)
            path[n - 2] = '/';
        errno = 0;
        say("%zu: %d %s", strlen(path), stat(path, &st), err_name(errno));
    }
    memset(path, 'x', 256);
    path[256] = 0;
    R(mkdir(path, 0700));
    R(stat(path, &st));
    R(unlink(path));
    R(symlink("x", path));
    path[255] = 0;
    R(mkdir(path, 0700));
    R(rmdir(path));
    R(stat("//f", &st));
    R(stat(".//f", &st));
    R(stat("./././f", &st));
    R(stat("f/", &st));
    R(stat("f/.", &st));
    R(stat("f/..", &st));
    R(stat("none/..", &st));
    R(stat("../long_names/./f", &st));
    R(stat("\xff\xfe", &st));
    R(mkdir("\xff\xfe\n", 0700));
    R(stat("\xff\xfe\n", &st));
}

SECTION(machine)
{
    CHILD
    {
        NEED(!setuid(1000));
        SYS(sethostname, "x", 1);
        SYS(setdomainname, "x", 1);
        SYS(reboot, 0xfee1dead, 672274793, 0, NULL);
    }
    SYS(reboot, 1, 2, 0, NULL);
}
