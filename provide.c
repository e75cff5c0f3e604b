/* provide.c - credentials that have to be fetched: one fetching at a time, a step at a time.
 * AWS SDK reference guide, "Standardized credential providers". Leaves out: what each provider asks and
 * reads (imds.c, container.c, process.c, sts.c, sso.c, login.c). */
#include "bedrock_int.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PROVIDE_FAILURE_MS 5000     /* a failure is told to all calls for so long */
#define PROVIDE_RENEWAL_MS 30000    /* renewing keys that are still good is tried no more often */
#define PROVIDE_ATTEMPTS 3          /* of a request whose provider says nothing of it */
#define PROVIDE_MAX_FILE 65536u     /* a token's file */

/* What a step of a provider comes to, beside 0: done, below zero: failed, and BEDROCK_WANT_*. */
enum {
    PROVIDE_FETCH = 100,    /* r->fetch is to be sent */
    PROVIDE_AGAIN,          /* the same once more, at r->again_ms */
    PROVIDE_PROCESS         /* r->process is to be waited for */
};

/* One fetching, of keys or of the Region. */
struct bdk_run {
    int for_region;
    int fetching;                   /* r->fetch has been or will be sent */
    const struct provide_source *from;  /* who is asked */
    size_t role;                    /* the next one of the plan to be assumed */
    struct bdk_keys keys;           /* what has been fetched so far */
    struct bdk_keys next;           /* what the fetch at hand brings */
    struct bdk_fetch fetch;
    struct bedrock_call *call;      /* carries it; NULL: it is not under way */
    int attempts;                   /* that it has had */
    int64_t again_ms;               /* when it is tried once more */
    struct bdk_process *process;
    struct bdk_imds imds;           /* keeps its token */
    int imds_open;
    struct bedrock_buffer file;
};

/* Begin to ask, and read an answer: each returns 0 with r->next or the Region filled in, PROVIDE_* or an error
 * told in e. none: there was no answer, and e says why; NULL: that is the error. */
struct provide_source {
    int (*begin)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
    int (*answer)(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h, struct bedrock_slice body,
                  struct bedrock_error *e);
    int (*none)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
};

static int64_t provide_now_s(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 1) / 1000;
}

static int64_t provide_now_ms(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 0);
}

static uint32_t provide_random(void)
{
    uint32_t n = 0;

    bdk_random(&n, sizeof n); /* it is only for jitter: 0 will do as well */
    return n;
}

/* ---- Instance metadata ---- */

int bdk_imds_open(const struct bedrock *b, struct bdk_imds *m, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    struct bdk_imds_settings s = {0};

    s.endpoint = bdk_profile_setting(&b->profiles, "ec2_metadata_service_endpoint").value;
    s.mode = bdk_profile_setting(&b->profiles, "ec2_metadata_service_endpoint_mode").value;
    s.v1_disabled = bdk_profile_setting(&b->profiles, "ec2_metadata_v1_disabled").value;
    s.timeout = bdk_profile_setting(&b->profiles, "metadata_service_timeout").value;
    s.attempts = bdk_profile_setting(&b->profiles, "metadata_service_num_attempts").value;
    bdk_imds_env(&s, &env);
    return bdk_imds_init(m, &s, b->opt.alloc, b->opt.alloc_ctx, e);
}

static int provide_imds_request(struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_imds_request(&r->imds, &r->fetch, e);

    return rc == 0 ? PROVIDE_FETCH : rc;
}

static int provide_imds_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = 0;

    if (!r->imds_open)
        rc = bdk_imds_open(b, &r->imds, e);
    if (rc == BDK_IMDS_OFF)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "instance metadata is off (AWS_EC2_METADATA_DISABLED)");
    r->imds_open = rc == 0;
    if (rc != 0)
        return rc;
    bdk_imds_begin(&r->imds, r->for_region ? BDK_IMDS_REGION : BDK_IMDS_KEYS, provide_now_s(b));
    return provide_imds_request(r, e);
}

static int provide_imds_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                               struct bedrock_slice body, struct bedrock_error *e)
{
    int rc = bdk_imds_answer(&r->imds, &r->fetch, h, body, provide_now_s(b), &r->next, e);

    return rc == BDK_MORE ? provide_imds_request(r, e) : rc;
}

static int provide_imds_none(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_imds_no_answer(&r->imds, e);

    (void)b;
    return rc == BDK_MORE ? provide_imds_request(r, e) : rc;
}

/* ---- Containers ---- */

static int provide_container_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    int rc = bdk_container_request(&r->fetch, &env, e);

    if (rc == BDK_CONTAINER_NONE)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "there is no container to ask: neither "
                             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    return rc == 0 ? PROVIDE_FETCH : rc;
}

static int provide_container_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                                    struct bedrock_slice body, struct bedrock_error *e)
{
    return bdk_container_answer(&r->fetch, h, body, provide_now_s(b), &r->next, e);
}

/* ---- Keys that are in the environment or the profile ---- */

