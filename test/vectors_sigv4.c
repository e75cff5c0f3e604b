/* vectors_sigv4.c - the public signing suites: sigv4.json, sigv4-aws-c-auth-suite.json and
 * bedrock-api-key.json of the folder argv[1], every stage that they have. Leaves out: what belongs to
 * S3 alone (paths not normalised). */
#include "bedrock_int.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 24
#define MAX_TEXTS 64

/* One signing as a suite tells it; what is NULL is not told. */
struct vector {
    struct bdk_credentials keys;
    struct bdk_sigv4_request rq;
    struct bdk_field fields[MAX_FIELDS];
    struct bedrock_buffer query;
    char payload_hash[65], date[17];
    const char *canonical, *string_to_sign, *signature, *authorization;
    char *texts[MAX_TEXTS];
    size_t n_texts;
};

/* ---- Reading ---- */

/* The string as text that lives as long as v; NULL for any other value. */
static char *vector_text(struct vector *v, struct bedrock_json json)
{
    char *text;
    size_t n;

    if (json.type != BEDROCK_JSON_STRING || v->n_texts == MAX_TEXTS)
        return NULL;
    text = malloc(json.len + 1);
    if (!text)
        exit(2);
    n = bedrock_json_unescape(json, text, json.len);
    text[n] = 0;
    v->texts[v->n_texts++] = text;
    return text;
}

static char *vector_get(struct vector *v, struct bedrock_json json, const char *path)
{
    return vector_text(v, bedrock_json_get(json, path));
}

static void vector_case(struct vector *v, const char *suite, struct bedrock_json name)
{
    const char *text = vector_text(v, name);

    t_case("%s: %s", suite, text ? text : "a case without a name");
}

static void vector_free(struct vector *v)
{
    for (size_t i = 0; i < v->n_texts; i++)
        free(v->texts[i]);
    bedrock_buffer_free(&v->query);
    memset(v, 0, sizeof *v);
}

static void vector_field(struct vector *v, const char *name, const char *value)
{
    if (!CHECKF(name && value && v->rq.n_fields < MAX_FIELDS, "header %s", name ? name : "?"))
        return;
    v->fields[v->rq.n_fields].name = name;
    v->fields[v->rq.n_fields++].value = bdk_slice(value);
    v->rq.fields = v->fields;
}

static void vector_hash(struct vector *v, const char *body)
{
    unsigned char digest[BDK_SHA256_LEN];

    bdk_sha256_of(body, body ? strlen(body) : 0, digest, bdk_cpu());
    bdk_hex(v->payload_hash, digest, sizeof digest);
    v->rq.payload_hash = v->payload_hash;
}

static void vector_scope(struct vector *v, struct bedrock_json where, struct bedrock_json keys)
{
    v->rq.region = vector_get(v, where, "region");
    v->rq.service = vector_get(v, where, "service");
    v->rq.date = vector_get(v, where, "timestamp");
    v->keys.access_key_id = vector_get(v, keys, "access_key_id");
    v->keys.secret_access_key = vector_get(v, keys, "secret_access_key");
}

/* ---- Comparing ---- */

static void check_authorization(const struct vector *v)
{
    struct bdk_sigv4_key key = {0};
    struct bedrock_buffer value = {0};

    CHECK(bdk_sigv4_authorization(&value, &key, &v->keys, &v->rq, bdk_cpu()) == 0);
    CHECK_TEXT(value.p, value.len, v->authorization);
    bedrock_buffer_free(&value);
}

/* Each stage from the suite's own result of the stage before. */
static void check_vector(const struct vector *v)
{
    struct bdk_sigv4_key key = {0};
    struct bedrock_buffer canonical = {0}, string = {0};
    char signature[64];

    if (!CHECK(v->canonical && v->signature && v->rq.method && v->rq.region && v->rq.service &&
               v->rq.date && v->keys.access_key_id && v->keys.secret_access_key))
        return;
    CHECK(bdk_sigv4_canonical(&canonical, &v->rq) == 0);
    CHECK_TEXT(canonical.p, canonical.len, v->canonical);
    CHECK(bdk_sigv4_string_to_sign(&string, &v->rq, v->canonical, strlen(v->canonical), bdk_cpu()) == 0);
    if (v->string_to_sign)
        CHECK_TEXT(string.p, string.len, v->string_to_sign);
    bdk_sigv4_signature(signature, &key, &v->keys, &v->rq, string.p, string.len, bdk_cpu());
    CHECK_TEXT(signature, sizeof signature, v->signature);
    if (v->authorization)
        check_authorization(v);
    bedrock_buffer_free(&canonical);
    bedrock_buffer_free(&string);
}

/* ---- sigv4.json: requests as they are on the wire ---- */

