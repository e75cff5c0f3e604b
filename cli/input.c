/* input.c - what comes in: files, standard input, prompts.
 * Leaves out: what is done with it (compose.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_PATIENCE_MS 2000  /* silence on standard input before we say what we wait for */

void cli_text_free(struct cli_text *t)
{
    bedrock_buffer_free(&t->bytes);
}

/* Bytes of a file or of standard input: --max-request raises it, as what comes in goes out again. */
static size_t input_max(const struct cli *c)
{
    long mib = cli_number(&c->args, CLI_OPT_MAX_REQUEST);

    return mib > CLI_MAX_INPUT_MIB ? (size_t)mib << 20 : (size_t)CLI_MAX_INPUT_MIB << 20;
}

static int input_fail(struct cli *c, const char *what, const char *why)
{
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s: %s", what, why);
}

/* A zero byte behind the text that does not count, for those who want one. */
static int input_end(struct cli *c, struct cli_text *t)
{
    struct bedrock_buffer *b = &t->bytes;

    if (bedrock_buffer_append(b, "", 1) == 0)
        b->len--;
    if (b->error == BEDROCK_ERR_LIMIT)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s: larger than %zu MiB%s", t->origin,
                        input_max(c) >> 20,
                        c->args.command->id == CLI_GUARD ? "" : "; --max-request raises that");
    return b->error ? cli_fail(&c->err, b->error, "out of memory") : 0;
}

/*
 * Input that may let us wait gives time to connect. What is wrong with the set-up comes out before it, as
 * nobody shall type a prompt for nothing; what is wrong with files came out before that.
 */
static int input_prepare(struct cli *c, int fd)
{
    struct stat st;

    if (!c->warm_for || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return 0;
    if (cli_open(c) != 0)
        return c->err.code;
    if (!c->warm && cli_wait_input(c, fd, 0) == 0)
        bedrock_warm(c->b, c->warm_for, &c->warm);
    return 0;
}

/* Everything up to the end of fd. */
static int input_drain(struct cli *c, int fd, struct cli_text *t)
{
    char piece[65536];
    int told = fd != STDIN_FILENO || c->json;
    ssize_t got = 1;

    if (input_prepare(c, fd) != 0)
        return c->err.code;
    while (got > 0 && t->bytes.error == 0) {
        int ready = cli_wait_input(c, fd, told || t->bytes.len > 0 ? -1 : INPUT_PATIENCE_MS);

        if (ready < 0)
            return cli_fail(&c->err, BEDROCK_ERR_CANCELLED, "interrupted");
        if (ready == 0) {
            cli_remark(c, "bedrock: waiting for standard input; </dev/null if there is none");
            told = 1;
            continue;
        }
        got = read(fd, piece, sizeof piece);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            got = 1;
        else if (got < 0)
            return input_fail(c, t->origin, strerror(errno));
        else
            bedrock_buffer_append(&t->bytes, piece, (size_t)got);
    }
    return 0;
}

static int input_stdin(struct cli *c, const char *who, struct cli_text *t)
{
    if (c->stdin_taken)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "standard input can be read only once: %s and %s both "
                        "want it", c->stdin_taken, who);
    c->stdin_taken = who;
    snprintf(t->origin, sizeof t->origin, "standard input");
    return input_drain(c, STDIN_FILENO, t);
}

/* `why_at` is for a text that was perhaps not meant to be a file. */
static int input_file(struct cli *c, const char *path, const char *why_at, struct cli_text *t)
{
    struct stat st;
    int fd = -1, rc;

    snprintf(t->origin, sizeof t->origin, "%.150s", path);
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR && !cli_signal());
    if (fd < 0)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s%s: %s%s", why_at[0] ? "@" : "", t->origin,
                        strerror(errno), why_at);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = input_fail(c, t->origin, "is a directory");
    else
        rc = input_drain(c, fd, t);
    close(fd);
    return rc;
}

/* One newline at the end belongs to the file, not to the text. */
static void input_chomp(struct bedrock_buffer *b)
{
    if (b->len > 0 && b->p[b->len - 1] == '\n')
        b->len--;
    else
        return;
    if (b->len > 0 && b->p[b->len - 1] == '\r')
        b->len--;
}

int cli_read_value(struct cli *c, enum cli_kind kind, const char *option, const char *value,
                   struct cli_text *out)
{
    int is_stdin = strcmp(value, "-") == 0 || strcmp(value, "@-") == 0;
    int is_json = kind == CLI_FILE && (value[0] == '{' || value[0] == '[');
    int is_file = (kind == CLI_FILE && !is_json) || (value[0] == '@' && value[1] != '@');
    const char *text = value[0] == '@' ? value + 1 : value;
    int rc = 0;

