/* test_proxy.c - which proxy serves which target, what it is told, and how its answer reads.
 * Cases of our own after curl(1) and RFC 9110 9.3.6. Leaves out: connections (test/proxy.sh). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

/* An environment as NAME, value, NAME, value, ..., NULL. */
static const char *env_get(void *ctx, const char *name)
{
    const char *const *pairs = ctx;

    for (; pairs[0]; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

static struct bdk_proxies *load(const char *const *pairs, const char *proxy, const char *no_proxy)
{
    struct bedrock_options opt = {0};
    struct bdk_env env = {env_get, (void *)(uintptr_t)pairs, NULL, NULL};
    struct bedrock_error e = {0};
    struct bdk_proxies *p;

    opt.proxy = proxy;
    opt.no_proxy = no_proxy;
    CHECKF(bdk_proxies_load(&p, &opt, &env, &e) == 0, "%s", e.message);
    return p;
}

static void unload(struct bdk_proxies *p)
{
    struct bedrock_options opt = {0};

    bdk_proxies_free(p, &opt);
}

/* What is said of the proxy for a target, "-" for none. */
static const char *name_for(const struct bdk_proxies *p, const char *host, int tls)
{
    const struct bdk_proxy *x = bdk_proxy_for(p, host, tls ? 443 : 80, tls);

    return x ? x->name : "-";
}

static void test_variables(void)
{
    static const struct {
        const char *pairs[9], *proxy;
        const char *https, *http, *from;    /* for a host, for localhost, where the first came from */
    } cases[] = {
        {{NULL}, NULL, "-", "-", NULL},
        {{"HTTPS_PROXY", "http://p:1"}, NULL, "p:1", "-", "HTTPS_PROXY"},
        {{"https_proxy", "http://p:1"}, NULL, "p:1", "-", "https_proxy"},
        {{"HTTPS_PROXY", "http://upper:1", "https_proxy", "http://lower:1"}, NULL, "lower:1", "-",
         "https_proxy"},
        {{"HTTPS_PROXY", "http://upper:1", "https_proxy", ""}, NULL, "upper:1", "-", "HTTPS_PROXY"},
        {{"HTTPS_PROXY", "http://upper:1", "https_proxy", "  "}, NULL, "upper:1", "-", "HTTPS_PROXY"},
        {{"ALL_PROXY", "http://p:1"}, NULL, "p:1", "-", "ALL_PROXY"},
        {{"ALL_PROXY", "http://upper:1", "all_proxy", "http://lower:1"}, NULL, "lower:1", "-", "all_proxy"},
        {{"ALL_PROXY", "http://all:1", "HTTPS_PROXY", "http://p:1"}, NULL, "p:1", "-", "HTTPS_PROXY"},
        {{"all_proxy", "http://127.0.0.1:1", "HTTPS_PROXY", "http://p:1"}, NULL, "p:1", "127.0.0.1:1",
         "HTTPS_PROXY"},
        /* capitals are not read for http://, as in curl */
        {{"HTTP_PROXY", "http://localhost:1"}, NULL, "-", "-", NULL},
        {{"http_proxy", "http://localhost:1"}, NULL, "-", "localhost:1", NULL},
        /* what is meant for this machine stays on it */
        {{"http_proxy", "http://p:1"}, NULL, "-", "-", NULL},
        {{"http_proxy", "http://p:1", "all_proxy", "http://[::1]:2"}, NULL, "[::1]:2", "-", "all_proxy"},
        {{"HTTPS_PROXY", "http://p:1"}, "", "-", "-", NULL},
        {{"HTTPS_PROXY", "http://p:1"}, "http://127.0.0.1:9", "127.0.0.1:9", "127.0.0.1:9",
         "the proxy given by the program"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_proxies *p;
        const struct bdk_proxy *x;

        t_case("variables, row %zu", i);
        p = load(cases[i].pairs, cases[i].proxy, NULL);
        CHECK_TEXT(name_for(p, "example.com", 1), strlen(name_for(p, "example.com", 1)), cases[i].https);
        CHECK_TEXT(name_for(p, "localhost", 0), strlen(name_for(p, "localhost", 0)), cases[i].http);
        x = bdk_proxy_for(p, "example.com", 443, 1);
        if (cases[i].from && CHECK(x != NULL))
            CHECK_TEXT(x->from, strlen(x->from), cases[i].from);
        unload(p);
    }
}

static void test_urls(void)
{
    static const struct {
        const char *url, *host;
        int port, tls;
        const char *authorization;
    } good[] = {
        {"proxy.example", "proxy.example", 1080, 0, ""},
        {"proxy.example:3128", "proxy.example", 3128, 0, ""},
        {"http://Proxy.Example:3128/", "proxy.example", 3128, 0, ""},
        {"HTTP://proxy.example", "proxy.example", 1080, 0, ""},
        {"https://proxy.example", "proxy.example", 443, 1, ""},
        {"https://proxy.example:8443/path?query", "proxy.example", 8443, 1, ""},
        {"http://[::1]:3128", "::1", 3128, 0, ""},
        {"[2001:db8::1]", "2001:db8::1", 1080, 0, ""},
        /* base64 by coreutils */
        {"http://user:password@p:1", "p", 1, 0, "Basic dXNlcjpwYXNzd29yZA=="},
        {"user:password@p:1", "p", 1, 0, "Basic dXNlcjpwYXNzd29yZA=="},
        {"http://user@p:1", "p", 1, 0, "Basic dXNlcjo="},
        {"http://user:@p:1", "p", 1, 0, "Basic dXNlcjo="},
        {"http://:pw@p:1", "p", 1, 0, "Basic OnB3"},
        {"http://@p:1", "p", 1, 0, ""},
        {"http://us%65r:p%40s%3as%2F@p:1", "p", 1, 0, "Basic dXNlcjpwQHM6cy8="},
        {"http://user:p@s:s@p:1", "p", 1, 0, "Basic dXNlcjpwQHM6cw=="},
        {"http://user:50%@p:1", "p", 1, 0, "Basic dXNlcjo1MCU="},
        {"http://user:5%0g@p:1", "p", 1, 0, "Basic dXNlcjo1JTBn"},
        {"http://\xC3\xA9:x@p:1", "p", 1, 0, "Basic w6k6eA=="},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *const pairs[] = {"HTTPS_PROXY", good[i].url, NULL};
        struct bdk_proxies *p;
        const struct bdk_proxy *x;

        t_case("proxy %s", good[i].url);
        p = load(pairs, NULL, NULL);
        x = bdk_proxy_for(p, "example.com", 443, 1);
        if (CHECK(x != NULL) && CHECKF(!x->bad, "%s", x->bad)) {
            CHECK_TEXT(x->host, strlen(x->host), good[i].host);
            CHECKF(x->port == good[i].port && x->tls == good[i].tls, "port %d, TLS %d", x->port, x->tls);
            CHECK_TEXT(x->authorization.p, x->authorization.len, good[i].authorization);
        }
        unload(p);
    }
}

static void test_bad_urls(void)
{
    static const char *const bad[] = {
        "socks5://user:secretword@p:1", "socks5h://p", "socks4://p", "ftp://user:secretword@p:1",
        "user:secretword://x@p", "http://user:secretword@", "http://", "http://user:secretword@p:0",
        "http://p:65536", "http://p:port", "http://p q:1", "http://[::1", "http://[1.2.3.4]", "http://::1",
        "http://user:secretword%0d%0aX:@p:1", "http://us%00er:secretword@p:1", "http://u\x7F:secretword@p:1",
        "http://user:1/secretword@p:1", "http://user:2#secretword@p:1", "user:3?secretword@p:1",
        "http://user:secretword\n@p:1", "http:/p:1", "https:p", "http://p:", "http://p\xC3\xA9:1", "://p",
    };
    static char many[70000];

    for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
        const char *url = i < sizeof bad / sizeof bad[0] ? bad[i] : many;
        const char *const pairs[] = {"ALL_PROXY", url, NULL};
        struct bdk_proxies *p;
        struct bedrock_error e = {0};

        memset(many, 'a', sizeof many - 1);
        t_case("no proxy: %.60s", url);
        p = load(pairs, NULL, NULL);
        CHECK(bdk_proxy_check(bdk_proxy_for(p, "example.com", 443, 1), &e) == BEDROCK_ERR_CONFIG);
        CHECKF(strncmp(e.message, "ALL_PROXY: ", 11) == 0, "%s", e.message);
        CHECKF(!strstr(e.message, "secretword"), "a password is told: %s", e.message);
        unload(p);
    }
}

static void test_no_proxy(void)
{
    static const struct {
        const char *list, *host;
        int port, direct;
    } cases[] = {
        {"example.com", "example.com", 443, 1},
        {"example.com", "www.example.com", 443, 1},
        {"example.com", "nonexample.com", 443, 0},
        {"example.com", "example.com.evil.org", 443, 0},
        {"example.com", "com", 443, 0},
        {".example.com", "example.com", 443, 1},
        {".example.com", "a.b.example.com", 443, 1},
        {".example.com", "nonexample.com", 443, 0},
        {"www.example.com", "example.com", 443, 0},
        {"EXAMPLE.com", "www.Example.COM", 443, 1},
        {"example.com.", "example.com", 443, 1},
        {"example.com", "example.com.", 443, 1},
        {".example.com.", "www.example.com.", 443, 1},
        {"*", "anything.example", 443, 1},
        {"*", "10.0.0.1", 443, 1},
        {"a.example,*", "anything.example", 443, 1},
        {"*.example.com", "www.example.com", 443, 0},   /* as in curl: no pattern */
        {"", "example.com", 443, 0},
        {",,", "example.com", 443, 0},
        {".", "example.com", 443, 0},
        {"..", "example.com", 443, 0},
        {" , \t a.example ,, example.com\t", "example.com", 443, 1},
        {"a.example example.com", "example.com", 443, 1},
        {"a.example\nexample.com", "example.com", 443, 1},
        {"example.com:443", "example.com", 443, 1},
        {"example.com:443", "www.example.com", 443, 1},
        {"example.com:443", "example.com", 8443, 0},
        {".example.com:8443", "www.example.com", 8443, 1},
        {"example.com:", "example.com", 443, 0},
        {"example.com:x", "example.com", 443, 0},
        {"example.com:99999", "example.com", 443, 0},
        {"localhost", "localhost", 443, 1},
        {"localhost", "127.0.0.1", 443, 0},
        {"127.0.0.1", "127.0.0.1", 443, 1},
        {"127.0.0.1", "127.0.0.10", 443, 0},
        {"127.0.0.1:443", "127.0.0.1", 443, 1},
        {"127.0.0.1:80", "127.0.0.1", 443, 0},
        {"0.0.1", "127.0.0.1", 443, 0},     /* no suffix of an address */
        {"10.0.0.0/8", "10.200.3.4", 443, 1},
        {"10.0.0.0/8", "11.0.0.1", 443, 0},
        {"10.0.0.0/9", "10.127.255.255", 443, 1},
        {"10.0.0.0/9", "10.128.0.0", 443, 0},
        {"192.168.4.0/22", "192.168.7.255", 443, 1},
        {"192.168.4.0/22", "192.168.8.0", 443, 0},
        {"192.168.4.4/32", "192.168.4.4", 443, 1},
        {"192.168.4.4/32", "192.168.4.5", 443, 0},
        {"0.0.0.0/0", "8.8.8.8", 443, 1},
        {"0.0.0.0/0", "2001:db8::1", 443, 0},
        {"10.0.0.0/33", "10.0.0.0", 443, 0},
        {"10.0.0.0/", "10.0.0.0", 443, 0},
        {"10.0.0.0/8x", "10.0.0.0", 443, 0},
        {"10.0.0.0/0000", "10.0.0.0", 443, 0},
        {"10.0.0/8", "10.0.0.0", 443, 0},
        {"10.0.0.0/8", "host.example", 443, 0},
        {"::1", "::1", 443, 1},
        {"[::1]", "::1", 443, 1},
        {"[::1]:443", "::1", 443, 1},
        {"[::1]:444", "::1", 443, 0},
        {"0:0:0:0:0:0:0:1", "::1", 443, 1},
        {"2001:db8::/32", "2001:db8:ffff::1", 443, 1},
        {"2001:db8::/32", "2001:db9::1", 443, 0},
        {"2001:db8::/33", "2001:db8:8000::1", 443, 0},
        {"[2001:db8::/32]", "2001:db8::7", 443, 1},
        {"2001:db8::7/128", "2001:db8::7", 443, 1},
        {"2001:db8::7/128", "2001:db8::6", 443, 0},
        {"2001:db8::7/129", "2001:db8::7", 443, 0},
        {"[", "::1", 443, 0},
        {"[]", "::1", 443, 0},
        {":", "example.com", 443, 0},
        {"/", "10.0.0.0", 443, 0},
    };
    const char *const pairs[] = {"HTTPS_PROXY", "http://p:1", NULL};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const with[] = {"HTTPS_PROXY", "http://p:1", "NO_PROXY", cases[i].list, NULL};
        size_t n = strlen(cases[i].list);
        struct bdk_proxies *p;
        char *guarded = t_guard(cases[i].list, n), *heap;

        t_case("NO_PROXY '%s' for %s:%d", cases[i].list, cases[i].host, cases[i].port);
        p = load(pairs, NULL, cases[i].list);
        CHECK((bdk_proxy_for(p, cases[i].host, cases[i].port, 1) == NULL) == cases[i].direct);
        /* the same at the end of memory */
        heap = p->no_proxy.p;
        p->no_proxy.p = guarded;
        CHECK((bdk_proxy_for(p, cases[i].host, cases[i].port, 1) == NULL) == cases[i].direct);
        p->no_proxy.p = heap;
        unload(p);
        p = load(with, NULL, NULL);
        CHECK((bdk_proxy_for(p, cases[i].host, cases[i].port, 1) == NULL) == cases[i].direct);
        unload(p);
        t_guard_free(guarded, n);
    }
}

static void test_lists(void)
{
    const char *const pairs[] = {"HTTPS_PROXY", "http://p:1", "no_proxy", "lower.example", "NO_PROXY",
                                 "upper.example", NULL};
    struct bdk_proxies *p = load(pairs, NULL, NULL);

    t_case("no_proxy goes before NO_PROXY");
    CHECK(!bdk_proxy_for(p, "lower.example", 443, 1) && bdk_proxy_for(p, "upper.example", 443, 1));
    unload(p);
    t_case("an option goes before both, also an empty one");
    p = load(pairs, NULL, "");
    CHECK(bdk_proxy_for(p, "lower.example", 443, 1) != NULL);
    unload(p);
    t_case("NO_PROXY holds for a proxy that was given as an option");
    p = load(pairs, "http://q:1", NULL);
    CHECK(!bdk_proxy_for(p, "lower.example", 443, 1) && bdk_proxy_for(p, "upper.example", 443, 1));
    unload(p);
    t_case("the list alone is no proxy");
    p = load(pairs + 2, NULL, NULL);
    CHECK(p == NULL && !bdk_proxy_for(p, "upper.example", 443, 1));
}

static void test_link_local(void)
{
    static const char *const hosts[] = {
        "169.254.170.2", "169.254.170.23", "169.254.169.254", "fd00:ec2::23", "fd00:ec2::254",
        "fe80::1", "169.254.1.1",
    };
    const char *const pairs[] = {"http_proxy", "http://127.0.0.1:1", "HTTPS_PROXY", "http://p:1", NULL};
    struct bdk_proxies *p = load(pairs, NULL, NULL);

    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        t_case("never a proxy for %s", hosts[i]);
        CHECK(!bdk_proxy_for(p, hosts[i], 80, 0) && !bdk_proxy_for(p, hosts[i], 443, 1));
    }
    t_case("but for its neighbours");
    CHECK(bdk_proxy_for(p, "169.253.1.1", 443, 1) && bdk_proxy_for(p, "fd00:ec3::254", 443, 1));
    unload(p);
}

