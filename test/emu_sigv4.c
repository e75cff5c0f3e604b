/* emu_sigv4.c - is this request signed as it must be? Worked out anew from the bytes that came.
 * AWS Signature Version 4, header variant, and bearer tokens: the account's, and short-term keys, which hold
 * a presigned query. Nothing here calls sigv4.c: hash and HMAC are BearSSL's. Leaves out: other presigned
 * queries; a token beside the account's own keys is taken as it is. */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <bearssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMU_SIG_WINDOW_S 300    /* how far a signature's time may be off */
#define EMU_SIG_MAX_PAIRS 64    /* of a query, and segments of a path */
#define EMU_KEY_PREFIX "bedrock-api-key-"
#define EMU_KEY_HOST "bedrock.amazonaws.com"
#define EMU_KEY_MAX 8192u       /* what a short-term key holds, in bytes */
#define EMU_KEY_MAX_S 43200

static const char emu_sig_mismatch[] =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";

/* The parts of an Authorization header. */
struct emu_sig {
    struct bedrock_slice key_id, date, region, service, terminator;
    struct bedrock_slice signed_headers, signature;
    struct bedrock_slice time;      /* x-amz-date */
    char body_hash[65];
    const char *for_service, *for_region, *secret;  /* what it must be for, and the key */
};

static void emu_sig_refuse(struct emu_verdict *v, const char *error, const char *message)
{
    v->error = error;
    snprintf(v->message, sizeof v->message, "%s", message);
}

static void emu_sig_invalid(struct emu_verdict *v, const char *message)
{
    emu_sig_refuse(v, "InvalidSignatureException", message);
}

/* Cut the part before c off *rest, and c; all of it when there is none. */
static struct bedrock_slice emu_sig_cut(struct bedrock_slice *rest, char c)
{
    struct bedrock_slice part = *rest;
    const char *at = rest->len ? memchr(rest->p, c, rest->len) : NULL;

    part.len = at ? (size_t)(at - rest->p) : rest->len;
    rest->p += at ? part.len + 1 : part.len;
    rest->len -= at ? part.len + 1 : part.len;
    return part;
}

static void emu_sig_digits(char out[65], const unsigned char hash[32])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[64] = 0;
}

static void emu_sig_hash(char out[65], const void *p, size_t n)
{
    br_sha256_context ctx;
    unsigned char hash[32];

    br_sha256_init(&ctx);
    br_sha256_update(&ctx, p, n);
    br_sha256_out(&ctx, hash);
    emu_sig_digits(out, hash);
}

/* ---- The canonical request ---- */

static void emu_sig_encode(struct bedrock_buffer *b, const char *p, size_t n)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

    for (size_t i = 0; i < n; i++) {
        if (p[i] && strchr(plain, p[i]))
            bedrock_buffer_append(b, p + i, 1);
        else
            emu_printf(b, "%%%02X", (unsigned)(unsigned char)p[i]);
    }
}

/* Segments without the empty, "." and ".." ones, each encoded once more than on the wire. */
static void emu_sig_path(struct bedrock_buffer *b, struct bedrock_slice path)
{
    struct bedrock_slice seg[EMU_SIG_MAX_PAIRS], part;
    size_t n = 0;
    int slash = path.len > 0 && path.p[path.len - 1] == '/';

    while (path.len > 0) {
        part = emu_sig_cut(&path, '/');
        if (emu_slice_is(part, ".."))
            n -= n > 0;
        else if (part.len > 0 && !emu_slice_is(part, ".") && n < EMU_SIG_MAX_PAIRS)
            seg[n++] = part;
    }
    for (size_t i = 0; i < n; i++) {
        emu_text(b, "/");
        emu_sig_encode(b, seg[i].p, seg[i].len);
    }
    emu_text(b, n == 0 || slash ? "/\n" : "\n");
}