static int provide_static_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan *plan = b->creds.plan;
    char what[300];

    snprintf(what, sizeof what, "profile '%.200s'", plan->profile);
    return bdk_keys_set(&r->next, bdk_slice(plan->access_key_id), bdk_slice(plan->secret_access_key),
                        bdk_slice(plan->session_token), bdk_slice(plan->account_id), INT64_MAX, what, e);
}

static int provide_environment_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);

    return bdk_keys_set(&r->next, bdk_slice(bdk_getenv(&env, "AWS_ACCESS_KEY_ID")),
                        bdk_slice(bdk_getenv(&env, "AWS_SECRET_ACCESS_KEY")),
                        bdk_slice(bdk_getenv(&env, "AWS_SESSION_TOKEN")),
                        bdk_slice(bdk_getenv(&env, "AWS_ACCOUNT_ID")), INT64_MAX,
                        "credential_source Environment", e);
}

/* ---- A program that prints them ---- */

static int provide_process_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan *plan = b->creds.plan;
    char what[300];
    int rc;

    snprintf(what, sizeof what, "credential_process of profile '%.200s'", plan->profile);
    rc = bdk_process_start(&r->process, plan->process, 0, what, b->opt.alloc, b->opt.alloc_ctx, b->opt.clock,
                           b->opt.clock_ctx, e);
    return rc == 0 ? PROVIDE_PROCESS : rc;
}

/* ---- Roles ---- */

/* Where STS is, for this role: by the profile's Region, else by the client's, else by the one that all of AWS
 * began in. */
static int provide_sts(const struct bedrock *b, const char *region, struct bdk_endpoint *to,
                       struct bedrock_error *e)
{
    if (!region || !region[0])
        region = b->cf.region[0] ? b->cf.region : "us-east-1";
    return bdk_config_endpoint(b, BDK_STS, region, to, e);
}

static int provide_assume(struct bedrock *b, struct bdk_run *r, const struct bdk_plan_role *from,
                          struct bdk_sts_role *role, struct bedrock_error *e)
{
    struct bdk_endpoint to;
    int rc = provide_sts(b, from->region, &to, e);

    role->arn = from->role_arn;
    role->session_name = from->session_name;
    role->external_id = from->external_id;
    role->duration_s = from->duration_s;
    if (rc == 0)
        rc = bdk_sts_assume(&r->fetch, &to, role, provide_now_s(b), e);
    return rc == 0 ? PROVIDE_FETCH : rc;
}

static int provide_sts_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                              struct bedrock_slice body, struct bedrock_error *e)
{
    int rc = bdk_sts_keys(&r->next, &r->fetch, h, body, e);

    if (rc == 0 && r->next.expires_s <= provide_now_s(b))
        rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the keys that it gave are past their time; is the clock right?",
                           r->fetch.what);
    return rc;
}

static int provide_role_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan_role *from = &b->creds.plan->role[r->role];
    struct bdk_sts_role role = {0};
    char code[16] = "";
    int rc;

    if (from->mfa_serial) {
        if (!b->opt.mfa || b->opt.mfa(b->opt.mfa_ctx, from->mfa_serial, code, sizeof code) != 0)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "role %.200s of profile '%.100s' needs a code of the MFA device "
                                 "%.200s, and nobody is there to type it", from->role_arn, from->profile,
                                 from->mfa_serial);
        code[sizeof code - 1] = 0;
        role.mfa_serial = from->mfa_serial;
        role.mfa_code = code;
    }
    rc = provide_assume(b, r, from, &role, e);
    bdk_wipe(code, sizeof code);
    return rc;
}

static int provide_web_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    const struct bdk_plan *plan = b->creds.plan;
    struct bdk_plan_role from = plan->web;
    struct bdk_sts_role role = {0};
    char path[BDK_MAX_PATH], why[128];
    const char *file = plan->token_file;
    int err;

    if (b->creds.source == BDK_FROM_WEB_IDENTITY) {
        memset(&from, 0, sizeof from);
        file = bdk_getenv(&env, "AWS_WEB_IDENTITY_TOKEN_FILE");
        from.role_arn = bdk_getenv(&env, "AWS_ROLE_ARN");
        from.session_name = bdk_getenv(&env, "AWS_ROLE_SESSION_NAME");
    }
    if (!file || !from.role_arn)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "AWS_WEB_IDENTITY_TOKEN_FILE or AWS_ROLE_ARN is no longer set");
    r->file.len = 0;
    r->file.max = PROVIDE_MAX_FILE;
    err = bdk_home_path(&env, file, path);
    if (!err)
        err = bdk_read_file(&env, path, &r->file);
    if (err) {
        bdk_file_why(err, why);
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "web identity token file %.300s: %s", file, why);
    }
    role.web_token.p = r->file.p;
    role.web_token.len = r->file.len;
    if (bdk_sts_web_token(&role.web_token, path, e) != 0)
        return e->code;
    return provide_assume(b, r, &from, &role, e);
}

/* ---- Who is asked ---- */

static const struct provide_source provide_role = {provide_role_begin, provide_sts_answer, NULL};

