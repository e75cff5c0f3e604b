/* sigv4.c - AWS Signature Version 4: canonical request, string to sign, signature, Authorization.
 * AWS IAM user guide, "Create a signed AWS API request"; RFC 2104. Leaves out: signing in the query
 * string, chunked payloads, and S3, whose paths are neither normalised nor encoded twice. */
#include "bedrock_int.h"
#include <string.h>

#define SIGV4_MAX_FIELDS 64     /* headers to sign; more are BEDROCK_ERR_USAGE */
#define SIGV4_BLOCK 64          /* of SHA-256: a longer HMAC key is hashed first */

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"

struct sigv4_parameter {
    struct bedrock_slice name, value;
};

/* Fields in the order of their names, those that are not signed left out. */
struct sigv4_fields {
    const struct bdk_field *at[SIGV4_MAX_FIELDS];
    size_t n;
};

static int sigv4_compare(struct bedrock_slice a, struct bedrock_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

/* ---- Path ---- */

static void sigv4_drop_segment(struct bedrock_buffer *b, size_t start)
{
    while (b->len > start && b->p[--b->len] != '/')
        ;
}

/* The path of the request line, normalised (RFC 3986 5.2.4, empty segments dropped too), then encoded
 * once more: a %2F stays inside its segment and becomes %252F. */
static void sigv4_path(struct bedrock_buffer *b, struct bedrock_slice path)
{
    size_t start = b->len, at = 0;

    while (at < path.len) {
        struct bedrock_slice segment = {path.p + at, 0};

        while (at + segment.len < path.len && segment.p[segment.len] != '/')
            segment.len++;
        at += segment.len + 1;
        if (segment.len == 0 || bdk_slice_is(segment, "."))
            continue;
        if (bdk_slice_is(segment, "..")) {
            sigv4_drop_segment(b, start);
        } else {
            bdk_buffer_text(b, "/");
            bdk_uri_encode(b, segment.p, segment.len, 0);
        }
    }
    if (b->len == start || path.p[path.len - 1] == '/')
        bdk_buffer_text(b, "/");
}

/* ---- Query ---- */

/* The next parameter, 0 when there is none. What stands between two '&' and is empty names none. */
static int sigv4_next_parameter(struct bedrock_slice *rest, struct sigv4_parameter *out)
{
    const char *equals;
    size_t n = 0;

    while (rest->len > 0 && rest->p[0] == '&') {
        rest->p++;
        rest->len--;
    }
    if (rest->len == 0)
        return 0;
    while (n < rest->len && rest->p[n] != '&')
        n++;
    equals = memchr(rest->p, '=', n);
    out->name.p = rest->p;
    out->name.len = equals ? (size_t)(equals - rest->p) : n;
    out->value.p = equals ? equals + 1 : rest->p + n;
    out->value.len = (size_t)(rest->p + n - out->value.p);
    rest->p += n;
    rest->len -= n;
    return 1;
}

/* The order is that of names, then of values; that of whole pairs would differ, as '=' sorts behind
 * '-', '.' and digits. */
static int sigv4_parameter_order(const struct sigv4_parameter *a, const struct sigv4_parameter *b)
{
    int d = sigv4_compare(a->name, b->name);

    return d != 0 ? d : sigv4_compare(a->value, b->value);
}

/* The query is on the wire as it must be here, encoded; only its order may differ. */
static void sigv4_query(struct bedrock_buffer *b, struct bedrock_slice query)
{
    struct sigv4_parameter sorted[BDK_SIGV4_MAX_PARAMETERS], next;
    size_t n = 0, i;

    while (sigv4_next_parameter(&query, &next)) {
        if (n == BDK_SIGV4_MAX_PARAMETERS) {
            bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
            return;
        }
        for (i = n++; i > 0 && sigv4_parameter_order(&sorted[i - 1], &next) > 0; i--)
            sorted[i] = sorted[i - 1];
        sorted[i] = next;
    }
    for (i = 0; i < n; i++) {
        bdk_buffer_text(b, i > 0 ? "&" : "");
        bedrock_buffer_append(b, sorted[i].name.p, sorted[i].name.len);
        bdk_buffer_text(b, "=");
        bedrock_buffer_append(b, sorted[i].value.p, sorted[i].value.len);
    }
}

/* ---- Headers ---- */

/* As strcmp(), letters without case. */
static int sigv4_name_order(const char *a, const char *b)
{
    while (*a && bdk_lower(*a) == bdk_lower(*b)) {
        a++;
        b++;
    }
    return bdk_lower(*a) - bdk_lower(*b);
}

/* Headers that a proxy may change on the way, or that belong to one hop, as in AWS's JavaScript SDK. */
static int sigv4_is_unsigned(const char *name)
{
    static const char *const never[] = {
        "authorization", "cache-control", "connection", "expect", "from", "keep-alive",
        "max-forwards", "pragma", "referer", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent", "x-amzn-trace-id",
    };
    static const char *const prefixes[] = {"proxy-", "sec-"};

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (sigv4_name_order(name, never[i]) == 0)
            return 1;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct bedrock_slice start = {name, strlen(prefixes[i])};

        if (strlen(name) >= start.len && bdk_slice_is_nocase(start, prefixes[i]))
            return 1;
    }
    return 0;
}

