/* test_sigv4.c - signing: whole cases stage by stage, single rules in tables, the key cache, what is
 * refused. Cases come from vectors/sigv4.txt. Leaves out: the public suites (vectors_sigv4.c). */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 20
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TOKEN "THETOKENTHATMUSTNOTSTAY"

/* ---- Cases from the file ---- */

struct sample {
    const char *name;
    struct bdk_credentials keys;
    struct bdk_sigv4_request rq;
    struct bdk_field fields[MAX_FIELDS];
    const char *signed_headers, *signature, *authorization;
    struct bedrock_buffer canonical, string_to_sign;
};

static void sample_free(struct sample *s)
{
    bedrock_buffer_free(&s->canonical);
    bedrock_buffer_free(&s->string_to_sign);
    memset(s, 0, sizeof *s);
}

/* "Name:value" */
static int sample_field(struct sample *s, char *line)
{
    char *colon = strchr(line, ':');

    if (!colon || s->rq.n_fields == MAX_FIELDS)
        return 0;
    *colon = 0;
    s->fields[s->rq.n_fields].name = line;
    s->fields[s->rq.n_fields++].value = bdk_slice(colon + 1);
    return 1;
}

static int sample_key(struct sample *s, const char *key, char *value)
{
    const struct {
        const char *key, **text;
    } texts[] = {
        {"case", &s->name}, {"access-key-id", &s->keys.access_key_id},
        {"secret-access-key", &s->keys.secret_access_key}, {"region", &s->rq.region},
        {"service", &s->rq.service}, {"date", &s->rq.date}, {"method", &s->rq.method},
        {"payload-hash", &s->rq.payload_hash}, {"signed-headers", &s->signed_headers},
        {"signature", &s->signature}, {"authorization", &s->authorization},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].text = value;
            return 1;
        }
    if (strcmp(key, "path") == 0)
        s->rq.path = bdk_slice(value);
    else if (strcmp(key, "query") == 0)
        s->rq.query = bdk_slice(value);
    else
        return strcmp(key, "header") == 0 && sample_field(s, value);
    return 1;
}

/* Read the next case out of the file's text, which is cut into strings on the way. 0: no more. */
static int sample_next(char **text, struct sample *s)
{
    struct bedrock_buffer *block = NULL;
    int in_case = 0;

    while (**text) {
        char *line = *text, *end = line + strcspn(line, "\n"), *colon;

        *text = *end ? end + 1 : end;
        *end = 0;
        if (line[0] == 0 && in_case)
            break;
        if (line[0] == 0 || line[0] == '#')
            continue;
        in_case = 1;
        colon = strchr(line, ':');
        if (line[0] == '|' && block) {
            bdk_buffer_text(block, block->len > 0 ? "\n" : "");
            bdk_buffer_text(block, line + 1);
        } else if (strcmp(line, "canonical:") == 0) {
            block = &s->canonical;
        } else if (strcmp(line, "string-to-sign:") == 0) {
            block = &s->string_to_sign;
        } else {
            if (colon)
                *colon = 0;
            CHECKF(colon && sample_key(s, line, colon + (colon[1] == ' ' ? 2 : 1)),
                   "cannot read the line that begins with [%.40s]", line);
        }
    }
    s->rq.fields = s->fields;
    return in_case;
}

static int sample_is_whole(const struct sample *s)
{
    return s->name && s->keys.access_key_id && s->keys.secret_access_key && s->rq.region &&
           s->rq.service && s->rq.date && s->rq.method && s->rq.payload_hash && s->signed_headers &&
           s->signature && s->authorization && s->canonical.len > 0 && s->string_to_sign.len > 0;
}

/* ---- Helpers ---- */

static void check_buffer(const struct bedrock_buffer *got, const struct bedrock_buffer *want)
{
    CHECKF(got->len == want->len && memcmp(got->p, want->p, got->len) == 0,
           "got  [%.*s]\n  want [%.*s]", (int)got->len, got->p ? got->p : "", (int)want->len, want->p);
}

