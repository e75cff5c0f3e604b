/* imds.c - EC2's instance metadata service: settings, the requests for keys and Region, their answers.
 * EC2 user guide, "Use the Instance Metadata Service"; AWS SDK reference guide, "IMDS credential provider".
 * Leaves out: sending (bedrock.c), and keeping old keys when it is down (bdk_keys_extend()). */
#include "bedrock_int.h"
#include <string.h>

#define IMDS_WHAT "the instance metadata service"
#define IMDS_TTL_S 21600 /* six hours, the most there is */
#define IMDS_TTL_FIELD "x-aws-ec2-metadata-token-ttl-seconds"
#define IMDS_KEYS_PATH "/latest/meta-data/iam/security-credentials/"
#define IMDS_MAX_TOKEN 1024u
#define IMDS_RENEW_S 60 /* a token that ends this soon is not used again */

/* ---- Settings ---- */

void bdk_imds_env(struct bdk_imds_settings *s, const struct bdk_env *env)
{
    const struct {
        const char **to, *name;
    } rows[] = {
        {&s->disabled, "AWS_EC2_METADATA_DISABLED"},
        {&s->endpoint, "AWS_EC2_METADATA_SERVICE_ENDPOINT"},
        {&s->mode, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"},
        {&s->v1_disabled, "AWS_EC2_METADATA_V1_DISABLED"},
        {&s->timeout, "AWS_METADATA_SERVICE_TIMEOUT"},
        {&s->attempts, "AWS_METADATA_SERVICE_NUM_ATTEMPTS"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *v = bdk_getenv(env, rows[i].name);

        if (v)
            *rows[i].to = v;
    }
}

/* 1, 0, or -1 for a word that is neither: to guess could ask a service that was meant to be off. */
static int imds_bool(const char *text, int unset, const char *name, struct bedrock_error *e)
{
    struct bedrock_slice v = bdk_slice(text);

    if (!text)
        return unset;
    if (bdk_slice_is_nocase(v, "true"))
        return 1;
    if (bdk_slice_is_nocase(v, "false"))
        return 0;
    bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s is '%.40s': it must be true or false", name, text);
    return -1;
}

/* A whole number from 1 to max, unset: *out stays. */
static int imds_number(const char *text, int max, int *out, const char *name, struct bedrock_error *e)
{
    int n = 0;

    if (!text)
        return 0;
    for (const char *p = text; *p && n <= max; p++)
        n = *p >= '0' && *p <= '9' ? n * 10 + (*p - '0') : max + 1;
    if (n < 1 || n > max)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s is '%.40s': it must be a whole number from 1 to %d",
                             name, text, max);
    *out = n;
    return 0;
}

/* A URL goes before the mode, as in every SDK. */
static int imds_endpoint(struct bdk_imds *m, const struct bdk_imds_settings *s, struct bedrock_error *e)
{
    struct bedrock_slice mode = bdk_slice(s->mode ? s->mode : "IPv4");
    struct bedrock_error why = {0};

    if (s->endpoint) {
        if (bdk_url_parse(&m->to, s->endpoint, &why) != 0)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "AWS_EC2_METADATA_SERVICE_ENDPOINT or "
                                 "ec2_metadata_service_endpoint: %s", why.message);
        return 0;
    }
    if (bdk_slice_is_nocase(mode, "IPv4"))
        return bdk_url_parse(&m->to, "http://169.254.169.254", e);
    if (bdk_slice_is_nocase(mode, "IPv6"))
        return bdk_url_parse(&m->to, "http://[fd00:ec2::254]", e);
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE or "
                         "ec2_metadata_service_endpoint_mode is '%.40s': it must be IPv4 or IPv6", s->mode);
}

int bdk_imds_init(struct bdk_imds *m, const struct bdk_imds_settings *s, bedrock_alloc_fn alloc,
                  void *alloc_ctx, struct bedrock_error *e)
{
    int off, seconds = 1, no_v1;

    memset(m, 0, sizeof *m);
    m->token.alloc = alloc;
    m->token.alloc_ctx = alloc_ctx;
    m->token.max = IMDS_MAX_TOKEN;
    off = imds_bool(s->disabled, 0, "AWS_EC2_METADATA_DISABLED", e);
    if (off != 0)
        return off > 0 ? BDK_IMDS_OFF : e->code;
    no_v1 = imds_bool(s->v1_disabled, 1, "AWS_EC2_METADATA_V1_DISABLED or ec2_metadata_v1_disabled", e);
    if (no_v1 < 0 || imds_endpoint(m, s, e) != 0 ||
        imds_number(s->timeout, 3600, &seconds, "AWS_METADATA_SERVICE_TIMEOUT or metadata_service_timeout",
                    e) != 0 ||
        imds_number(s->attempts, 100, &m->attempts,
                    "AWS_METADATA_SERVICE_NUM_ATTEMPTS or metadata_service_num_attempts", e) != 0)
        return e->code;
    m->v1_allowed = !no_v1;
    m->timeout_ms = seconds * 1000;
    return 0;
}

