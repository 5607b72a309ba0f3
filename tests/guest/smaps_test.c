/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * smaps_test.c - /proc/PID/smaps and smaps_rollup.
 */
#include "show.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#define PG    4096ul
#define PAGES 64ul
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW    (PROT_READ | PROT_WRITE)

/* Lines of Linux 6.1; later ones have more. */
static const char *const fields[] = {
    "Size",          "KernelPageSize", "MMUPageSize",    "Rss",
    "Pss",           "Pss_Dirty",      "Pss_Anon",       "Pss_File",
    "Pss_Shmem",     "Shared_Clean",   "Shared_Dirty",   "Private_Clean",
    "Private_Dirty", "Referenced",     "Anonymous",      "LazyFree",
    "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",  "Shared_Hugetlb",
    "Swap",          "SwapPss",        "Private_Hugetlb"};
#define FIELDS (sizeof(fields) / sizeof(*fields))

static char text[1 << 18]; /* of the file last read */

static void load(const char *path)
{
    int fd = open(path, O_RDONLY);
    size_t got = 0;
    ssize_t n;

    while (fd >= 0 && (n = read(fd, text + got, sizeof(text) - 1 - got)) > 0)
        got += (size_t)n;
    text[got] = '\0';
    close(fd);
}

/* Reading touches nothing new. */
static void load_again(const char *path)
{
    memset(text, 1, sizeof(text));
    load(path);
    load(path);
}

static const char *line_after(const char *s)
{
    s = strchr(s, '\n');
    return s && s[1] ? s + 1 : NULL;
}

static int is_header(const char *s, unsigned long *start, unsigned long *end)
{
    return sscanf(s, "%lx-%lx ", start, end) == 2;
}

/* The first line of the area at (p). */
static const char *area(const void *p)
{
    unsigned long start, end, at = (unsigned long)p;

    for (const char *s = text; s; s = line_after(s))
        if (is_header(s, &start, &end) && start <= at && at < end)
            return s;
    return NULL;
}

/* In kB, of the area that begins at (s); -1: no such line. */
static long field(const char *s, const char *name)
{
    unsigned long start, end;
    size_t n = strlen(name);

    for (s = s ? line_after(s) : NULL; s && !is_header(s, &start, &end);
         s = line_after(s))
        if (!strncmp(s, name, n) && s[n] == ':')
            return atol(s + n + 1);
    return -1;
}

static long sum(const char *name)
{
    unsigned long start, end;
    long all = 0;

    for (const char *s = text; s; s = line_after(s))
        if (is_header(s, &start, &end))
            all += field(s, name);
    return all;
}

/* The flags that do not depend on how Linux was built. */
static const char *flags(const char *s)
{
    static const char known[] = " rd wr ex sh mr mw me ms gd dc nr wf nh ";
    static char out[100];
    unsigned long start, end;
    char one[5];

    out[0] = '\0';
    while ((s = line_after(s)) && !is_header(s, &start, &end))
        if (!strncmp(s, "VmFlags:", 8))
            break;
    for (s = s ? s + 8 : "\n"; s[0] == ' ' && s[1] > ' '; s += 3) {
        snprintf(one, sizeof(one), " %.2s ", s + 1);
        if (strstr(known, one))
            strncat(out, one, 3);
    }
    return out;
}

static void show_area(const char *what, const void *p)
{
    const char *s = area(p);

    if (!s) {
        say("%s: none", what);
        return;
    }
    say("%s: size %ld rss %ld pss %ld dirty %ld shared %ld %ld private %ld %ld"
        " anonymous %ld flags%s",
        what, field(s, "Size"), field(s, "Rss"), field(s, "Pss"),
        field(s, "Pss_Dirty"), field(s, "Shared_Clean"),
        field(s, "Shared_Dirty"), field(s, "Private_Clean"),
        field(s, "Private_Dirty"), field(s, "Anonymous"), flags(s));
}

static void reload(const char *what, const void *p)
{
    load("/proc/self/smaps");
    show_area(what, p);
}

/* PAGES pages that no neighbour joins. */
static char *alone(int prot, int how, int fd)
{
    char *p = mmap(NULL, (PAGES + 2) * PG, PROT_NONE, ANON, -1, 0);

    NEED(p != MAP_FAILED);
    p += PG;
    NEED(mmap(p, PAGES * PG, prot, how | MAP_FIXED, fd, 0) == p);
    return p;
}

static void write_pages(char *p, unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        p[i * PG] = 1;
}

static void read_pages(const volatile char *p)
{
    for (unsigned long i = 0; i < PAGES; i++)
        (void)p[i * PG];
}

static int file_of_pages(int how)
{
    int fd = open("pages", O_CREAT | O_RDWR, 0644);
    char page[PG];

    memset(page, 'p', sizeof(page));
    for (unsigned long i = 0; i < PAGES; i++)
        NEED(write(fd, page, PG) == (ssize_t)PG);
    close(fd);
    return open("pages", how);
}

/* --- what it looks like --------------------------------------------------- */