static void check_stages(const struct sample *s, struct bdk_sigv4_key *key, unsigned cpu)
{
    struct bedrock_buffer canonical = {0}, names = {0}, string = {0}, value = {0};
    char signature[64];

    CHECK(bdk_sigv4_canonical(&canonical, &s->rq) == 0);
    check_buffer(&canonical, &s->canonical);
    CHECK(bdk_sigv4_signed_headers(&names, &s->rq) == 0);
    CHECK_TEXT(names.p, names.len, s->signed_headers);
    CHECK(bdk_sigv4_string_to_sign(&string, &s->rq, s->canonical.p, s->canonical.len, cpu) == 0);
    check_buffer(&string, &s->string_to_sign);
    bdk_sigv4_signature(signature, key, &s->keys, &s->rq, s->string_to_sign.p, s->string_to_sign.len,
                        cpu);
    CHECK_TEXT(signature, sizeof signature, s->signature);
    CHECK(bdk_sigv4_authorization(&value, key, &s->keys, &s->rq, cpu) == 0);
    CHECK_TEXT(value.p, value.len, s->authorization);
    bedrock_buffer_free(&canonical);
    bedrock_buffer_free(&names);
    bedrock_buffer_free(&string);
    bedrock_buffer_free(&value);
}

/* Path, query and values again, each ending where an unmapped page begins. */
static void check_guarded(struct sample *s)
{
    struct bedrock_slice *slices[MAX_FIELDS + 2] = {&s->rq.path, &s->rq.query};
    struct bdk_sigv4_key key = {0};
    size_t n = 2;

    for (size_t i = 0; i < s->rq.n_fields; i++)
        slices[n++] = &s->fields[i].value;
    for (size_t i = 0; i < n; i++)
        slices[i]->p = t_guard(slices[i]->p, slices[i]->len);
    check_stages(s, &key, 0);
    for (size_t i = 0; i < n; i++)
        t_guard_free((char *)slices[i]->p, slices[i]->len);
}

static void test_file(const char *path)
{
    char *text = t_read_file(path, NULL), *rest = text;
    struct bdk_sigv4_key shared = {0};
    struct sample s = {0};
    size_t n = 0;

    t_case("file %s", path);
    if (!CHECKF(text != NULL, "cannot be read"))
        return;
    while (sample_next(&rest, &s)) {
        struct bdk_sigv4_key fresh = {0};

        t_case("%s", s.name ? s.name : "a case without a name");
        if (CHECK(sample_is_whole(&s))) {
            check_stages(&s, &fresh, 0);
            check_stages(&s, &shared, bdk_cpu());
            check_guarded(&s);
        }
        sample_free(&s);
        n++;
    }
    t_case("the file holds its cases");
    CHECKF(n >= 20, "%zu cases", n);
    free(text);
}

/* ---- Rules, one by one ---- */

static struct bdk_sigv4_request simple_request(void)
{
    struct bdk_sigv4_request rq = {0};

    rq.method = "GET";
    rq.path = bdk_slice("/");
    rq.payload_hash = EMPTY_HASH;
    rq.service = "bedrock";
    rq.region = "us-east-1";
    rq.date = "20260102T030405Z";
    return rq;
}

/* Line `line`, from 0, of the canonical request. */
static struct bedrock_slice canonical_line(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq,
                                           int line)
{
    struct bedrock_slice found = {NULL, 0};
    const char *p, *end;

    CHECK(bdk_sigv4_canonical(b, rq) == 0);
    p = b->p;
    end = b->p + b->len;
    for (; p && line > 0; line--) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    if (p) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));

        found.p = p;
        found.len = (size_t)((eol ? eol : end) - p);
    }
    return found;
}

static void check_line(const struct bdk_sigv4_request *rq, int line, const char *want)
{
    struct bedrock_buffer b = {0};
    struct bedrock_slice got = canonical_line(&b, rq, line);

    CHECK_TEXT(got.p, got.len, want);
    bedrock_buffer_free(&b);
}