/* A byte that would make two canonical requests look alike: see sigv4_check(). */
static int sigv4_is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7F;
}

static int sigv4_name_is_clean(const char *name)
{
    size_t i = 0;

    while ((unsigned char)name[i] > ' ' && (unsigned char)name[i] < 0x7F && name[i] != ':' &&
           name[i] != ';')
        i++;
    return i > 0 && !name[i];
}

/*
 * A line feed or a separator in the wrong place would let one canonical request stand for two
 * requests. The HTTP writer refuses them as well; a signature must not depend on that.
 */
static int sigv4_check(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq)
{
    for (size_t i = 0; i < rq->query.len; i++)
        if (sigv4_is_control(rq->query.p[i]) || rq->query.p[i] == ' ' || rq->query.p[i] == '\t')
            return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    for (size_t i = 0; i < rq->n_fields; i++) {
        const struct bdk_field *f = &rq->fields[i];

        if (!sigv4_name_is_clean(f->name))
            return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
        for (size_t k = 0; k < f->value.len; k++)
            if (sigv4_is_control(f->value.p[k]))
                return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    }
    return b->error;
}

/* Sort the fields to sign by name; those of one name stay in order. */
static int sigv4_sort_fields(struct bedrock_buffer *b, struct sigv4_fields *sorted,
                             const struct bdk_sigv4_request *rq)
{
    sorted->n = 0;
    if (sigv4_check(b, rq) != 0)
        return b->error;
    for (size_t i = 0; i < rq->n_fields; i++) {
        const struct bdk_field *f = &rq->fields[i];
        size_t k;

        if (sigv4_is_unsigned(f->name))
            continue;
        if (sorted->n == SIGV4_MAX_FIELDS)
            return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
        for (k = sorted->n++; k > 0 && sigv4_name_order(sorted->at[k - 1]->name, f->name) > 0; k--)
            sorted->at[k] = sorted->at[k - 1];
        sorted->at[k] = f;
    }
    return 0;
}

static int sigv4_repeats(const struct sigv4_fields *sorted, size_t i)
{
    return i > 0 && sigv4_name_order(sorted->at[i - 1]->name, sorted->at[i]->name) == 0;
}

static void sigv4_append_name(struct bedrock_buffer *b, const char *name)
{
    for (; *name; name++) {
        char c = bdk_lower(*name);

        bedrock_buffer_append(b, &c, 1);
    }
}

/* The words of a value with one space between any two. */
static void sigv4_append_value(struct bedrock_buffer *b, struct bedrock_slice value)
{
    size_t at = 0, words = 0;

    while (at < value.len) {
        size_t n = 0;

        while (at + n < value.len && value.p[at + n] != ' ' && value.p[at + n] != '\t')
            n++;
        if (n > 0) {
            bdk_buffer_text(b, words++ > 0 ? " " : "");
            bedrock_buffer_append(b, value.p + at, n);
        }
        at += n + 1;
    }
}