static void show_shape(const char *path)
{
    unsigned long start, end;
    const char *s;

    load_again(path);
    s = text;
    V(is_header(s, &start, &end) && start < end);
    while ((s = line_after(s)) && !is_header(s, &start, &end)) {
        size_t n = strcspn(s, ":");

        for (size_t k = 0; k < FIELDS; k++)
            if (strlen(fields[k]) == n && !strncmp(s, fields[k], n))
                say("%.*s %s", (int)n, s,
                    strcspn(s, "\n") == 27 ? "wide as Linux" : "not so wide");
    }
}

SECTION(shape)
{
    show_shape("/proc/self/smaps");
    show_shape("/proc/self/smaps_rollup");
    V(strstr(text,
             " ---p 00000000 00:00 0                          [rollup]\n") !=
      NULL);
    load("/proc/thread-self/smaps");
    V(strstr(text, "\nVmFlags: ") && strstr(text, "\nTHPeligible:    "));
    V(strstr(text, "[stack]\n") != NULL);
    load("/proc/thread-self/smaps_rollup");
    V(strstr(text, "[rollup]\n") != NULL);
}

/* The lines that begin areas are those of maps. */
SECTION(as_maps)
{
    static char maps[1 << 16];
    unsigned long start, end;
    int same = 1, count = 0;
    const char *m = maps;

    load_again("/proc/self/maps");
    strncpy(maps, text, sizeof(maps) - 1);
    load("/proc/self/smaps");
    for (const char *s = text; s; s = line_after(s))
        if (is_header(s, &start, &end)) {
            count++;
            same &= m && !strncmp(s, m, strcspn(s, "\n") + 1);
            m = m ? line_after(m) : NULL;
        }
    V(same && !m && count > 5);
}

/* --- what it says --------------------------------------------------------- */

SECTION(anonymous)
{
    char *p = alone(RW, ANON, -1);

    load_again("/proc/self/smaps");
    show_area("untouched", p);
    write_pages(p, PAGES);
    reload("written", p);
    V(field(area(p), "Referenced"));
    V(field(area(p), "KernelPageSize"));
    V(field(area(p), "MMUPageSize"));
    V(field(area(p), "AnonHugePages"));
    mprotect(p, PAGES * PG, PROT_NONE);
    load("/proc/self/smaps");
    say("not to be touched: rss %ld, dirty %ld", field(area(p), "Rss"),
        field(area(p), "Private_Dirty")); /* joined with neighbours or not */
    mprotect(p, PAGES * PG, PROT_READ);
    madvise(p, PAGES * PG / 2, MADV_DONTNEED);
    reload("half given back", p);
    munmap(p, PAGES * PG);
    reload("gone", p);
}

/* A child that does (work), then waits to be killed. */
static pid_t child_with(char *p, void (*work)(char *p))
{
    int ready[2];
    char c;

    NEED(!pipe(ready));
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(p);
        NEED(write(ready[1], "x", 1) == 1);
        for (;;)
            pause();
    }
    NEED(read(ready[0], &c, 1) == 1);
    return pid;
}

static void show_both(pid_t pid, const char *p)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
    load(path);
    show_area("child", p);
    reload("parent", p);
    kill(pid, SIGKILL);
    child_wait(pid);
    reload("parent, alone", p);
}

static void nothing(char *p)
{
    (void)p;
}

static void write_some(char *p)
{
    write_pages(p, 16);
}

static void read_all(char *p)
{
    read_pages(p);
}

SECTION(forked)
{
    char *p = alone(RW, ANON, -1);

    memset(text, 1, sizeof(text));
    write_pages(p, PAGES);
    show_both(child_with(p, nothing), p);
    show_both(child_with(p, write_some), p);
}

SECTION(shared)
{
    char *p = alone(RW, MAP_SHARED | MAP_ANONYMOUS, -1);

    memset(text, 1, sizeof(text));
    write_pages(p, PAGES);
    show_both(child_with(p, nothing), p);
    show_both(child_with(p, read_all), p);
}

SECTION(files)
{
    char *p = alone(RW, MAP_PRIVATE, file_of_pages(O_RDWR));

    read_pages(p);
    load_again("/proc/self/smaps");
    show_area("read", p);
    write_pages(p, 16);
    reload("written", p);
    p = alone(PROT_READ, MAP_SHARED, file_of_pages(O_RDONLY));
    read_pages(p);
    reload("shared", p);
}

/* The program's own code: who else runs it, and whether its file is on the disk
 * already, is not known. */
SECTION(code)
{
    const char *s;

    load_again("/proc/self/smaps");
    s = area((const void *)show_area);
    V(field(s, "Rss") > 0 && field(s, "Rss") <= field(s, "Size"));
    V(field(s, "Pss") > 0 && field(s, "Pss") <= field(s, "Rss"));
    V(field(s, "Shared_Clean") + field(s, "Private_Clean") +
          field(s, "Shared_Dirty") + field(s, "Private_Dirty") ==
      field(s, "Rss"));
    V(field(s, "Anonymous"));
    say("%s", flags(s));
}

