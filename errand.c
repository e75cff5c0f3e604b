/* errand.c - calls that are not for Bedrock itself: credentials alone, who one is, the way to a service; and
 * API keys. AWS STS API reference, GetCallerIdentity. Leaves out: sending, which call.c does. */
#include "bedrock_int.h"
#include <string.h>

#define ERRAND_READ_MS 10000    /* nobody who is asked here has to think */
#define ERRAND_BEARER \
    "the credentials are a bearer token, and that cannot sign: %s; unset AWS_BEARER_TOKEN_BEDROCK"

static const struct bdk_operation errand_operation = {BDK_CONTROL, NULL, "", "", 0, BDK_BODY_NONE, 0, 0};

static int64_t errand_now_ms(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 0);
}

void bdk_errand_free(struct bedrock_call *c)
{
    struct bedrock *b = c->b;

    if (!c->errand)
        return;
    bdk_fetch_free(&c->errand->fetch);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, c->errand, sizeof *c->errand, 0);
    c->errand = NULL;
}

/* A call of this kind, not yet under way. 0 or BEDROCK_ERR_NOMEM. */
static int errand_new(struct bedrock *b, enum bdk_errand_kind kind, struct bedrock_call **out)
{
    struct bedrock_call *c = bdk_client_new_call(b, &errand_operation, BDK_CONTROL);
    struct bdk_errand *e;

    *out = NULL;
    if (!c)
        return BEDROCK_ERR_NOMEM;
    e = c->errand = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, sizeof *e);
    if (!e) {
        bedrock_end(c);
        return bdk_client_fail(b, BEDROCK_ERR_NOMEM, "out of memory");
    }
    memset(e, 0, sizeof *e);
    e->kind = kind;
    e->seen.resolve_ms = e->seen.connect_ms = e->seen.tls_ms = e->seen.answer_ms = -1;
    bdk_fetch_init(&e->fetch, b->opt.alloc, b->opt.alloc_ctx);
    *out = c;
    return 0;
}

/* Send what was written. 0 or BEDROCK_ERR_NOMEM. */
static int errand_send(struct bedrock_call *c, const struct bdk_keys *keys)
{
    const struct bedrock_options *o = &c->b->opt;
    struct bdk_fetch *f = &c->errand->fetch;

    f->read_ms = ERRAND_READ_MS;
    if (o->idle_timeout_ms > 0 && o->idle_timeout_ms < ERRAND_READ_MS)
        f->read_ms = o->idle_timeout_ms;
    return bdk_call_carry(c, f, keys);
}

/* ---- On the way ---- */

int bdk_errand_go(struct bedrock_call *c)
{
    struct bedrock *b = c->b;
    struct bdk_endpoint to;
    int rc;

    if (c->errand->kind == BDK_ERRAND_KEYS) {
        c->phase = BDK_PHASE_DONE;
        return 0;
    }
    rc = bdk_config_endpoint(b, BDK_STS, b->cf.region, &to, &c->err);
    if (rc == 0)
        rc = bdk_sts_identity(&c->errand->fetch, &to, &c->err);
    if (rc == 0)
        rc = bdk_client_trust(b, to.tls, to.aws, &c->err);
    if (rc == 0)
        rc = errand_send(c, &b->creds.keys);
    return rc ? bdk_call_fail(c, rc, bedrock_code_text(rc)) : 0;
}

void bdk_errand_head(struct bedrock_call *c)
{
    struct bedrock_probe *seen = &c->errand->seen;
    int64_t server_s;

    seen->answer_ms = errand_now_ms(c->b) - c->connected_ms;
    seen->has_date = bdk_date_http(bdk_http_field(&c->head, "date"), &server_s) == 0;
    seen->clock_skew_s = c->err.clock_skew_s;
}

/* As `aws sts get-caller-identity` shows it. */
static int errand_write_caller(struct bedrock_call *c, const struct bdk_sts_caller *who,
                               struct bedrock_event *ev)
{
    struct bedrock_writer w = {0};
    int rc;

    bdk_client_buffer(c->b, &w.out);
    bedrock_write_object(&w);
    bedrock_write_name(&w, "UserId");
    bedrock_write_string(&w, who->user_id, strlen(who->user_id));
    bedrock_write_name(&w, "Account");
    bedrock_write_string(&w, who->account, strlen(who->account));
    bedrock_write_name(&w, "Arn");
    bedrock_write_string(&w, who->arn, strlen(who->arn));
    bedrock_write_object_end(&w);
    rc = bedrock_write_end(&w);
    c->text.len = 0;
    if (rc == 0)
        rc = bedrock_buffer_append(&c->text, w.out.p, w.out.len);
    bedrock_write_free(&w);
    if (rc == 0)
        rc = bedrock_json_parse(c->text.p, c->text.len, &ev->json, NULL);
    return rc;
}

