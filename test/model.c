/* model.c - a JSON document held against a shape of a service's model: members, types, unions, lengths.
 * The service-2 files of botocore; Smithy 2.0, "Constraint traits", restJson1. Leaves out: patterns, which
 * are another language's regular expressions, and blobs that are a whole body. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "model.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum model_kind { MODEL_STRUCTURE, MODEL_LIST, MODEL_MAP };

/* A container that is being walked. */
struct model_level {
    enum model_kind kind;
    struct bedrock_json shape, value;
    struct bedrock_json_iter it;
    size_t path_len;    /* of the container's own path */
    size_t n;           /* members seen */
};

struct model_walk {
    struct bedrock_json shapes;
    struct t_model_report *report;
    char path[300];
    struct model_level level[BDK_JSON_MAX_DEPTH];
    size_t depth;
};

/* ---- Helpers ---- */

/* The last member of that name, which may hold any character. */
static struct bedrock_json model_member(struct bedrock_json object, const char *name)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json found = {BEDROCK_JSON_NONE, NULL, 0}, key, value;

    while (bedrock_json_next(&it, &key, &value))
        if (bedrock_json_equals(key, name))
            found = value;
    return found;
}

static int model_has(struct bedrock_json shape, const char *trait)
{
    return bedrock_json_get(shape, trait).type == BEDROCK_JSON_TRUE;
}

/* As much of a string as a message can take, one line. */
static const char *model_text(struct bedrock_json v, char out[80])
{
    char raw[79];
    struct bedrock_slice text = {raw, bedrock_json_unescape(v, raw, sizeof raw)};

    if (text.len > sizeof raw)
        text.len = sizeof raw;
    bdk_error_text(out, 80, text);
    return out;
}

static const char *model_path(const struct model_walk *w)
{
    const char *path = w->path[0] == '.' ? w->path + 1 : w->path;

    return path[0] ? path : "the document";
}

static int model_fail(struct model_walk *w, const char *format, ...)
{
    size_t n = (size_t)snprintf(w->report->why, sizeof w->report->why, "%s: ", model_path(w));
    va_list ap;

    va_start(ap, format);
    vsnprintf(w->report->why + n, sizeof w->report->why - n, format, ap);
    va_end(ap);
    return BEDROCK_ERR_USAGE;
}

static int model_wants(struct model_walk *w, const char *what, struct bedrock_json v)
{
    static const char *const types[] = {"nothing", "an object", "a list", "a string", "a number", "true",
                                        "false", "null"};

    return model_fail(w, "%s is expected, and it is %s", what, types[v.type]);
}

/* ---- Values without members ---- */

static double model_double(struct bedrock_json v)
{
    char text[64];

    snprintf(text, sizeof text, "%.*s", (int)(v.len < sizeof text ? v.len : sizeof text - 1), v.p);
    return strtod(text, NULL);
}

/* A trait min or max, which integers have as well as fractions; 0: there is none. */
static int model_bound(struct bedrock_json shape, const char *trait, double *bound)
{
    struct bedrock_json v = bedrock_json_get(shape, trait);

    if (v.type != BEDROCK_JSON_NUMBER)
        return 0;
    *bound = model_double(v);
    return 1;
}

static int model_range(struct model_walk *w, struct bedrock_json shape, double n, const char *unit)
{
    double bound;

    if (model_bound(shape, "min", &bound) && n < bound)
        return model_fail(w, "%g%s, at least %g expected", n, unit, bound);
    if (model_bound(shape, "max", &bound) && n > bound)
        return model_fail(w, "%g%s, at most %g expected", n, unit, bound);
    return 0;
}

static void model_enum(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(shape, "enum"));
    struct bedrock_json value;
    char line[500], text[80], word[80];
    int n = 0;

    while (bedrock_json_next(&it, NULL, &value)) {
        n++;
        if (bedrock_json_equals(v, model_text(value, word)))
            return;
    }
    if (n > 0) {
        snprintf(line, sizeof line, "%s: the model does not know '%s'\n", model_path(w), model_text(v, text));
        bdk_buffer_text(&w->report->warnings, line);
    }
}