SECTION(marks)
{
    char *p = alone(RW, ANON, -1);

    madvise(p, PAGES * PG, MADV_DONTFORK);
    load_again("/proc/self/smaps");
    show_area("not for children", p);
    p = alone(RW, ANON, -1);
    madvise(p, PAGES * PG, MADV_WIPEONFORK);
    reload("empty for children", p);
    reload("no reserve", alone(PROT_READ, ANON | MAP_NORESERVE, -1));
    reload("to be executed", alone(PROT_READ | PROT_EXEC, ANON, -1));
    say("%s", flags(area(__builtin_frame_address(0))));
}

/* --- sums ----------------------------------------------------------------- */

static int near(long a, long b, long far)
{
    return labs(a - b) <= far;
}

/* Linux counts what is resident by parts of each processor: some megabytes
 * away from the truth. Here the counts are exact. */
#define ABOUT 8192

struct totals {
    long rss, pss, shared, private, anonymous;
};

/* Files' pages become clean whenever Linux writes them back. */
static struct totals add_up(long (*of)(const char *name))
{
    return (struct totals){
        of("Rss"), of("Pss"), of("Shared_Clean") + of("Shared_Dirty"),
        of("Private_Clean") + of("Private_Dirty"), of("Anonymous")};
}

/* All areas or, of smaps_rollup, the one. The second time: nothing that is read
 * or run for it is touched for the first time. */
static struct totals totals_of(const char *path)
{
    load_again(path);
    add_up(sum);
    load(path);
    return add_up(sum);
}

SECTION(sums)
{
    char *big = mmap(NULL, 48ul << 20, RW, ANON, -1, 0);
    long total, resident;
    struct totals t, r;

    memset(big, 1, 32ul << 20);
    r = totals_of("/proc/self/smaps_rollup"); /* what that needs is there */
    t = totals_of("/proc/self/smaps");
    r = totals_of("/proc/self/smaps_rollup");
    V(t.rss == t.shared + t.private && t.anonymous >= 32 << 10);
    V(near(t.rss, r.rss, 64));
    V(near(t.pss, r.pss, 64));
    V(near(t.shared, r.shared, 64));
    V(near(t.private, r.private, 64));
    V(near(t.anonymous, r.anonymous, 64));
    V(r.rss == r.shared + r.private);
    V(near(sum("Pss_Anon") + sum("Pss_File") + sum("Pss_Shmem"), r.pss, 2));
    load("/proc/self/statm");
    NEED(sscanf(text, "%ld %ld", &total, &resident) == 2);
    V(near(t.rss, resident * 4, ABOUT));
    load("/proc/self/smaps");
    V(near(sum("Size"), total * 4, 16));
    load("/proc/self/status");
    V(near(t.rss, atol(strstr(text, "VmRSS:") + 6), ABOUT));
    V(near(t.anonymous, atol(strstr(text, "RssAnon:") + 8), ABOUT));
}

/* --- reading -------------------------------------------------------------- */

/* How many areas a reading in blocks of (size) finds. */
static long count_areas(size_t size)
{
    int fd = open("/proc/self/smaps", O_RDONLY);
    static const char word[] = "\nVmFlags:";
    size_t at = 0;
    long count = 0;
    ssize_t n;

    while ((n = read(fd, text, size)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            at = text[i] == word[at] ? at + 1 : text[i] == word[0];
            if (at == sizeof(word) - 1) {
                count++;
                at = 0;
            }
        }
    close(fd);
    return count;
}

SECTION(blocks)
{
    long areas;
    char *p = mmap(NULL, 6000 * PG, PROT_NONE, ANON, -1, 0);
    char c[4];

    memset(text, 1, sizeof(text));
    areas = count_areas(sizeof(text));
    V(areas > 5);
    V(count_areas(1) == areas && count_areas(611) == areas);
    for (int i = 0; i < 3000; i++)
        mprotect(p + (2 * i + 1) * PG, PG, PROT_READ);
    V(count_areas(sizeof(text)) - areas > 5990);
    munmap(p, 6000 * PG);
    V(count_areas(4096) <= areas);

    int fd = open("/proc/self/smaps", O_RDONLY);
    load("/proc/self/smaps");
    R(pread(fd, c, 4, 700));
    V(!memcmp(c, text + 700, 4));
    R(pread(fd, c, 4, 100000000));
    R(pread(fd, c, 4, 3));
    V(!memcmp(c, text + 3, 4));
    R(lseek(fd, 2, SEEK_SET) == 2 && read(fd, c, 4) == 4);
    V(!memcmp(c, text + 2, 4));
    R(write(fd, c, 1));
}

SECTION(whose)
{
    char path[40];
    struct stat st;
    pid_t pid;

    R(stat("/proc/self/smaps", &st));
    say("%o", st.st_mode);
    R(stat("/proc/self/smaps_rollup", &st));
    say("%o", st.st_mode);
    pid = fork();
    if (!pid)
        _exit(0);
    NEED(!waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT));
    snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
    V(strlen(get(path)));
    strcat(path, "_rollup");
    V(strlen(get(path)));
    child_wait(pid);
    CHILD
    {
        NEED(!setuid(1000));
        V(strlen(get("/proc/1/smaps")));
        V(strlen(get("/proc/1/smaps_rollup")));
    }
}
