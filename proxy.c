/* proxy.c - which proxy serves a target, and what is said to it: CONNECT, and how the answer reads.
 * curl(1), "Environment" and --noproxy; RFC 9110 9.3.6 and 7617. Leaves out: SOCKS, authentication other
 * than Basic, proxy auto-configuration. Pure but for the environment's hook. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define PROXY_PORT 1080     /* of an http:// proxy whose URL has none, as in curl */
#define PROXY_TLS_PORT 443
#define PROXY_MAX_TEXT 65536u   /* of a variable */

/* ---- The proxy's URL ---- */

/* Decode %XX; what begins no such thing stays. 0, an error of b, or BEDROCK_ERR_CONFIG for a control. */
static int proxy_decode(struct bedrock_buffer *b, const char *p, const char *end)
{
    int control = 0;

    while (p < end && b->error == 0) {
        char c = *p++;

        if (c == '%' && end - p >= 2 && bdk_hex_digit(p[0]) >= 0 && bdk_hex_digit(p[1]) >= 0) {
            c = (char)(bdk_hex_digit(p[0]) << 4 | bdk_hex_digit(p[1]));
            p += 2;
        }
        control |= (unsigned char)c < 0x20 || c == 0x7F;
        bedrock_buffer_append(b, &c, 1);
    }
    return b->error ? b->error : control ? BEDROCK_ERR_CONFIG : 0;
}

/* RFC 7617: base64 of user:password, as curl also without a password. */
static int proxy_basic(struct bdk_proxy *x, const char *p, const char *end)
{
    struct bedrock_buffer plain = {0};
    struct bdk_base64 s = {{0}, 0};
    int rc;

    plain.alloc = x->authorization.alloc;
    plain.alloc_ctx = x->authorization.alloc_ctx;
    rc = proxy_decode(&plain, p, end);
    if (rc == 0 && !memchr(p, ':', (size_t)(end - p)))
        rc = bdk_buffer_text(&plain, ":");
    if (rc == 0) {
        bdk_buffer_text(&x->authorization, "Basic ");
        bdk_base64_add(&x->authorization, &s, plain.p, plain.len);
        rc = bdk_base64_end(&x->authorization, &s);
    }
    bdk_wipe(&s, sizeof s);
    bedrock_buffer_free(&plain);
    return rc;
}

/* Step over the scheme; without one it is http://. */
static const char *proxy_scheme(struct bdk_proxy *x, const char *url)
{
    const char *p = strstr(url, "://");
    struct bedrock_slice scheme = {url, p ? (size_t)(p - url) : 0};

    if (!p)
        return url;
    x->tls = bdk_slice_is_nocase(scheme, "https");
    if (scheme.len >= 5 && memcmp(url, "socks", 5) == 0)
        x->bad = "SOCKS proxies are not supported, only http:// and https://";
    else if (!x->tls && !bdk_slice_is_nocase(scheme, "http"))
        x->bad = "the proxy's URL must begin with http:// or https://";
    return p + 3;
}

/* Behind the authority nothing counts, as in curl. Returns NOMEM or 0; x->bad tells the rest. */
static int proxy_parse(struct bdk_proxy *x, const char *url)
{
    const char *p = proxy_scheme(x, url), *end = p + strcspn(p, "/?#"), *at = end, *host_end = end;
    int rc = 0;

    while (at > p && at[-1] != '@')
        at--; /* the last one: a password may hold others */
    if (at - p > 1)
        rc = proxy_basic(x, p, at - 1);
    if (rc == BEDROCK_ERR_NOMEM)
        return rc;
    if (strchr(end, '@')) /* half a password would pass for host and port */
        x->bad = "a '/', '?' or '#' in the user name or password must be written as %2F, %3F or %23";
    if (rc != 0 && !x->bad)
        x->bad = "there is a control character in the user name or password";
    x->port = x->tls ? PROXY_TLS_PORT : PROXY_PORT;
    for (const char *c = end; c > at && c[-1] != ']'; c--)
        if (c[-1] == ':') {
            host_end = c - 1;
            x->port = bdk_port_read(c, end);
            break;
        }
    if (bdk_host_copy(x->host, at, host_end) != 0) {
        x->host[0] = 0;
        x->bad = x->bad ? x->bad : "no usable host name in the proxy's URL";
    }
    if (x->port < 0 && !x->bad)
        x->bad = "the proxy's port must be from 1 to 65535";
    snprintf(x->name, sizeof x->name, strchr(x->host, ':') ? "[%s]:%d" : "%s:%d", x->host, x->port);
    return 0;
}

