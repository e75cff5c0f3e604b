/* provide.c - credentials that have to be fetched: one fetching at a time, a step at a time.
 * Leaves out: who is asked for what, and what is made of the answers (sources.c). */
#include "bedrock_int.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PROVIDE_FAILURE_MS 5000     /* a failure is told to all calls for so long */
#define PROVIDE_RENEWAL_MS 30000    /* renewing keys that are still good is tried no more often */
#define PROVIDE_ATTEMPTS 3          /* of a request whose provider says nothing of it */
#define PROVIDE_READ_MS 10000       /* silence, likewise: models have to think, these do not */

static int64_t provide_now_s(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 1) / 1000;
}

static int64_t provide_now_ms(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 0);
}

/* The time of what has happened: never 0, which is "not yet". */
static int64_t provide_mark_ms(const struct bedrock *b)
{
    int64_t now_ms = provide_now_ms(b);

    return now_ms ? now_ms : 1;
}

static uint32_t provide_random(void)
{
    uint32_t n = 0;

    bdk_random(&n, sizeof n); /* it is only for jitter: 0 will do as well */
    return n;
}

/* ---- Carrying a request ---- */

static void provide_drop(struct bdk_run *r)
{
    bedrock_end(r->call);
    r->call = NULL;
    bdk_process_close(r->process);
    r->process = NULL;
}

/* Whoever answers may repeat what we sent, or what signed it. */
static void provide_hide(const struct bdk_run *r, struct bedrock_error *e)
{
    const char *p = r->call->headers.p, *end = p + r->call->headers.len;

    while (p < end) { /* name and value in turn */
        p += strlen(p) + 1;
        bdk_error_hide(e->message, p);
        p += strlen(p) + 1;
    }
    bdk_error_hide(e->message, r->keys.session_token);
    bdk_error_hide(e->message, r->keys.secret_access_key);
}

/* It failed: once more, if that may help because it may pass; else the source has the last word. */
static int provide_again(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int limit = r->fetch.attempts > 0 ? r->fetch.attempts : PROVIDE_ATTEMPTS;

    if (e->code == BEDROCK_ERR_NOMEM)
        return e->code;
    if (!e->retryable || r->attempts >= limit)
        return r->from->failed ? r->from->failed(b, r, e) : e->code;
    r->again_ms = provide_now_ms(b) + bdk_retry_delay_ms(e, r->attempts, provide_random());
    bdk_trace(b, "* credentials: %s; once more", e->message);
    memset(e, 0, sizeof *e);
    return BDK_RUN_AGAIN;
}

static int provide_start(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_client_trust(b, r->fetch.to.tls, r->fetch.to.aws, e), idle_ms = b->opt.idle_timeout_ms;

    if (r->fetch.read_ms == 0)
        r->fetch.read_ms = idle_ms > 0 && idle_ms < PROVIDE_READ_MS ? idle_ms : PROVIDE_READ_MS;
    if (rc == 0 && bdk_client_fetch(b, &r->fetch, &r->keys, &r->call) != 0)
        rc = bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    r->attempts++;
    r->again_ms = 0;
    if (rc == 0)
        bdk_trace(b, "* asking %s at %s", r->fetch.what, r->fetch.to.authority);
    return rc;
}

/* There is no answer: the network's word, with who was asked before it. */
static int provide_no_answer(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    struct bedrock_error why = *bedrock_call_error(r->call);
    const char *what = r->fetch.what;
    int rc;

    provide_drop(r);
    *e = why;
    rc = r->from->none ? r->from->none(b, r, e) : e->code;
    if (rc > 0)
        return rc;
    memset(e, 0, sizeof *e);
    bdk_error_set(e, rc == BEDROCK_ERR_NOMEM ? rc : BEDROCK_ERR_CONFIG, "%s: %.700s", what, why.message);
    /* who cannot be reached at all within the time set will not be there a second later */
    e->retryable = why.code == BEDROCK_ERR_IO || why.code == BEDROCK_ERR_TRUNCATED;
    return provide_again(b, r, e);
}