static void test_paths(void)
{
    static const char *const cases[][2] = {
        {"", "/"}, {"/", "/"}, {"//", "/"}, {"///", "/"}, {"/.", "/"}, {"/./", "/"}, {"/..", "/"},
        {"/../", "/"}, {"/a", "/a"}, {"/a/", "/a/"}, {"/a//", "/a/"}, {"//a", "/a"},
        {"/a//b", "/a/b"}, {"/a/./b", "/a/b"}, {"/a/../b", "/b"}, {"/a/..", "/"}, {"/a/../", "/"},
        {"/a/b/..", "/a"}, {"/a/b/../", "/a/"}, {"/a/.", "/a"}, {"/a/b/../../..", "/"},
        {"/../a", "/a"}, {"/a/../../b/", "/b/"}, {"a", "/a"}, {"a/b", "/a/b"}, {"..", "/"},
        {"/...", "/..."}, {"/.a/..b", "/.a/..b"}, {"/a..", "/a.."},
        {"/a%2Fb", "/a%252Fb"}, {"/a%2F..%2Fb", "/a%252F..%252Fb"}, {"/%2E%2E/b", "/%252E%252E/b"},
        {"/a%2F/../b", "/b"}, {"/x:y", "/x%3Ay"}, {"/x%3Ay", "/x%253Ay"}, {"/%", "/%25"},
        {"/a b", "/a%20b"}, {"/a+b*", "/a%2Bb%2A"}, {"/AZaz09-_.~", "/AZaz09-_.~"},
        {"/\xC3\xA9", "/%C3%A9"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_sigv4_request rq = simple_request();
        size_t n = strlen(cases[i][0]);
        char *path = t_guard(cases[i][0], n);

        t_case("path [%s]", cases[i][0]);
        rq.path.p = path;
        rq.path.len = n;
        check_line(&rq, 1, cases[i][1]);
        t_guard_free(path, n);
    }
    t_case("no path at all");
    {
        struct bdk_sigv4_request rq = simple_request();

        rq.path.p = NULL;
        rq.path.len = 0;
        check_line(&rq, 1, "/");
    }
}

static void test_queries(void)
{
    static const char *const cases[][2] = {
        {"", ""}, {"a=1", "a=1"}, {"a", "a="}, {"a=", "a="}, {"b=1&a=2", "a=2&b=1"},
        {"a=2&a=1", "a=1&a=2"}, {"a=1&a=1", "a=1&a=1"}, {"a=10&a=9&a=1", "a=1&a=10&a=9"},
        {"a&a=1&a=", "a=&a=&a=1"}, {"=v", "=v"}, {"a=1&=v&=", "=&=v&a=1"}, {"=", "="},
        {"a=b=c", "a=b=c"}, {"a==", "a=="}, {"a=1&&b=2", "a=1&b=2"}, {"&", ""}, {"&&&", ""},
        {"&a=1&", "a=1"}, {"b=&a", "a=&b="},
        {"a-b=1&a=2&a.b=3&a0=4&a%3D=5", "a=2&a%3D=5&a-b=1&a.b=3&a0=4"},
        {"a=1&A=2&_=3&~=4&0=5", "0=5&A=2&_=3&a=1&~=4"}, {"k=%2F&k=%20", "k=%20&k=%2F"},
        {"x=a%2Bb", "x=a%2Bb"}, {"\xC3\xA9=1&z=2", "z=2&\xC3\xA9=1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_sigv4_request rq = simple_request();
        size_t n = strlen(cases[i][0]);
        char *query = t_guard(cases[i][0], n);

        t_case("query [%s]", cases[i][0]);
        rq.query.p = query;
        rq.query.len = n;
        check_line(&rq, 2, cases[i][1]);
        t_guard_free(query, n);
    }
}

static void test_values(void)
{
    static const char *const cases[][2] = {
        {"", "x:"}, {" ", "x:"}, {" \t ", "x:"}, {"a", "x:a"}, {" a", "x:a"}, {"a ", "x:a"},
        {"\ta\t", "x:a"}, {"a b", "x:a b"}, {"a  b", "x:a b"}, {"a\tb", "x:a b"},
        {"a \t b \t\tc", "x:a b c"}, {"  a  ", "x:a"}, {"\"a   b\"", "x:\"a b\""}, {"A,b", "x:A,b"},
        {"a:b;c", "x:a:b;c"}, {"\xC2\xA0z", "x:\xC2\xA0z"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_sigv4_request rq = simple_request();
        size_t n = strlen(cases[i][0]);
        char *value = t_guard(cases[i][0], n);
        struct bdk_field field = {"X", {value, n}};

        t_case("value [%s]", cases[i][0]);
        rq.fields = &field;
        rq.n_fields = 1;
        check_line(&rq, 3, cases[i][1]);
        t_guard_free(value, n);
    }
}

static void test_fields(void)
{
    static const struct {
        const char *what, *names[4], *canonical;
    } cases[] = {
        {"none", {NULL}, "GET\n/\n\n\n\n" EMPTY_HASH},
        {"none that is signed", {"User-Agent", "Connection"}, "GET\n/\n\n\n\n" EMPTY_HASH},
        {"sorted", {"b", "C", "a"}, "GET\n/\n\na:2\nb:0\nc:1\n\na;b;c\n" EMPTY_HASH},
        {"repeated", {"b", "A", "B", "a"}, "GET\n/\n\na:1,3\nb:0,2\n\na;b\n" EMPTY_HASH},
        {"prefix first", {"ab", "a", "a-b"}, "GET\n/\n\na:1\na-b:2\nab:0\n\na;a-b;ab\n" EMPTY_HASH},
        {"unsigned between", {"a", "AUTHORIZATION", "a", "proxy-x"},
         "GET\n/\n\na:0,2\n\na\n" EMPTY_HASH},
        {"nearly unsigned", {"proxy", "sec", "t", "tee"},
         "GET\n/\n\nproxy:0\nsec:1\nt:2\ntee:3\n\nproxy;sec;t;tee\n" EMPTY_HASH},
    };
    static const char *const values[] = {"0", "1", "2", "3"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_sigv4_request rq = simple_request();
        struct bedrock_buffer b = {0};
        struct bdk_field fields[4];

        t_case("fields: %s", cases[i].what);
        for (size_t k = 0; k < 4 && cases[i].names[k]; k++) {
            fields[k].name = cases[i].names[k];
            fields[k].value = bdk_slice(values[k]);
            rq.n_fields++;
        }
        rq.fields = fields;
        CHECK(bdk_sigv4_canonical(&b, &rq) == 0);
        CHECK_TEXT(b.p, b.len, cases[i].canonical);
        bedrock_buffer_free(&b);
    }
}

static void test_never_signed(void)
{
    static const char *const never[] = {
        "Authorization", "Cache-Control", "Connection", "Expect", "From", "Keep-Alive",
        "Max-Forwards", "Pragma", "Referer", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "User-Agent", "X-Amzn-Trace-Id", "Proxy-Authenticate", "Proxy-", "Sec-Fetch-Site", "SEC-",
    };

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        struct bdk_sigv4_request rq = simple_request();
        struct bdk_field fields[2] = {{"host", {"h", 1}}, {NULL, {"v", 1}}};
        struct bedrock_buffer b = {0};

        t_case("never signed: %s", never[i]);
        fields[1].name = never[i];
        rq.fields = fields;
        rq.n_fields = 2;
        CHECK(bdk_sigv4_signed_headers(&b, &rq) == 0);
        CHECK_TEXT(b.p, b.len, "host");
        bedrock_buffer_free(&b);
    }
}

/* ---- What is refused ---- */

/* Every entry that looks at the request gives this code and writes nothing that counts. */
static void check_code(const struct bdk_sigv4_request *rq, int code)
{
    static const struct bdk_credentials keys = {"AKIDEXAMPLE", "secret", NULL};
    struct bdk_sigv4_key key = {0};
    struct bedrock_buffer b = {0};

    CHECKF(bdk_sigv4_canonical(&b, rq) == code && b.error == code, "canonical: %d", b.error);
    bedrock_buffer_free(&b);
    CHECKF(bdk_sigv4_authorization(&b, &key, &keys, rq, 0) == code && b.error == code,
           "authorization: %d", b.error);
    CHECK(code == 0 || (b.len == 0 && !key.valid));
    bedrock_buffer_free(&b);
}

static void test_refused(void)
{
    static const char *const names[] = {"", "a:b", "a;b", "a b", "a\nb", "a\t", "\x7F", "\xC3\xA9"};
    static const char *const values[] = {"a\nb", "a\rb", "\x01", "\x7F", "a\n"};
    static const char *const queries[] = {"a=b\n", "a b=c", "\t", "\x7F", "\r", "a=\x1F"};
    struct bdk_sigv4_request rq = simple_request();
    struct bdk_field field = {"x", {"v", 1}};

    rq.fields = &field;
    rq.n_fields = 1;
    t_case("refused: nothing of a plain request");
    check_code(&rq, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bedrock_buffer b = {0};

        t_case("refused: name %zu", i);
        field.name = names[i];
        check_code(&rq, BEDROCK_ERR_USAGE);
        CHECK(bdk_sigv4_signed_headers(&b, &rq) == BEDROCK_ERR_USAGE);
    }
    field.name = "x";
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        t_case("refused: value %zu", i);
        field.value = bdk_slice(values[i]);
        check_code(&rq, BEDROCK_ERR_USAGE);
    }
    t_case("refused: NUL in a value");
    field.value.p = "a\0b";
    field.value.len = 3;
    check_code(&rq, BEDROCK_ERR_USAGE);
    field.value = bdk_slice("v");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        t_case("refused: query %zu", i);
        rq.query = bdk_slice(queries[i]);
        check_code(&rq, BEDROCK_ERR_USAGE);
    }
}

