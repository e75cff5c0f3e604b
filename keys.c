/* keys.c - keys as providers bring them, and the requests they make for that.
 * AWS SDK reference guide, "Process credential provider", "Container" and "IMDS credential provider". Leaves
 * out: who is asked, and when (creds.c, bedrock.c); the XML of STS and the JSON of SSO. */
#include "bedrock_int.h"
#include <string.h>

#define KEYS_MAX_ID 256u
#define KEYS_MAX_SECRET 1024u
#define KEYS_MAX_ACCOUNT 64u
#define KEYS_MAX_TEXT (KEYS_MAX_ID + KEYS_MAX_SECRET + BDK_KEYS_MAX_TOKEN + KEYS_MAX_ACCOUNT + 4u)
#define KEYS_DUE_S 300      /* the AWS SDK for JavaScript begins to refresh then */
#define KEYS_SPENT_S 60
#define FETCH_MAX_TARGET 8192u
#define FETCH_MAX_HEADERS 32768u
#define FETCH_MAX_BODY 65536u

enum { KEYS_ID, KEYS_SECRET, KEYS_TOKEN, KEYS_ACCOUNT, KEYS_N_PARTS };

static const struct {
    const char *name, *json;
    size_t max;
    int required;
} keys_parts[KEYS_N_PARTS] = {
    {"access key id", "AccessKeyId", KEYS_MAX_ID, 1},
    {"secret access key", "SecretAccessKey", KEYS_MAX_SECRET, 1},
    {"session token", "Token", BDK_KEYS_MAX_TOKEN, 0},
    {"account id", "AccountId", KEYS_MAX_ACCOUNT, 0},
};

/* ---- Keys ---- */

/* What becomes a header or stands in one must not be able to end it; a blank in it is a mistake too, and a
 * pasted newline what one sees most. The value is never shown. */
static int keys_check(size_t part, struct bedrock_slice v, const char *what, struct bedrock_error *e)
{
    if (v.len == 0 && keys_parts[part].required)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the %s is empty", what, keys_parts[part].name);
    if (v.len > keys_parts[part].max)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the %s has %zu bytes, more than any", what,
                             keys_parts[part].name, v.len);
    for (size_t i = 0; i < v.len; i++)
        if ((unsigned char)v.p[i] <= ' ' || v.p[i] == 0x7F)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                                 "%s: the %s holds white space or a control character, perhaps a pasted "
                                 "newline", what, keys_parts[part].name);
    return 0;
}

/* One block of the right size, so that nothing moves while pointers are taken. */
static int keys_fill(struct bdk_keys *k, const struct bedrock_slice part[KEYS_N_PARTS], int64_t expires_s)
{
    const char **to[KEYS_N_PARTS] = {&k->access_key_id, &k->secret_access_key, &k->session_token,
                                     &k->account_id};
    size_t total = 0;

    for (size_t i = 0; i < KEYS_N_PARTS; i++)
        total += part[i].len + 1;
    k->text.max = KEYS_MAX_TEXT;
    if (bdk_buffer_reserve(&k->text, total) != 0)
        return k->text.error;
    for (size_t i = 0; i < KEYS_N_PARTS; i++) {
        if (part[i].len > 0)
            *to[i] = k->text.p + k->text.len;
        bedrock_buffer_append(&k->text, part[i].p, part[i].len);
        bedrock_buffer_append(&k->text, "", 1);
    }
    k->expires_s = expires_s;
    return k->text.error;
}

static int keys_replace(struct bdk_keys *k, const struct bedrock_slice part[KEYS_N_PARTS], int64_t expires_s)
{
    struct bdk_keys fresh = {0};
    int rc;

    fresh.text.alloc = k->text.alloc;
    fresh.text.alloc_ctx = k->text.alloc_ctx;
    rc = keys_fill(&fresh, part, expires_s);
    bdk_keys_free(rc == 0 ? k : &fresh);
    if (rc == 0)
        *k = fresh;
    return rc;
}

int bdk_keys_set(struct bdk_keys *k, struct bedrock_slice id, struct bedrock_slice secret,
                 struct bedrock_slice token, struct bedrock_slice account, int64_t expires_s,
                 const char *what, struct bedrock_error *e)
{
    struct bedrock_slice part[KEYS_N_PARTS];

    part[KEYS_ID] = id;
    part[KEYS_SECRET] = secret;
    part[KEYS_TOKEN] = token;
    part[KEYS_ACCOUNT] = account;
    for (size_t i = 0; i < KEYS_N_PARTS; i++)
        if (keys_check(i, part[i], what, e) != 0)
            return e->code;
    if (keys_replace(k, part, expires_s) != 0)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "%s: out of memory", what);
    return 0;
}

int bdk_keys_copy(struct bdk_keys *k, const struct bdk_keys *from)
{
    struct bedrock_slice part[KEYS_N_PARTS];

    part[KEYS_ID] = bdk_slice(from->access_key_id);
    part[KEYS_SECRET] = bdk_slice(from->secret_access_key);
    part[KEYS_TOKEN] = bdk_slice(from->session_token);
    part[KEYS_ACCOUNT] = bdk_slice(from->account_id);
    return keys_replace(k, part, from->expires_s);
}