void bdk_imds_free(struct bdk_imds *m)
{
    bedrock_buffer_free(&m->token);
}

/* ---- Requests ---- */

static enum bdk_imds_step imds_first(enum bdk_imds_goal goal)
{
    return goal == BDK_IMDS_KEYS ? BDK_IMDS_ROLE : BDK_IMDS_PLACE;
}

void bdk_imds_begin(struct bdk_imds *m, enum bdk_imds_goal goal, int64_t now_s)
{
    int good = m->token.len > 0 && now_s + IMDS_RENEW_S < m->token_until_s;

    m->goal = goal;
    m->renewed = 0;
    m->v1 = 0; /* version 2 is asked for again each time: it may have been down only */
    m->step = good ? imds_first(goal) : BDK_IMDS_TOKEN;
}

/* Where nobody answers, one attempt must do: most machines are not EC2's. Once a token was given the
 * service is there, and worth asking again. */
int bdk_imds_request(const struct bdk_imds *m, struct bdk_fetch *f, struct bedrock_error *e)
{
    static const char *const paths[] = {"/latest/api/token", IMDS_KEYS_PATH, IMDS_KEYS_PATH,
                                        "/latest/meta-data/placement/region"};
    struct bedrock_slice token = {m->token.p, m->token.len};
    int first = m->step == BDK_IMDS_TOKEN;

    bdk_fetch_begin(f, &m->to, first ? "PUT" : "GET", paths[m->step], IMDS_WHAT);
    if (m->step == BDK_IMDS_ROLE_KEYS)
        bdk_buffer_text(&f->target, m->role);
    if (first)
        bdk_fetch_header(f, IMDS_TTL_FIELD, bdk_slice("21600"));
    else if (!m->v1)
        bdk_fetch_header(f, "x-aws-ec2-metadata-token", token);
    f->connect_ms = f->read_ms = m->timeout_ms;
    f->attempts = m->attempts ? m->attempts : 3;
    f->direct = 1;
    return bdk_fetch_check(f, e);
}

/* ---- Answers ---- */

/* The first line without white space around it. */
static struct bedrock_slice imds_line(struct bedrock_slice body)
{
    size_t n = 0;

    while (body.len > 0 && (unsigned char)body.p[0] <= ' ') {
        body.p++;
        body.len--;
    }
    while (n < body.len && body.p[n] != '\n' && body.p[n] != '\r')
        n++;
    while (n > 0 && (unsigned char)body.p[n - 1] <= ' ')
        n--;
    body.len = n;
    return body;
}

static int imds_garbage(const char *expected, struct bedrock_error *e)
{
    int rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, IMDS_WHAT " answered with something that is no %s",
                           expected);

    e->retryable = 1;
    return rc;
}

/* Seconds it is good for; a service that does not say gives one for this time only. */
static int64_t imds_ttl(const struct bdk_http_head *h)
{
    struct bedrock_slice v = bdk_http_field(h, IMDS_TTL_FIELD);
    int64_t n = 0;

    if (v.len == 0 || v.len > 9)
        return 0;
    for (size_t i = 0; i < v.len; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return 0;
        n = n * 10 + (v.p[i] - '0');
    }
    return n < IMDS_TTL_S ? n : IMDS_TTL_S;
}

static int imds_token(struct bdk_imds *m, const struct bdk_http_head *h, struct bedrock_slice body,
                      int64_t now_s, struct bedrock_error *e)
{
    struct bedrock_slice text = imds_line(body);

    /* real ones are base64, some stand-ins write other things: any visible ASCII does */
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7F || text.p[i] == '<')
            return imds_garbage("session token", e);
    if (text.len == 0 || text.len > IMDS_MAX_TOKEN)
        return imds_garbage("session token", e);
    bedrock_buffer_free(&m->token);
    if (bedrock_buffer_append(&m->token, text.p, text.len) != 0)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, IMDS_WHAT ": no memory for its token");
    m->token_until_s = now_s + imds_ttl(h);
    m->step = imds_first(m->goal);
    return BDK_MORE;
}

