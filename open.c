/* open.c - opening and closing a client: options, settings, trust, transport.
 * bedrock.h is the contract. Leaves out: where settings and credentials come from (config.c, creds.c). */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define OPEN_CONNECT_TIMEOUT_MS 10000
#define OPEN_IDLE_TIMEOUT_MS 3600000
#define OPEN_MAX_RESPONSE ((size_t)64 << 20)
#define OPEN_MAX_IDLE 8

struct bdk_env bdk_client_env(const struct bedrock *b)
{
    struct bdk_env env = {b->opt.getenv, b->opt.getenv_ctx, b->opt.read_file, b->opt.read_file_ctx};

    return env;
}

const char *bedrock_version(void)
{
    return BEDROCK_VERSION;
}

/* The options that stay: hooks and limits. The strings are used up when the client is open. */
static void open_keep_options(struct bedrock *b, const struct bedrock_options *opt)
{
    struct bedrock_options *o = &b->opt;

    o->alloc = opt->alloc;
    o->alloc_ctx = opt->alloc_ctx;
    o->getenv = opt->getenv;
    o->getenv_ctx = opt->getenv_ctx;
    o->read_file = opt->read_file;
    o->read_file_ctx = opt->read_file_ctx;
    o->credentials = opt->credentials;
    o->credentials_ctx = opt->credentials_ctx;
    o->mfa = opt->mfa;
    o->mfa_ctx = opt->mfa_ctx;
    o->trace = opt->trace;
    o->trace_ctx = opt->trace_ctx;
    o->clock = opt->clock ? opt->clock : bdk_clock_system;
    o->clock_ctx = opt->clock_ctx;
    o->connect_timeout_ms = opt->connect_timeout_ms > 0 ? opt->connect_timeout_ms : OPEN_CONNECT_TIMEOUT_MS;
    o->idle_timeout_ms = opt->idle_timeout_ms ? opt->idle_timeout_ms : OPEN_IDLE_TIMEOUT_MS;
    o->max_event = opt->max_event ? opt->max_event : BDK_ES_MAX_FRAME;
    o->max_response = opt->max_response ? opt->max_response : OPEN_MAX_RESPONSE;
    o->max_connections = opt->max_connections > 0 ? opt->max_connections : 0;
    o->max_idle = opt->max_idle ? opt->max_idle : OPEN_MAX_IDLE;
}

static int open_set_user_agent(struct bedrock *b, const struct bedrock_options *opt)
{
    const char *own = opt->user_agent ? opt->user_agent : "";
    int n;

    for (const char *p = own; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7F)
            return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                                 "user_agent may hold printable ASCII only");
    n = snprintf(b->user_agent, sizeof b->user_agent, "%s%sbedrock-c/" BEDROCK_VERSION " lang/c",
                 own, own[0] ? " " : "");
    if (n < 0 || (size_t)n >= sizeof b->user_agent)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG, "user_agent is too long");
    return 0;
}

/* ---- Trust and transport ---- */

/* Say where trust comes from, when somebody asks. */
static int open_keep_source(struct bedrock *b, const char *source, struct bedrock_error *e)
{
    size_t n = strlen(source) + 1;

    b->ca_source = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, n);
    if (!b->ca_source)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memcpy(b->ca_source, source, n);
    return 0;
}

/* A bundle that was named replaces everything else, and is an error at once when it is none. */
static int open_load_bundle(struct bedrock *b, const struct bedrock_options *opt)
{
    struct bedrock_buffer pem = {0};
    char source[512] = "";
    int rc;

    bdk_client_buffer(b, &pem);
    rc = bdk_ca_bundle(b, &pem, source, opt);
    if (rc == 1) {
        b->has_bundle = 1;
        rc = bdk_trust_load(&b->other_trust, 0, pem.p, pem.len, source, b->opt.alloc, b->opt.alloc_ctx,
                            &b->err);
        rc = rc ? rc : open_keep_source(b, source, &b->err);
    }
    bedrock_buffer_free(&pem);
    return rc;
}

/* The system's bundle beside the five roots. */
static int open_load_system(struct bedrock *b, struct bedrock_error *e)
{
    const struct bdk_env env = bdk_client_env(b);
    struct bedrock_buffer pem = {0};
    char source[512] = "";
    int rc;

    bdk_client_buffer(b, &pem);
    if (bdk_ca_system(&pem, source, &env) < 0)
        rc = bdk_error_set(e, BEDROCK_ERR_NOMEM, "no memory for the CA bundle");
    else
        rc = bdk_trust_load(&b->other_trust, 1, pem.p, pem.len, source, b->opt.alloc, b->opt.alloc_ctx, e);
    if (rc == 0)
        rc = open_keep_source(b, source, e);
    bedrock_buffer_free(&pem);
    return rc;
}