void bdk_keys_free(struct bdk_keys *k)
{
    bedrock_buffer_free(&k->text);
    k->access_key_id = k->secret_access_key = k->session_token = k->account_id = NULL;
    k->expires_s = 0;
}

/* ---- How long they are good for ---- */

/* A subtraction of what came from outside could wrap; a comparison with now_s + seconds cannot, as clocks
 * are far from the end of 64 bits. */
enum bdk_keys_age bdk_keys_age(const struct bdk_keys *k, int64_t now_s)
{
    if (k->expires_s < now_s + KEYS_SPENT_S)
        return BDK_KEYS_SPENT;
    return k->expires_s <= now_s + KEYS_DUE_S ? BDK_KEYS_DUE : BDK_KEYS_FRESH;
}

void bdk_keys_extend(struct bdk_keys *k, int64_t now_s, uint32_t random)
{
    k->expires_s = now_s + KEYS_DUE_S + (int64_t)((uint64_t)random * KEYS_DUE_S >> 32);
}

/* ---- The JSON of three sources ---- */

static int keys_bad_json(enum bdk_keys_form form, const char *what, const char *why, struct bedrock_error *e)
{
    int rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: %s", what, why);

    e->retryable = form == BDK_KEYS_ENDPOINT;
    return rc;
}

/* The instance metadata service says 200 and "Code": "AssumeRoleUnauthorizedAccess". */
static int keys_json_code(struct bedrock_json root, const char *what, struct bedrock_error *e)
{
    struct bedrock_json code = bdk_error_member(root, "Code");
    char name[64], message[300];

    if (code.type != BEDROCK_JSON_STRING || bedrock_json_equals(code, "Success"))
        return 0;
    bdk_error_string(name, sizeof name, code);
    bdk_error_string(message, sizeof message, bdk_error_member(root, "Message"));
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: %s%s%s", what, name, message[0] ? ": " : "", message);
}

/* AWS SDK reference guide: a process says which form it speaks, and there is only one. */
static int keys_json_version(struct bedrock_json root, const char *what, struct bedrock_error *e)
{
    struct bedrock_json version = bedrock_json_get(root, "Version");
    int64_t n = 0;

    if (bedrock_json_int(version, &n) == 0 && n == 1)
        return 0;
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: its JSON %s", what,
                         version.type == BEDROCK_JSON_NONE ? "has no \"Version\"" :
                                                             "has a \"Version\" that is not the number 1");
}

/* A clock that is off looks the same, so the sentence says what it reads. */
static int keys_expired(int64_t expires_s, int64_t now_s, const char *what, struct bedrock_error *e)
{
    char then[24], now[24];

    bdk_date_human(expires_s, then);
    bdk_date_human(now_s, now);
    return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                         "%s: the keys expired at %s, and this machine's clock reads %s", what, then, now);
}

static int keys_json_expires(struct bedrock_json root, enum bdk_keys_form form, int64_t now_s,
                             int64_t *expires_s, const char *what, struct bedrock_error *e)
{
    struct bedrock_json v = bdk_error_member(root, "Expiration");
    char text[64];

    *expires_s = INT64_MAX;
    if (v.type == BEDROCK_JSON_NONE) /* or no string: a number must not pass for "never" */
        v = bedrock_json_get(root, "Expiration");
    if (v.type == BEDROCK_JSON_NONE || v.type == BEDROCK_JSON_NULL ||
        (v.type == BEDROCK_JSON_STRING && v.len == 2))
        return form == BDK_KEYS_PROCESS ? 0 : keys_bad_json(form, what, "the answer has no Expiration", e);
    bdk_error_string(text, sizeof text, v);
    if (bdk_date_iso(bdk_slice(text), expires_s) != 0)
        return keys_bad_json(form, what, "Expiration is no time in the form 2026-01-02T03:04:05Z", e);
    return *expires_s < now_s ? keys_expired(*expires_s, now_s, what, e) : 0;
}

/* Decoded behind each other; the pointers are good once all are there, as nothing is ever longer than the
 * answer, for which there is room. */
static int keys_json_parts(struct bedrock_json root, enum bdk_keys_form form,
                           struct bedrock_buffer *scratch, struct bedrock_slice part[KEYS_N_PARTS],
                           const char *what, struct bedrock_error *e)
{
    char why[80] = "the answer has no ";

    for (size_t i = 0; i < KEYS_N_PARTS; i++) {
        const char *name = i == KEYS_TOKEN && form == BDK_KEYS_PROCESS ? "SessionToken" : keys_parts[i].json;
        struct bedrock_json v = bdk_error_member(root, name);

        part[i].p = scratch->p + scratch->len;
        part[i].len = bedrock_json_unescape(v, scratch->p + scratch->len, v.len);
        scratch->len += part[i].len;
        if (part[i].len == 0 && (keys_parts[i].required || (i == KEYS_TOKEN && form == BDK_KEYS_ENDPOINT)))
            return keys_bad_json(form, what, strcat(why, name), e);
    }
    return 0;
}