static int provide_carry(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    struct bedrock_event ev;
    struct bedrock_slice body;
    int rc = 0;

    if (r->again_ms > provide_now_ms(b))
        return BEDROCK_WANT_TIME;
    if (r->looks > 0)
        return r->from->failed(b, r, e);
    if (!r->call)
        rc = provide_start(b, r, e);
    if (rc != 0)
        return rc;
    rc = bdk_call_step(r->call, &ev);
    if (rc > 0)
        return rc;
    if (rc < 0)
        return provide_no_answer(b, r, e);
    body.p = r->call->payload.p;
    body.len = r->call->payload.len;
    rc = r->from->answer(b, r, &r->call->head, body, e);
    if (rc < 0)
        provide_hide(r, e);
    e->clock_skew_s = r->call->err.clock_skew_s;
    provide_drop(r);
    return rc < 0 ? provide_again(b, r, e) : rc;
}

static int provide_wait_process(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const char *account = bdk_profile_value(&b->profiles, b->creds.plan->profile, "aws_account_id");
    int rc = bdk_process_step(r->process, e);

    if (rc == 0)
        rc = bdk_process_keys(r->process, account, provide_now_s(b), &r->next, e);
    if (rc <= 0)
        provide_drop(r);
    return rc;
}

/* ---- From the first to the last ---- */

static int provide_begin(struct bedrock *b, int for_region)
{
    struct bdk_creds *c = &b->creds;
    struct bdk_run *r = c->run;

    if (!r)
        r = c->run = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, sizeof *r);
    if (!r)
        return bdk_error_set(&c->err, BEDROCK_ERR_NOMEM, "out of memory");
    if (!c->run_open) {
        memset(r, 0, sizeof *r);
        bdk_fetch_init(&r->fetch, b->opt.alloc, b->opt.alloc_ctx);
        bdk_client_buffer(b, &r->keys.text);
        bdk_client_buffer(b, &r->next.text);
        bdk_client_buffer(b, &r->file);
        c->run_open = 1;
    }
    r->for_region = for_region;
    r->role = 0;
    r->attempts = 0;
    r->again_ms = 0;
    r->looks = 0;
    r->from = for_region ? &bdk_sources[BDK_PLAN_INSTANCE] : &bdk_sources[c->plan->base];
    return 0;
}

/* The Region, and what is made of it: all of it or nothing. */
static int provide_region(struct bedrock *b, const char *region, struct bedrock_error *e)
{
    struct bdk_config old = b->cf;
    int rc = bdk_region_read(b->cf.region, &b->cf.flags, region, e);

    if (rc == 0)
        rc = bdk_config_use_region(b, e);
    if (rc == 0)
        rc = bdk_client_trust_services(b, e);
    if (rc != 0)
        b->cf = old;
    return rc;
}

/* What one source brought: the next one's turn, 1, or the end. */
static int provide_took(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    struct bdk_keys old = r->keys;

    r->fetching = 0;
    if (r->for_region)
        return provide_region(b, r->imds.region, e);
    r->keys = r->next;
    r->next = old;
    if (r->role == b->creds.plan->n_roles) {
        old = b->creds.keys;
        b->creds.keys = r->keys;
        r->keys = old;
        return 0;
    }
    r->from = &bdk_source_role;
    return 1;
}

/* As bdk_creds_step(), of what is being fetched. */
static int provide_run(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc;

    for (;;) {
        if (r->process)
            rc = provide_wait_process(b, r, e);
        else if (r->fetching)
            rc = provide_carry(b, r, e);
        else
            rc = r->from->begin(b, r, e);
        if (rc == BDK_RUN_FETCH)
            r->attempts = 0;
        r->fetching |= rc == BDK_RUN_FETCH;
        if (rc >= BDK_RUN_FETCH)
            continue;
        if (rc == 0 && r->from == &bdk_source_role)
            r->role++;
        if (rc == 0)
            rc = provide_took(b, r, e);
        if (rc != 1)
            return rc;
    }
}