static void wire_vector(struct bedrock_json none, struct bedrock_json json)
{
    struct vector v = {0};
    struct bedrock_json name, value;
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(json, "headers"));
    char *token, *sha256;

    (void)none;
    vector_case(&v, "sigv4.json", bedrock_json_get(json, "name"));
    vector_scope(&v, json, bedrock_json_get(json, "credentials"));
    token = vector_get(&v, json, "credentials.session_token");
    v.rq.method = vector_get(&v, json, "method");
    v.rq.path = bdk_slice(vector_get(&v, json, "path_on_wire"));
    v.rq.query = bdk_slice(vector_get(&v, json, "query_on_wire"));
    while (bedrock_json_next(&it, &name, &value))
        vector_field(&v, vector_text(&v, name), vector_text(&v, value));
    vector_field(&v, "X-Amz-Date", v.rq.date);
    if (token)
        vector_field(&v, "X-Amz-Security-Token", token);
    vector_hash(&v, vector_get(&v, json, "body"));
    sha256 = vector_get(&v, json, "body_sha256");
    if (CHECK(sha256 != NULL))
        CHECK_TEXT(v.payload_hash, 64, sha256);
    if (bedrock_json_get(json, "adds_x_amz_content_sha256").type == BEDROCK_JSON_TRUE)
        vector_field(&v, "X-Amz-Content-Sha256", v.payload_hash);
    v.canonical = vector_get(&v, json, "canonical_request");
    v.string_to_sign = vector_get(&v, json, "string_to_sign");
    v.signature = vector_get(&v, json, "signature");
    v.authorization = vector_get(&v, json, "authorization");
    if (CHECK(v.string_to_sign && v.authorization))
        check_vector(&v);
    vector_free(&v);
}

/* ---- The suite of aws-c-auth: requests as text ---- */

/* "2015-08-30T12:36:00Z" is 20150830T123600Z. */
static void suite_date(struct vector *v)
{
    size_t n = 0;

    for (const char *p = v->rq.date; p && *p && n + 1 < sizeof v->date; p++)
        if (*p != '-' && *p != ':')
            v->date[n++] = *p;
    v->rq.date = v->date;
}

/* What cannot stand on a request line is encoded, as any client would; the rest is encoded already. */
static void suite_query(struct vector *v, const char *raw)
{
    for (; *raw; raw++)
        if ((unsigned char)*raw <= ' ' || (unsigned char)*raw >= 0x7F)
            bdk_uri_encode(&v->query, raw, 1, 0);
        else
            bedrock_buffer_append(&v->query, raw, 1);
    v->rq.query.p = v->query.p;
    v->rq.query.len = v->query.len;
}

/*
 * "GET /a b?q HTTP/1.1": the path may hold spaces. The suite's paths have not been encoded and shall be
 * once, ours have been and shall be again. To the code both are one thing, encode what is given, so the
 * path goes in as it is.
 */
static int suite_request_line(struct vector *v, char *line)
{
    char *target = strchr(line, ' '), *end = strrchr(line, ' '), *query;

    if (!target || target == end)
        return 0;
    *target++ = 0;
    *end = 0;
    query = strchr(target, '?');
    if (query)
        *query++ = 0;
    v->rq.method = line;
    v->rq.path = bdk_slice(target);
    suite_query(v, query ? query : "");
    return 1;
}

/* Cut the text into request line, headers and body. A line that begins with a space continues the
 * one before (RFC 9112 5.2: read the fold as a space). Returns the body. */
static const char *suite_request(struct vector *v, char *text)
{
    char *line = text, *next;

    for (int first = 1; *line && *line != '\n'; first = 0, line = next) {
        char *end = strchr(line, '\n'), *colon;

        while (end && (end[1] == ' ' || end[1] == '\t')) {
            *end = ' ';
            end = strchr(end, '\n');
        }
        next = end ? end + 1 : line + strlen(line);
        if (end)
            *end = 0;
        colon = strchr(line, ':');
        if (first) {
            CHECKF(suite_request_line(v, line), "request line %s", line);
        } else if (CHECKF(colon != NULL, "header line %s", line)) {
            *colon = 0;
            vector_field(v, line, colon + 1);
        }
    }
    return *line ? line + 1 : line;
}

/* The value of the Authorization line in the suite's signed request. */
static const char *suite_authorization(char *request)
{
    char *p = request ? strstr(request, "\nAuthorization:") : NULL;

    if (!p)
        return NULL;
    p += strlen("\nAuthorization:");
    p[strcspn(p, "\n")] = 0;
    return p;
}

static void suite_vector(struct bedrock_json name, struct bedrock_json json)
{
    struct bedrock_json context = bedrock_json_get(json, "context");
    struct vector v = {0};
    char *text, *token;

    vector_case(&v, "aws-c-auth", name);
    if (bedrock_json_get(context, "normalize").type != BEDROCK_JSON_TRUE) {
        t_skip("normalize is false: S3's way with paths, which no Bedrock operation has");
        vector_free(&v);
        return;
    }
    vector_scope(&v, context, bedrock_json_get(context, "credentials"));
    token = vector_get(&v, context, "credentials.token");
    suite_date(&v);
    text = vector_get(&v, json, "request");
    if (CHECK(text != NULL))
        vector_hash(&v, suite_request(&v, text));
    vector_field(&v, "X-Amz-Date", v.rq.date);
    /* omit_session_token: the token is added behind the signing, and so is not part of it */
    if (token && bedrock_json_get(context, "omit_session_token").type != BEDROCK_JSON_TRUE)
        vector_field(&v, "X-Amz-Security-Token", token);
    if (bedrock_json_get(context, "sign_body").type == BEDROCK_JSON_TRUE)
        vector_field(&v, "X-Amz-Content-Sha256", v.payload_hash);
    v.canonical = vector_get(&v, json, "header_canonical_request");
    v.string_to_sign = vector_get(&v, json, "header_string_to_sign");
    v.signature = vector_get(&v, json, "header_signature");
    v.authorization = suite_authorization(vector_get(&v, json, "header_signed_request"));
    if (CHECK(v.string_to_sign && v.authorization))
        check_vector(&v);
    vector_free(&v);
}

