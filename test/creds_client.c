/* creds_client.c - one fetch of credentials from bedrock-emulator and a line about it, for emulator_creds.sh.
 * The library's own halves make the requests and read the answers; sockets that wait carry them. Leaves out:
 * deciding what is right, TLS. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLIENT_PATIENCE_MS 400
#define CLIENT_MAX_ANSWER ((size_t)1 << 20)

/* An answer, or none. */
struct answer {
    struct bedrock_buffer bytes;
    struct bdk_http_head head;
    struct bedrock_slice body;
};

static struct bdk_endpoint emulator;
static struct bdk_keys account; /* with which requests are signed */

static const char *variable(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

/* ---- Sending ---- */

static void add_field(struct bedrock_buffer *head, const char *name, const char *value)
{
    bdk_buffer_text(head, name);
    bdk_buffer_text(head, ": ");
    bdk_buffer_text(head, value);
    bdk_buffer_text(head, "\r\n");
}

static void sign(struct bedrock_buffer *head, const struct bdk_fetch *f, const struct bdk_keys *k)
{
    struct bdk_credentials c = {k->access_key_id, k->secret_access_key, k->session_token};
    struct bdk_sigv4_request rq = {0};
    struct bdk_sigv4_key key = {0};
    struct bdk_field fields[3];
    unsigned char hash[BDK_SHA256_LEN];
    char date[17], hex[65] = "";
    const char *query = memchr(f->target.p, '?', f->target.len);

    bdk_date_basic(now_s(), date);
    bdk_sha256_of(f->body.p, f->body.len, hash, 0);
    bdk_hex(hex, hash, sizeof hash);
    fields[0].name = "Host";
    fields[0].value = bdk_slice(f->to.authority);
    fields[1].name = "X-Amz-Date";
    fields[1].value = bdk_slice(date);
    fields[2].name = "X-Amz-Security-Token";
    fields[2].value = bdk_slice(k->session_token);
    rq.method = f->method;
    rq.path.p = f->target.p;
    rq.path.len = query ? (size_t)(query - f->target.p) : f->target.len;
    rq.query.p = query ? query + 1 : NULL;
    rq.query.len = query ? f->target.len - rq.path.len - 1 : 0;
    rq.fields = fields;
    rq.n_fields = k->session_token ? 3 : 2;
    rq.payload_hash = hex;
    rq.service = f->sign_service;
    rq.region = "us-east-1";
    rq.date = date;
    add_field(head, "X-Amz-Date", date);
    if (k->session_token)
        add_field(head, "X-Amz-Security-Token", k->session_token);
    bdk_buffer_text(head, "Authorization: ");
    bdk_sigv4_authorization(head, &key, &c, &rq, 0);
    bdk_buffer_text(head, "\r\n");
}

static void write_request(struct bedrock_buffer *out, const struct bdk_fetch *f, const struct bdk_keys *k)
{
    char length[32];

    bdk_buffer_text(out, f->method);
    bdk_buffer_text(out, " ");
    bedrock_buffer_append(out, f->target.p, f->target.len);
    bdk_buffer_text(out, " HTTP/1.1\r\n");
    add_field(out, "Host", f->to.authority);
    snprintf(length, sizeof length, "%zu", f->body.len);
    add_field(out, "Content-Length", length);
    bedrock_buffer_append(out, f->headers.p, f->headers.len);
    if (f->sign_service)
        sign(out, f, k);
    bdk_buffer_text(out, "\r\n");
    bedrock_buffer_append(out, f->body.p, f->body.len);
}

/* Wait for the socket. 0, or -1 when nothing came. */
static int wait_for(struct bdk_sock *s, int status)
{
    struct pollfd p = {bdk_sock_fd(s), status == BEDROCK_WANT_WRITE ? POLLOUT : POLLIN, 0};

    return bdk_poll(&p, 1, CLIENT_PATIENCE_MS) > 0 ? 0 : -1;
}

/* 1: all of it is there. */
static int is_complete(struct answer *a)
{
    size_t scanned = 0;

    if (bdk_http_head_read(a->bytes.p, a->bytes.len, &scanned, &a->head, NULL) != 0)
        return 0;
    a->body.p = a->bytes.p + a->head.len;
    a->body.len = a->bytes.len - a->head.len;
    return a->body.len >= a->head.content_length;
}

static int carry(struct bdk_sock *s, const struct bedrock_buffer *out, struct answer *a,
                 struct bedrock_error *e)
{
    size_t sent = 0, n = 0;
    int rc = bdk_sock_step(s, e);

    while (rc > 0 && wait_for(s, rc) == 0)
        rc = bdk_sock_step(s, e);
    for (; rc == 0 && sent < out->len; sent += n) {
        n = 0;
        rc = bdk_sock_write(s, out->p + sent, out->len - sent, &n, e);
        if (rc > 0)
            rc = wait_for(s, rc);
    }
    while (rc == 0 && !is_complete(a)) {
        if (a->bytes.len > CLIENT_MAX_ANSWER)
            return bdk_error_set(e, BEDROCK_ERR_LIMIT, "too long an answer");
        if (bdk_buffer_reserve(&a->bytes, 4096) != 0)
            return a->bytes.error;
        n = 0;
        rc = bdk_sock_read(s, a->bytes.p + a->bytes.len, 4096, &n, e);
        a->bytes.len += n;
        if (rc > 0)
            rc = wait_for(s, rc);
        else if (rc == 0 && n == 0)
            return bdk_error_set(e, BEDROCK_ERR_TRUNCATED, "no answer, the connection was closed");
    }
    return rc == 0 ? 0 : bdk_error_set(e, BEDROCK_ERR_TIMEOUT, "no answer in time");
}

static int send_fetch(const struct bdk_fetch *f, const struct bdk_keys *k, struct answer *a,
                      struct bedrock_error *e)
{
    struct bedrock_buffer out = {0};
    struct bdk_sock *s = NULL;
    int rc;

    memset(a, 0, sizeof *a);
    write_request(&out, f, k);
    rc = bdk_sock_open(&s, f->to.host, f->to.port, NULL, NULL, bdk_clock_system, NULL, e);
    if (rc == 0)
        rc = carry(s, &out, a, e);
    bdk_sock_close(s);
    bedrock_buffer_free(&out);
    return rc;
}

/* ---- Scenarios ---- */

/* Are the keys good for Bedrock? */
static int use_keys(const struct bdk_keys *k, struct bedrock_error *e)
{
    struct bdk_fetch f;
    struct answer a;
    int rc;

    bdk_fetch_init(&f, NULL, NULL);
    bdk_fetch_begin(&f, &emulator, "GET", "/foundation-models", "Bedrock");
    f.sign_service = "bedrock";
    rc = send_fetch(&f, k, &a, e);
    if (rc == 0 && a.head.status == 200)
        printf("keys %.4s for %lld s, Bedrock 200\n", k->access_key_id, (long long)(k->expires_s - now_s()));
    else if (rc == 0)
        rc = bdk_fetch_refused(&f, &a.head, a.body, e);
    bedrock_buffer_free(&a.bytes);
    bdk_fetch_free(&f);
    return rc;
}

static int from_instance(struct bdk_keys *k, enum bdk_imds_goal goal, struct bedrock_error *e)
{
    struct bdk_env env = {variable, NULL, NULL, NULL};
    struct bdk_imds_settings settings = {0};
    struct bdk_fetch f;
    struct bdk_imds m;
    int rc;

    bdk_imds_env(&settings, &env);
    bdk_fetch_init(&f, NULL, NULL);
    rc = bdk_imds_init(&m, &settings, NULL, NULL, e);
    if (rc == BDK_IMDS_OFF)
        rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "instance metadata is off");
    bdk_imds_begin(&m, goal, now_s());
    for (rc = rc ? rc : BDK_MORE; rc == BDK_MORE;) {
        struct answer a;

        rc = bdk_imds_request(&m, &f, e);
        if (rc == 0)
            rc = send_fetch(&f, &account, &a, e) == 0 ?
                     bdk_imds_answer(&m, &f, &a.head, a.body, now_s(), k, e) : bdk_imds_no_answer(&m, e);
        bedrock_buffer_free(&a.bytes);
    }
    if (rc == 0 && goal == BDK_IMDS_REGION)
        printf("Region %s\n", m.region);
    bdk_imds_free(&m);
    bdk_fetch_free(&f);
    return rc;
}

