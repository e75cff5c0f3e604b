/* test_container.c - the container credentials endpoint: which URIs are asked, with which token, the answer.
 * Cases of our own. Leaves out: sockets (the emulator plays the endpoint) and the public vectors. */
#include "bedrock_int.h"
#include "t.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOW_S 1767323045 /* 2026-01-02T03:04:05Z */

/* Variables of one case, and one file. */
struct world {
    const char *relative, *full, *token, *token_path;
    const char *file;
    size_t file_len;
    int file_errno;
    int reads;
};

static const char *world_get(void *ctx, const char *name)
{
    const struct world *w = ctx;

    return strcmp(name, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == 0 ? w->relative :
           strcmp(name, "AWS_CONTAINER_CREDENTIALS_FULL_URI") == 0 ? w->full :
           strcmp(name, "AWS_CONTAINER_AUTHORIZATION_TOKEN") == 0 ? w->token :
           strcmp(name, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") == 0 ? w->token_path : NULL;
}

static int world_read(void *ctx, const char *path, struct bedrock_buffer *out)
{
    struct world *w = ctx;

    w->reads++;
    CHECK(strcmp(path, w->token_path) == 0);
    if (w->file_errno)
        return w->file_errno;
    if (bedrock_buffer_append(out, w->file, w->file_len ? w->file_len : strlen(w->file)) != 0)
        return out->error == BEDROCK_ERR_NOMEM ? ENOMEM : EFBIG;
    return 0;
}

static struct bdk_env world_env(struct world *w)
{
    struct bdk_env env = {world_get, w, world_read, w};

    return env;
}

static void test_uris(void)
{
    static const struct {
        const char *relative, *full, *url; /* or a part of the message, behind '!' */
        int direct;
    } cases[] = {
        {"/v2/credentials/1-2", NULL, "http://169.254.170.2 /v2/credentials/1-2", 1},
        {"/x?a=1&b=%20", "http://evil.example", "http://169.254.170.2 /x?a=1&b=%20", 1},
        {"", "http://localhost:8080/c", "http://localhost:8080 /c", 1},
        {" ", "http://127.0.0.2/c/", "http://127.0.0.2 /c/", 1},
        {NULL, "http://[::1]:1/c", "http://[::1]:1 /c", 1},
        {NULL, "http://169.254.170.2/c", "http://169.254.170.2 /c", 1},
        {NULL, "http://169.254.170.23/v1/credentials", "http://169.254.170.23 /v1/credentials", 1},
        {NULL, "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23] /v1/credentials", 1},
        {NULL, "http://[FD00:0ec2::0023]/c", "http://[FD00:0ec2::0023] /c", 1},
        {NULL, "https://Keys.Example:8443/c?d", "https://keys.example:8443 /c?d", 0},
        {NULL, "https://keys.example", "https://keys.example /", 0},
        {NULL, "https://keys.example?a=b", "https://keys.example /?a=b", 0},
        {NULL, "https://127.0.0.1/@", "https://127.0.0.1 /@", 1},

        {"credentials", NULL, "!RELATIVE_URI: it must begin with '/'", 0},
        {".evil.example/x", NULL, "!RELATIVE_URI: it must begin with '/'", 0},
        {"@evil.example/x", NULL, "!RELATIVE_URI: it must begin with '/'", 0},
        {"/a b", NULL, "!RELATIVE_URI: it holds characters", 0},
        {"/a\r\nX: y", NULL, "!RELATIVE_URI: it holds characters", 0},
        {"/a#b", NULL, "!RELATIVE_URI: it holds characters", 0},
        {NULL, "/credentials", "!FULL_URI: it does not name a host", 0},
        {NULL, "http://", "!FULL_URI: endpoint URL", 0},
        {NULL, "ftp://localhost/", "!FULL_URI: endpoint URL", 0},
        {NULL, "http://169.254.170.3/c", "!not for '169.254.170.3'", 0},
        {NULL, "http://169.254.169.254/c", "!not for '169.254.169.254'", 0},
        {NULL, "http://[fd00:ec2::24]/c", "!not for 'fd00:ec2::24'", 0},
        {NULL, "http://[::ffff:127.0.0.1]/c", "!not for '::ffff:127.0.0.1'", 0},
        {NULL, "http://keys.example/c", "!not for 'keys.example'", 0},
        {NULL, "http://localhost.example/c", "!not for 'localhost.example'", 0},
        {NULL, "http://169.254.170.2.example/c", "!not for '169.254.170.2.example'", 0},
        {NULL, "http://user:s3cret!!@localhost/c", "!must not hold a user name or password", 0},
        {NULL, "http://localhost@evil.example/c", "!must not hold a user name or password", 0},
        {NULL, "https://keys.example\\@localhost/c", "!must not hold a user name or password", 0},
        {NULL, "https://a b/c", "!no usable host name", 0},
        {NULL, "https://localhost:0/c", "!the port must be", 0},
        {NULL, "https://localhost/c#d", "!it holds characters", 0},
        {NULL, "https://localhost/c\nd", "!it holds characters", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = {cases[i].relative, cases[i].full, NULL, NULL, NULL, 0, 0, 0};
        struct bdk_env env = world_env(&w);
        struct bedrock_error e = {0};
        struct bdk_fetch f;
        char url[400];
        int rc;

        t_case("container: %s", cases[i].full ? cases[i].full : cases[i].relative);
        bdk_fetch_init(&f, NULL, NULL);
        rc = bdk_container_request(&f, &env, &e);
        if (cases[i].url[0] == '!') {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, cases[i].url + 1), "%d: %s", rc, e.message);
            CHECK(!strstr(e.message, "s3cret") && strstr(e.message, "AWS_CONTAINER_CREDENTIALS_"));
        } else {
            CHECKF(rc == 0, "%s", e.message);
            snprintf(url, sizeof url, "%s://%s %.*s", f.to.tls ? "https" : "http", f.to.authority,
                     (int)f.target.len, f.target.p ? f.target.p : "");
            CHECK_TEXT(url, strlen(url), cases[i].url);
            CHECK(strcmp(f.method, "GET") == 0 && f.direct == cases[i].direct && !f.sign_service);
            CHECK_TEXT(f.headers.p, f.headers.len, "Accept: application/json\r\n");
        }
        bdk_fetch_free(&f);
    }
    t_case("container: not set");
    {
        struct world w = {NULL, "", NULL, NULL, NULL, 0, 0, 0};
        struct bdk_env env = world_env(&w);
        struct bedrock_error e = {0};
        struct bdk_fetch f;

        bdk_fetch_init(&f, NULL, NULL);
        CHECK(bdk_container_request(&f, &env, &e) == BDK_CONTAINER_NONE && e.code == 0 && f.target.len == 0);
    }
}

/* A URI as long as one likes: too long a host, too long a target. */
static void test_long(void)
{
    static char uri[9000];
    struct world w = {NULL, uri, NULL, NULL, NULL, 0, 0, 0};
    struct bdk_env env = world_env(&w);
    struct bedrock_error e = {0};
    struct bdk_fetch f;

    t_case("container: a host without end");
    memset(uri, 'a', sizeof uri - 1);
    memcpy(uri, "https://", 8);
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(bdk_container_request(&f, &env, &e) == BEDROCK_ERR_CONFIG && strstr(e.message,
          "its host is too long"));
    t_case("container: a path without end");
    memset(&e, 0, sizeof e);
    uri[9] = '/';
    CHECK(bdk_container_request(&f, &env, &e) == BEDROCK_ERR_LIMIT && strstr(e.message, "too long"));
    bdk_fetch_free(&f);
}

static void test_tokens(void)
{
    static const struct {
        const char *name, *token, *path, *file;
        size_t file_len;
        int file_errno;
        const char *want; /* the header line, or a part of the message behind '!' */
    } cases[] = {
        {"a variable", "Basic abc==", NULL, NULL, 0, 0, "Authorization: Basic abc==\r\n"},
        {"a file goes first", "other", "/var/t", "ey.J.w", 0, 0, "Authorization: ey.J.w\r\n"},
        {"a blank path", "other", " ", NULL, 0, 0, "Authorization: other\r\n"},
        {"a blank token", " ", NULL, NULL, 0, 0, ""},
        {"a file with a newline", NULL, "/var/t", "s3cret!!\n", 0, 0,
         "!TOKEN_FILE /var/t: the token holds a line break"},
        {"a file with a header", NULL, "/var/t", "a\r\nX: s3cret!!", 0, 0,
         "!/var/t: the token holds a line break"},
        {"a file with a NUL", NULL, "/var/t", "s3cret!!\0x", 10, 0, "!/var/t: the token holds"},
        {"a variable with CR", "s3cret!!\r", NULL, NULL, 0, 0,
         "!AUTHORIZATION_TOKEN: the token holds a line break"},
        {"an empty file", NULL, "/var/t", "", 0, 0, "!/var/t: the token is empty"},
        {"no file", "other", "/var/t", NULL, 0, ENOENT, "!/var/t: No such file"},
        {"a directory", NULL, "/var/t", NULL, 0, EISDIR, "!/var/t: Is a directory"},
        {"a file that may not be read", NULL, "/var/t", NULL, 0, EACCES, "!/var/t: Permission denied"},
        {"a path with an escape", NULL, "/t\033[1m", NULL, 0, ENOENT, "!/t [1m: No such file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = {"/c", NULL, cases[i].token, cases[i].path, cases[i].file, cases[i].file_len,
                          cases[i].file_errno, 0};
        struct bdk_env env = world_env(&w);
        struct bedrock_error e = {0};
        struct bdk_fetch f;
        int rc;

        t_case("container token: %s", cases[i].name);
        bdk_fetch_init(&f, NULL, NULL);
        rc = bdk_container_request(&f, &env, &e);
        if (cases[i].want[0] == '!') {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, cases[i].want + 1), "%d: %s", rc, e.message);
            CHECK(!strstr(e.message, "s3cret") && !strpbrk(e.message, "\r\n\033"));
            CHECK(e.sys_errno == cases[i].file_errno);
        } else {
            size_t skip = strlen("Accept: application/json\r\n");

            CHECKF(rc == 0, "%s", e.message);
            CHECK_TEXT(f.headers.p + skip, f.headers.len - skip, cases[i].want);
            CHECK(bdk_container_request(&f, &env, &e) == 0 && w.reads == (cases[i].file ? 2 : 0));
        }
        bdk_fetch_free(&f);
    }
    t_case("container token: a file too large");
    {
        static char big[BDK_KEYS_MAX_TOKEN + 1];
        struct world w = {"/c", NULL, NULL, "/var/t", big, sizeof big, 0, 0};
        struct bdk_env env = world_env(&w);
        struct bedrock_error e = {0};
        struct bdk_fetch f;

        memset(big, 'a', sizeof big);
        bdk_fetch_init(&f, NULL, NULL);
        CHECK(bdk_container_request(&f, &env, &e) == BEDROCK_ERR_CONFIG && strstr(e.message,
              "/var/t: too large"));
        bdk_fetch_free(&f);
    }
}