int bdk_errand_answer(struct bedrock_call *c, struct bedrock_event *ev)
{
    struct bedrock_slice body = {c->payload.p, c->payload.len};
    struct bedrock_error e = {0};
    struct bdk_sts_caller who;
    int rc;

    if (c->errand->kind != BDK_ERRAND_IDENTITY)
        return 0;
    rc = bdk_sts_caller(&who, c->fetch, &c->head, body, &e);
    if (rc == 0) {
        memset(ev, 0, sizeof *ev);
        ev->kind = BEDROCK_RESPONSE;
        rc = errand_write_caller(c, &who, ev);
        return rc ? bdk_call_fail(c, rc, bedrock_code_text(rc)) : BEDROCK_EVENT;
    }
    memcpy(c->err.name, e.name, sizeof c->err.name);
    memcpy(c->err.request_id, e.request_id, sizeof c->err.request_id);
    c->err.retryable = e.retryable;
    bdk_error_hide(e.message, c->b->creds.keys.session_token);
    bdk_error_hide(e.message, c->b->creds.keys.secret_access_key);
    if (rc == BEDROCK_ERR_CONFIG)
        rc = c->head.status == 200 ? BEDROCK_ERR_PROTOCOL : BEDROCK_ERR_SERVICE;
    return bdk_call_fail(c, rc, e.message);
}

/* ---- Entry points ---- */

int bedrock_find_credentials(struct bedrock *b, struct bedrock_call **out)
{
    int rc = bdk_client_is_open(b);

    *out = NULL;
    return rc ? rc : errand_new(b, BDK_ERRAND_KEYS, out);
}

static int errand_no_token(struct bedrock *b, const char *what)
{
    memset(&b->err, 0, sizeof b->err);
    return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG, ERRAND_BEARER, what);
}

int bedrock_identity(struct bedrock *b, struct bedrock_call **out)
{
    int rc = bdk_client_is_open(b);

    *out = NULL;
    if (rc == 0 && b->creds.bearer_token)
        rc = errand_no_token(b, "STS wants to know who asks");
    return rc ? rc : errand_new(b, BDK_ERRAND_IDENTITY, out);
}

int bedrock_probe(struct bedrock *b, enum bedrock_service service, struct bedrock_call **out)
{
    const struct bdk_endpoint *to = &b->cf.endpoint[service];
    int rc = b->reachable ? 0 : bdk_client_is_open(b);

    *out = NULL;
    if (rc == 0 && !to->host[0])
        rc = bdk_client_fail(b, BEDROCK_ERR_CONFIG, "the Region is not known yet, and so no endpoint");
    if (rc == 0)
        rc = errand_new(b, BDK_ERRAND_PROBE, out);
    if (rc != 0)
        return rc;
    (*out)->fresh_only = 1; /* a kept connection would show nothing */
    bdk_fetch_begin(&(*out)->errand->fetch, to, "GET", "/", "the service");
    rc = bdk_fetch_check(&(*out)->errand->fetch, &(*out)->err);
    if (rc == 0 && errand_send(*out, NULL) == 0)
        return 0;
    bedrock_end(*out);
    *out = NULL;
    return bdk_client_fail(b, BEDROCK_ERR_NOMEM, "out of memory");
}

const struct bedrock_probe *bedrock_probe_seen(const struct bedrock_call *c)
{
    return c->errand && c->errand->kind == BDK_ERRAND_PROBE ? &c->errand->seen : NULL;
}

int bedrock_api_key(struct bedrock *b, int expires_s, struct bedrock_buffer *out, int64_t *until_s)
{
    const struct bdk_keys *k = &b->creds.keys;
    struct bdk_credentials keys = {k->access_key_id, k->secret_access_key, k->session_token};
    int64_t now_s = b->opt.clock(b->opt.clock_ctx, 1) / 1000, end;
    int rc = bdk_client_is_open(b);

    if (rc != 0)
        return rc;
    if (b->creds.bearer_token)
        return errand_no_token(b, "an API key is made from keys that can");
    if (!k->access_key_id || !b->cf.region[0])
        return bdk_client_fail(b, BEDROCK_ERR_USAGE, "the credentials are not known yet");
    if (expires_s < 0 || expires_s > BDK_API_KEY_MAX_S)
        return bdk_client_fail(b, BEDROCK_ERR_USAGE, "an API key is good for 1 to 43200 seconds");
    expires_s = expires_s ? expires_s : BDK_API_KEY_MAX_S;
    end = k->expires_s - now_s < expires_s ? k->expires_s : now_s + expires_s;
    if (end <= now_s)
        return bdk_client_fail(b, BEDROCK_ERR_CONFIG, "the credentials are past their time");
    rc = bdk_api_key(out, &keys, b->cf.region, expires_s, now_s, b->cpu);
    if (rc != 0)
        return bdk_client_fail(b, rc, bedrock_code_text(rc));
    if (until_s)
        *until_s = end;
    return 0;
}