static int from_container(struct bdk_keys *k, struct bedrock_error *e)
{
    struct bdk_env env = {variable, NULL, NULL, NULL};
    struct answer a = {{0}, {0}, {NULL, 0}};
    struct bdk_fetch f;
    int rc;

    bdk_fetch_init(&f, NULL, NULL);
    rc = bdk_container_request(&f, &env, e);
    if (rc == BDK_CONTAINER_NONE)
        rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "there is no container endpoint");
    if (rc == 0)
        rc = send_fetch(&f, &account, &a, e);
    if (rc == 0)
        rc = bdk_container_answer(&f, &a.head, a.body, now_s(), k, e);
    bedrock_buffer_free(&a.bytes);
    bdk_fetch_free(&f);
    return rc;
}

/* "arn=...", "external=...", "serial=...", "code=...", "session=...", "duration=...", "web=..." */
static void read_role(struct bdk_sts_role *r, char **args)
{
    memset(r, 0, sizeof *r);
    for (; *args && strchr(*args, '='); args++) {
        const char *value = strchr(*args, '=') + 1;

        switch ((*args)[0]) {
        case 'a': r->arn = value; break;
        case 'e': r->external_id = value; break;
        case 'c': r->mfa_code = value; break;
        case 'd': r->duration_s = atol(value); break;
        case 'w': r->web_token = bdk_slice(value); break;
        default: *((*args)[2] == 'r' ? &r->mfa_serial : &r->session_name) = value; break;
        }
    }
}