    out->bytes.max = input_max(c) + 1;
    if (is_stdin) {
        rc = input_stdin(c, option, out);
    } else if (is_file) {
        rc = input_file(c, text, kind == CLI_FILE ? "" : " (a literal @ is written @@)", out);
    } else {
        snprintf(out->origin, sizeof out->origin, "%s", option);
        bedrock_buffer_append(&out->bytes, text, strlen(text));
    }
    if ((is_stdin || is_file) && kind != CLI_BYTES)
        input_chomp(&out->bytes);
    if (rc == 0)
        rc = input_end(c, out);
    if (rc == 0 && out->bytes.len == 0 && kind != CLI_BYTES)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s is empty", out->origin);
    return rc;
}

/* ---- Checks ---- */

int cli_check_json(struct cli *c, const struct cli_text *text, struct bedrock_json *v)
{
    struct bedrock_json_error where;

    if (bedrock_json_parse(text->bytes.p, text->bytes.len, v, &where) == 0)
        return 0;
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s:%zu:%zu: %s", text->origin, where.line, where.column,
                    where.what);
}

int cli_fail_in(struct cli *c, const struct cli_text *text, const char *at, const char *why)
{
    const char *line = text->bytes.p;
    size_t number = 1;

    for (const char *p = line; p < at; p++)
        if (*p == '\n') {
            line = p + 1;
            number++;
        }
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s:%zu:%zu: %s", text->origin, number,
                    (size_t)(at - line) + 1, why);
}

int cli_check_utf8(struct cli *c, const char *what, const char *p, size_t n)
{
    size_t len;

    for (size_t i = 0; i < n; i += len) {
        len = cli_utf8_length(p + i, n - i);
        if (len == 0)
            return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s is not UTF-8: byte 0x%02x at offset %zu", what,
                            (unsigned)(unsigned char)p[i], i);
    }
    return 0;
}

/* ---- The prompt ---- */

/*
 * Whether to read standard input though nobody asked for it. Beside words only what is surely meant:
 * programs start others with a socket, a terminal of theirs or a device there that never says anything.
 */
static int input_wants_stdin(const struct cli *c, int has_messages)
{
    struct stat st;

    if (c->stdin_taken || fstat(STDIN_FILENO, &st) != 0)
        return 0;
    if (c->args.n_words > 0)
        return S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode);
    return !has_messages && !isatty(STDIN_FILENO);
}

static int input_words(struct cli *c, struct cli_text *out)
{
    const struct cli_args *a = &c->args;
    int rc;

    if (a->n_words == 0)
        return 0;
    if (a->words[0][0] == '@' || strcmp(a->words[0], "-") == 0) {
        rc = cli_read_value(c, CLI_TEXT, "the prompt", a->words[0], out);
        if (rc != 0)
            return rc;
    } else {
        bedrock_buffer_append(&out->bytes, a->words[0], strlen(a->words[0]));
    }
    for (size_t i = 1; i < a->n_words; i++) {
        bedrock_buffer_append(&out->bytes, " ", 1);
        bedrock_buffer_append(&out->bytes, a->words[i], strlen(a->words[i]));
    }
    return 0;
}

/* Standard input behind what is there already. */
static int input_behind(struct cli *c, struct cli_text *out)
{
    struct cli_text more = {0};
    int rc;

    more.bytes.max = input_max(c) + 1;
    rc = input_stdin(c, "the prompt", &more);
    input_chomp(&more.bytes);
    if (rc == 0)
        rc = input_end(c, &more);
    if (rc == 0 && more.bytes.len > 0) {
        if (out->bytes.len > 0)
            bedrock_buffer_append(&out->bytes, "\n", 1);
        bedrock_buffer_append(&out->bytes, more.bytes.p, more.bytes.len);
    }
    cli_text_free(&more);
    return rc;
}

int cli_read_prompt(struct cli *c, int has_messages, struct cli_text *out)
{
    int rc;

    snprintf(out->origin, sizeof out->origin, "the prompt");
    out->bytes.max = input_max(c) + 1;
    rc = input_words(c, out);
    if (rc == 0 && input_wants_stdin(c, has_messages))
        rc = input_behind(c, out);
    snprintf(out->origin, sizeof out->origin, "the prompt");
    if (rc == 0)
        rc = input_end(c, out);
    return rc ? rc : cli_check_utf8(c, "the prompt", out->bytes.p, out->bytes.len);
}
