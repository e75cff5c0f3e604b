/* fuzz_sigv4.c - any bytes as path, query and headers of a request to sign: the canonical request keeps
 * its lines, its order and its alphabet. libFuzzer's interface. Leaves out: running out of memory and
 * what the signatures must be (test_sigv4.c). */
#include "fuzz.h"

#define MAX_FIELDS 72 /* more than can be signed */
#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct bdk_credentials keys = {"AKIDEXAMPLE", "secret", NULL};

/* ---- What a canonical request must be ---- */

static struct bedrock_slice line(const char **p, const char *end)
{
    const char *eol = memchr(*p, '\n', (size_t)(end - *p));
    struct bedrock_slice s = {*p, (size_t)((eol ? eol : end) - *p)};

    must(eol != NULL);
    *p = eol + 1;
    return s;
}

static int compare(struct bedrock_slice a, struct bedrock_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

/* Unreserved characters, escapes and slashes; no empty segment but the last, no "." and "..". */
static void check_path(struct bedrock_slice s)
{
    size_t segment = 0;

    must(s.len > 0 && s.p[0] == '/');
    for (size_t i = 1; i <= s.len; i++) {
        char c = i < s.len ? s.p[i] : '/';

        must((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             memchr("-_.~/%", c, 6) != NULL);
        if (c == '/') {
            struct bedrock_slice one = {s.p + segment + 1, i - segment - 1};

            must((one.len > 0 || i == s.len) && !bdk_slice_is(one, ".") && !bdk_slice_is(one, ".."));
            segment = i;
        }
    }
}

static struct bedrock_slice until(struct bedrock_slice *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->p, separator, rest->len) : NULL;
    struct bedrock_slice s = {rest->p, end ? (size_t)(end - rest->p) : rest->len};

    rest->p += s.len + (end != NULL);
    rest->len -= s.len + (end != NULL);
    return s;
}

/* Every parameter has its '='; names ascend, and values of one name. */
static void check_query(struct bedrock_slice s)
{
    struct bedrock_slice last_name = {NULL, 0}, last_value = {NULL, 0};

    for (int first = 1; s.len > 0; first = 0) {
        struct bedrock_slice value = until(&s, '&'), name;

        must(value.len > 0 && memchr(value.p, '=', value.len) != NULL);
        name = until(&value, '=');
        must(first || compare(last_name, name) < 0 ||
             (compare(last_name, name) == 0 && compare(last_value, value) <= 0));
        last_name = name;
        last_value = value;
    }
}

static void check_value(struct bedrock_slice s)
{
    must(s.len == 0 || (s.p[0] != ' ' && s.p[s.len - 1] != ' '));
    for (size_t i = 0; i < s.len; i++)
        must((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7F && (i == 0 || s.p[i] != ' ' ||
                                                              s.p[i - 1] != ' '));
}

/* Header lines and the list of their names; returns how many there are. */
static size_t check_headers(const char *p, const char *end, const struct bedrock_buffer *names)
{
    struct bedrock_slice list = {names->p, names->len}, last = {NULL, 0}, value;
    size_t n = 0;

    for (value = line(&p, end); value.len > 0; value = line(&p, end), n++) {
        struct bedrock_slice name = until(&value, ':'), listed = until(&list, ';');

        must(name.len > 0 && compare(name, listed) == 0 && compare(last, name) < 0);
        for (size_t i = 0; i < name.len; i++)
            must(name.p[i] < 'A' || name.p[i] > 'Z');
        check_value(value);
        last = name;
    }
    must(list.len == 0);
    value = line(&p, end);
    list.p = names->p;
    list.len = names->len;
    must(compare(value, list) == 0);
    must((size_t)(end - p) == strlen(HASH) && memcmp(p, HASH, strlen(HASH)) == 0);
    return n;
}

static size_t check_canonical(const struct bedrock_buffer *b, const struct bedrock_buffer *names)
{
    const char *p = b->p, *end = b->p + b->len;
    size_t n_lines = 0, n;

    for (size_t i = 0; i < b->len; i++)
        n_lines += b->p[i] == '\n';
    must(bdk_slice_is(line(&p, end), "POST"));
    check_path(line(&p, end));
    check_query(line(&p, end));
    n = check_headers(p, end, names);
    must(n_lines == n + 5);
    return n;
}

/* ---- Comparing ---- */

static int same(const struct bedrock_buffer *a, const struct bedrock_buffer *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

/* Once more: as it is, below a ceiling, and with the headers the other way round. */
static void check_again(const struct bdk_sigv4_request *rq, const struct bedrock_buffer *canonical,
                        size_t n_names, size_t max)
{
    struct bdk_sigv4_request turned = *rq;
    struct bdk_field fields[MAX_FIELDS];
    struct bedrock_buffer b = {0};
    size_t n = rq->n_fields;

    must(bdk_sigv4_canonical(&b, rq) == 0 && same(&b, canonical));
    bedrock_buffer_free(&b);
    b.max = max;
    if (max > 0 && bdk_sigv4_canonical(&b, rq) != 0)
        must(b.error == BEDROCK_ERR_LIMIT && b.len <= max);
    else
        must(max == 0 || (same(&b, canonical) && b.len <= max));
    bedrock_buffer_free(&b);
    b.max = 0;
    for (size_t i = 0; i < n; i++)
        fields[i] = rq->fields[n - 1 - i];
    turned.fields = fields;
    /* names that repeat, or are not signed, make the counts differ */
    if (n_names == n) {
        must(bdk_sigv4_canonical(&b, &turned) == 0 && same(&b, canonical));
        bedrock_buffer_free(&b);
    }
}

/* The header's value is its parts, and the key that was kept signs as a fresh one does. */
static void check_authorization(const struct bdk_sigv4_request *rq,
                                const struct bedrock_buffer *canonical,
                                const struct bedrock_buffer *names)
{
    struct bdk_sigv4_key kept = {0}, fresh = {0};
    struct bedrock_buffer value = {0}, string = {0};
    char signature[64];

    must(bdk_sigv4_authorization(&value, &kept, &keys, rq, 0) == 0);
    must(bdk_sigv4_string_to_sign(&string, rq, canonical->p, canonical->len, 0) == 0);
    bdk_sigv4_signature(signature, &kept, &keys, rq, string.p, string.len, 0);
    must(value.len > 64 && memcmp(value.p + value.len - 64, signature, 64) == 0);
    bdk_sigv4_signature(signature, &fresh, &keys, rq, string.p, string.len, 0);
    must(memcmp(value.p + value.len - 64, signature, 64) == 0);
    must(value.len > 64 + 12 + names->len &&
         (names->len == 0 ||
          memcmp(value.p + value.len - 64 - 12 - names->len, names->p, names->len) == 0));
    bedrock_buffer_free(&value);
    bedrock_buffer_free(&string);
}

static int is_plain(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '='))
            return 0;
    return 1;
}

/* Lower-case letters and digits, in numbers below the ceilings, are never refused. */
static int must_pass(const struct bdk_sigv4_request *rq)
{
    int plain = rq->n_fields <= 64 && is_plain(rq->query.p, rq->query.len);

    for (size_t i = 0; i < rq->n_fields; i++) {
        const struct bdk_field *f = &rq->fields[i];

        plain = plain && f->name[0] && is_plain(f->name, strlen(f->name)) &&
                is_plain(f->value.p, f->value.len);
    }
    return plain;
}

static void check_request(const struct bdk_sigv4_request *rq, size_t max)
{
    struct bedrock_buffer canonical = {0}, names = {0}, value = {0};
    struct bdk_sigv4_key key = {0};
    int rc = bdk_sigv4_canonical(&canonical, rq), names_rc = bdk_sigv4_signed_headers(&names, rq);

    must(rc == canonical.error && names_rc == names.error);
    must(rc == 0 || (rc == BEDROCK_ERR_USAGE && !must_pass(rq)));
    must(names_rc == 0 || (names.len == 0 && rc == BEDROCK_ERR_USAGE));
    if (rc == 0) {
        check_again(rq, &canonical, check_canonical(&canonical, &names), max);
        check_authorization(rq, &canonical, &names);
    } else {
        must(bdk_sigv4_authorization(&value, &key, &keys, rq, 0) == rc && value.len == 0);
    }
    bedrock_buffer_free(&canonical);
    bedrock_buffer_free(&names);
    bedrock_buffer_free(&value);
}

/* First byte: how many headers; second: a ceiling for the buffer; then the parts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bdk_sigv4_request rq = {0};
    struct bdk_field fields[MAX_FIELDS];
    char *names[MAX_FIELDS];
    const char *p;
    size_t n;

    if (size < 2)
        return 0;
    p = (const char *)data + 2;
    n = data[0] % (MAX_FIELDS + 1);
    size -= 2;
    rq.method = "POST";
    rq.payload_hash = HASH;
    rq.service = "bedrock";
    rq.region = "us-east-1";
    rq.date = "20260102T030405Z";
    rq.path = next_part(&p, &size);
    rq.query = next_part(&p, &size);
    for (; rq.n_fields < n && size > 0; rq.n_fields++) {
        names[rq.n_fields] = text_of(next_part(&p, &size));
        fields[rq.n_fields].name = names[rq.n_fields];
        fields[rq.n_fields].value = next_part(&p, &size);
    }
    rq.fields = fields;
    check_request(&rq, data[1]);
    while (rq.n_fields > 0)
        free(names[--rq.n_fields]);
    return 0;
}
