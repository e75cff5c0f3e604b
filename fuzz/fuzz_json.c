/* fuzz_json.c - any bytes as JSON: checked, walked, decoded and written anew; where they are refused, the
 * part before is not. RFC 8259; libFuzzer's interface. Leaves out: running out of memory (test_json.c). */
#include "fuzz.h"

/* A string decoded into a block of its own, of exactly the decoded length when cap says so. */
static char *decoded(struct bedrock_json v, size_t *len)
{
    char *text;

    *len = bedrock_json_unescape(v, NULL, 0);
    must(*len <= v.len);
    text = malloc(*len + 1);
    must(text && bedrock_json_unescape(v, text, *len) == *len);
    text[*len] = 0;
    return text;
}

/* Decoding in place and into half the room gives the same, as far as it goes. */
static void check_string(struct bedrock_json v)
{
    struct bedrock_json copy = v;
    size_t len, half, fits;
    char *text = decoded(v, &len), *raw = malloc(v.len + 1), *part;

    must(raw != NULL);
    memcpy(raw, v.p, v.len);
    copy.p = raw;
    if (v.len > 1) {
        must(bedrock_json_unescape(copy, raw + 1, v.len - 2) == len);
        must(memcmp(raw + 1, text, len) == 0);
    }
    half = len / 2;
    part = malloc(half + 1);
    must(part != NULL);
    memset(part, 0x55, half + 1);
    must(bedrock_json_unescape(v, part, half) == len && part[half] == 0x55);
    /* what fits is the beginning, less the bytes of a character that does not */
    fits = half;
    while (fits > 0 && ((unsigned char)text[fits] & 0xC0) == 0x80)
        fits--;
    must(memcmp(part, text, fits) == 0);
    must(bedrock_json_equals(v, text) == (strlen(text) == len));
    free(part);
    free(raw);
    free(text);
}