#define PAIR "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s3cret!!\",\"Token\":\"t\""

static void test_answers(void)
{
    static const struct {
        const char *name;
        int status;
        const char *body, *word;
        int retryable;
    } cases[] = {
        {"keys", 200, "{\"RoleArn\":\"x\"," PAIR ",\"Expiration\" : \"2026-01-02T03:04:05Z\"}", NULL, 0},
        {"expired", 200, "{" PAIR ",\"Expiration\":\"2026-01-02T03:04:04Z\"}", "the keys expired at", 0},
        {"nothing", 200, "", "the answer is empty", 1},
        {"HTML", 200, "<html>", "not a JSON object", 1},
        {"an error in JSON", 400, "{\"Code\":\"InvalidRequest\",\"Message\":\"no such id\"}",
         "the container credentials endpoint answered HTTP 400: InvalidRequest: no such id", 0},
        {"an error in lower case", 401, "{\"code\":\"Denied\",\"message\":\"no\"}", "HTTP 401: Denied: no",
         0},
        {"not found", 404, "<html>", "answered HTTP 404", 0},
        {"a redirect", 302, "", "answered HTTP 302", 0},
        {"busy", 500, "", "answered HTTP 500", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_http_head h = {0};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        struct bdk_fetch f;
        int rc;

        t_case("container answer: %s", cases[i].name);
        h.status = cases[i].status;
        memset(&f, 0, sizeof f);
        f.what = "the container credentials endpoint";
        rc = bdk_container_answer(&f, &h, bdk_slice(cases[i].body), NOW_S, &k, &e);
        CHECKF(rc == (cases[i].word ? BEDROCK_ERR_CONFIG : 0), "%d: %s", rc, e.message);
        CHECKF(!cases[i].word || (strstr(e.message, cases[i].word) && !strstr(e.message, "s3cret")), "%s",
               e.message);
        CHECK(e.retryable == cases[i].retryable && (k.access_key_id != NULL) == (rc == 0));
        bdk_keys_free(&k);
    }
}

static int request_in(void *env, struct t_heap *heap)
{
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    int rc;

    bdk_fetch_init(&f, t_heap_alloc, heap);
    rc = bdk_container_request(&f, env, &e);
    bdk_fetch_free(&f);
    return rc;
}

static void test_memory(void)
{
    struct world w = {"/c", NULL, NULL, "/var/t", "token", 0, 0, 0};
    struct bdk_env env = world_env(&w);

    t_case("container: allocation n fails");
    CHECK(t_no_memory(request_in, &env) >= 3);
}

int main(void)
{
    test_uris();
    test_long();
    test_tokens();
    test_answers();
    test_memory();
    return t_end("test_container");
}