static int from_sts(struct bdk_keys *k, const struct bdk_keys *with, char **args, struct bedrock_error *e)
{
    struct answer a = {{0}, {0}, {NULL, 0}};
    struct bdk_sts_caller caller;
    struct bdk_sts_role role;
    struct bdk_fetch f;
    int rc;

    read_role(&role, args);
    bdk_fetch_init(&f, NULL, NULL);
    rc = role.arn ? bdk_sts_assume(&f, &emulator, &role, now_s(), e) : bdk_sts_identity(&f, &emulator, e);
    if (rc == 0)
        rc = send_fetch(&f, with, &a, e);
    if (rc == 0)
        rc = role.arn ? bdk_sts_keys(k, &f, &a.head, a.body, e) : bdk_sts_caller(&caller, &f, &a.head, a.body,
        e);
    if (rc == 0 && !role.arn)
        printf("%s %s\n", caller.account, caller.arn);
    bedrock_buffer_free(&a.bytes);
    bdk_fetch_free(&f);
    return rc;
}

/* A request as it is given: METHOD TARGET BODY NAME VALUE... */
static int raw(char **args, struct bedrock_error *e)
{
    struct answer a = {{0}, {0}, {NULL, 0}};
    struct bdk_fetch f;
    int rc;

    bdk_fetch_init(&f, NULL, NULL);
    bdk_fetch_begin(&f, &emulator, args[0], args[1], "the emulator");
    bdk_buffer_text(&f.body, args[2]);
    for (args += 3; args[0] && args[1]; args += 2)
        bdk_fetch_header(&f, args[0], bdk_slice(args[1]));
    rc = send_fetch(&f, &account, &a, e);
    if (rc == 0)
        printf("%d %.*s\n", a.head.status, (int)a.body.len, a.body.len ? a.body.p : "");
    bedrock_buffer_free(&a.bytes);
    bdk_fetch_free(&f);
    return rc;
}

/* ---- A proof (RFC 9449), with the key of RFC 6979 A.2.5 ---- */

static void put_part(struct bedrock_buffer *b, const char *text)
{
    if (b->len > 0)
        bdk_buffer_text(b, ".");
    bdk_base64_url(b, text, strlen(text));
}

static void make_proof(struct bedrock_buffer *jwt, const char *method, const char *url, int64_t iat)
{
    static const char d[] = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
    static const char q[] = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    struct bedrock_buffer x = {0}, y = {0};
    unsigned char hash[BDK_SHA256_LEN], signature[64];
    struct bdk_p256 key;
    char text[500];

    t_unhex(d, 64, key.d);
    t_unhex(q, 130, key.point);
    bdk_base64_url(&x, key.point + 1, 32);
    bdk_base64_url(&y, key.point + 33, 32);
    snprintf(text, sizeof text,
    "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
             "\"x\":\"%.*s\",\"y\":\"%.*s\"}}", (int)x.len, x.p, (int)y.len, y.p);
    put_part(jwt, text);
    snprintf(text, sizeof text, "{\"jti\":\"0123456789abcdef\",\"htm\":\"%s\",\"htu\":\"%s\",\"iat\":%lld}",
    method,
             url, (long long)iat);
    put_part(jwt, text);
    bdk_sha256_of(jwt->p, jwt->len, hash, 0);
    if (bdk_p256_sign(&key, hash, signature) == 0) {
        bdk_buffer_text(jwt, ".");
        bdk_base64_url(jwt, signature, sizeof signature);
    }
    bedrock_buffer_free(&x);
    bedrock_buffer_free(&y);
}

