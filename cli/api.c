/* api.c - `bedrock api`: any call of the two services, its body in and out as it is.
 * Amazon Bedrock API reference. Leaves out: InvokeModelWithBidirectionalStream, which needs HTTP/2. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What belongs to bedrock-runtime, by the path's first segment; all else is the control plane's. */
static const char *const api_runtime[] = {"model", "guardrail", "guardrail-checks", "async-invoke", "openai"};

struct api {
    struct cli *c;
    struct bedrock_request rq;
    struct cli_text body;
    struct bedrock_buffer path;     /* zero-terminated, the query behind it likewise */
    struct bedrock_field *fields;
    struct bedrock_buffer names;    /* of the fields, zero-terminated */
};

/* ---- The command line ---- */

static int api_no_memory(struct api *a)
{
    return cli_fail(&a->c->err, BEDROCK_ERR_NOMEM, "out of memory");
}

static enum bedrock_service api_service(const struct api *a)
{
    const char *given = cli_value(&a->c->args, CLI_OPT_SERVICE);
    size_t first = strcspn(a->path.p + 1, "/");

    if (given)
        return strcasecmp(given, "bedrock") == 0 ? BEDROCK_CONTROL : BEDROCK_RUNTIME;
    for (size_t i = 0; i < sizeof api_runtime / sizeof api_runtime[0]; i++)
        if (strlen(api_runtime[i]) == first && strncmp(a->path.p + 1, api_runtime[i], first) == 0)
            return BEDROCK_RUNTIME;
    return BEDROCK_CONTROL;
}

/* What a hexadecimal digit stands for, or -1. */
static int api_hex(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) % 16 : -1;
}

/* As it is signed, which is as the service writes it when it checks: an ARN may be pasted as it is. */
static void api_encode_query(struct bedrock_buffer *b, const char *p)
{
    int in_value = 0;

    for (; *p; p++) {
        int coded = *p == '%' && api_hex(p[1]) >= 0 && api_hex(p[2]) >= 0;
        int byte = coded ? api_hex(p[1]) << 4 | api_hex(p[2]) : *p;
        char c = (char)byte;

        if (!coded && (c == '&' || (c == '=' && !in_value))) {
            bedrock_buffer_append(b, &c, 1);
            in_value = c == '=';
        } else {
            bedrock_encode(b, &c, 1);
        }
        p += 2 * coded;
    }
    bedrock_buffer_append(b, "", 1);
}

/* [METHOD] PATH[?QUERY] */
static int api_read_words(struct api *a)
{
    const struct cli_args *args = &a->c->args;
    const char *path = args->n_words > 0 ? args->words[args->n_words - 1] : "";
    size_t len = strcspn(path, "?");

    if (args->n_words == 0 || args->n_words > 2)
        return cli_fail(&a->c->err, BEDROCK_ERR_USAGE, "api takes [METHOD] PATH, not %zu words",
                        args->n_words);
    if (path[0] != '/')
        return cli_fail(&a->c->err, BEDROCK_ERR_USAGE, "the path begins with '/', as in /foundation-models: "
                        "'%.200s'", path);
    for (const char *p = path; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '#') /* char may be signed: then it is below ' ' */
            return cli_fail(&a->c->err, BEDROCK_ERR_USAGE, "the path is to be percent-encoded, a blank as "
                            "%%20: '%.200s'", path);
    bedrock_buffer_append(&a->path, path, len);
    bedrock_buffer_append(&a->path, "", 1);
    api_encode_query(&a->path, path + len + (path[len] == '?'));
    if (a->path.error)
        return api_no_memory(a);
    a->rq.method = args->n_words == 2 ? args->words[0] : cli_value(args, CLI_OPT_DATA) ? "POST" : "GET";
    a->rq.path = a->path.p;
    a->rq.query = path[len] ? a->path.p + len + 1 : NULL;
    a->rq.service = api_service(a);
    return 0;
}

/* Here, so that it is told before anything else is done; the library would refuse it as well. */
static int api_field_is_good(const char *field, size_t name_len)
{
    for (const char *p = field; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7F || (p < field + name_len && *p == ' '))
            return 0;
    return field[name_len] == ':' && name_len > 0;
}

