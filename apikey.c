/* apikey.c - a short-term Amazon Bedrock API key, made from credentials without asking anybody.
 * AWS's token generator for Bedrock 1.1.0; SigV4 in the query string (IAM user guide, "Create a signed AWS
 * API request"). Leaves out: long-term keys, which IAM hands out. */
#include "bedrock_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define APIKEY_HOST "bedrock.amazonaws.com"
#define APIKEY_MAX 65536u   /* a session token has 16 KiB at most, and base64 makes four of three */
#define APIKEY_EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void apikey_parameter(struct bedrock_buffer *b, const char *name, const char *value)
{
    bdk_buffer_text(b, "&");
    bdk_buffer_text(b, name);
    bdk_buffer_text(b, "=");
    bdk_uri_encode(b, value, strlen(value), 0);
}

/* All that comes in front of the signature, in the order of names, in which a signature stands too. */
static void apikey_query(struct bedrock_buffer *b, const struct bdk_credentials *c, const char *region,
                         const char *date, int64_t expires_s)
{
    char text[24];

    bdk_buffer_text(b, "Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
    bdk_uri_encode(b, c->access_key_id, strlen(c->access_key_id), 0);
    bdk_buffer_text(b, "%2F");
    bedrock_buffer_append(b, date, 8);
    bdk_buffer_text(b, "%2F");
    bdk_buffer_text(b, region);
    bdk_buffer_text(b, "%2Fbedrock%2Faws4_request");
    apikey_parameter(b, "X-Amz-Date", date);
    snprintf(text, sizeof text, "%" PRId64, expires_s);
    apikey_parameter(b, "X-Amz-Expires", text);
    if (c->session_token && c->session_token[0])
        apikey_parameter(b, "X-Amz-Security-Token", c->session_token);
}

/* The signature over the query as it will be, without itself. */
static int apikey_sign(char signature[64], const struct bdk_credentials *c, struct bdk_sigv4_request *rq,
                       bedrock_alloc_fn alloc, void *ctx, unsigned cpu)
{
    struct bedrock_buffer scratch = {.max = APIKEY_MAX, .alloc = alloc, .alloc_ctx = ctx};
    struct bdk_sigv4_key key = {{0}, {0}, 0};
    size_t n;
    int rc;

    bdk_sigv4_canonical(&scratch, rq);
    n = scratch.len;
    rc = bdk_sigv4_string_to_sign(&scratch, rq, scratch.p, n, cpu);
    if (rc == 0)
        bdk_sigv4_signature(signature, &key, c, rq, scratch.p + n, scratch.len - n, cpu);
    bdk_wipe(&key, sizeof key);
    bedrock_buffer_free(&scratch);
    return rc;
}

/* APIKEY_HOST "/?" and the signed query. */
static int apikey_url(struct bedrock_buffer *url, const struct bdk_credentials *c, const char *region,
                      int64_t expires_s, int64_t now_s, unsigned cpu)
{
    static const char head[] = APIKEY_HOST "/?", last[] = "&X-Amz-SignedHeaders=host";
    struct bdk_field host = {"host", {APIKEY_HOST, sizeof APIKEY_HOST - 1}};
    struct bdk_sigv4_request rq = {.method = "POST", .path = {"/", 1}, .fields = &host, .n_fields = 1,
                                   .payload_hash = APIKEY_EMPTY_HASH, .service = "bedrock", .region = region};
    char signature[64], date[17];
    size_t front;
    int rc;

    bdk_date_basic(now_s, date);
    rq.date = date;
    bdk_buffer_text(url, head);
    apikey_query(url, c, region, date, expires_s);
    front = url->len;
    if (bdk_buffer_text(url, last) != 0)
        return url->error;
    rq.query.p = url->p + sizeof head - 1;
    rq.query.len = url->len - (sizeof head - 1);
    rc = apikey_sign(signature, c, &rq, url->alloc, url->alloc_ctx, cpu);
    if (rc != 0)
        return rc;
    url->len = front;
    bdk_buffer_text(url, "&X-Amz-Signature=");
    bedrock_buffer_append(url, signature, sizeof signature);
    bdk_buffer_text(url, last);
    return bdk_buffer_text(url, "&Version=1");
}

int bdk_api_key(struct bedrock_buffer *out, const struct bdk_credentials *c, const char *region,
                int64_t expires_s, int64_t now_s, unsigned cpu)
{
    struct bedrock_buffer url = {.max = APIKEY_MAX, .alloc = out->alloc, .alloc_ctx = out->alloc_ctx};
    struct bdk_base64 state = {{0}, 0};
    int rc;

    if (bdk_region_check(region) != 0 || expires_s < 1 || expires_s > BDK_API_KEY_MAX_S ||
        !c->access_key_id || !c->secret_access_key)
        return BEDROCK_ERR_USAGE;
    rc = apikey_url(&url, c, region, expires_s, now_s, cpu);
    if (rc == 0) {
        bdk_buffer_text(out, "bedrock-api-key-");
        bdk_base64_add(out, &state, url.p, url.len);
        rc = bdk_base64_end(out, &state);
    }
    bdk_wipe(&state, sizeof state);
    bedrock_buffer_free(&url);
    return rc;
}