/* The same value, whatever the spacing and the escapes. */
static void must_be_same(struct bedrock_json a, struct bedrock_json b)
{
    struct bedrock_json_iter i = bedrock_json_iterate(a), k = bedrock_json_iterate(b);
    struct bedrock_json name_a, name_b, value_a, value_b;

    must(a.type == b.type && a.type != BEDROCK_JSON_NONE);
    if (a.type == BEDROCK_JSON_STRING) {
        size_t n, m;
        char *x = decoded(a, &n), *y = decoded(b, &m);

        must(n == m && memcmp(x, y, n) == 0);
        free(x);
        free(y);
    } else if (a.type != BEDROCK_JSON_OBJECT && a.type != BEDROCK_JSON_ARRAY) {
        must(a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
    }
    while (bedrock_json_next(&i, &name_a, &value_a)) {
        must(bedrock_json_next(&k, &name_b, &value_b));
        if (a.type == BEDROCK_JSON_OBJECT)
            must_be_same(name_a, name_b);
        must_be_same(value_a, value_b);
    }
    must(!bedrock_json_next(&k, &name_b, &value_b));
}

/* Write v again, every part by the call that is made for it. */
static void rewrite(struct bedrock_writer *w, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json name, value;
    int64_t number;
    size_t len;
    char *text;

    switch (v.type) {
    case BEDROCK_JSON_OBJECT:
        bedrock_write_object(w);
        while (bedrock_json_next(&it, &name, &value)) {
            check_string(name);
            text = decoded(name, &len);
            if (strlen(text) == len) {
                bedrock_write_name(w, text);
                rewrite(w, value);
            } else {
                bedrock_write_member(w, name, value); /* a name with \u0000 in it */
            }
            free(text);
        }
        bedrock_write_object_end(w);
        break;
    case BEDROCK_JSON_ARRAY:
        bedrock_write_array(w);
        while (bedrock_json_next(&it, NULL, &value))
            rewrite(w, value);
        bedrock_write_array_end(w);
        break;
    case BEDROCK_JSON_STRING:
        check_string(v);
        text = decoded(v, &len);
        bedrock_write_string(w, text, len);
        free(text);
        break;
    case BEDROCK_JSON_NUMBER:
        if (bedrock_json_int(v, &number) == 0 && (number != 0 || v.len == 1)) /* -0 has a sign */
            bedrock_write_int(w, number);
        else
            bedrock_write_raw(w, v.p, v.len);
        break;
    case BEDROCK_JSON_NULL:
        bedrock_write_null(w);
        break;
    default:
        bedrock_write_bool(w, v.type == BEDROCK_JSON_TRUE);
    }
}

static void check_written(struct bedrock_writer *w, struct bedrock_json v)
{
    struct bedrock_json again;

    must(bedrock_write_end(w) == 0);
    must(bedrock_json_parse(w->out.p, w->out.len, &again, NULL) == 0);
    must_be_same(v, again);
    bedrock_write_free(w);
}

static void check_valid(struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json name, value;
    struct bedrock_writer w = {0};

    rewrite(&w, v);
    check_written(&w, v);
    bedrock_write_raw(&w, v.p, v.len);
    must(w.out.len == v.len && memcmp(w.out.p, v.p, v.len) == 0);
    check_written(&w, v);
    if (v.type != BEDROCK_JSON_OBJECT)
        return;
    bedrock_write_object(&w);
    while (bedrock_json_next(&it, &name, &value))
        bedrock_write_member(&w, name, value);
    bedrock_write_object_end(&w);
    check_written(&w, v);
}

/* What is JSON but for halves of surrogate pairs is JSON when they are mended, and says the same. */
static void check_halves(const char *text, size_t size, int strict)
{
    struct bedrock_json_error e = {0}, before;
    struct bedrock_json v, mended;
    char *copy;

    if (bdk_json_parse_halves(text, size, &v, &e) != 0) {
        must(strict != 0 && e.offset <= size && e.what != NULL);
        must(bdk_json_parse_halves(text, e.offset, &v, &before) == 0 || before.offset == e.offset);
        return;
    }
    copy = malloc(size + 1);
    must(copy != NULL);
    memcpy(copy, text, size);
    bdk_json_mend(copy, size);
    must(bedrock_json_parse(copy, size, &mended, NULL) == 0 && mended.len == v.len);
    must_be_same(v, mended);
    bdk_json_ends_in_half(v);
    must(!bdk_json_ends_in_half(mended));
    free(copy);
}

/* The wrong byte is the first one: the text before it is too short, or complete, but not wrong. */
static void check_refused(const char *text, size_t size, const struct bedrock_json_error *e)
{
    struct bedrock_json_error before;
    struct bedrock_json v;

    must(e->offset <= size && e->line >= 1 && e->column >= 1 && e->column <= e->offset + 1 && e->what);
    if (bedrock_json_parse(text, e->offset, &v, &before) != 0)
        must(before.offset == e->offset);
    if (e->offset < size) {
        must(bedrock_json_parse(text, e->offset + 1, &v, &before) == BEDROCK_ERR_USAGE);
        must(before.offset == e->offset);
    }
}

/* Bytes that nobody checked, taken for a value of each type: answers may be odd, but end and stay
 * inside. */
static void use_unchecked(const char *text, size_t size)
{
    static const char *const paths[] = {"a", "a.b", "[0]", "a[1].b", ".", "[0][0][0]", "\n"};

    for (int type = BEDROCK_JSON_NONE; type <= BEDROCK_JSON_NULL; type++) {
        struct bedrock_json v = {(enum bedrock_json_type)type, text, size}, name, value;
        struct bedrock_json_iter it = bedrock_json_iterate(v);
        size_t count = 0;
        int64_t number;

        while (bedrock_json_next(&it, &name, &value)) {
            must(++count <= size && value.len > 0 && value.p >= text);
            must(value.p + value.len <= text + size);
            if (value.type == BEDROCK_JSON_STRING)
                free(decoded(value, &(size_t){0}));
        }
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            value = bedrock_json_get(v, paths[i]);
            must(value.len <= size);
        }
        if (type == BEDROCK_JSON_STRING && size > 0)
            check_string(v);
        bedrock_json_contains(v, "a");
        bedrock_json_int(v, &number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bedrock_json_error e = {0};
    struct bedrock_writer w = {0};
    struct bedrock_json v;

    if (bedrock_json_parse(text, size, &v, &e) == 0)
        check_valid(v);
    else
        check_refused(text, size, &e);
    check_halves(text, size, e.what != NULL);
    use_unchecked(text, size);
    /* the bytes as text: written, they come back, unless they are not UTF-8 */
    bedrock_write_string(&w, text, size);
    if (bedrock_write_end(&w) == 0) {
        size_t len;
        char *back;

        must(bedrock_json_parse(w.out.p, w.out.len, &v, NULL) == 0);
        back = decoded(v, &len);
        must(len == size && (size == 0 || memcmp(back, text, size) == 0));
        free(back);
    } else {
        must(w.out.error == BEDROCK_ERR_USAGE);
    }
    bedrock_write_free(&w);
    return 0;
}