static const struct provide_source provide_bases[] = {
    [BDK_PLAN_STATIC] = {provide_static_begin, NULL, NULL},
    [BDK_PLAN_WEB_IDENTITY] = {provide_web_begin, provide_sts_answer, NULL},
    [BDK_PLAN_PROCESS] = {provide_process_begin, NULL, NULL},
    [BDK_PLAN_ENVIRONMENT] = {provide_environment_begin, NULL, NULL},
    [BDK_PLAN_INSTANCE] = {provide_imds_begin, provide_imds_answer, provide_imds_none},
    [BDK_PLAN_CONTAINER] = {provide_container_begin, provide_container_answer, NULL},
};

/* ---- Carrying a request ---- */

static void provide_drop(struct bdk_run *r)
{
    bedrock_end(r->call);
    r->call = NULL;
    bdk_process_close(r->process);
    r->process = NULL;
}

/* Once more, if that may help: it failed in a way that may pass. */
static int provide_again(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int limit = r->fetch.attempts > 0 ? r->fetch.attempts : PROVIDE_ATTEMPTS;

    if (!e->retryable || r->attempts >= limit)
        return e->code;
    r->again_ms = provide_now_ms(b) + bdk_retry_delay_ms(e, r->attempts, provide_random());
    bdk_trace(b, "* credentials: %s; once more", e->message);
    memset(e, 0, sizeof *e);
    return PROVIDE_AGAIN;
}

static int provide_start(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_client_trust(b, r->fetch.to.tls, r->fetch.to.aws, e);

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
    int rc;

    provide_drop(r);
    bdk_error_set(e, why.code == BEDROCK_ERR_NOMEM ? why.code : BEDROCK_ERR_CONFIG, "%s: %.700s", r->fetch.what,
                  why.message);
    /* who cannot be reached at all within the time set will not be there a second later */
    e->retryable = why.code == BEDROCK_ERR_IO || why.code == BEDROCK_ERR_TRUNCATED;
    rc = r->from->none ? r->from->none(b, r, e) : e->code;
    return rc < 0 ? provide_again(b, r, e) : rc;
}

static int provide_carry(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    struct bedrock_event ev;
    struct bedrock_slice body;
    int rc = 0;

    if (r->again_ms > provide_now_ms(b))
        return BEDROCK_WANT_TIME;
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
    provide_drop(r);
    return rc < 0 ? provide_again(b, r, e) : rc;
}

static int provide_wait_process(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_process_step(r->process, e);

    if (rc == 0)
        rc = bdk_process_keys(r->process, NULL, provide_now_s(b), &r->next, e);
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
    r->from = for_region ? &provide_bases[BDK_PLAN_INSTANCE] : &provide_bases[c->plan->base];
    return 0;
}

/* What one source brought: the next one's turn, 1, or the end. */
static int provide_took(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    struct bdk_keys old = r->keys;
    int rc;

    r->fetching = 0;
    if (r->for_region) {
        rc = bdk_region_read(b->cf.region, &b->cf.flags, r->imds.region, e);
        rc = rc ? rc : bdk_config_use_region(b, e);
        return rc ? rc : bdk_client_trust_services(b, e);
    }
    r->keys = r->next;
    r->next = old;
    if (r->role == b->creds.plan->n_roles) {
        old = b->creds.keys;
        b->creds.keys = r->keys;
        r->keys = old;
        return 0;
    }
    r->from = &provide_role;
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
        if (rc == PROVIDE_FETCH)
            r->attempts = 0;
        r->fetching |= rc == PROVIDE_FETCH;
        if (rc >= PROVIDE_FETCH)
            continue;
        if (rc == 0 && r->from == &provide_role)
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

    if (e->code != BEDROCK_ERR_CONFIG || !b->cf.region[0])
        return;
    if (c->source == BDK_FROM_PROFILE)
        snprintf(whole.message, sizeof whole.message, "profile '%.100s'%s%.200s: %.700s", b->profiles.name,
                 file[0] ? " of " : "", file, e->message);
    else if (c->source == BDK_FROM_INSTANCE)
        snprintf(whole.message, sizeof whole.message, "no credentials: none were given or set, profile '%.100s' has "
                 "none, and %.700s", b->profiles.name, e->message);
    *e = whole;
}

/* Fetching failed: old keys that are still good, or an instance's that may be stretched, will do. 1: they do. */
static int provide_failed(struct bedrock *b, int usable)
{
    struct bdk_creds *c = &b->creds;
    int64_t now_ms = provide_now_ms(b);

    c->failed_ms = now_ms ? now_ms : 1;
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

/* One thing, keys or the Region, that has to be fetched. */
static int provide_one(struct bedrock *b, int for_region, int usable, struct bedrock_error *e)
{
    struct bdk_creds *c = &b->creds;
    int64_t patience = usable ? PROVIDE_RENEWAL_MS : PROVIDE_FAILURE_MS;
    int rc = 0;

    if (!c->pending && c->failed_ms && provide_now_ms(b) - c->failed_ms < patience) {
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
    if (rc >= 0) {
        c->failed_ms = rc == 0 ? 0 : c->failed_ms;
        return rc;
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
    if (age == BDK_KEYS_FRESH)
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