/* Lengths of strings are characters, not bytes (Smithy 2.0, "length trait"). */
static int model_string(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v)
{
    size_t len = v.len, chars = 0;
    char *text;

    if (v.type != BEDROCK_JSON_STRING)
        return model_wants(w, "a string", v);
    text = malloc(len);
    if (!text)
        return model_fail(w, "no memory");
    len = bedrock_json_unescape(v, text, len);
    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)text[i] & 0xC0) != 0x80;
    free(text);
    model_enum(w, shape, v);
    return model_range(w, shape, (double)chars, " characters");
}

static int model_blob(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v)
{
    struct bedrock_buffer bytes = {0};
    size_t n;
    int rc;

    if (v.type != BEDROCK_JSON_STRING)
        return model_wants(w, "base64", v);
    rc = bdk_base64_decode(&bytes, v.p + 1, v.len - 2);
    n = bytes.len;
    bedrock_buffer_free(&bytes);
    /* the services' decoders want the padding that ours can do without */
    if (rc != 0 || (v.len - 2) % 4 != 0)
        return model_fail(w, "no base64");
    return model_range(w, shape, (double)n, " bytes");
}

static int model_number(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v, int whole)
{
    int64_t n;

    if (v.type != BEDROCK_JSON_NUMBER)
        return model_wants(w, whole ? "a whole number" : "a number", v);
    if (whole && bedrock_json_int(v, &n) != 0)
        return model_fail(w, "%.*s is no whole number", (int)(v.len < 40 ? v.len : 40), v.p);
    return model_range(w, shape, model_double(v), "");
}

/* restJson1: a date in a body is a number of seconds unless the shape says otherwise. */
static int model_timestamp(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v)
{
    struct bedrock_slice text = {v.p + 1, v.len - 2};
    int64_t epoch_s;

    if (bedrock_json_get(shape, "timestampFormat").type == BEDROCK_JSON_NONE)
        return v.type == BEDROCK_JSON_NUMBER ? 0 : model_wants(w, "a number of seconds", v);
    if (v.type != BEDROCK_JSON_STRING)
        return model_wants(w, "a date", v);
    return bdk_date_iso(text, &epoch_s) == 0 ? 0 : model_fail(w, "no date");
}

/* ---- Containers ---- */

static int model_required(struct model_walk *w, struct bedrock_json shape, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(shape, "required"));
    struct bedrock_json members = bedrock_json_get(shape, "members"), name;
    char text[80];

    while (bedrock_json_next(&it, NULL, &name)) {
        struct bedrock_json member = model_member(members, model_text(name, text));

        if (bedrock_json_get(member, "location").type == BEDROCK_JSON_NONE &&
            model_member(v, text).type == BEDROCK_JSON_NONE)
            return model_fail(w, "'%s' is missing", text);
    }
    return 0;
}

static size_t model_count(struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json value;
    size_t n = 0;

    while (bedrock_json_next(&it, NULL, &value))
        n++;
    return n;
}

/* Names before this one that are the same: a second member of one name would hide the first. */
static int model_is_second(struct bedrock_json object, size_t n, const char *name)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json key, value;

    for (size_t i = 0; i < n && bedrock_json_next(&it, &key, &value); i++)
        if (bedrock_json_equals(key, name))
            return 1;
    return 0;
}

static int model_enter(struct model_walk *w, enum model_kind kind, struct bedrock_json shape,
                       struct bedrock_json v)
{
    struct model_level *l = &w->level[w->depth];
    enum bedrock_json_type type = kind == MODEL_LIST ? BEDROCK_JSON_ARRAY : BEDROCK_JSON_OBJECT;
    size_t n = model_count(v);
    int rc = 0;

    if (v.type != type)
        return model_wants(w, kind == MODEL_LIST ? "a list" : "an object", v);
    if (kind != MODEL_STRUCTURE)
        rc = model_range(w, shape, (double)n, " elements");
    else if (model_has(shape, "union") && n != 1)
        rc = model_fail(w, "%zu members, and a union has exactly one", n);
    else
        rc = model_required(w, shape, v);
    if (rc != 0)
        return rc;
    l->kind = kind;
    l->shape = shape;
    l->value = v;
    l->it = bedrock_json_iterate(v);
    l->path_len = strlen(w->path);
    l->n = 0;
    w->depth++; /* a checked text is no deeper than there are levels */
    return 0;
}