/* REFRESH-TOKEN [WHAT-IS-WRONG [TIMES]] */
static int signin(char **args, struct bedrock_error *e)
{
    const char *wrong = args[1] ? args[1] : "";
    struct bedrock_buffer jwt = {0};
    char url[400], body[400];
    char *request[9] = {(char *)(uintptr_t)"POST", (char *)(uintptr_t)"/v1/token", body,
                        (char *)(uintptr_t)"Content-Type", (char *)(uintptr_t)"application/json",
                        (char *)(uintptr_t)"DPoP", NULL, NULL, NULL};
    int rc;

    snprintf(url, sizeof url, "https://%s%s/v1/token", emulator.authority,
             strcmp(wrong, "url") == 0 ? ".example" : "");
    snprintf(body, sizeof body, "{\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"grantType\":"
             "\"refresh_token\",\"refreshToken\":\"%s\"}", args[0]);
    make_proof(&jwt, strcmp(wrong, "method") == 0 ? "GET" : "POST", url,
               now_s() - (strcmp(wrong, "time") == 0 ? 600 : 0));
    if (strcmp(wrong, "signature") == 0)
        jwt.p[jwt.len - 3] = jwt.p[jwt.len - 3] == 'A' ? 'B' : 'A';
    bedrock_buffer_append(&jwt, "", 1);
    request[6] = jwt.p;
    rc = jwt.error ? jwt.error : raw(request, e);
    if (rc == 0 && strcmp(wrong, "again") == 0)
        rc = raw(request, e);
    bedrock_buffer_free(&jwt);
    return rc;
}

/* ---- Which ---- */

static int run(char **args, struct bdk_keys *k, struct bedrock_error *e)
{
    struct bdk_keys first = {0};
    int rc;

    if (strcmp(args[0], "imds") == 0)
        return from_instance(k, BDK_IMDS_KEYS, e);
    if (strcmp(args[0], "region") == 0)
        return from_instance(k, BDK_IMDS_REGION, e);
    if (strcmp(args[0], "container") == 0)
        return from_container(k, e);
    if (strcmp(args[0], "sts") == 0)
        return from_sts(k, &account, args + 1, e);
    if (strcmp(args[0], "signin") == 0 && args[1])
        return signin(args + 1, e);
    if (strcmp(args[0], "raw") == 0 && args[1] && args[2] && args[3])
        return raw(args + 1, e);
    if (strcmp(args[0], "tokenless") == 0 || strcmp(args[0], "wrong-secret") == 0) {
        rc = from_container(k, e);
        *(args[0][0] == 't' ? &k->session_token : &k->secret_access_key) = args[0][0] == 't' ? NULL : "wrong";
        return rc;
    }
    /* the keys of a container, used for STS */
    rc = from_container(&first, e);
    if (rc == 0)
        rc = from_sts(k, &first, args + 1, e);
    bdk_keys_free(&first);
    return rc;
}

int main(int argc, char **argv)
{
    const char *url = getenv("BEDROCK_EMULATOR_HTTP");
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    int rc = argc > 1 && url ? bdk_endpoint_parse(&emulator, url, &e) : BEDROCK_ERR_USAGE;

    if (rc == 0)
        rc = bdk_keys_set(&account, bdk_slice("AKIDEXAMPLE"),
        bdk_slice("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                          bdk_slice(NULL), bdk_slice(NULL), INT64_MAX, "the account", &e);
    if (rc == 0)
        rc = run(argv + 1, &k, &e);
    if (rc == 0 && k.access_key_id)
        rc = use_keys(&k, &e);
    if (rc != 0)
        printf("%s: %s\n", bedrock_code_name(rc), e.message);
    bdk_keys_free(&k);
    bdk_keys_free(&account);
    return rc != 0;
}