/* The ceilings: 64 signed headers, 64 parameters. Unsigned headers and empty parameters do not count. */
static void test_ceilings(void)
{
    struct bdk_sigv4_request rq = simple_request();
    struct bdk_field fields[66];
    struct bedrock_buffer query = {0};
    char names[66][4];

    for (size_t i = 0; i < 66; i++) {
        snprintf(names[i], sizeof names[i], "h%02u", (unsigned)(65 - i));
        fields[i].name = names[i];
        fields[i].value = bdk_slice("v");
    }
    rq.fields = fields;
    t_case("64 headers");
    rq.n_fields = 64;
    check_code(&rq, 0);
    t_case("65 headers");
    rq.n_fields = 65;
    check_code(&rq, BEDROCK_ERR_USAGE);
    t_case("64 headers and two that are not signed");
    fields[0].name = "te";
    fields[64].name = "user-agent";
    rq.n_fields = 66;
    check_code(&rq, 0);
    rq.n_fields = 0;
    for (size_t i = 0; i < 64; i++)
        bdk_buffer_text(&query, i % 2 ? "&&a=1" : "&b");
    t_case("64 parameters");
    rq.query.p = query.p;
    rq.query.len = query.len;
    check_code(&rq, 0);
    t_case("65 parameters");
    bdk_buffer_text(&query, "&=");
    rq.query.p = query.p;
    rq.query.len = query.len;
    check_code(&rq, BEDROCK_ERR_USAGE);
    bedrock_buffer_free(&query);
}