void bdk_run_stop(struct bedrock *b)
{
    struct bdk_creds *c = &b->creds;

    c->pending = 0;
    if (!c->run_open)
        return;
    provide_drop(c->run);
    c->run->fetching = 0;
}

void bdk_run_free(struct bedrock *b)
{
    struct bdk_run *r = b->creds.run;

    bdk_run_stop(b);
    if (b->creds.run_open) {
        bdk_keys_free(&r->keys);
        bdk_keys_free(&r->next);
        bdk_fetch_free(&r->fetch);
        bedrock_buffer_free(&r->file);
        bdk_imds_free(&r->imds);
        bdk_cache_free(&r->sso.c);
        bdk_cache_free(&r->login);
    }
    b->creds.run_open = 0;
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, r, sizeof *r, 0);
    b->creds.run = NULL;
}

/* ---- The program's own vault ---- */

static int provide_from_hook(struct bedrock *b, struct bedrock_error *e)
{
    struct bedrock_credentials got = {0};
    struct bedrock_later later = {-1, -1, ""};
    char why[sizeof later.why];
    int rc = b->opt.credentials(b->opt.credentials_ctx, &got, &later);

    later.why[sizeof later.why - 1] = 0;
    b->creds.hook = later;
    if (rc > 0)
        return later.fd >= 0 ? BEDROCK_WANT_READ : BEDROCK_WANT_TIME;
    bdk_error_text(why, sizeof why, bdk_slice(later.why));
    if (rc < 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "the program's credentials hook failed%s%s",
                             why[0] ? ": " : "", why);
    return bdk_keys_set(&b->creds.keys, bdk_slice(got.access_key_id), bdk_slice(got.secret_access_key),
                        bdk_slice(got.session_token), bdk_slice(got.account_id),
                        got.expires_s ? got.expires_s : INT64_MAX, "the program's credentials hook", e);
}

/* ---- What calls ask for ---- */

static int provide_is_fixed(const struct bdk_creds *c)
{
    return c->bearer_token || c->source == BDK_FROM_OPTIONS || c->source == BDK_FROM_ENVIRONMENT;
}

/* An error that begins with who was to bring the keys. */
static void provide_name_source(const struct bedrock *b, struct bedrock_error *e)
{
    const struct bdk_creds *c = &b->creds;
    const char *file = b->profiles.file[BDK_FILE_CONFIG].path;
    struct bedrock_error whole = *e;
    char profile[320];

    if (e->code != BEDROCK_ERR_CONFIG)
        return;
    snprintf(profile, sizeof profile, "profile '%.100s'%s%.200s", b->profiles.name,
             file[0] ? " of " : "", file);
    if (!b->cf.region[0])
        snprintf(whole.message, sizeof whole.message,
                 "no Region: none was given or set, %s has none, and %.600s", profile, e->message);
    else if (c->source == BDK_FROM_PROFILE)
        snprintf(whole.message, sizeof whole.message, "%s: %.700s", profile, e->message);
    else if (c->source == BDK_FROM_INSTANCE)
        snprintf(whole.message, sizeof whole.message,
                 "no credentials: none were given or set, %s has none, and %.600s", profile, e->message);
    *e = whole;
}

/* Fetching failed: old keys that are still good, or an instance's that may be stretched, will do.
 * 1: they do. */
static int provide_failed(struct bedrock *b, int usable)
{
    struct bdk_creds *c = &b->creds;

    c->failed_ms = provide_mark_ms(b);
    bdk_run_stop(b);
    provide_name_source(b, &c->err);
    bdk_trace(b, "* credentials: %s", c->err.message);
    if (usable)
        return 1;
    if (!c->keys.access_key_id || !c->plan || c->plan->base != BDK_PLAN_INSTANCE || c->plan->n_roles > 0)
        return 0;
    bdk_keys_extend(&c->keys, provide_now_s(b), provide_random());
    return 1;
}