int bdk_proxy_check(const struct bdk_proxy *p, struct bedrock_error *e)
{
    return p && p->bad ? bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: %s", p->from, p->bad) : 0;
}

/* ---- Where it is named ---- */

static const char *proxy_first(const struct bdk_env *env, const char *const names[], const char **from)
{
    const char *v = NULL;

    for (int i = 0; !v && names[i]; i++) {
        v = bdk_getenv(env, names[i]);
        *from = v ? names[i] : NULL;
    }
    return v;
}

/* Lower case goes first. HTTP_PROXY in capitals is not read, as in curl: a web server sets it for its CGI
 * programs to whatever the field "Proxy" of a request says. */
static const char *proxy_find(const struct bdk_env *env, const struct bedrock_options *opt, int tls,
                              const char **from)
{
    static const char *const names[2][5] = {
        {"http_proxy", "all_proxy", "ALL_PROXY", NULL},
        {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL},
    };

    *from = "the proxy given by the program";
    if (opt->proxy)
        return opt->proxy[0] ? opt->proxy : NULL;
    return proxy_first(env, names[tls], from);
}

static int proxy_keep_list(struct bdk_proxies *p, const struct bdk_env *env,
                           const struct bedrock_options *opt)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
    const char *from, *list = opt->no_proxy ? opt->no_proxy : proxy_first(env, names, &from);

    return list ? bdk_buffer_text(&p->no_proxy, list) : 0;
}

void bdk_proxies_free(struct bdk_proxies *p, const struct bedrock_options *opt)
{
    if (!p)
        return;
    for (int tls = 0; tls < 2; tls++)
        bedrock_buffer_free(&p->of[tls].authorization);
    bedrock_buffer_free(&p->no_proxy);
    bdk_resize(opt->alloc, opt->alloc_ctx, p, sizeof *p, 0);
}

static struct bdk_proxies *proxy_new(const struct bedrock_options *opt)
{
    struct bdk_proxies *p = bdk_resize(opt->alloc, opt->alloc_ctx, NULL, 0, sizeof *p);
    struct bedrock_buffer empty = {0};

    if (!p)
        return NULL;
    empty.alloc = opt->alloc;
    empty.alloc_ctx = opt->alloc_ctx;
    empty.max = 2 * PROXY_MAX_TEXT;
    memset(p, 0, sizeof *p);
    p->no_proxy = p->of[0].authorization = p->of[1].authorization = empty;
    return p;
}

int bdk_proxies_load(struct bdk_proxies **out, const struct bedrock_options *opt,
                     const struct bdk_env *env, struct bedrock_error *e)
{
    const char *url[2], *from[2];
    struct bdk_proxies *p;
    int rc;

    *out = NULL;
    for (int tls = 0; tls < 2; tls++)
        url[tls] = proxy_find(env, opt, tls, &from[tls]);
    if (!url[0] && !url[1])
        return 0;
    p = proxy_new(opt);
    if (!p)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    rc = proxy_keep_list(p, env, opt);
    for (int tls = 0; tls < 2 && rc == 0; tls++) {
        p->of[tls].from = url[tls] ? from[tls] : NULL;
        if (url[tls] && strlen(url[tls]) > PROXY_MAX_TEXT)
            p->of[tls].bad = "the proxy's URL is too long";
        else if (url[tls])
            rc = proxy_parse(&p->of[tls], url[tls]);
    }
    if (rc != 0) {
        bdk_proxies_free(p, opt);
        return rc == BEDROCK_ERR_LIMIT
                   ? bdk_error_set(e, BEDROCK_ERR_CONFIG, "NO_PROXY: the list is too long")
                   : bdk_error_set(e, rc, "out of memory");
    }
    *out = p;
    return 0;
}