/* ---- The key cache ---- */

struct scope {
    const char *what, *id, *secret, *date, *region, *service;
};

static void sign(char out[64], struct bdk_sigv4_key *key, const struct scope *s)
{
    struct bdk_credentials keys = {s->id, s->secret, NULL};
    struct bdk_sigv4_request rq = simple_request();

    rq.date = s->date;
    rq.region = s->region;
    rq.service = s->service;
    bdk_sigv4_signature(out, key, &keys, &rq, "text", 4, 0);
}

static void test_key_cache(void)
{
    static const struct scope scopes[] = {
        {"first", "AKID", "secret", "20260102T030405Z", "us-east-1", "bedrock"},
        {"other day", "AKID", "secret", "20260103T030405Z", "us-east-1", "bedrock"},
        {"other region", "AKID", "secret", "20260103T030405Z", "us-west-2", "bedrock"},
        {"other service", "AKID", "secret", "20260103T030405Z", "us-west-2", "sts"},
        {"other secret", "AKID", "Secret", "20260103T030405Z", "us-west-2", "sts"},
        {"other id", "AKIE", "Secret", "20260103T030405Z", "us-west-2", "sts"},
        {"a byte over the border", "AKIE", "Secret", "20260103T030405Z", "us-west-2s", "ts"},
        {"and between id and secret", "AKIES", "ecret", "20260103T030405Z", "us-west-2s", "ts"},
        {"back again", "AKID", "secret", "20260102T030405Z", "us-east-1", "bedrock"},
    };
    struct bdk_sigv4_key kept = {0};
    unsigned char last_id[BDK_SHA256_LEN] = {0};
    char last[64] = "";

    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        struct bdk_sigv4_key fresh = {0};
        char with_kept[64], with_fresh[64];

        t_case("key cache: %s", scopes[i].what);
        sign(with_kept, &kept, &scopes[i]);
        sign(with_fresh, &fresh, &scopes[i]);
        CHECK(memcmp(with_kept, with_fresh, 64) == 0);
        CHECK(kept.valid == 1 && memcmp(&kept, &fresh, sizeof kept.key + sizeof kept.id) == 0);
        CHECKF(memcmp(kept.id, last_id, sizeof last_id) != 0, "the same id as before");
        /* the access key id goes into the cache's id, but not into the signature */
        CHECK((memcmp(with_kept, last, 64) == 0) == (i == 5));
        memcpy(last, with_kept, 64);
        memcpy(last_id, kept.id, sizeof last_id);
        sign(with_kept, &kept, &scopes[i]);
        CHECKF(memcmp(with_kept, last, 64) == 0, "the kept key signs otherwise");
    }
}

