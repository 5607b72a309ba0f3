/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "say.h"

#define CONSOLE   STDIN_FILENO
#define ANSWER_MS 1000 /* the terminal may be at the end of a slow line */

/* ECMA-48: save the cursor's place (DECSC), go down and right as far as it
 * goes (CUP), ask where that is (DSR 6), return (DECRC). */
static const char ask_size[] = "\0337\033[999;999H\033[6n\0338";

static struct termios modes;
static int is_terminal;
static int channel = -1;
static char line[32]; /* of the channel, as far as it came */
static size_t line_length;

static void set_size(const struct termsize *size)
{
    struct winsize w = {.ws_row = (unsigned short)size->rows,
                        .ws_col = (unsigned short)size->columns};

    ioctl(CONSOLE, TIOCSWINSZ, &w);
}

/* --- asking --------------------------------------------------------------- */

int console_parse_report(struct termsize *size, const char *text)
{
    while ((text = strstr(text, "\033["))) {
        char *end;
        unsigned long rows, columns;

        text += 2;
        rows = strtoul(text, &end, 10);
        if (end == text || *end != ';')
            continue;
        text = end + 1;
        columns = strtoul(text, &end, 10);
        if (end == text || *end != 'R' || !rows || !columns ||
            rows > CONF_SIDE_MAX || columns > CONF_SIDE_MAX)
            continue;
        size->rows = (unsigned)rows;
        size->columns = (unsigned)columns;
        return 0;
    }
    return -1;
}

/* Reads what the terminal sends until it is an answer, or time is up. */
static int read_answer(struct termsize *size)
{
    uint64_t limit = uptime_ms() + ANSWER_MS;
    struct pollfd fd = {.fd = CONSOLE, .events = POLLIN};
    char text[256];
    size_t len = 0;

    while (len < sizeof(text) - 1) {
        uint64_t now = uptime_ms();
        ssize_t n;

        if (now >= limit || poll(&fd, 1, (int)(limit - now)) <= 0)
            return -1;
        n = read(CONSOLE, text + len, sizeof(text) - 1 - len);
        if (n <= 0)
            return -1;
        for (; n; n--, len++)
            if (!text[len])
                text[len] = ' ';
        text[len] = 0;
        if (console_parse_report(size, text) == 0)
            return 0;
    }
    return -1;
}

static void ask(void)
{
    struct termios raw = modes;
    struct termsize size;

    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(CONSOLE, TCSANOW, &raw);
    if (write(CONSOLE, ask_size, sizeof(ask_size) - 1) ==
            sizeof(ask_size) - 1 &&
        read_answer(&size) == 0)
        set_size(&size);
    tcsetattr(CONSOLE, TCSANOW, &modes);
}

/* --- the channel ---------------------------------------------------------- */

static void open_channel(const char *path)
{
    struct termios raw;

    channel = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (channel < 0) {
        say("cannot open '%s': %s", path, strerror(errno));
        return;
    }
    if (tcgetattr(channel, &raw))
        return;
    cfmakeraw(&raw); /* above all no echo */
    tcsetattr(channel, TCSANOW, &raw);
}

int console_channel(void)
{
    return channel;
}

static void take_byte(char c)
{
    struct termsize size;

    if (c != '\n') {
        if (line_length < sizeof(line) - 1)
            line[line_length++] = c;
        return;
    }
    line[line_length] = 0;
    line_length = 0;
    if (conf_parse_size(&size, line) == 0)
        set_size(&size);
}

void console_resized(void)
{
    char text[256];
    ssize_t n = read(channel, text, sizeof(text));

    for (ssize_t i = 0; i < n; i++)
        take_byte(text[i]);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close(channel);
        channel = -1;
    }
}

/* --- begin and end -------------------------------------------------------- */

void console_begin(const struct conf *c, int may_ask)
{
    struct winsize w;

    is_terminal = tcgetattr(CONSOLE, &modes) == 0;
    if (!is_terminal)
        return;
#ifdef IUTF8
    modes.c_iflag |= IUTF8; /* as LANG says */
#endif
    tcsetattr(CONSOLE, TCSANOW, &modes);
    if (c->size.rows)
        set_size(&c->size);
    else if (may_ask && ioctl(CONSOLE, TIOCGWINSZ, &w) == 0 && !w.ws_row)
        ask();
    if (c->size_channel)
        open_channel(c->size_channel);
}

void console_end(void)
{
    if (is_terminal)
        tcsetattr(CONSOLE, TCSANOW, &modes);
}
