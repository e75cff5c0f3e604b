/* save.c - -o FILE: output that takes the file's name only when it is complete.
 * POSIX rename(2) within one folder. Leaves out: fsync(2), which protects from a power cut alone. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int save_fail(struct cli *c, const char *value)
{
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "-o %.300s: %s", value, strerror(errno));
}

/* What a new file may be done with, as open(2) would have it. */
static mode_t save_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* A file beside the one that it becomes. */
static int save_beside(struct cli_save *s, const struct stat *st)
{
    size_t cap = strlen(s->path) + sizeof ".XXXXXX";

    s->temp = malloc(cap);
    if (!s->temp)
        return -1;
    snprintf(s->temp, cap, "%s.XXXXXX", s->path);
    s->fd = mkstemp(s->temp);
    if (s->fd < 0) {
        free(s->temp);
        s->temp = NULL;
        return -1;
    }
    fcntl(s->fd, F_SETFD, FD_CLOEXEC);
    fchmod(s->fd, st ? st->st_mode & 0777 : save_mode());
    return 0;
}

/* A device or a FIFO is written to as it is; behind a link stands the file to replace. */
static int save_open(struct cli_save *s, const char *value)
{
    struct stat st;
    int exists = stat(value, &st) == 0;

    if (!exists && errno != ENOENT)
        return -1;
    if (exists && !S_ISREG(st.st_mode)) {
        s->fd = open(value, O_WRONLY | O_CLOEXEC);
        return s->fd < 0 ? -1 : 0;
    }
    s->path = exists ? realpath(value, NULL) : strdup(value);
    return s->path ? save_beside(s, exists ? &st : NULL) : -1;
}

int cli_save_begin(struct cli *c, struct cli_save *s)
{
    const char *value = cli_value(&c->args, CLI_OPT_SAVE);

    s->fd = -1;
    if (!value || strcmp(value, "-") == 0)
        return 0;
    if (save_open(s, value) != 0)
        return save_fail(c, value);
    c->out.fd = s->fd;
    c->out.name = value;
    c->out.terminal = isatty(s->fd);
    c->out.colour = 0;
    return 0;
}

void cli_save_end(struct cli *c, struct cli_save *s, int complete)
{
    if (s->fd >= 0 && close(s->fd) != 0 && c->out.error == 0)
        c->out.error = errno;
    if (s->temp && (!complete || c->out.error || cli_signal()))
        unlink(s->temp);
    else if (s->temp && rename(s->temp, s->path) != 0) {
        c->out.error = errno;
        unlink(s->temp);
    }
    free(s->temp);
    free(s->path);
    if (s->fd >= 0)
        c->out.fd = STDOUT_FILENO;
}