/* Was there a fetching a moment ago, so that this is not the time for another? */
static int provide_rests(const struct bedrock *b, int64_t since_ms, int usable)
{
    return !b->creds.pending && since_ms &&
           provide_now_ms(b) - since_ms < (usable ? PROVIDE_RENEWAL_MS : PROVIDE_FAILURE_MS);
}

/* One thing, keys or the Region, that has to be fetched. */
static int provide_one(struct bedrock *b, int for_region, int usable, struct bedrock_error *e)
{
    struct bdk_creds *c = &b->creds;
    int rc = 0;

    if (provide_rests(b, c->failed_ms, usable)) {
        if (!usable)
            *e = c->err;
        return usable ? 0 : e->code;
    }
    if (!c->pending) {
        memset(&c->err, 0, sizeof c->err);
        rc = c->source == BDK_FROM_HOOK && !for_region ? 0 : provide_begin(b, for_region);
    }
    if (rc == 0)
        rc = c->source == BDK_FROM_HOOK && !for_region ? provide_from_hook(b, &c->err)
                                                       : provide_run(b, c->run, &c->err);
    c->pending = rc > 0;
    if (rc > 0)
        return rc;
    if (rc == 0) {
        c->failed_ms = 0;
        c->got_ms = for_region ? 0 : provide_mark_ms(b);
        return 0;
    }
    if (provide_failed(b, usable))
        return 0;
    *e = c->err;
    return rc;
}

/* An instance whose keys are past their time already: the service may take them still. */
static void provide_stretch(struct bedrock *b)
{
    struct bdk_creds *c = &b->creds;

    if (c->plan && c->plan->base == BDK_PLAN_INSTANCE && c->plan->n_roles == 0 &&
        bdk_keys_age(&c->keys, provide_now_s(b)) == BDK_KEYS_SPENT)
        bdk_keys_extend(&c->keys, provide_now_s(b), provide_random());
}

int bdk_creds_step(struct bedrock *b, struct bedrock_error *e)
{
    struct bdk_creds *c = &b->creds;
    enum bdk_keys_age age;
    int rc = 0;

    if (!b->cf.region[0])
        rc = provide_one(b, 1, 0, e);
    if (rc != 0 || provide_is_fixed(c))
        return rc;
    age = c->keys.access_key_id ? bdk_keys_age(&c->keys, provide_now_s(b)) : BDK_KEYS_SPENT;
    /* some are given out for less than five minutes */
    if (age == BDK_KEYS_FRESH || provide_rests(b, c->got_ms, age == BDK_KEYS_DUE))
        return 0;
    rc = provide_one(b, 0, age == BDK_KEYS_DUE, e);
    if (rc == 0)
        provide_stretch(b);
    return rc;
}

/* ---- What is waited for ---- */

static const struct bdk_run *provide_running(const struct bedrock *b)
{
    const struct bdk_creds *c = &b->creds;

    return c->run_open && (c->run->call || c->run->process || c->run->fetching) ? c->run : NULL;
}

int bdk_creds_fd(const struct bedrock *b)
{
    const struct bdk_run *r = provide_running(b);

    if (!b->creds.pending)
        return -1;
    if (r)
        return r->process ? bdk_process_fd(r->process) : r->call ? bedrock_fd(r->call) : -1;
    return b->creds.hook.fd;
}

int bdk_creds_events(const struct bedrock *b)
{
    const struct bdk_run *r = provide_running(b);

    if (bdk_creds_fd(b) < 0)
        return 0;
    return r && r->call ? bedrock_events(r->call) : POLLIN;
}

int bdk_creds_timeout_ms(const struct bedrock *b)
{
    const struct bdk_run *r = provide_running(b);
    int64_t left;

    if (!b->creds.pending)
        return 0;
    if (!r)
        return b->creds.hook.timeout_ms;
    if (r->process)
        return bdk_process_timeout_ms(r->process);
    if (r->call)
        return bedrock_timeout_ms(r->call);
    left = r->again_ms - provide_now_ms(b);
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}