static void sigv4_append_headers(struct bedrock_buffer *b, const struct sigv4_fields *sorted)
{
    for (size_t i = 0; i < sorted->n; i++) {
        if (sigv4_repeats(sorted, i)) {
            bdk_buffer_text(b, ",");
        } else {
            bdk_buffer_text(b, i > 0 ? "\n" : "");
            sigv4_append_name(b, sorted->at[i]->name);
            bdk_buffer_text(b, ":");
        }
        sigv4_append_value(b, sorted->at[i]->value);
    }
    bdk_buffer_text(b, sorted->n > 0 ? "\n" : "");
}

static void sigv4_append_names(struct bedrock_buffer *b, const struct sigv4_fields *sorted)
{
    for (size_t i = 0; i < sorted->n; i++)
        if (!sigv4_repeats(sorted, i)) {
            bdk_buffer_text(b, i > 0 ? ";" : "");
            sigv4_append_name(b, sorted->at[i]->name);
        }
}

/* ---- Stages ---- */

int bdk_sigv4_signed_headers(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq)
{
    struct sigv4_fields sorted;

    if (sigv4_sort_fields(b, &sorted, rq) == 0)
        sigv4_append_names(b, &sorted);
    return b->error;
}

int bdk_sigv4_canonical(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq)
{
    struct sigv4_fields sorted;

    if (sigv4_sort_fields(b, &sorted, rq) != 0)
        return b->error;
    bdk_buffer_text(b, rq->method);
    bdk_buffer_text(b, "\n");
    sigv4_path(b, rq->path);
    bdk_buffer_text(b, "\n");
    sigv4_query(b, rq->query);
    bdk_buffer_text(b, "\n");
    sigv4_append_headers(b, &sorted);
    bdk_buffer_text(b, "\n");
    sigv4_append_names(b, &sorted);
    bdk_buffer_text(b, "\n");
    return bdk_buffer_text(b, rq->payload_hash);
}

/* The date without the time, "20260102". */
static struct bedrock_slice sigv4_day(const struct bdk_sigv4_request *rq)
{
    struct bedrock_slice day = bdk_slice(rq->date);

    if (day.len > 8)
        day.len = 8;
    return day;
}

static void sigv4_append_scope(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq)
{
    struct bedrock_slice day = sigv4_day(rq);

    bedrock_buffer_append(b, day.p, day.len);
    bdk_buffer_text(b, "/");
    bdk_buffer_text(b, rq->region);
    bdk_buffer_text(b, "/");
    bdk_buffer_text(b, rq->service);
    bdk_buffer_text(b, "/" SIGV4_TERMINATOR);
}

/* canonical may lie in b: it is hashed before b can move. */
int bdk_sigv4_string_to_sign(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq,
                             const void *canonical, size_t canonical_len, unsigned cpu)
{
    unsigned char digest[BDK_SHA256_LEN];
    char hex[2 * BDK_SHA256_LEN];

    bdk_sha256_of(canonical, canonical_len, digest, cpu);
    bdk_hex(hex, digest, sizeof digest);
    bdk_buffer_text(b, SIGV4_ALGORITHM "\n");
    bdk_buffer_text(b, rq->date);
    bdk_buffer_text(b, "\n");
    sigv4_append_scope(b, rq);
    bdk_buffer_text(b, "\n");
    return bedrock_buffer_append(b, hex, sizeof hex);
}

/* ---- The signing key ---- */

static void sigv4_hash_part(struct bdk_sha256 *h, struct bedrock_slice part)
{
    uint64_t len = part.len;

    bdk_sha256_update(h, &len, sizeof len);
    bdk_sha256_update(h, part.p, part.len);
}

/* What the key depends on as one digest. The lengths keep "ab" "c" and "a" "bc" apart. */
static void sigv4_key_id(unsigned char id[BDK_SHA256_LEN], const struct bdk_credentials *c,
                         const struct bdk_sigv4_request *rq, unsigned cpu)
{
    struct bdk_sha256 h;

    bdk_sha256_init(&h, cpu);
    sigv4_hash_part(&h, bdk_slice(c->access_key_id));
    sigv4_hash_part(&h, bdk_slice(c->secret_access_key));
    sigv4_hash_part(&h, sigv4_day(rq));
    sigv4_hash_part(&h, bdk_slice(rq->region));
    sigv4_hash_part(&h, bdk_slice(rq->service));
    bdk_sha256_final(&h, id);
}