static int api_read_fields(struct api *a)
{
    const struct cli_args *args = &a->c->args;
    const char *field;
    size_t at = 0, n = 0, used = 0;

    a->fields = calloc(args->n_given + 1, sizeof *a->fields);
    if (!a->fields)
        return api_no_memory(a);
    while ((field = cli_each(args, CLI_OPT_HEADER, &at)) != NULL) {
        size_t len = strcspn(field, ":");

        if (!api_field_is_good(field, len))
            return cli_fail(&a->c->err, BEDROCK_ERR_USAGE, "-H takes 'Name: value' without control "
                            "characters, not '%.200s'", field);
        bedrock_buffer_append(&a->names, field, len);
        bedrock_buffer_append(&a->names, "", 1);
        a->fields[n++].value = field + len + 1 + strspn(field + len + 1, " \t");
    }
    if (a->names.error)
        return api_no_memory(a);
    for (size_t i = 0; i < n; i++) {
        a->fields[i].name = a->names.p + used;
        used += strlen(a->fields[i].name) + 1;
    }
    a->rq.headers = a->fields;
    a->rq.n_headers = n;
    return 0;
}

static int api_read_body(struct api *a)
{
    const char *value = cli_value(&a->c->args, CLI_OPT_DATA);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(a->c, CLI_BYTES, "-d", value, &a->body);
    a->rq.body = a->body.bytes.p;
    a->rq.body_len = a->body.bytes.len;
    return rc;
}

static int api_prepare(struct api *a)
{
    struct cli *c = a->c;
    int rc = api_read_words(a);

    if (rc == 0 && c->args.on[CLI_OPT_PAGINATE] &&
        (strcmp(a->rq.method, "GET") != 0 || cli_value(&c->args, CLI_OPT_DATA)))
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "--paginate is for GET without a body: only lists have "
                      "pages");
    if (rc == 0)
        rc = api_read_fields(a);
    return rc ? rc : api_read_body(a);
}

/* ---- Calling ---- */

static int api_call(struct api *a)
{
    struct cli *c = a->c;
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc = bedrock_start(c->b, &a->rq, &call), lines = 0;

    while (rc == 0 && c->out.error == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT) {
        lines = ev.type.len > 0;
        rc = lines ? cli_show_event(c, &ev) : (cli_out_raw(&c->out, ev.text.p, ev.text.len), 0);
    }
    if (rc < 0 && c->err.code == 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    bedrock_end(call);
    if (lines || c->out.terminal)
        cli_out_end_line(&c->out);
    return rc;
}

/* All pages, each as it came, on a line of its own. */
static int api_paginate(struct api *a)
{
    struct cli *c = a->c;
    struct cli_fetched page = {{0}, {0}};
    struct bedrock_buffer query = {0}, next = {0};
    struct bedrock_slice line;
    unsigned n_pages = 0;
    int rc;

    while ((rc = cli_fetch(c, &a->rq, &page)) == 0) {
        line.p = page.json.p;
        line.len = page.json.len;
        if (cli_out_json(&c->out, &line, 1) != 0)
            break;
        rc = bedrock_next_page(page.json, a->rq.query, ++n_pages, &next);
        bedrock_buffer_free(&query);
        if (rc != 1)
            break;
        query = next;
        memset(&next, 0, sizeof next);
        a->rq.query = query.p;
    }
    if (rc < 0 && c->err.code == 0)
        cli_fail(&c->err, rc, "%s", rc == BEDROCK_ERR_PROTOCOL ? "the pages do not end"
                                                               : bedrock_code_text(rc));
    cli_fetched_free(&page);
    bedrock_buffer_free(&next);
    bedrock_buffer_free(&query);
    return rc;
}

int cli_api(struct cli *c)
{
    struct cli_save save = {0};
    int rc, status = CLI_OK;
    struct api a;

    memset(&a, 0, sizeof a);
    a.c = c;
    rc = api_prepare(&a);
    a.rq.raw = !c->args.on[CLI_OPT_PAGINATE];
    if (rc == 0)
        rc = cli_save_begin(c, &save);
    if (rc == 0)
        rc = cli_open(c);
    if (rc == 0)
        rc = a.rq.raw ? api_call(&a) : api_paginate(&a);
    if (rc < 0)
        status = cli_report(c, &c->err, NULL);
    cli_save_end(c, &save, rc == 0);
    cli_text_free(&a.body);
    bedrock_buffer_free(&a.path);
    bedrock_buffer_free(&a.names);
    free(a.fields);
    return status;
}