static int keys_json_read(struct bdk_keys *k, enum bdk_keys_form form, struct bedrock_json root,
                          struct bedrock_buffer *scratch, const char *account, int64_t now_s,
                          const char *what, struct bedrock_error *e)
{
    struct bedrock_slice part[KEYS_N_PARTS];
    int64_t expires_s = 0;
    int rc = form == BDK_KEYS_PROCESS ? keys_json_version(root, what, e) : keys_json_code(root, what, e);

    if (rc == 0)
        rc = keys_json_parts(root, form, scratch, part, what, e);
    if (rc == 0)
        rc = keys_json_expires(root, form, now_s, &expires_s, what, e);
    if (rc != 0)
        return rc;
    if (part[KEYS_ACCOUNT].len == 0)
        part[KEYS_ACCOUNT] = bdk_slice(account);
    return bdk_keys_set(k, part[KEYS_ID], part[KEYS_SECRET], part[KEYS_TOKEN], part[KEYS_ACCOUNT], expires_s,
                        what, e);
}

int bdk_keys_json(struct bdk_keys *k, enum bdk_keys_form form, struct bedrock_slice json,
                  const char *account, int64_t now_s, const char *what, struct bedrock_error *e)
{
    struct bedrock_buffer scratch = {0};
    struct bedrock_json root;
    int rc;

    if (json.len == 0)
        return keys_bad_json(form, what, "the answer is empty", e);
    if (bedrock_json_parse(json.p, json.len, &root, NULL) != 0 || root.type != BEDROCK_JSON_OBJECT)
        return keys_bad_json(form, what, "the answer is not a JSON object", e);
    scratch.alloc = k->text.alloc;
    scratch.alloc_ctx = k->text.alloc_ctx;
    if (bdk_buffer_reserve(&scratch, json.len) != 0)
        rc = bdk_error_set(e, scratch.error, "%s: no memory for the answer", what);
    else
        rc = keys_json_read(k, form, root, &scratch, account, now_s, what, e);
    bedrock_buffer_free(&scratch);
    return rc;
}

/* ---- Requests ---- */

void bdk_fetch_init(struct bdk_fetch *f, bedrock_alloc_fn alloc, void *alloc_ctx)
{
    struct bedrock_buffer *buffers[3] = {&f->target, &f->headers, &f->body};
    static const size_t max[3] = {FETCH_MAX_TARGET, FETCH_MAX_HEADERS, FETCH_MAX_BODY};

    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < 3; i++) {
        buffers[i]->alloc = alloc;
        buffers[i]->alloc_ctx = alloc_ctx;
        buffers[i]->max = max[i];
    }
}

void bdk_fetch_free(struct bdk_fetch *f)
{
    bedrock_buffer_free(&f->target);
    bedrock_buffer_free(&f->headers);
    bedrock_buffer_free(&f->body);
}

void bdk_fetch_begin(struct bdk_fetch *f, const struct bdk_endpoint *to, const char *method, const char *path,
                     const char *what)
{
    bdk_fetch_free(f);
    bdk_fetch_init(f, f->target.alloc, f->target.alloc_ctx);
    f->to = *to;
    f->method = method;
    f->what = what;
    bdk_buffer_text(&f->target, to->base_path);
    bdk_buffer_text(&f->target, path);
}

int bdk_fetch_header(struct bdk_fetch *f, const char *name, struct bedrock_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7F)
            return bdk_buffer_fail(&f->headers, BEDROCK_ERR_USAGE);
    bdk_buffer_text(&f->headers, name);
    bdk_buffer_text(&f->headers, ": ");
    bedrock_buffer_append(&f->headers, value.p, value.len);
    return bdk_buffer_text(&f->headers, "\r\n");
}

int bdk_fetch_check(const struct bdk_fetch *f, struct bedrock_error *e)
{
    const struct bedrock_buffer *buffers[3] = {&f->target, &f->headers, &f->body};

    for (size_t i = 0; i < 3; i++)
        if (buffers[i]->error)
            return bdk_error_set(e, buffers[i]->error, "%s: the request %s", f->what,
                                 buffers[i]->error == BEDROCK_ERR_NOMEM   ? "found no memory" :
                                 buffers[i]->error == BEDROCK_ERR_LIMIT   ? "would be too long" :
                                                                            "holds a control character");
    return 0;
}

int bdk_fetch_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      struct bedrock_error *e)
{
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0};
    char code[64], message[400];
    int rc;

    if (bedrock_json_parse(body.p, body.len, &root, NULL) != 0)
        root.type = BEDROCK_JSON_NONE; /* an HTML page would only be noise */
    bdk_error_string(code, sizeof code, bdk_error_member(root, "code"));
    bdk_error_string(message, sizeof message, bdk_error_member(root, "message"));
    rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s answered HTTP %d%s%s%s%s", f->what, h->status,
                       code[0] ? ": " : "", code, message[0] ? ": " : "", message);
    e->http_status = h->status;
    e->retryable = h->status == 429 || h->status >= 500;
    return rc;
}