/* IAM API, CreateRole: [\w+=,.@-]{1,64}. It becomes a segment of a path, which "." and ".." are not. */
static int imds_role(struct bdk_imds *m, struct bedrock_slice body, struct bedrock_error *e)
{
    struct bedrock_slice name = imds_line(body);

    if (name.len == 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, IMDS_WHAT " has no role for this instance");
    if (name.len > 64 || bdk_slice_is(name, ".") || bdk_slice_is(name, ".."))
        return imds_garbage("name of a role", e);
    for (size_t i = 0; i < name.len; i++)
        if (!bdk_is_alnum(name.p[i]) && (name.p[i] == 0 || !strchr("_+=,.@-", name.p[i])))
            return imds_garbage("name of a role", e);
    memcpy(m->role, name.p, name.len);
    m->role[name.len] = 0;
    m->step = BDK_IMDS_ROLE_KEYS;
    return BDK_MORE;
}

static int imds_region(struct bdk_imds *m, struct bedrock_slice body, struct bedrock_error *e)
{
    struct bedrock_slice name = imds_line(body);
    char region[sizeof m->region] = "";

    if (name.len >= sizeof region)
        return imds_garbage("Region", e);
    memcpy(region, name.len ? name.p : "", name.len);
    region[name.len] = 0;
    if (strlen(region) != name.len || bdk_region_check(region) != 0)
        return imds_garbage("Region", e);
    memcpy(m->region, region, sizeof region);
    return 0;
}

static int imds_use_v1(struct bdk_imds *m)
{
    m->v1 = 1;
    m->step = imds_first(m->goal);
    return BDK_MORE;
}

/* EC2 user guide: 401 is a token that is no longer good, 403 a service that is switched off, 404 on the list
 * of roles an instance without one. */
static int imds_refused(struct bdk_imds *m, const struct bdk_fetch *f, const struct bdk_http_head *h,
                        struct bedrock_slice body, struct bedrock_error *e)
{
    int status = h->status, first = m->step == BDK_IMDS_TOKEN;

    if (first && m->v1_allowed && (status == 403 || status == 404 || status == 405))
        return imds_use_v1(m);
    if (!first && !m->v1 && status == 401 && !m->renewed) {
        m->renewed = 1;
        bedrock_buffer_free(&m->token);
        m->step = BDK_IMDS_TOKEN;
        return BDK_MORE;
    }
    if (status == 403)
        bdk_error_set(e, BEDROCK_ERR_CONFIG, IMDS_WHAT " is switched off (HTTP 403)");
    else if (m->step == BDK_IMDS_ROLE && status == 404)
        bdk_error_set(e, BEDROCK_ERR_CONFIG, IMDS_WHAT " has no role for this instance (HTTP 404)");
    else
        return bdk_fetch_refused(f, h, body, e);
    e->http_status = status;
    return e->code;
}

int bdk_imds_answer(struct bdk_imds *m, const struct bdk_fetch *f, const struct bdk_http_head *h,
                    struct bedrock_slice body, int64_t now_s, struct bdk_keys *k, struct bedrock_error *e)
{
    if (h->status != 200)
        return imds_refused(m, f, h, body, e);
    switch (m->step) {
    case BDK_IMDS_TOKEN:
        return imds_token(m, h, body, now_s, e);
    case BDK_IMDS_ROLE:
        return imds_role(m, body, e);
    case BDK_IMDS_PLACE:
        return imds_region(m, body, e);
    case BDK_IMDS_ROLE_KEYS:
        break;
    }
    return bdk_keys_json(k, BDK_KEYS_ENDPOINT, body, NULL, BDK_ALSO_EXPIRED, IMDS_WHAT, e);
}

int bdk_imds_no_answer(struct bdk_imds *m, struct bedrock_error *e)
{
    /* in a container, whose hop limit is one, the answer to the PUT never arrives */
    if (m->step != BDK_IMDS_TOKEN || !m->v1_allowed || e->code != BEDROCK_ERR_TIMEOUT)
        return e->code;
    memset(e, 0, sizeof *e);
    return imds_use_v1(m);
}
