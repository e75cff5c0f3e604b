/* sources.c - where fetched credentials come from, each as a few steps: what to send first, and what to make
 * of the answer. AWS SDK reference guide, "Standardized credential providers". Leaves out: sending
 * (provide.c), and what the requests and answers look like (imds.c, container.c, process.c, sts.c,
 * sso.c, login.c). */
#include "bedrock_int.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_MAX_FILE 65536u      /* a token's file */
#define SOURCE_LOOKS 12             /* for a token that another process renews at the same time, */
#define SOURCE_LOOK_MS 25           /* and how far apart they are */

static int64_t source_now_s(const struct bedrock *b)
{
    return b->opt.clock(b->opt.clock_ctx, 1) / 1000;
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

static int source_imds_request(struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_imds_request(&r->imds, &r->fetch, e);

    return rc == 0 ? BDK_RUN_FETCH : rc;
}

static int source_imds_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = 0;

    if (!r->imds_open)
        rc = bdk_imds_open(b, &r->imds, e);
    if (rc == BDK_IMDS_OFF)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "instance metadata is off (AWS_EC2_METADATA_DISABLED)");
    r->imds_open = rc == 0;
    if (rc != 0)
        return rc;
    bdk_imds_begin(&r->imds, r->for_region ? BDK_IMDS_REGION : BDK_IMDS_KEYS, source_now_s(b));
    return source_imds_request(r, e);
}

static int source_imds_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                               struct bedrock_slice body, struct bedrock_error *e)
{
    int rc = bdk_imds_answer(&r->imds, &r->fetch, h, body, source_now_s(b), &r->next, e);

    return rc == BDK_MORE ? source_imds_request(r, e) : rc;
}

static int source_imds_none(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = bdk_imds_no_answer(&r->imds, e);

    (void)b;
    return rc == BDK_MORE ? source_imds_request(r, e) : rc;
}

/* ---- Containers ---- */

static int source_container_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    int rc = bdk_container_request(&r->fetch, &env, e);

    if (rc == BDK_CONTAINER_NONE)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "there is no container to ask: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI "
                             "nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    return rc == 0 ? BDK_RUN_FETCH : rc;
}

static int source_container_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                                    struct bedrock_slice body, struct bedrock_error *e)
{
    return bdk_container_answer(&r->fetch, h, body, source_now_s(b), &r->next, e);
}

/* ---- Keys that are in the environment or the profile ---- */

static int source_static_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan *plan = b->creds.plan;
    char what[300];

    snprintf(what, sizeof what, "profile '%.200s'", plan->profile);
    return bdk_keys_set(&r->next, bdk_slice(plan->access_key_id), bdk_slice(plan->secret_access_key),
                        bdk_slice(plan->session_token), bdk_slice(plan->account_id), INT64_MAX, what, e);
}

static int source_environment_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);

    return bdk_keys_set(&r->next, bdk_slice(bdk_getenv(&env, "AWS_ACCESS_KEY_ID")),
                        bdk_slice(bdk_getenv(&env, "AWS_SECRET_ACCESS_KEY")),
                        bdk_slice(bdk_getenv(&env, "AWS_SESSION_TOKEN")),
                        bdk_slice(bdk_getenv(&env, "AWS_ACCOUNT_ID")), INT64_MAX,
                        "credential_source Environment", e);
}

/* ---- A program that prints them ---- */

static int source_process_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan *plan = b->creds.plan;
    char what[300];
    int rc;

    snprintf(what, sizeof what, "credential_process of profile '%.200s'", plan->profile);
    rc = bdk_process_start(&r->process, plan->process, 0, what, b->opt.alloc, b->opt.alloc_ctx, b->opt.clock,
                           b->opt.clock_ctx, e);
    return rc == 0 ? BDK_RUN_PROCESS : rc;
}

/* ---- Roles ---- */

/* Where STS is, for this role: in the Region that was given in so many words, else in that of the role's
 * profile, else in the client's. */
static int source_sts(const struct bedrock *b, const char *region, struct bdk_endpoint *to,
                      struct bedrock_error *e)
{
    if (!region || !b->cf.region_from.file)
        region = b->cf.region;
    return bdk_config_endpoint(b, BDK_STS, region, to, e);
}

static int source_assume(struct bedrock *b, struct bdk_run *r, const struct bdk_plan_role *from,
                          struct bdk_sts_role *role, struct bedrock_error *e)
{
    struct bdk_endpoint to;
    int rc = source_sts(b, from->region, &to, e);

    role->arn = from->role_arn;
    role->session_name = from->session_name;
    role->external_id = from->external_id;
    role->duration_s = from->duration_s;
    if (rc == 0)
        rc = bdk_sts_assume(&r->fetch, &to, role, source_now_s(b), e);
    return rc == 0 ? BDK_RUN_FETCH : rc;
}

