/* fuzz_providers.c - any bytes as what a credential service, a program, a cache file, a key file or a proxy
 * says: keys that come of it can stand in a header, and an error is one line. Leaves out: XML and config
 * files, which have targets of their own. */
#include "fuzz.h"

#define FUZZ_NOW_S 1767323045

static void fuzz_printable(const char *text)
{
    for (; text && *text; text++)
        must((unsigned char)*text > ' ' && *text != 0x7F);
}

/* What a reader said of its bytes, and what it filled in. */
static void fuzz_outcome(int rc, const struct bdk_keys *k, const struct bedrock_error *e)
{
    must(rc == 0 ? e->code == 0 : rc == e->code && e->message[0]);
    must(!strpbrk(e->message, "\r\n") && strlen(e->message) < sizeof e->message);
    must((rc == 0) == (k->access_key_id != NULL));
    fuzz_printable(k->access_key_id);
    fuzz_printable(k->secret_access_key);
    fuzz_printable(k->session_token);
}

static void fuzz_keys(struct bedrock_slice body)
{
    static const int64_t now_s[] = {FUZZ_NOW_S, BDK_ALSO_EXPIRED};

    for (int i = 0; i < 4; i++) {
        struct bdk_keys k = {0};
        struct bedrock_error e = {0};

        fuzz_outcome(bdk_keys_json(&k, i & 1 ? BDK_KEYS_PROCESS : BDK_KEYS_ENDPOINT, body, NULL, now_s[i / 2],
                                   "it", &e), &k, &e);
        bdk_keys_free(&k);
    }
}

static void fuzz_sts(struct bedrock_slice body, int status)
{
    struct bdk_http_head h = {0};
    struct bdk_keys k = {0};
    struct bdk_fetch f;
    struct bedrock_error e = {0};

    h.status = status;
    bdk_fetch_init(&f, NULL, NULL);
    f.what = "STS";
    fuzz_outcome(bdk_sts_keys(&k, &f, &h, body, &e), &k, &e);
    bdk_keys_free(&k);
    bdk_fetch_free(&f);
}

/* Each answer of an instance, and of a container. */
static void fuzz_metadata(struct bedrock_slice body, int status)
{
    struct bdk_imds_settings s = {0};
    struct bdk_http_head h = {0};
    struct bdk_keys k = {0};
    struct bdk_imds m;
    struct bdk_fetch f;
    struct bedrock_error e = {0};

    h.status = status;
    bdk_fetch_init(&f, NULL, NULL);
    f.what = "it";
    fuzz_outcome(bdk_container_answer(&f, &h, body, FUZZ_NOW_S, &k, &e), &k, &e);
    bdk_keys_free(&k);
    memset(&e, 0, sizeof e);
    must(bdk_imds_init(&m, &s, NULL, NULL, &e) == 0);
    for (int goal = BDK_IMDS_KEYS; goal <= BDK_IMDS_REGION; goal++) {
        int rc = BDK_MORE;

        bdk_imds_begin(&m, (enum bdk_imds_goal)goal, FUZZ_NOW_S);
        for (int i = 0; i < 4 && rc == BDK_MORE && bdk_imds_request(&m, &f, &e) == 0; i++)
            rc = bdk_imds_answer(&m, &f, &h, body, FUZZ_NOW_S, &k, &e);
        must(!strpbrk(e.message, "\r\n"));
        memset(&e, 0, sizeof e);
    }
    bdk_keys_free(&k);
    bdk_imds_free(&m);
    bdk_fetch_free(&f);
}

/* A file of whatever name holds the bytes. */
static int fuzz_read_file(void *ctx, const char *path, struct bedrock_buffer *out)
{
    const struct bedrock_slice *body = ctx;

    (void)path;
    return bedrock_buffer_append(out, body->p, body->len) ? 27 : 0;
}

static const char *fuzz_getenv(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static void fuzz_caches(struct bedrock_slice body)
{
    struct bdk_env env = {fuzz_getenv, NULL, fuzz_read_file, &body};
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    struct bdk_cache login;
    struct bdk_sso sso;

    if (bdk_sso_open(&sso, &env, "p", "s", NULL, NULL, NULL, &e) == 0 &&
        bdk_cache_load(&sso.c, &env, &e) == 0)
        bdk_sso_next(&sso, FUZZ_NOW_S, &e);
    must(!strpbrk(e.message, "\r\n"));
    bdk_cache_free(&sso.c);
    memset(&e, 0, sizeof e);
    if (bdk_login_open(&login, &env, "p", "arn:x", NULL, NULL, &e) == 0 &&
        bdk_cache_load(&login, &env, &e) == 0)
        fuzz_outcome(bdk_login_keys(&login, &k, &e), &k, &e);
    bdk_cache_free(&login);
    bdk_keys_free(&k);
}

static void fuzz_proxy(const char *text, size_t len)
{
    struct bdk_proxy p = {0};
    struct bedrock_error whole = {0}, cut = {0};
    size_t scanned = 0, used = 0, used_cut = 0;
    int rc = bdk_proxy_answer(&p, "host:443", text, len, &scanned, &used, &whole), piece = BDK_MORE;

    scanned = 0;
    for (size_t i = 1; i <= len && piece == BDK_MORE; i++)
        piece = bdk_proxy_answer(&p, "host:443", text, i, &scanned, &used_cut, &cut);
    must(len == 0 || piece == rc);
    must(rc != 0 || (used <= len && used == used_cut));
    must(!strpbrk(whole.message, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bedrock_slice body = {(const char *)data, size};
    struct bdk_p256 key;

    fuzz_keys(body);
    fuzz_sts(body, 200);
    fuzz_sts(body, 403);
    fuzz_metadata(body, 200);
    fuzz_metadata(body, 404);
    fuzz_caches(body);
    fuzz_proxy(body.p, body.len);
    bdk_p256_read(&key, body);
    bdk_wipe(&key, sizeof key);
    return 0;
}