static void test_connect(void)
{
    static const struct {
        const char *proxy, *target, *head;
    } cases[] = {
        {"http://p:1", "example.com:443",
         "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nUser-Agent: bedrock-c/"
         BEDROCK_VERSION "\r\n\r\n"},
        {"http://user:password@p:1", "[2001:db8::1]:8443",
         "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\nUser-Agent: bedrock-c/"
         BEDROCK_VERSION "\r\nProxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n\r\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const pairs[] = {"HTTPS_PROXY", cases[i].proxy, NULL};
        struct bdk_proxies *p = load(pairs, NULL, NULL);
        struct bedrock_buffer head = {0};

        t_case("CONNECT to %s", cases[i].target);
        CHECK(bdk_proxy_connect(&head, bdk_proxy_for(p, "example.com", 443, 1), cases[i].target) == 0);
        CHECK_TEXT(head.p, head.len, cases[i].head);
        bedrock_buffer_free(&head);
        unload(p);
    }
}

/* Read an answer that comes in pieces of n bytes. */
static int answer(const struct bdk_proxy *x, const char *text, size_t len, size_t n, size_t *used,
                  struct bedrock_error *e)
{
    size_t scanned = 0;
    int rc = BDK_MORE;

    *used = 0;
    for (size_t have = 0; rc == BDK_MORE && have < len;) {
        char *guarded;

        have = n < len - have ? have + n : len;
        guarded = t_guard(text, have);
        rc = bdk_proxy_answer(x, "a.example:443", guarded, have, &scanned, used, e);
        t_guard_free(guarded, have);
    }
    return rc;
}

static void test_answers(void)
{
    static const struct {
        const char *text;
        int rc;
        size_t left;            /* bytes of the tunnel behind the head */
        int retryable;
        const char *message;    /* behind "proxy p:3128: CONNECT a.example:443" */
    } cases[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", 0, 0, 0, NULL},
        {"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", 0, 0, 0, NULL},
        {"HTTP/1.1 204\r\n\r\n", 0, 0, 0, NULL},
        {"HTTP/1.1 299 Fine\r\n\r\n", 0, 0, 0, NULL},
        /* RFC 9110 9.3.6: a length says nothing, what follows is the tunnel's */
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 3, 0, NULL},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nZ", 0,
         1, 0, NULL},
        {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\nhello",
         BEDROCK_ERR_CONNECT, 0, 0, " refused: 407 Proxy Authentication Required"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n", BEDROCK_ERR_CONNECT, 0, 0,
         " refused: 403 Forbidden"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", BEDROCK_ERR_CONNECT, 0, 1, " refused: 502 Bad Gateway"},
        {"HTTP/1.1 503\r\n\r\n", BEDROCK_ERR_CONNECT, 0, 1, " refused: 503"},
        {"HTTP/1.1 503 \r\n\r\n", BEDROCK_ERR_CONNECT, 0, 1, " refused: 503"},
        {"HTTP/1.1 302 Found\r\nLocation: http://evil\r\n\r\n", BEDROCK_ERR_CONNECT, 0, 0,
         " refused: 302 Found"},
        {"HTTP/1.1 407 \xFF\x1B[2J no\r\n\r\n", BEDROCK_ERR_PROTOCOL, 0, 0, NULL},
        {"HTTP/1.1 101 Switching\r\n\r\n", BEDROCK_ERR_PROTOCOL, 0, 0,
         ": the response switches protocols, which was not asked for"},
        {"SSH-2.0-OpenSSH_9.6\r\n\r\n", BEDROCK_ERR_PROTOCOL, 0, 0, NULL},
        {"HTTP/2 200\r\n\r\n", BEDROCK_ERR_PROTOCOL, 0, 0, NULL},
        {"HTTP/1.1 200 OK\r\n", BDK_MORE, 0, 0, NULL},
    };
    const char *const pairs[] = {"HTTPS_PROXY", "http://u:secretword@p:3128", NULL};
    struct bdk_proxies *p = load(pairs, NULL, NULL);
    const struct bdk_proxy *x = bdk_proxy_for(p, "a.example", 443, 1);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);

        for (size_t n = len; n > 0; n--) {
            struct bedrock_error e = {0};
            size_t used;

            t_case("answer %zu in pieces of %zu", i, n);
            CHECK(answer(x, cases[i].text, len, n, &used, &e) == cases[i].rc);
            if (cases[i].rc == 0)
                CHECKF(used == len - cases[i].left, "%zu of %zu", used, len);
            CHECK(e.retryable == cases[i].retryable && (e.code == 0) == (cases[i].rc >= 0));
            if (cases[i].rc < 0)
                CHECKF(strncmp(e.message, "proxy p:3128: CONNECT a.example:443", 35) == 0, "%s", e.message);
            if (cases[i].message)
                CHECK_TEXT(e.message + 35, strlen(e.message + 35), cases[i].message);
        }
    }
    unload(p);
}

