/* head.c - the head of a call's request: which fields it has, who signs it, what a trace shows of it.
 * RFC 9112 3 and Signature Version 4, through http.c and sigv4.c. Leaves out: when it is built and sent
 * (call.c), and what becomes of a failure. */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define HEAD_MAX_FIELDS (8 + BDK_MAX_HEADERS)

static void head_add_field(struct bdk_field *fields, size_t *n, const char *name, const char *value)
{
    fields[*n].name = name;
    fields[*n].value = bdk_slice(value);
    ++*n;
}

/* Who signs: a provider's request brings its own keys, or none. */
static const struct bdk_keys *head_keys(const struct bedrock_call *c)
{
    if (c->fetch)
        return c->fetch->sign_service ? c->fetch_keys : NULL;
    return c->b->creds.bearer_token ? NULL : &c->b->creds.keys;
}

static int head_sign(struct bedrock_call *c, struct bedrock_buffer *authorization,
                     const struct bdk_field *fields, size_t n_fields, const char *date)
{
    struct bedrock *b = c->b;
    const struct bdk_keys *from = head_keys(c);
    struct bdk_credentials keys = {from->access_key_id, from->secret_access_key, from->session_token};
    struct bdk_sigv4_request rq = {0};

    if (!c->payload_hash[0]) {
        unsigned char digest[BDK_SHA256_LEN];

        bdk_sha256_of(c->body.p, c->body.len, digest, b->cpu);
        bdk_hex(c->payload_hash, digest, sizeof digest);
    }
    rq.method = c->method;
    rq.path.p = c->target.p;
    rq.path.len = c->path_len;
    if (c->target.len > c->path_len) {
        rq.query.p = c->target.p + c->path_len + 1;
        rq.query.len = c->target.len - c->path_len - 1;
    }
    rq.fields = fields;
    rq.n_fields = n_fields;
    rq.payload_hash = c->payload_hash;
    rq.service = c->fetch ? c->fetch->sign_service : "bedrock";
    rq.region = c->fetch ? c->fetch->sign_region : c->to->region;
    rq.date = date;
    return bdk_sigv4_authorization(authorization, &b->key, &keys, &rq, b->cpu);
}

/* The caller's header fields. 1 when a Content-Type is among them. */
static int head_add_headers(const struct bedrock_call *c, struct bdk_field *fields, size_t *n)
{
    int typed = 0;

    for (size_t at = 0; at < c->headers.len;) {
        const char *name = c->headers.p + at, *value = name + strlen(name) + 1;

        head_add_field(fields, n, name, value);
        typed |= bdk_slice_is_nocase(bdk_slice(name), "content-type");
        at += strlen(name) + strlen(value) + 2;
    }
    return typed;
}

/* POST and PUT say that their body is empty (RFC 9110 8.6). */
static int head_has_length(const struct bedrock_call *c)
{
    return c->body.len > 0 || strcmp(c->method, "POST") == 0 || strcmp(c->method, "PUT") == 0 ||
           strcmp(c->method, "PATCH") == 0;
}

/* X-Amz-Date and the token, which are signed with the rest. */
static void head_add_signing(const struct bedrock_call *c, struct bdk_field *fields, size_t *n, char date[17])
{
    const struct bedrock *b = c->b;
    const struct bdk_keys *keys = head_keys(c);

    if (!keys)
        return;
    bdk_date_basic(b->opt.clock(b->opt.clock_ctx, 1) / 1000, date);
    head_add_field(fields, n, "X-Amz-Date", date);
    if (keys->session_token)
        head_add_field(fields, n, "X-Amz-Security-Token", keys->session_token);
}

/* The Authorization field's value; empty: none is sent. */
static int head_authorize(struct bedrock_call *c, struct bedrock_buffer *out, const struct bdk_field *fields,
                          size_t n_signed, const char *date)
{
    if (head_keys(c))
        return head_sign(c, out, fields, n_signed, date);
    if (c->fetch)
        return 0;
    bdk_buffer_text(out, "Bearer ");
    return bdk_buffer_text(out, c->b->creds.bearer_token);
}

/* RFC 9112 3.2.2: a proxy that gets the request whole is told the target in absolute form. */
static int head_write(struct bedrock_call *c, struct bdk_field *fields, size_t n)
{
    const struct bdk_proxy *relay = bdk_conn_relay(&c->b->transport, c->conn);
    struct bedrock_slice target = {c->target.p, c->target.len};
    struct bedrock_buffer absolute = {0};
    int rc = 0;

    bdk_client_buffer(c->b, &absolute);
    if (relay) {
        bdk_buffer_text(&absolute, "http://");
        bdk_buffer_text(&absolute, c->to->authority);
        rc = bedrock_buffer_append(&absolute, target.p, target.len);
        target.p = absolute.p;
        target.len = absolute.len;
    }
    if (relay && relay->authorization.len > 0) {
        fields[n].name = "Proxy-Authorization";
        fields[n].value.p = relay->authorization.p;
        fields[n++].value.len = relay->authorization.len;
    }
    bedrock_buffer_free(&c->out);
    rc = rc ? rc : bdk_http_request(&c->out, c->method, target, fields, n);
    bedrock_buffer_free(&absolute);
    return rc;
}

static void head_trace(const struct bedrock_call *c)
{
    static const char *const secret[] = {"authorization:", "x-amz-security-token:", "dpop:",
                                         "x-amz-sso_bearer_token:", "x-aws-ec2-metadata-token:",
                                         "proxy-authorization:"};
    const char *p = c->out.p, *end = c->out.p + c->out.len;

    while (c->b->opt.trace && p < end) {
        const char *eol = memchr(p, '\r', (size_t)(end - p));
        size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p), shown = n;

        for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
            struct bedrock_slice name = {p, strlen(secret[i])};

            if (n > name.len && bdk_slice_is_nocase(name, secret[i]))
                shown = name.len;
        }
        if (n > 0)
            bdk_trace(c->b, "> %.*s%s", (int)shown, p, shown < n ? " ****" : "");
        p += n + 2;
    }
    if (c->b->opt.trace && c->body.len > 0)
        bdk_trace(c->b, "> (%zu bytes of body)", c->body.len);
}

int bdk_head_build(struct bedrock_call *c)
{
    struct bedrock *b = c->b;
    struct bdk_field fields[HEAD_MAX_FIELDS];
    struct bedrock_buffer authorization = {0};
    char date[17], length[24];
    size_t n = 0, n_signed;
    int rc;

    head_add_field(fields, &n, "Host", c->to->authority);
    if (!head_add_headers(c, fields, &n) && c->body.len > 0)
        head_add_field(fields, &n, "Content-Type", "application/json");
    head_add_signing(c, fields, &n, date);
    n_signed = n;
    head_add_field(fields, &n, "User-Agent", b->user_agent);
    if (head_has_length(c)) {
        snprintf(length, sizeof length, "%zu", c->body.len);
        head_add_field(fields, &n, "Content-Length", length);
    }
    bdk_client_buffer(b, &authorization);
    rc = head_authorize(c, &authorization, fields, n_signed, date);
    if (rc == 0) {
        fields[n].name = "Authorization";
        fields[n].value.p = authorization.p;
        fields[n].value.len = authorization.len;
        rc = head_write(c, fields, n + (authorization.len > 0));
    }
    bedrock_buffer_free(&authorization);
    if (rc == 0)
        head_trace(c);
    return rc;
}