static int model_value(struct model_walk *w, const char *name, struct bedrock_json v)
{
    struct bedrock_json shape = model_member(w->shapes, name);
    struct bedrock_json type = bedrock_json_get(shape, "type");

    if (shape.type != BEDROCK_JSON_OBJECT)
        return model_fail(w, "the model has no shape '%s'", name);
    if (model_has(shape, "document"))
        return 0;
    if (bedrock_json_equals(type, "structure"))
        return model_enter(w, MODEL_STRUCTURE, shape, v);
    if (bedrock_json_equals(type, "list"))
        return model_enter(w, MODEL_LIST, shape, v);
    if (bedrock_json_equals(type, "map"))
        return model_enter(w, MODEL_MAP, shape, v);
    if (bedrock_json_equals(type, "string"))
        return model_string(w, shape, v);
    if (bedrock_json_equals(type, "blob"))
        return model_blob(w, shape, v);
    if (bedrock_json_equals(type, "integer") || bedrock_json_equals(type, "long"))
        return model_number(w, shape, v, 1);
    if (bedrock_json_equals(type, "float") || bedrock_json_equals(type, "double"))
        return model_number(w, shape, v, 0);
    if (bedrock_json_equals(type, "timestamp"))
        return model_timestamp(w, shape, v);
    if (!bedrock_json_equals(type, "boolean"))
        return model_fail(w, "the model's shape '%s' is of no known type", name);
    if (v.type != BEDROCK_JSON_TRUE && v.type != BEDROCK_JSON_FALSE)
        return model_wants(w, "true or false", v);
    return 0;
}

/* ---- The walk ---- */

/* Where a member stands, in w->path. */
static void model_step(struct model_walk *w, const struct model_level *l, const char *name)
{
    size_t room = sizeof w->path - l->path_len;

    if (l->kind == MODEL_LIST)
        snprintf(w->path + l->path_len, room, "[%zu]", l->n);
    else
        snprintf(w->path + l->path_len, room, ".%s", name);
}

static int model_child(struct model_walk *w, struct model_level *l, struct bedrock_json key,
                       struct bedrock_json v)
{
    struct bedrock_json target;
    char name[80], shape[80];

    model_step(w, l, model_text(key, name));
    if (l->kind != MODEL_LIST && model_is_second(l->value, l->n, name))
        return model_fail(w, "it is there twice");
    l->n++;
    if (l->kind == MODEL_STRUCTURE) {
        target = bedrock_json_get(model_member(bedrock_json_get(l->shape, "members"), name), "shape");
        if (target.type == BEDROCK_JSON_NONE)
            return model_fail(w, "the model has no such member");
    } else {
        target = bedrock_json_get(l->shape, l->kind == MODEL_LIST ? "member.shape" : "value.shape");
    }
    if (l->kind == MODEL_MAP) {
        int rc = model_value(w, model_text(bedrock_json_get(l->shape, "key.shape"), shape), key);

        if (rc != 0)
            return rc;
    }
    return model_value(w, model_text(target, shape), v);
}

int t_model_check(struct bedrock_json model, const char *shape, struct bedrock_json document,
                  struct t_model_report *report)
{
    struct model_walk *w = calloc(1, sizeof *w);
    struct bedrock_json key, value;
    int rc;

    if (!w)
        return BEDROCK_ERR_NOMEM;
    report->why[0] = 0;
    w->shapes = bedrock_json_get(model, "shapes");
    w->report = report;
    rc = model_value(w, shape, document);
    while (rc == 0 && w->depth > 0) {
        struct model_level *l = &w->level[w->depth - 1];

        if (bedrock_json_next(&l->it, &key, &value))
            rc = model_child(w, l, key, value);
        else
            w->depth--;
    }
    free(w);
    return rc;
}