/* ---- Targets that need none ---- */

struct proxy_target {
    struct bedrock_slice name;  /* without the root's dot */
    unsigned char ip[16];
    size_t ip_len;              /* 0: a name */
    int port;
};

static int proxy_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int proxy_same(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bdk_lower(a[i]) != bdk_lower(b[i]))
            return 0;
    return 1;
}

/* Take ":port" off an entry, and the brackets around IPv6; 0: it is for another port. */
static int proxy_entry_port(struct bedrock_slice *s, int port)
{
    const char *colon = NULL, *end = s->p + s->len;
    int n_colons = 0, bracketed = s->p[0] == '[', named = -1;

    for (const char *p = s->p; p < end; p++) {
        if (bracketed && *p == ']')
            n_colons = 0;
        if (*p == ':') {
            colon = p;
            n_colons++;
        }
    }
    if (n_colons == 1) {
        named = bdk_port_read(colon + 1, end);
        if (named < 0)
            return 0;
        s->len = (size_t)(colon - s->p);
    }
    if (bracketed && s->len > 1 && s->p[s->len - 1] == ']') {
        s->p++;
        s->len -= 2;
    }
    return named < 0 || named == port;
}

/* RFC 4632: an address, or a block of them with "/bits". */
static int proxy_in_block(const struct proxy_target *t, struct bedrock_slice s)
{
    const char *slash = memchr(s.p, '/', s.len);
    size_t n = slash ? (size_t)(slash - s.p) : s.len, bits = t->ip_len * 8, rest;
    unsigned char ip[16];
    char text[64];

    if (n >= sizeof text)
        return 0;
    memcpy(text, s.p, n);
    text[n] = 0;
    if (bdk_host_ip(text, ip) != t->ip_len)
        return 0;
    if (slash) {
        size_t named = 0;

        if (s.len == n + 1 || s.len > n + 4)
            return 0;
        for (size_t i = n + 1; i < s.len; i++) {
            if (s.p[i] < '0' || s.p[i] > '9')
                return 0;
            named = named * 10 + (size_t)(s.p[i] - '0');
        }
        if (named > bits)
            return 0;
        bits = named;
    }
    rest = bits % 8;
    if (memcmp(ip, t->ip, bits / 8) != 0)
        return 0;
    return rest == 0 || ((ip[bits / 8] ^ t->ip[bits / 8]) >> (8 - rest)) == 0;
}

/* example.com and .example.com are the name itself and all below it. */
static int proxy_is_below(struct bedrock_slice name, struct bedrock_slice s)
{
    if (s.len > 0 && s.p[s.len - 1] == '.')
        s.len--;
    if (s.len > 0 && s.p[0] == '.') {
        s.p++;
        s.len--;
    }
    if (s.len == 0 || s.len > name.len || !proxy_same(name.p + (name.len - s.len), s.p, s.len))
        return 0;
    return s.len == name.len || name.p[name.len - s.len - 1] == '.';
}

static int proxy_entry_fits(const struct proxy_target *t, struct bedrock_slice s)
{
    if (bdk_slice_is(s, "*"))
        return 1;
    if (!proxy_entry_port(&s, t->port))
        return 0;
    return t->ip_len ? proxy_in_block(t, s) : proxy_is_below(t->name, s);
}