/* A key that fits is taken as it is, and one that does not is never taken: seen by spoiling it. */
static void test_key_reuse(void)
{
    struct scope s = {"", "AKID", "secret", "20260102T030405Z", "us-east-1", "bedrock"};
    struct bdk_sigv4_key key = {0};
    char right[64], seen[64];

    t_case("key cache: a fitting key is not derived again");
    sign(right, &key, &s);
    key.key[0] ^= 1;
    s.date = "20260102T235959Z";
    sign(seen, &key, &s);
    CHECK(memcmp(seen, right, 64) != 0);
    t_case("key cache: one of another day is");
    s.date = "20260103T000000Z";
    sign(seen, &key, &s);
    s.date = "20260102T030405Z";
    sign(seen, &key, &s);
    CHECK(memcmp(seen, right, 64) == 0);
    t_case("key cache: one that is not valid is");
    key.key[0] ^= 1;
    key.valid = 0;
    sign(seen, &key, &s);
    CHECK(memcmp(seen, right, 64) == 0);
    t_case("key cache: one that was wiped is");
    bdk_wipe(&key, sizeof key);
    sign(seen, &key, &s);
    CHECK(memcmp(seen, right, 64) == 0);
}

/* ---- Memory ---- */

static struct bdk_sigv4_request big_request(struct bdk_field *fields, size_t n)
{
    struct bdk_sigv4_request rq = simple_request();

    for (size_t i = 0; i < n; i++) {
        fields[i].name = i % 2 ? "x-amz-security-token" : "x-amzn-something";
        fields[i].value = bdk_slice(TOKEN TOKEN TOKEN TOKEN TOKEN TOKEN);
    }
    rq.fields = fields;
    rq.n_fields = n;
    return rq;
}

static int sign_in(void *rq, struct t_heap *heap)
{
    static const struct bdk_credentials keys = {"AKIDEXAMPLE", "secret", TOKEN};
    struct bedrock_buffer b = {.alloc = t_heap_alloc, .alloc_ctx = heap};
    struct bdk_sigv4_key key = {0};
    int rc = bdk_sigv4_authorization(&b, &key, &keys, rq, 0);

    CHECK(b.error == rc);
    bedrock_buffer_free(&b);
    return rc;
}

static void test_allocations(void)
{
    struct bdk_field fields[20];
    struct bdk_sigv4_request rq = big_request(fields, 20);

    t_case("allocation n fails");
    CHECK(t_no_memory(sign_in, &rq) >= 4);
}