static void test_long_answers(void)
{
    static char text[BDK_HTTP_MAX_HEAD + 2];
    const char *const pairs[] = {"HTTPS_PROXY", "http://p:3128", NULL};
    struct bdk_proxies *p = load(pairs, NULL, NULL);
    const struct bdk_proxy *x = bdk_proxy_for(p, "a.example", 443, 1);
    struct bedrock_error e = {0};
    size_t used, scanned = 0;

    t_case("a head without an end");
    memset(text, 'a', sizeof text);
    memcpy(text, "HTTP/1.1 200 ", 13);
    CHECK(bdk_proxy_answer(x, "t", text, sizeof text, &scanned, &used, &e) == BEDROCK_ERR_LIMIT);
    CHECKF(strncmp(e.message, "proxy p:3128: CONNECT t: ", 25) == 0, "%s", e.message);
    t_case("a reason of 60 KB is cut");
    memset(&e, 0, sizeof e);
    scanned = 0;
    memcpy(text, "HTTP/1.1 403 ", 13);
    memcpy(text + 60000, "\r\n\r\n", 4);
    CHECK(bdk_proxy_answer(x, "t", text, 60004, &scanned, &used, &e) == BEDROCK_ERR_CONNECT);
    CHECKF(strlen(e.message) < 200 && strstr(e.message, "refused: 403 aaa"), "%s", e.message);
    unload(p);
}