/* Keys that are over would be fetched again with each call, and signed with in vain. */
static int source_good(const struct bedrock *b, const struct bdk_run *r, struct bedrock_error *e)
{
    if (r->next.expires_s > source_now_s(b))
        return 0;
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the keys that it gave are past their time; is the clock "
                         "right?", r->fetch.what);
}

static int source_sts_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                              struct bedrock_slice body, struct bedrock_error *e)
{
    int rc = bdk_sts_keys(&r->next, &r->fetch, h, body, e);

    return rc ? rc : source_good(b, r, e);
}

static int source_role_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan_role *from = &b->creds.plan->role[r->role];
    struct bdk_sts_role role = {0};
    char code[16] = "";
    int rc;

    if (from->mfa_serial) {
        if (!b->opt.mfa || b->opt.mfa(b->opt.mfa_ctx, from->mfa_serial, code, sizeof code) != 0)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "role %.200s of profile '%.100s' needs a code of the "
                                 "MFA device %.200s, and nobody is there to type it", from->role_arn,
                                 from->profile, from->mfa_serial);
        code[sizeof code - 1] = 0;
        role.mfa_serial = from->mfa_serial;
        role.mfa_code = code;
    }
    rc = source_assume(b, r, from, &role, e);
    bdk_wipe(code, sizeof code);
    return rc;
}

static int source_web_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    const struct bdk_plan *plan = b->creds.plan;
    struct bdk_plan_role from = plan->web;
    struct bdk_sts_role role = {0};
    char path[BDK_MAX_PATH], why[128];
    const char *file = plan->token_file;
    int err, rc;

    if (b->creds.source == BDK_FROM_WEB_IDENTITY) {
        memset(&from, 0, sizeof from);
        file = bdk_getenv(&env, "AWS_WEB_IDENTITY_TOKEN_FILE");
        from.role_arn = bdk_getenv(&env, "AWS_ROLE_ARN");
        from.session_name = bdk_getenv(&env, "AWS_ROLE_SESSION_NAME");
    }
    if (!file || !from.role_arn)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "AWS_WEB_IDENTITY_TOKEN_FILE or AWS_ROLE_ARN is no longer set");
    bedrock_buffer_free(&r->file); /* with the error that the last one may have had */
    r->file.max = SOURCE_MAX_FILE;
    err = bdk_home_path(&env, file, path);
    if (!err)
        err = bdk_read_file(&env, path, &r->file);
    if (err) {
        bdk_file_why(err, why);
        return bdk_error_set(e, err == ENOMEM ? BEDROCK_ERR_NOMEM : BEDROCK_ERR_CONFIG,
                             "web identity token file %.300s: %s", file, why);
    }
    role.web_token.p = r->file.p;
    role.web_token.len = r->file.len;
    rc = bdk_sts_web_token(&role.web_token, path, e);
    if (rc == 0)
        rc = source_assume(b, r, &from, &role, e);
    bedrock_buffer_free(&r->file);
    return rc;
}

/* ---- Tokens that AWS's tools keep on disk ---- */

/* The new one is in memory and serves; another process finds the old one, and renews it again. A program that
 * has files of its own has this path on no disk. */
static void source_save(const struct bedrock *b, struct bdk_cache *c)
{
    int err = b->opt.read_file ? 0 : bdk_cache_write(c->path, c->file.p, c->file.len);
    char why[128];

    c->unsaved = err || b->opt.read_file;
    if (!err)
        return;
    bdk_file_why(err, why);
    bdk_trace(b, "* credentials: %s could not be written: %s", c->path, why);
}

/* Renewing failed. A refresh token may be good once: then another process was faster, and has perhaps not
 * written yet what it got. 0: there is a token that is good. */
static int source_look(struct bedrock *b, struct bdk_run *r, struct bdk_cache *c, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);

    if (bdk_cache_failed(c, &env, source_now_s(b), e) == 0) {
        r->looks = 0;
        return 0;
    }
    if (e->http_status < 400 || e->http_status >= 500 || r->looks == SOURCE_LOOKS)
        return e->code;
    r->looks++;
    r->again_ms = b->opt.clock(b->opt.clock_ctx, 0) + SOURCE_LOOK_MS;
    return BDK_RUN_AGAIN;
}

static int source_sso_role(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_plan *plan = b->creds.plan;
    struct bdk_endpoint to;
    int rc = bdk_config_endpoint(b, BDK_SSO, plan->sso_region, &to, e);

    r->renewing = 0;
    if (rc == 0)
        rc = bdk_sso_role(&r->sso, &r->fetch, &to, plan->sso_account_id, plan->sso_role_name, e);
    return rc == 0 ? BDK_RUN_FETCH : rc;
}