/* Design 6: AWS's own endpoints are held to the five roots; others may use the system's bundle too. */
int bdk_client_trust(struct bedrock *b, int tls, int aws, struct bedrock_error *e)
{
    struct bdk_transport *t = &b->transport;
    int rc = 0;

    if (!tls || b->has_bundle || b->io.ctx != t)
        return 0;
    if (aws && !b->aws_trust)
        rc = bdk_trust_load(&b->aws_trust, 1, NULL, 0, "", b->opt.alloc, b->opt.alloc_ctx, e);
    if (!aws && !b->other_trust)
        rc = open_load_system(b, e);
    t->aws_trust = b->aws_trust;
    t->other_trust = b->other_trust;
    return rc;
}

int bdk_client_trust_services(struct bedrock *b, struct bedrock_error *e)
{
    int rc = 0;

    for (int i = 0; i < BDK_N_SERVICES && rc == 0; i++) {
        const struct bdk_endpoint *to = &b->cf.endpoint[i];

        b->transport.aws_host[i] = to->aws ? to->host : NULL;
        rc = bdk_client_trust(b, to->tls, to->aws, e);
    }
    return rc;
}

/* A proxy that a service needs and that cannot be used is told at once. */
static int open_load_proxies(struct bedrock *b, const struct bedrock_options *opt)
{
    const struct bdk_env env = bdk_client_env(b);
    int rc = bdk_proxies_load(&b->transport.proxies, opt, &env, &b->err);

    for (int i = 0; i < BDK_N_SERVICES && rc == 0; i++) {
        const struct bdk_endpoint *to = &b->cf.endpoint[i];

        rc = bdk_proxy_check(bdk_proxy_for(b->transport.proxies, to->host, to->port, to->tls), &b->err);
    }
    for (int i = 0; b->transport.proxies && i < 2 && rc == 0; i++)
        rc = bdk_client_trust(b, b->transport.proxies->of[i].tls, 0, &b->err);
    return rc;
}

static int open_transport(struct bedrock *b, const struct bedrock_options *opt)
{
    struct bdk_transport *t = &b->transport;
    int rc;

    if (opt->io) {
        b->io = *opt->io;
        return 0;
    }
    t->alloc = b->opt.alloc;
    t->alloc_ctx = b->opt.alloc_ctx;
    t->clock = b->opt.clock;
    t->clock_ctx = b->opt.clock_ctx;
    t->trace = b->opt.trace;
    t->trace_ctx = b->opt.trace_ctx;
    bdk_transport_io(&b->io, t);
    rc = open_load_bundle(b, opt);
    t->other_trust = b->other_trust;
    if (rc == 0)
        rc = open_load_proxies(b, opt);
    return rc ? rc : bdk_client_trust_services(b, &b->err);
}

/* ---- Entry points ---- */

/* Where nobody signs, the way to the services is found all the same: bedrock_where() and bedrock_probe() may
 * be asked what is wrong. */
static int open_find(struct bedrock *b, const struct bedrock_options *opt)
{
    int rc = bdk_creds_open(b, opt), way;

    if (rc == BEDROCK_ERR_NOMEM)
        return rc;
    memset(&b->err, 0, sizeof b->err);
    way = open_transport(b, opt);
    b->reachable = way == 0;
    if (rc == 0)
        return way;
    b->err = b->creds.err;
    return rc;
}

int bedrock_open_sized(struct bedrock **out, const struct bedrock_options *given, size_t given_size)
{
    struct bedrock_options opt;
    struct bedrock *b;
    int rc;

    memset(&opt, 0, sizeof opt);
    /* a version of the struct ends behind a whole member; never take half a pointer */
    given_size -= given_size % sizeof(void *);
    if (given)
        memcpy(&opt, given, given_size < sizeof opt ? given_size : sizeof opt);
    *out = b = bdk_resize(opt.alloc, opt.alloc_ctx, NULL, 0, sizeof *b);
    if (!b)
        return BEDROCK_ERR_NOMEM;
    memset(b, 0, sizeof *b);
    open_keep_options(b, &opt);
    b->cpu = bdk_cpu();
    rc = open_set_user_agent(b, &opt);
    if (rc == 0)
        rc = bdk_config_load(b, &opt);
    if (rc == 0)
        rc = open_find(b, &opt);
    b->usable = rc == 0;
    return rc;
}

void bedrock_close(struct bedrock *b)
{
    bedrock_alloc_fn alloc;
    void *alloc_ctx;

    if (!b)
        return;
    bdk_creds_free(b); /* whose call is one of these */
    while (b->calls)
        bedrock_end(b->calls);
    for (int i = 0; i < BDK_MAX_KEPT; i++)
        if (b->kept[i].conn)
            b->io.close(b->kept[i].conn);
    bdk_trust_free(b->aws_trust);
    bdk_trust_free(b->other_trust);
    if (b->ca_source)
        bdk_resize(b->opt.alloc, b->opt.alloc_ctx, b->ca_source, strlen(b->ca_source) + 1, 0);
    bdk_proxies_free(b->transport.proxies, &b->opt);
    bdk_profiles_free(&b->profiles);
    alloc = b->opt.alloc;
    alloc_ctx = b->opt.alloc_ctx;
    bdk_wipe(b, sizeof *b);
    bdk_resize(alloc, alloc_ctx, b, sizeof *b, 0);
}