static int load_in(void *env, struct t_heap *heap)
{
    struct bedrock_options opt = {.alloc = t_heap_alloc, .alloc_ctx = heap};
    struct bedrock_error e = {0};
    struct bdk_proxies *p;
    int rc = bdk_proxies_load(&p, &opt, env, &e);

    CHECK(rc == (p ? 0 : BEDROCK_ERR_NOMEM) && e.code == rc);
    bdk_proxies_free(p, &opt);
    return rc;
}

static void test_memory(void)
{
    const char *const pairs[] = {"HTTPS_PROXY", "http://user:password@p:1", "http_proxy",
                                 "http://u:p@localhost", "NO_PROXY", "a,b", NULL};
    struct bdk_env env = {env_get, (void *)(uintptr_t)pairs, NULL, NULL};

    t_case("allocation n fails");
    t_no_memory(load_in, &env);
    t_case("without a proxy nothing is allocated");
    {
        struct t_heap heap = {0};
        struct bedrock_options opt = {0};
        struct bedrock_error e = {0};
        struct bdk_proxies *p;

        env.ctx = (void *)(uintptr_t)(pairs + 4);
        opt.alloc = t_heap_alloc;
        opt.alloc_ctx = &heap;
        CHECK(bdk_proxies_load(&p, &opt, &env, &e) == 0 && !p && heap.calls == 0);
    }
}

static void test_long_list(void)
{
    struct bedrock_options opt = {0};
    struct bdk_env env = {NULL, NULL, NULL, NULL};
    struct bedrock_error e = {0};
    struct bdk_proxies *p;
    char *list = malloc(200000);

    t_case("a list of 200 KB");
    if (!CHECK(list != NULL))
        return;
    memset(list, 'a', 199999);
    list[199999] = 0;
    opt.proxy = "http://p:1";
    opt.no_proxy = list;
    CHECK(bdk_proxies_load(&p, &opt, &env, &e) == BEDROCK_ERR_CONFIG && !p);
    CHECK_TEXT(e.message, strlen(e.message), "NO_PROXY: the list is too long");
    free(list);
}

int main(void)
{
    test_variables();
    test_urls();
    test_bad_urls();
    test_no_proxy();
    test_lists();
    test_link_local();
    test_connect();
    test_answers();
    test_long_answers();
    test_memory();
    test_long_list();
    return t_end("test_proxy");
}