/* The first key is "AWS4" and the secret; RFC 2104 2: a key longer than a block is its hash. */
static void sigv4_first_key(unsigned char out[BDK_SHA256_LEN], const char *secret,
                            struct bedrock_slice day, unsigned cpu)
{
    unsigned char key[SIGV4_BLOCK];
    size_t n = strlen(secret), key_len = BDK_SHA256_LEN;
    struct bdk_sha256 h;

    if (n <= sizeof key - 4) {
        memcpy(key, "AWS4", 4);
        memcpy(key + 4, secret, n);
        key_len = n + 4;
    } else {
        bdk_sha256_init(&h, cpu);
        bdk_sha256_update(&h, "AWS4", 4);
        bdk_sha256_update(&h, secret, n);
        bdk_sha256_final(&h, key);
    }
    bdk_hmac_of(key, key_len, day.p, day.len, out, cpu);
    bdk_wipe(key, sizeof key);
}

static void sigv4_next_key(unsigned char key[BDK_SHA256_LEN], const char *text, unsigned cpu)
{
    unsigned char next[BDK_SHA256_LEN];

    bdk_hmac_of(key, BDK_SHA256_LEN, text, strlen(text), next, cpu);
    memcpy(key, next, sizeof next);
    bdk_wipe(next, sizeof next);
}

static void sigv4_renew(struct bdk_sigv4_key *key, const struct bdk_credentials *c,
                        const struct bdk_sigv4_request *rq, unsigned cpu)
{
    unsigned char id[BDK_SHA256_LEN];

    sigv4_key_id(id, c, rq, cpu);
    if (!key->valid || memcmp(key->id, id, sizeof id) != 0) {
        sigv4_first_key(key->key, c->secret_access_key, sigv4_day(rq), cpu);
        sigv4_next_key(key->key, rq->region, cpu);
        sigv4_next_key(key->key, rq->service, cpu);
        sigv4_next_key(key->key, SIGV4_TERMINATOR, cpu);
        memcpy(key->id, id, sizeof id);
        key->valid = 1;
    }
    bdk_wipe(id, sizeof id);
}

void bdk_sigv4_signature(char out[64], struct bdk_sigv4_key *key, const struct bdk_credentials *c,
                         const struct bdk_sigv4_request *rq, const void *string_to_sign, size_t len,
                         unsigned cpu)
{
    unsigned char digest[BDK_SHA256_LEN];

    sigv4_renew(key, c, rq, cpu);
    bdk_hmac_of(key->key, sizeof key->key, string_to_sign, len, digest, cpu);
    bdk_hex(out, digest, sizeof digest);
}

/* ---- All of it ---- */

int bdk_sigv4_authorization(struct bedrock_buffer *b, struct bdk_sigv4_key *key,
                            const struct bdk_credentials *c, const struct bdk_sigv4_request *rq,
                            unsigned cpu)
{
    struct bedrock_buffer scratch = {0};
    char signature[2 * BDK_SHA256_LEN];
    size_t canonical_len;

    scratch.alloc = b->alloc;
    scratch.alloc_ctx = b->alloc_ctx;
    if (bdk_sigv4_canonical(&scratch, rq) != 0)
        goto out;
    canonical_len = scratch.len;
    if (bdk_sigv4_string_to_sign(&scratch, rq, scratch.p, canonical_len, cpu) != 0)
        goto out;
    bdk_sigv4_signature(signature, key, c, rq, scratch.p + canonical_len,
                        scratch.len - canonical_len, cpu);
    bdk_buffer_text(b, SIGV4_ALGORITHM " Credential=");
    bdk_buffer_text(b, c->access_key_id);
    bdk_buffer_text(b, "/");
    sigv4_append_scope(b, rq);
    bdk_buffer_text(b, ", SignedHeaders=");
    bdk_sigv4_signed_headers(b, rq);
    bdk_buffer_text(b, ", Signature=");
    bedrock_buffer_append(b, signature, sizeof signature);
out:
    if (scratch.error)
        bdk_buffer_fail(b, scratch.error);
    bedrock_buffer_free(&scratch);
    return b->error;
}