static int source_sso_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    const struct bdk_plan *plan = b->creds.plan;
    struct bdk_endpoint to;
    int rc = 0;

    if (!r->sso.c.form)
        rc = bdk_sso_open(&r->sso, &env, plan->profile, plan->sso_session, plan->sso_start_url, b->opt.alloc,
                          b->opt.alloc_ctx, e);
    if (rc == 0)
        rc = bdk_cache_load(&r->sso.c, &env, e);
    if (rc == 0)
        rc = bdk_sso_next(&r->sso, source_now_s(b), e);
    if (rc != BDK_MORE)
        return rc ? rc : source_sso_role(b, r, e);
    r->renewing = 1;
    rc = bdk_config_endpoint(b, BDK_OIDC, plan->sso_region, &to, e);
    if (rc == 0)
        rc = bdk_sso_refresh(&r->sso, &r->fetch, &to, source_now_s(b), e);
    return rc == 0 ? BDK_RUN_FETCH : rc;
}

static int source_sso_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                             struct bedrock_slice body, struct bedrock_error *e)
{
    int rc;

    if (!r->renewing) {
        rc = bdk_sso_keys(&r->sso, &r->next, &r->fetch, h, body, b->creds.plan->sso_account_id, e);
        return rc ? rc : source_good(b, r, e);
    }
    rc = bdk_sso_refreshed(&r->sso, &r->fetch, h, body, source_now_s(b), e);
    if (rc != 0)
        return rc;
    source_save(b, &r->sso.c);
    return source_sso_role(b, r, e);
}

static int source_sso_failed(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = r->renewing ? source_look(b, r, &r->sso.c, e) : e->code;

    return rc ? rc : source_sso_role(b, r, e);
}

static int source_login_begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    const struct bdk_plan *plan = b->creds.plan;
    const char *region;
    unsigned char random[16];
    struct bdk_endpoint to;
    int rc = 0;

    if (!r->login.form)
        rc = bdk_login_open(&r->login, &env, plan->profile, plan->login_session, b->opt.alloc,
                            b->opt.alloc_ctx, e);
    if (rc == 0)
        rc = bdk_cache_load(&r->login, &env, e);
    if (rc == 0)
        rc = bdk_cache_next(&r->login, 1, source_now_s(b), e);
    if (rc != BDK_MORE)
        return rc ? rc : bdk_login_keys(&r->login, &r->next, e);
    region = bdk_login_region(&r->login);
    if (!region)
        region = plan->region ? plan->region : b->cf.region;
    if (bdk_random(random, sizeof random) != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the system gives no random numbers", r->login.path);
    rc = bdk_config_endpoint(b, BDK_SIGNIN, region, &to, e);
    if (rc == 0)
        rc = bdk_login_refresh(&r->login, &r->fetch, &to, random, source_now_s(b), e);
    return rc == 0 ? BDK_RUN_FETCH : rc;
}

static int source_login_answer(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                               struct bedrock_slice body, struct bedrock_error *e)
{
    int rc = bdk_login_refreshed(&r->login, &r->fetch, h, body, source_now_s(b), e);

    if (rc != 0)
        return rc;
    source_save(b, &r->login);
    return bdk_login_keys(&r->login, &r->next, e);
}

static int source_login_failed(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    int rc = source_look(b, r, &r->login, e);

    return rc ? rc : bdk_login_keys(&r->login, &r->next, e);
}

/* ---- Who is asked ---- */

const struct bdk_run_source bdk_source_role = {source_role_begin, source_sts_answer, NULL, NULL};

const struct bdk_run_source bdk_sources[BDK_PLAN_BASES] = {
    [BDK_PLAN_STATIC] = {source_static_begin, NULL, NULL, NULL},
    [BDK_PLAN_WEB_IDENTITY] = {source_web_begin, source_sts_answer, NULL, NULL},
    [BDK_PLAN_SSO] = {source_sso_begin, source_sso_answer, NULL, source_sso_failed},
    [BDK_PLAN_LOGIN] = {source_login_begin, source_login_answer, NULL, source_login_failed},
    [BDK_PLAN_PROCESS] = {source_process_begin, NULL, NULL, NULL},
    [BDK_PLAN_ENVIRONMENT] = {source_environment_begin, NULL, NULL, NULL},
    [BDK_PLAN_INSTANCE] = {source_imds_begin, source_imds_answer, source_imds_none, NULL},
    [BDK_PLAN_CONTAINER] = {source_container_begin, source_container_answer, NULL, NULL},
};
