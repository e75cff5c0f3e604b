/* provide.c - credentials that have to be fetched: one fetching at a time, a step at a time.
 * AWS SDK reference guide, "Standardized credential providers". Leaves out: what each provider asks and
 * reads (imds.c, container.c, process.c, sts.c, sso.c, login.c). */
#include "bedrock_int.h"
#include <poll.h>
#include <string.h>

#define PROVIDE_FAILURE_MS 5000     /* a failure is told to all calls for so long */
#define PROVIDE_RENEWAL_MS 30000    /* renewing keys that are still good is tried no more often */

static int64_t provide_now_s(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 1) / 1000;
}

/* ---- The program's own vault ---- */

static int provide_from_hook(struct bedrock *b, struct bedrock_error *e)
{
    struct bedrock_credentials got = {0};
    struct bedrock_later later = {-1, -1, ""};
    int rc = b->opt.credentials(b->opt.credentials_ctx, &got, &later);

    later.why[sizeof later.why - 1] = 0;
    b->creds.hook = later;
    if (rc > 0)
        return later.fd >= 0 ? BEDROCK_WANT_READ : BEDROCK_WANT_TIME;
    if (rc < 0) {
        struct bedrock_slice why = bdk_slice(later.why);
        char line[sizeof later.why];

        bdk_error_text(line, sizeof line, why);
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "the program's credentials hook failed%s%s",
                             line[0] ? ": " : "", line);
    }
    return bdk_keys_set(&b->creds.keys, bdk_slice(got.access_key_id), bdk_slice(got.secret_access_key),
                        bdk_slice(got.session_token), bdk_slice(got.account_id),
                        got.expires_s ? got.expires_s : INT64_MAX, "the program's credentials hook", e);
}

/* ---- Stepping ---- */

static int provide_step(struct bedrock *b, struct bedrock_error *e)
{
    return provide_from_hook(b, e);
}

static int provide_is_fixed(const struct bdk_creds *c)
{
    return c->bearer_token || c->source == BDK_FROM_OPTIONS || c->source == BDK_FROM_ENVIRONMENT;
}

int bdk_creds_step(struct bedrock *b, struct bedrock_error *e)
{
    struct bdk_creds *c = &b->creds;
    int64_t now_ms = b->opt.clock(b->opt.clock_ctx, 0);
    enum bdk_keys_age age;
    int rc, usable;

    if (provide_is_fixed(c))
        return 0;
    age = c->keys.access_key_id ? bdk_keys_age(&c->keys, provide_now_s(b)) : BDK_KEYS_SPENT;
    usable = age != BDK_KEYS_SPENT;
    if (age == BDK_KEYS_FRESH)
        return 0;
    if (!c->pending && c->failed_ms && now_ms - c->failed_ms < (usable ? PROVIDE_RENEWAL_MS : PROVIDE_FAILURE_MS)) {
        if (usable)
            return 0;
        *e = c->err;
        return e->code;
    }
    memset(&c->err, 0, sizeof c->err);
    rc = provide_step(b, &c->err);
    c->pending = rc > 0;
    if (rc >= 0) {
        c->failed_ms = rc == 0 ? 0 : c->failed_ms;
        return rc;
    }
    c->failed_ms = now_ms ? now_ms : 1;
    bdk_trace(b, "* credentials: %s", c->err.message);
    if (usable)
        return 0;
    *e = c->err;
    return rc;
}

int bdk_creds_fd(const struct bedrock *b)
{
    return b->creds.pending ? b->creds.hook.fd : -1;
}

int bdk_creds_events(const struct bedrock *b)
{
    return b->creds.pending && b->creds.hook.fd >= 0 ? POLLIN : 0;
}

int bdk_creds_timeout_ms(const struct bedrock *b)
{
    return b->creds.pending ? b->creds.hook.timeout_ms : 0;
}

void bdk_run_free(struct bedrock *b)
{
    (void)b;
}