static int proxy_is_listed(const struct bedrock_buffer *list, const struct proxy_target *t)
{
    const char *p = list->len ? list->p : "", *end = p + list->len;

    while (p < end) {
        struct bedrock_slice s = {p, 0};

        while (p < end && *p != ',' && !proxy_is_blank(*p))
            p++;
        s.len = (size_t)(p - s.p);
        if (s.len > 0 && proxy_entry_fits(t, s))
            return 1;
        p += p < end;
    }
    return 0;
}

/* Where instances and containers find their credentials: that is nobody else's business. */
static int proxy_is_link_local(const struct proxy_target *t)
{
    static const unsigned char ec2[4] = {0xFD, 0x00, 0x0E, 0xC2}; /* fd00:ec2:: */

    if (t->ip_len == 4)
        return t->ip[0] == 169 && t->ip[1] == 254;
    if (t->ip_len == 16)
        return memcmp(t->ip, ec2, 4) == 0 || (t->ip[0] == 0xFE && (t->ip[1] & 0xC0) == 0x80);
    return 0;
}

const struct bdk_proxy *bdk_proxy_for(const struct bdk_proxies *p, const char *host, int port, int tls)
{
    const struct bdk_proxy *x = p ? &p->of[tls ? 1 : 0] : NULL;
    struct proxy_target t = {{host, strlen(host)}, {0}, 0, port};

    if (!x || !x->from)
        return NULL;
    t.ip_len = bdk_host_ip(host, t.ip);
    if (t.name.len > 1 && host[t.name.len - 1] == '.')
        t.name.len--;
    if (proxy_is_link_local(&t) || proxy_is_listed(&p->no_proxy, &t))
        return NULL;
    /* what is meant for this machine would leave it in the clear */
    if (!tls && x->host[0] && !bdk_host_is_loopback(x->host))
        return NULL;
    return x;
}

/* ---- CONNECT ---- */

int bdk_proxy_connect(struct bedrock_buffer *b, const struct bdk_proxy *p, const char *target)
{
    struct bdk_field fields[3] = {{"Host", bdk_slice(target)},
                                  {"User-Agent", bdk_slice("bedrock-c/" BEDROCK_VERSION)},
                                  {"Proxy-Authorization", {p->authorization.p, p->authorization.len}}};

    return bdk_http_request(b, "CONNECT", bdk_slice(target), fields, p->authorization.len ? 3 : 2);
}

void bdk_proxy_status(const struct bdk_http_head *h, const char *text, char out[128])
{
    /* the status line is the one before the fields; interim responses may stand before it */
    const char *end = h->fields.p - 2, *p = end;
    struct bedrock_slice reason;
    int n = snprintf(out, 128, "%d", h->status);

    while (p > text && p[-1] != '\n')
        p--;
    if (end - p <= 13)
        return;
    reason.p = p + 13; /* "HTTP/1.1 407 " */
    reason.len = (size_t)(end - reason.p);
    out[n++] = ' ';
    bdk_error_text(out + n, 128 - (size_t)n, reason);
}

int bdk_proxy_answer(const struct bdk_proxy *p, const char *target, const char *text, size_t len,
                     size_t *scanned, size_t *used, struct bedrock_error *e)
{
    struct bdk_http_head h;
    const char *why = "the answer is not HTTP";
    char status[128];
    int rc = bdk_http_head_read(text, len, scanned, &h, &why);

    if (rc == BDK_MORE)
        return rc;
    if (rc < 0)
        return bdk_error_set(e, rc, "proxy %s: CONNECT %s: %s", p->name, target, why);
    *used = h.len;
    if (h.status >= 200 && h.status < 300)
        return 0;
    bdk_proxy_status(&h, text, status);
    bdk_error_set(e, BEDROCK_ERR_CONNECT, "proxy %s: CONNECT %s refused: %s", p->name, target, status);
    e->retryable = h.status >= 500; /* 403 and 407 do not go away by themselves */
    return e->code;
}
