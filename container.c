/* container.c - keys from a container's endpoint: ECS task roles, EKS Pod Identity, and the like.
 * AWS SDK reference guide, "Container credential provider". Leaves out: names that resolve to loopback (only
 * addresses and localhost count), sending (bedrock.c). */
#include "bedrock_int.h"
#include <errno.h>
#include <string.h>

#define CONTAINER_WHAT "the container credentials endpoint"
#define CONTAINER_RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define CONTAINER_FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define CONTAINER_TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define CONTAINER_TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define CONTAINER_MAX_HOST 300u
#define CONTAINER_CONNECT_MS 2000
#define CONTAINER_READ_MS 5000
#define CONTAINER_ATTEMPTS 3

/* ---- Where to ask ---- */

/* Plain http:// would show keys to everybody on the way: only this machine and the agents' own addresses. */
static int container_is_near(const char *host)
{
    static const char *const agents[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    unsigned char ip[16], agent[16];
    size_t n = bdk_host_ip(host, ip);

    for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++)
        if (n > 0 && bdk_host_ip(agents[i], agent) == n && memcmp(ip, agent, n) == 0)
            return 1;
    return bdk_host_is_loopback(host);
}

/* RFC 3986 3.3 and 3.4: what may stand in a path with query. It goes on the request line as it is. */
static int container_target_ok(const char *p)
{
    for (; *p; p++)
        if (*p <= ' ' || *p >= 0x7F || strchr("\"#<>\\^`{|}", *p))
            return 0;
    return 1;
}

static int container_bad(const char *name, const char *why, struct bedrock_error *e)
{
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: %s", name, why);
}

/* Scheme, host and port of a URL alone; *rest is what follows. */
static int container_host(struct bdk_endpoint *to, const char *url, const char **rest,
                          struct bedrock_error *e)
{
    char front[CONTAINER_MAX_HOST];
    const char *p = strstr(url, "://");
    struct bedrock_error why = {0};
    size_t n;

    if (!p)
        return container_bad(CONTAINER_FULL, "it does not name a host, as in https://HOST/PATH", e);
    p += 3;
    *rest = p + strcspn(p, "/?#");
    n = (size_t)(*rest - url);
    if (memchr(p, '@', strcspn(p, "/?#")))
        return container_bad(CONTAINER_FULL, "it must not hold a user name or password", e);
    if (n >= sizeof front)
        return container_bad(CONTAINER_FULL, "its host is too long", e);
    memcpy(front, url, n);
    front[n] = 0;
    if (bdk_url_parse(to, front, &why) != 0)
        return container_bad(CONTAINER_FULL, why.message, e);
    return 0;
}

/* The relative one goes first: it is what ECS itself sets. */
static int container_where(struct bdk_endpoint *to, const char **target, const struct bdk_env *env,
                           struct bedrock_error *e)
{
    const char *relative = bdk_getenv(env, CONTAINER_RELATIVE), *full = bdk_getenv(env, CONTAINER_FULL);
    const char *name = relative ? CONTAINER_RELATIVE : CONTAINER_FULL;

    if (!relative && !full)
        return BDK_CONTAINER_NONE;
    *target = relative;
    if (relative && relative[0] != '/') /* it would become part of the host name */
        return container_bad(name, "it must begin with '/'", e);
    if (relative)
        bdk_url_parse(to, "http://169.254.170.2", e);
    else if (container_host(to, full, target, e) != 0)
        return e->code;
    if (!container_target_ok(*target))
        return container_bad(name, "it holds characters that must be encoded, or a fragment", e);
    if (!to->tls && !container_is_near(to->host))
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             CONTAINER_FULL ": http:// is only for loopback addresses, 169.254.170.2, "
                             "169.254.170.23 and [fd00:ec2::23], not for '%.100s'", to->host);
    return 0;
}

/* ---- Authorization ---- */

static int container_token(struct bdk_fetch *f, struct bedrock_slice token, const char *name,
                           struct bedrock_error *e)
{
    for (size_t i = 0; i < token.len; i++)
        if ((unsigned char)token.p[i] < ' ' || token.p[i] == 0x7F)
            return container_bad(name, "the token holds a line break or another control character", e);
    if (token.len == 0)
        return container_bad(name, "the token is empty", e);
    bdk_fetch_header(f, "Authorization", token);
    return 0;
}

/* EKS renews the file from time to time, so it is read for each request. */
static int container_token_file(struct bdk_fetch *f, const struct bdk_env *env, const char *path,
                                struct bedrock_error *e)
{
    struct bedrock_buffer text = {0};
    struct bedrock_slice token;
    char name[512] = CONTAINER_TOKEN_FILE " ", why[128];
    int rc, err;

    bdk_error_text(name + strlen(name), sizeof name - strlen(name), bdk_slice(path));
    text.alloc = f->headers.alloc;
    text.alloc_ctx = f->headers.alloc_ctx;
    text.max = BDK_KEYS_MAX_TOKEN;
    err = bdk_read_file(env, path, &text);
    token.p = text.p;
    token.len = text.len;
    if (err) {
        bdk_file_why(err, why);
        rc = bdk_error_set(e, err == ENOMEM ? BEDROCK_ERR_NOMEM : BEDROCK_ERR_CONFIG, "%s: %s", name, why);
        e->sys_errno = err;
    } else {
        rc = container_token(f, token, name, e);
    }
    bedrock_buffer_free(&text);
    return rc;
}

static int container_authorize(struct bdk_fetch *f, const struct bdk_env *env, struct bedrock_error *e)
{
    const char *path = bdk_getenv(env, CONTAINER_TOKEN_FILE), *token = bdk_getenv(env, CONTAINER_TOKEN);

    if (path)
        return container_token_file(f, env, path, e);
    return token ? container_token(f, bdk_slice(token), CONTAINER_TOKEN, e) : 0;
}

/* ---- Asking ---- */

int bdk_container_request(struct bdk_fetch *f, const struct bdk_env *env, struct bedrock_error *e)
{
    struct bdk_endpoint to;
    const char *target = NULL;
    int rc = container_where(&to, &target, env, e);

    if (rc != 0)
        return rc;
    bdk_fetch_begin(f, &to, "GET", target[0] == '/' ? target : "/", CONTAINER_WHAT);
    if (target[0] == '?')
        bdk_buffer_text(&f->target, target);
    bdk_fetch_header(f, "Accept", bdk_slice("application/json"));
    f->connect_ms = CONTAINER_CONNECT_MS;
    f->read_ms = CONTAINER_READ_MS;
    f->attempts = CONTAINER_ATTEMPTS;
    f->direct = container_is_near(to.host);
    rc = container_authorize(f, env, e);
    return rc == 0 ? bdk_fetch_check(f, e) : rc;
}

int bdk_container_answer(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                         int64_t now_s, struct bdk_keys *k, struct bedrock_error *e)
{
    if (h->status != 200)
        return bdk_fetch_refused(f, h, body, e);
    return bdk_keys_json(k, BDK_KEYS_ENDPOINT, body, NULL, now_s, CONTAINER_WHAT, e);
}