static int emu_sig_by_text(const void *a, const void *b)
{
    const struct bedrock_slice *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Decode and encode again, so that it does not matter how the client wrote it. */
static void emu_sig_recode(struct bedrock_buffer *b, struct bedrock_slice s)
{
    struct bedrock_buffer plain = {0};

    emu_percent_decode(&plain, s);
    emu_sig_encode(b, plain.p, plain.len);
    bedrock_buffer_free(&plain);
}

/*
 * Pairs in the order of their encoded names, then values. A byte below every encoded one stands
 * between the two while they are sorted, so that "a=" comes before "a-b=".
 */
static void emu_sig_query(struct bedrock_buffer *b, struct bedrock_slice query)
{
    struct bedrock_slice pair[EMU_SIG_MAX_PAIRS];
    size_t end[EMU_SIG_MAX_PAIRS], n = 0, at = 0;
    struct bedrock_buffer text = {0};

    while (query.len > 0 && n < EMU_SIG_MAX_PAIRS) {
        struct bedrock_slice value = emu_sig_cut(&query, '&'), name;

        if (value.len == 0)
            continue;
        name = emu_sig_cut(&value, '=');
        emu_sig_recode(&text, name);
        bedrock_buffer_append(&text, "\1", 1);
        emu_sig_recode(&text, value);
        end[n++] = text.len;
    }
    for (size_t i = 0; i < n; at = end[i++]) {
        pair[i].p = text.p + at;
        pair[i].len = end[i] - at;
    }
    if (n > 1)
        qsort(pair, n, sizeof pair[0], emu_sig_by_text);
    for (size_t i = 0; i < n; i++) {
        struct bedrock_slice name = emu_sig_cut(&pair[i], '\1');

        if (i > 0)
            emu_text(b, "&");
        bedrock_buffer_append(b, name.p, name.len);
        emu_text(b, "=");
        bedrock_buffer_append(b, pair[i].p, pair[i].len);
    }
    emu_text(b, "\n");
    bedrock_buffer_free(&text);
}

/* A value with each run of blanks as one space. */
static void emu_sig_value(struct bedrock_buffer *b, struct bedrock_slice v)
{
    for (size_t i = 0; i < v.len; i++) {
        int blank = v.p[i] == ' ' || v.p[i] == '\t';

        if (!blank)
            bedrock_buffer_append(b, v.p + i, 1);
        else if (v.p[i - 1] != ' ' && v.p[i - 1] != '\t')   /* i > 0: values come trimmed */
            emu_text(b, " ");
    }
}

static int emu_sig_same_name(struct bedrock_slice field, struct bedrock_slice listed)
{
    char name[128];

    if (listed.len >= sizeof name)
        return 0;
    memcpy(name, listed.p, listed.len);
    name[listed.len] = 0;
    return emu_slice_is_nocase(field, name);
}

/* The listed headers as they came, several of one name joined by commas. */
static void emu_sig_headers(struct bedrock_buffer *b, const struct emu_request *rq,
                            struct bedrock_slice list)
{
    while (list.len > 0) {
        struct bedrock_slice name = emu_sig_cut(&list, ';');
        int seen = 0;

        bedrock_buffer_append(b, name.p, name.len);
        emu_text(b, ":");
        for (size_t i = 0; i < rq->n_fields; i++) {
            if (!emu_sig_same_name(rq->fields[i].name, name))
                continue;
            if (seen++)
                emu_text(b, ",");
            emu_sig_value(b, rq->fields[i].value);
        }
        emu_text(b, "\n");
    }
    emu_text(b, "\n");
}

static void emu_sig_canonical(struct bedrock_buffer *b, const struct emu_request *rq,
                              const struct emu_sig *s)
{
    bedrock_buffer_append(b, rq->method.p, rq->method.len);
    emu_text(b, "\n");
    emu_sig_path(b, rq->path);
    emu_sig_query(b, rq->query);
    emu_sig_headers(b, rq, s->signed_headers);
    bedrock_buffer_append(b, s->signed_headers.p, s->signed_headers.len);
    emu_text(b, "\n");
    emu_text(b, s->body_hash);
}

/* ---- The signature ---- */

static void emu_sig_hmac(unsigned char out[32], const void *key, size_t key_len, const void *p, size_t n)
{
    br_hmac_key_context kc;
    br_hmac_context ctx;

    br_hmac_key_init(&kc, &br_sha256_vtable, key, key_len);
    br_hmac_init(&ctx, &kc, 32);
    br_hmac_update(&ctx, p, n);
    br_hmac_out(&ctx, out);
}

static int emu_sig_matches(const struct emu_request *rq, const struct emu_sig *s)
{
    struct bedrock_buffer text = {0}, key = {0};
    unsigned char k[32], differ = 0;
    char canonical[65], hex[65];

    emu_sig_canonical(&text, rq, s);
    emu_sig_hash(canonical, text.p, text.len);
    text.len = 0;
    emu_printf(&text, "AWS4-HMAC-SHA256\n%.*s\n%.*s/%s/%s/aws4_request\n%s", (int)s->time.len, s->time.p,
               (int)s->date.len, s->date.p, s->for_region, s->for_service, canonical);
    emu_printf(&key, "AWS4%s", s->secret);
    emu_sig_hmac(k, key.p, key.len, s->date.p, s->date.len);
    emu_sig_hmac(k, k, sizeof k, s->for_region, strlen(s->for_region));
    emu_sig_hmac(k, k, sizeof k, s->for_service, strlen(s->for_service));
    emu_sig_hmac(k, k, sizeof k, "aws4_request", 12);
    emu_sig_hmac(k, k, sizeof k, text.p, text.len);
    emu_sig_digits(hex, k);
    for (size_t i = 0; s->signature.len == 64 && i < 64; i++)
        differ |= (unsigned char)(hex[i] ^ s->signature.p[i]);
    if (text.error || key.error)
        differ = 1;
    bedrock_buffer_free(&text);
    bedrock_buffer_free(&key);
    return s->signature.len == 64 && differ == 0;
}

/* ---- The checks, in the service's order ---- */

static void emu_sig_credential(struct bedrock_slice value, struct emu_sig *s)
{
    s->key_id = emu_sig_cut(&value, '/');
    s->date = emu_sig_cut(&value, '/');
    s->region = emu_sig_cut(&value, '/');
    s->service = emu_sig_cut(&value, '/');
    s->terminator = value;
}

/* "AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=hex" */
static int emu_sig_parse(struct bedrock_slice value, struct emu_sig *s)
{
    if (!emu_slice_is(emu_sig_cut(&value, ' '), "AWS4-HMAC-SHA256"))
        return -1;
    while (value.len > 0) {
        struct bedrock_slice part = emu_sig_cut(&value, ','), name;

        while (part.len > 0 && *part.p == ' ')
            part.p++, part.len--;
        name = emu_sig_cut(&part, '=');
        if (emu_slice_is(name, "Credential"))
            emu_sig_credential(part, s);
        else if (emu_slice_is(name, "SignedHeaders"))
            s->signed_headers = part;
        else if (emu_slice_is(name, "Signature"))
            s->signature = part;
    }
    return s->key_id.len && s->signed_headers.len && s->signature.len ? 0 : -1;
}

/* Seconds since 1970 of "20260102T030405Z", or -1. */
static int64_t emu_sig_time(struct bedrock_slice s)
{
    char text[17];
    struct tm t = {0};

    if (s.len != 16 || s.p[8] != 'T' || s.p[15] != 'Z')
        return -1;
    for (size_t i = 0; i < 15; i++)
        if (i != 8 && (s.p[i] < '0' || s.p[i] > '9'))
            return -1;
    memcpy(text, s.p, 16);
    text[16] = 0;
    sscanf(text, "%4d%2d%2dT%2d%2d%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
           &t.tm_sec);
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return (int64_t)timegm(&t);
}

static void emu_sig_basic(int64_t epoch_s, char out[32])
{
    time_t when = (time_t)epoch_s;
    struct tm t;

    gmtime_r(&when, &t);
    snprintf(out, 32, "%04d%02d%02dT%02d%02d%02dZ", (t.tm_year + 1900) % 10000, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec);
}

static void emu_sig_service(struct emu_verdict *v, const char *service)
{
    v->error = "InvalidSignatureException";
    snprintf(v->message, sizeof v->message, "Credential should be scoped to correct service: '%s'.", service);
}

static int emu_sig_scope(const struct emu_sig *s, struct emu_verdict *v)
{
    if (s->time.len < 8 || s->date.len != 8 || memcmp(s->time.p, s->date.p, 8) != 0)
        emu_sig_invalid(v, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP.");
    else if (!emu_slice_is(s->region, s->for_region))
        emu_sig_invalid(v, "Credential should be scoped to a valid region.");
    else if (!emu_slice_is(s->service, s->for_service))
        emu_sig_service(v, s->for_service);
    else if (!emu_slice_is(s->terminator, "aws4_request"))
        emu_sig_invalid(v, "Credential should be scoped with a valid terminator: 'aws4_request'.");
    return v->error != NULL;
}

static int emu_sig_in_time(const struct emu_sig *s, int64_t now_s, struct emu_verdict *v)
{
    int64_t then = emu_sig_time(s->time);
    char now[32], edge[32];

    if (then < 0) {
        emu_sig_invalid(v, "Date must be in ISO-8601 'basic format' in the X-Amz-Date header.");
        return 0;
    }
    if (then >= now_s - EMU_SIG_WINDOW_S && then <= now_s + EMU_SIG_WINDOW_S)
        return 1;
    emu_sig_basic(now_s, now);
    emu_sig_basic(then < now_s ? now_s - EMU_SIG_WINDOW_S : now_s + EMU_SIG_WINDOW_S, edge);
    v->error = "InvalidSignatureException";
    snprintf(v->message, sizeof v->message, then < now_s
                 ? "Signature expired: %.16s is now earlier than %s (%s - 5 min.)"
                 : "Signature not yet current: %.16s is still later than %s (%s + 5 min.)",
             s->time.p, edge, now);
    return 0;
}

static int emu_sig_lists(struct bedrock_slice list, struct bedrock_slice field)
{
    while (list.len > 0)
        if (emu_sig_same_name(field, emu_sig_cut(&list, ';')))
            return 1;
    return 0;
}

/* Host and every x-amz-* header must be signed; the list is lower case and in order. */
static int emu_sig_covers(const struct emu_request *rq, struct bedrock_slice list, struct emu_verdict *v)
{
    struct bedrock_slice last = {"", 0};

    for (size_t i = 0; i < rq->n_fields; i++) {
        struct bedrock_slice name = rq->fields[i].name, begin = name;

        begin.len = begin.len < 6 ? begin.len : 6;
        if ((emu_slice_is_nocase(name, "host") || emu_slice_is_nocase(begin, "x-amz-")) &&
            !emu_sig_lists(list, name)) {
            v->error = "InvalidSignatureException";
            snprintf(v->message, sizeof v->message,
                     "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                     (int)(name.len < 100 ? name.len : 100), name.p);
            return 0;
        }
    }
    while (list.len > 0) {
        struct bedrock_slice name = emu_sig_cut(&list, ';');

        for (size_t i = 0; i < name.len; i++)
            if (name.p[i] >= 'A' && name.p[i] <= 'Z')
                emu_sig_invalid(v, "SignedHeaders must be in lower case.");
        if (emu_sig_by_text(&last, &name) >= 0)
            emu_sig_invalid(v, "SignedHeaders must be in alphabetical order.");
        last = name;
    }
    return v->error == NULL;
}

/* The account's own key pair, which any token may stand beside, or one that was issued, with its own. */
static int emu_sig_who(const struct emu *e, struct bedrock_slice token, int64_t now_s, struct emu_sig *s,
                       struct emu_verdict *v)
{
    if (emu_slice_is(s->key_id, e->key_id)) {
        s->secret = e->secret;
        return 0;
    }
    v->keys = emu_issued_find(e, s->key_id);
    if (!v->keys || !token.p || !emu_slice_is(token, v->keys->token)) {
        emu_sig_refuse(v, "UnrecognizedClientException",
                       "The security token included in the request is invalid.");
        return -1;
    }
    if (v->keys->expires_s <= now_s) {
        emu_sig_refuse(v, "ExpiredTokenException", "The security token included in the request is expired");
        return -1;
    }
    s->secret = v->keys->secret;
    return 0;
}

static void emu_sig_check(const struct emu *e, const char *service, const struct emu_request *rq,
                          struct bedrock_slice value, struct emu_verdict *v)
{
    struct bedrock_slice sent_hash = emu_http_field(rq, "x-amz-content-sha256");
    int64_t now_s = emu_wall_s(e);
    struct emu_sig s = {0};

    if (emu_sig_parse(value, &s) != 0) {
        emu_sig_refuse(v, "IncompleteSignatureException",
                       "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' "
                       "parameters of AWS4-HMAC-SHA256.");
        return;
    }
    s.time = emu_http_field(rq, "x-amz-date");
    emu_sig_hash(s.body_hash, rq->body.p, rq->body.len);
    s.for_service = service;
    s.for_region = e->region;
    if (emu_sig_who(e, emu_http_field(rq, "x-amz-security-token"), now_s, &s, v) != 0)
        return;
    if (!s.time.p)
        emu_sig_refuse(v, "IncompleteSignatureException",
                       "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                       "header.");
    else if (emu_sig_scope(&s, v) == 0 && emu_sig_in_time(&s, now_s, v) &&
             emu_sig_covers(rq, s.signed_headers, v)) {
        if (sent_hash.p && !emu_slice_is(sent_hash, s.body_hash))
            emu_sig_invalid(v, "The provided 'x-amz-content-sha256' header does not match what was "
                            "computed.");
        else if (!emu_sig_matches(rq, &s))
            emu_sig_invalid(v, emu_sig_mismatch);
    }
}

/* ---- Short-term keys ---- */

struct emu_key {
    struct emu_sig sig;
    struct bedrock_slice token, expires;
    struct bedrock_buffer query;    /* what was signed of it */
    char text[EMU_KEY_MAX + 1];
};

/* Take up a parameter; its value is decoded where it stands. */
static void emu_key_parameter(struct emu_key *k, struct bedrock_slice pair)
{
    struct bedrock_slice value = pair, name = emu_sig_cut(&value, '=');
    struct bedrock_buffer plain = {0};

    if (!emu_slice_is(name, "X-Amz-Signature") && !emu_slice_is(name, "Version")) {
        emu_text(&k->query, k->query.len ? "&" : "");
        bedrock_buffer_append(&k->query, pair.p, pair.len);
    }
    emu_percent_decode(&plain, value);
    if (plain.len > 0 && plain.len <= value.len)
        memcpy(k->text + (value.p - k->text), plain.p, plain.len);
    value.len = plain.len;
    bedrock_buffer_free(&plain);
    if (emu_slice_is(name, "X-Amz-Credential"))
        emu_sig_credential(value, &k->sig);
    else if (emu_slice_is(name, "X-Amz-Date"))
        k->sig.time = value;
    else if (emu_slice_is(name, "X-Amz-Expires"))
        k->expires = value;
    else if (emu_slice_is(name, "X-Amz-Security-Token"))
        k->token = value;
    else if (emu_slice_is(name, "X-Amz-SignedHeaders"))
        k->sig.signed_headers = value;
    else if (emu_slice_is(name, "X-Amz-Signature"))
        k->sig.signature = value;
}

/* "bedrock-api-key-" and the base64 of "bedrock.amazonaws.com/?" and the query. */
static int emu_key_parse(struct bedrock_slice key, struct emu_key *k)
{
    static const char head[] = EMU_KEY_HOST "/?";
    size_t skip = sizeof EMU_KEY_PREFIX - 1;
    struct bedrock_slice query;

    if (key.len < skip || memcmp(key.p, EMU_KEY_PREFIX, skip) != 0 ||
        (key.len - skip) / 4 * 3 > EMU_KEY_MAX ||
        emu_base64_decode(key.p + skip, key.len - skip, (unsigned char *)k->text, EMU_KEY_MAX) != 0 ||
        strncmp(k->text, head, sizeof head - 1) != 0)
        return -1;
    query.p = k->text + sizeof head - 1;
    query.len = strlen(query.p);
    while (query.len > 0)
        emu_key_parameter(k, emu_sig_cut(&query, '&'));
    return k->sig.key_id.len && k->sig.signature.len ? 0 : -1;
}

/* From when it was made, for as long as it says. */
static int emu_key_in_time(const struct emu_key *k, int64_t now_s)
{
    int64_t then = emu_sig_time(k->sig.time), span = 0;

    for (size_t i = 0; i < k->expires.len; i++) {
        if (k->expires.p[i] < '0' || k->expires.p[i] > '9' || span > EMU_KEY_MAX_S)
            return 0;
        span = 10 * span + (k->expires.p[i] - '0');
    }
    return then >= 0 && span <= EMU_KEY_MAX_S && now_s + EMU_SIG_WINDOW_S >= then && now_s < then + span;
}

/* The account's keys or issued ones have signed it, for this Region and this time. */
static int emu_key_is_good(const struct emu *e, struct bedrock_slice key)
{
    struct emu_request rq = {.method = {"POST", 4}, .path = {"/", 1}, .n_fields = 1};
    struct emu_key k = {.sig = {.for_service = "bedrock", .for_region = e->region}};
    int64_t now_s = emu_wall_s(e);
    struct emu_verdict v = {0};
    int good;

    rq.fields[0].name = (struct bedrock_slice){"host", 4};
    rq.fields[0].value = (struct bedrock_slice){EMU_KEY_HOST, sizeof EMU_KEY_HOST - 1};
    good = emu_key_parse(key, &k) == 0 && emu_slice_is(k.sig.signed_headers, "host") &&
           emu_sig_who(e, k.token, now_s, &k.sig, &v) == 0 && emu_sig_scope(&k.sig, &v) == 0 &&
           emu_key_in_time(&k, now_s);
    emu_sig_hash(k.sig.body_hash, "", 0);
    rq.query = (struct bedrock_slice){k.query.p, k.query.len};
    good = good && k.query.error == 0 && emu_sig_matches(&rq, &k.sig);
    bedrock_buffer_free(&k.query);
    return good;
}

void emu_authenticate(const struct emu *e, const char *service, const struct emu_request *rq,
                      struct emu_verdict *v)
{
    struct bedrock_slice value = emu_http_field(rq, "authorization"), rest = value;

    v->error = NULL;
    v->message[0] = 0;
    v->keys = NULL;
    if (!value.p) {
        emu_sig_refuse(v, "MissingAuthenticationTokenException", "Missing Authentication Token");
    } else if (emu_slice_is_nocase(emu_sig_cut(&rest, ' '), "bearer") && strcmp(service, "bedrock") == 0) {
        if (!emu_slice_is(rest, e->bearer) && !emu_key_is_good(e, rest))
            emu_sig_refuse(v, "AccessDeniedException",
                           "Authentication failed: Please make sure your API Key is valid.");
    } else {
        emu_sig_check(e, service, rq, value, v);
    }
}
