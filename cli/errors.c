/* errors.c - standard error: what went wrong, in one line or as JSON, and the exit status for it.
 * Leaves out: what can be done about it (hints.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ERRORS_MAX_LINE 4096

/* p[0..n) and a newline on standard error, at once; nobody is left to tell when that fails. */
static void errors_write_line(const char *p, size_t n)
{
    struct bedrock_buffer b = {0};

    cli_escape(&b, p, n, 1);
    if (bedrock_buffer_append(&b, "\n", 1) == 0)
        cli_write(STDERR_FILENO, b.p, b.len);
    bedrock_buffer_free(&b);
}

static void errors_format_line(const char *format, va_list ap)
{
    char line[ERRORS_MAX_LINE];

    vsnprintf(line, sizeof line, format, ap);
    errors_write_line(line, strlen(line));
}

void cli_err_line(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    errors_format_line(format, ap);
    va_end(ap);
}

void cli_remark(const struct cli *c, const char *format, ...)
{
    va_list ap;

    if (c->quiet)
        return;
    va_start(ap, format);
    errors_format_line(format, ap);
    va_end(ap);
}

int cli_fail(struct bedrock_error *e, int code, const char *format, ...)
{
    struct bedrock_buffer safe = {0};
    va_list ap;

    memset(e, 0, sizeof *e);
    e->code = code;
    va_start(ap, format);
    vsnprintf(e->message, sizeof e->message, format, ap);
    va_end(ap);
    /* arguments and file names may hold anything, and this goes into JSON as well */
    if (cli_escape(&safe, e->message, strlen(e->message), 1) == 0)
        snprintf(e->message, sizeof e->message, "%.*s", (int)safe.len, safe.p ? safe.p : "");
    bedrock_buffer_free(&safe);
    return code;
}

int cli_status_of(int code)
{
    switch (code) {
    case 0:
        return CLI_OK;
    case BEDROCK_ERR_USAGE:
        return CLI_BAD_USAGE;
    case BEDROCK_ERR_CONFIG:
        return CLI_BAD_CONFIG;
    case BEDROCK_ERR_SERVICE:
        return CLI_SERVICE;
    default:
        return CLI_OTHER;
    }
}

const char *cli_error_name(const struct bedrock_error *e)
{
    return e->name[0] ? e->name : bedrock_code_name(e->code);
}

void cli_write_error(struct bedrock_writer *w, const struct bedrock_error *e, const char *hint)
{
    bedrock_write_object(w);
    cli_write_text(w, "code", cli_error_name(e));
    cli_write_text(w, "message", e->message);
    bedrock_write_name(w, "httpStatus");
    if (e->http_status)
        bedrock_write_int(w, e->http_status);
    else
        bedrock_write_null(w);
    cli_write_text(w, "requestId", e->request_id);
    bedrock_write_name(w, "attempts");
    bedrock_write_int(w, e->attempts);
    bedrock_write_name(w, "retryable");
    bedrock_write_bool(w, e->retryable);
    cli_write_text(w, "hint", hint);
    bedrock_write_object_end(w);
}

static int errors_report_json(const struct bedrock_error *e, const char *hint)
{
    struct bedrock_writer w = {0};
    int rc;

    bedrock_write_object(&w);
    bedrock_write_name(&w, "error");
    cli_write_error(&w, e, hint);
    bedrock_write_object_end(&w);
    rc = bedrock_write_end(&w);
    if (rc == 0 && bedrock_buffer_append(&w.out, "\n", 1) == 0)
        cli_write(STDERR_FILENO, w.out.p, w.out.len);
    bedrock_write_free(&w);
    return rc;
}

/* " (HTTP 429, request 1b2c, 3 attempts)", of which only what is known and says something: a stream
 * that broke began with a status of 200. */
static void errors_details(const struct bedrock_error *e, char *out, size_t cap)
{
    char status[24] = "", request[80] = "", attempts[40] = "";
    const char *text[] = {status, request, attempts};
    size_t n = 0;

    snprintf(status, sizeof status, "HTTP %d", e->http_status);
    if (e->http_status < 300 || strstr(e->message, status)) /* some say it by themselves */
        status[0] = 0;
    if (e->request_id[0])
        snprintf(request, sizeof request, "request %s", e->request_id);
    if (e->attempts > 1)
        snprintf(attempts, sizeof attempts, "%d attempts", e->attempts);
    out[0] = 0;
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
        if (text[i][0] && n < cap)
            n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : " (", text[i]);
    if (n > 0 && n < cap)
        snprintf(out + n, cap - n, ")");
}

int cli_report_hint(const struct cli *c, const struct bedrock_error *e, const char *hint)
{
    char details[200];

    if (cli_signal())
        return cli_status_of(e->code); /* who interrupts knows why it ended */
    if (c->json && errors_report_json(e, hint) == 0)
        return cli_status_of(e->code);
    errors_details(e, details, sizeof details);
    cli_err_line("bedrock: %s: %s%s", cli_error_name(e), e->message, details);
    if (hint[0])
        cli_err_line("hint: %s", hint);
    return cli_status_of(e->code);
}

int cli_report(const struct cli *c, const struct bedrock_error *e, const char *model)
{
    char hint[1024];

    cli_hint(hint, sizeof hint, e, model, c->b ? bedrock_region(c->b) : "");
    return cli_report_hint(c, e, hint);
}