/* ---- bedrock-api-key.json: a query that is signed ---- */

static void key_parameter(struct vector *v, const char *name, const char *value)
{
    bdk_buffer_text(&v->query, v->query.len > 0 ? "&" : "");
    bdk_uri_encode(&v->query, name, strlen(name), 0);
    bdk_buffer_text(&v->query, "=");
    bdk_uri_encode(&v->query, value, strlen(value), 0);
}

/* "20260102T030405Z" in seconds. */
static int64_t key_time(const char *date)
{
    struct bdk_date d = {0};

    CHECK(sscanf(date, "%4d%2d%2dT%2d%2d%2dZ", &d.year, &d.month, &d.day, &d.hour, &d.minute,
                 &d.second) == 6);
    return bdk_epoch_of(&d);
}

/* The key itself, as the library makes it. */
static void key_whole(struct vector *v, const char *token, int64_t seconds, struct bedrock_json want)
{
    struct bdk_credentials keys = v->keys;
    struct bedrock_buffer key = {0};
    const char *text = vector_text(v, want);

    keys.session_token = token;
    CHECK(bdk_api_key(&key, &keys, v->rq.region, seconds, key_time(v->rq.date), bdk_cpu()) == 0);
    if (CHECK(text != NULL))
        CHECK_TEXT(key.p, key.len, text);
    bedrock_buffer_free(&key);
}

static void key_vector(struct bedrock_json none, struct bedrock_json json)
{
    struct vector v = {0};
    char credential[256], expires[16] = "";
    char *token, *decoded, *signature;
    int64_t seconds = 0;

    (void)none;
    vector_case(&v, "bedrock-api-key.json", bedrock_json_get(json, "name"));
    vector_scope(&v, json, bedrock_json_get(json, "credentials"));
    token = vector_get(&v, json, "credentials.session_token");
    decoded = vector_get(&v, json, "decoded");
    v.canonical = vector_get(&v, json, "canonical_request");
    CHECK(bedrock_json_int(bedrock_json_get(json, "expires"), &seconds) == 0);
    signature = decoded ? strstr(decoded, "X-Amz-Signature=") : NULL;
    if (CHECK(signature && v.rq.date && v.rq.region && v.keys.access_key_id)) {
        v.signature = signature + strlen("X-Amz-Signature=");
        signature[strlen("X-Amz-Signature=") + 64] = 0;
        v.rq.service = "bedrock";
        v.rq.method = "POST";
        v.rq.path = bdk_slice("/");
        snprintf(expires, sizeof expires, "%d", (int)seconds);
        snprintf(credential, sizeof credential, "%s/%.8s/%s/bedrock/aws4_request",
                 v.keys.access_key_id, v.rq.date, v.rq.region);
        /* not in their order, which is the code's business */
        key_parameter(&v, "X-Amz-SignedHeaders", "host");
        key_parameter(&v, "X-Amz-Expires", expires);
        if (token)
            key_parameter(&v, "X-Amz-Security-Token", token);
        key_parameter(&v, "X-Amz-Credential", credential);
        key_parameter(&v, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
        key_parameter(&v, "Action", "CallWithBearerToken");
        key_parameter(&v, "X-Amz-Date", v.rq.date);
        v.rq.query.p = v.query.p;
        v.rq.query.len = v.query.len;
        vector_field(&v, "Host", "bedrock.amazonaws.com");
        vector_hash(&v, "");
        check_vector(&v);
        key_whole(&v, token, seconds, bedrock_json_get(json, "token"));
    }
    vector_free(&v);
}

/* ---- Files ---- */

static void each(const char *folder, const char *file,
                 void (*check)(struct bedrock_json name, struct bedrock_json json))
{
    struct bedrock_json root, value, name = {BEDROCK_JSON_NONE, NULL, 0};
    struct bedrock_json_iter it;
    char *text = vectors_load(folder, file, &root);
    size_t n = 0;

    if (!text)
        return;
    it = bedrock_json_iterate(root);
    for (; bedrock_json_next(&it, &name, &value); n++)
        check(name, value);
    t_case("%s holds vectors", file);
    CHECK(n > 0);
    free(text);
}

static void run(const char *folder)
{
    each(folder, "sigv4.json", wire_vector);
    each(folder, "sigv4-aws-c-auth-suite.json", suite_vector);
    each(folder, "bedrock-api-key.json", key_vector);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_sigv4", argc, argv, run);
}