/* The buffer's ceiling and an error it has already. */
static void test_sticky(void)
{
    static const struct bdk_credentials keys = {"AKIDEXAMPLE", "secret", NULL};
    struct bdk_sigv4_request rq = simple_request();
    struct bedrock_buffer canonical = {0}, value = {0};
    struct bdk_sigv4_key key = {0};

    t_case("without a ceiling");
    rq.path = bdk_slice("/a/../c/");
    CHECK(bdk_sigv4_canonical(&canonical, &rq) == 0);
    CHECK(bdk_sigv4_authorization(&value, &key, &keys, &rq, 0) == 0);
    for (size_t max = 1; max <= value.len; max++) {
        struct bedrock_buffer b = {0};

        t_case("ceiling of %zu bytes", max);
        b.max = max;
        CHECK(bdk_sigv4_authorization(&b, &key, &keys, &rq, 0) ==
              (max < value.len ? BEDROCK_ERR_LIMIT : 0));
        bedrock_buffer_free(&b);
        CHECK(bdk_sigv4_canonical(&b, &rq) == (max < canonical.len ? BEDROCK_ERR_LIMIT : 0));
        bedrock_buffer_free(&b);
    }
    bedrock_buffer_free(&canonical);
    bedrock_buffer_free(&value);
    t_case("an earlier error stays");
    {
        struct bedrock_buffer b = {0};

        b.error = BEDROCK_ERR_CANCELLED;
        CHECK(bdk_sigv4_canonical(&b, &rq) == BEDROCK_ERR_CANCELLED && b.len == 0);
        CHECK(bdk_sigv4_signed_headers(&b, &rq) == BEDROCK_ERR_CANCELLED && b.len == 0);
        CHECK(bdk_sigv4_string_to_sign(&b, &rq, "x", 1, 0) == BEDROCK_ERR_CANCELLED && b.len == 0);
        CHECK(bdk_sigv4_authorization(&b, &key, &keys, &rq, 0) == BEDROCK_ERR_CANCELLED && b.len == 0);
    }
}

/* Looks into every block that is given back. ctx counts the blocks that still held the token. */
static void *watching_alloc(void *ctx, void *p, size_t old, size_t n)
{
    const char *block = p;
    char *fresh = n > 0 ? calloc(1, n) : NULL;

    if (fresh && block)
        memcpy(fresh, block, old < n ? old : n);
    for (size_t i = 0; block && i + strlen(TOKEN) <= old; i++)
        if (memcmp(block + i, TOKEN, strlen(TOKEN)) == 0) {
            ++*(size_t *)ctx;
            break;
        }
    free(p);
    return fresh;
}

static void test_scratch_is_wiped(void)
{
    static const struct bdk_credentials keys = {"AKIDEXAMPLE", "secret", TOKEN};
    struct bdk_field fields[20];
    struct bdk_sigv4_request rq = big_request(fields, 20);
    struct bdk_sigv4_key key = {0};
    struct bedrock_buffer b = {0};
    size_t seen = 0;
    void *probe;

    t_case("the watcher sees what is not wiped");
    probe = watching_alloc(&seen, NULL, 0, sizeof TOKEN);
    if (probe)
        memcpy(probe, TOKEN, sizeof TOKEN);
    watching_alloc(&seen, probe, sizeof TOKEN, 0);
    CHECK(seen == 1);
    t_case("scratch space is wiped");
    seen = 0;
    b.alloc = watching_alloc;
    b.alloc_ctx = &seen;
    CHECK(bdk_sigv4_authorization(&b, &key, &keys, &rq, 0) == 0);
    bedrock_buffer_free(&b);
    CHECKF(seen == 0, "%zu blocks held the token when they were freed", seen);
}

int main(int argc, char **argv)
{
    test_file(argc > 1 ? argv[1] : "test/vectors/sigv4.txt");
    test_paths();
    test_queries();
    test_values();
    test_fields();
    test_never_signed();
    test_refused();
    test_ceilings();
    test_key_cache();
    test_key_reuse();
    test_allocations();
    test_sticky();
    test_scratch_is_wiped();
    return t_end("test_sigv4");
}
