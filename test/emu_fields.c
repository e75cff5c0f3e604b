/* emu_fields.c - additionalModelResponseFields: what JSON Pointers find in a model's own answer.
 * RFC 6901; Amazon Bedrock API reference, Converse. Leaves out: elements of arrays, which are whole or not
 * there. */
#include "emu.h"
#include <string.h>

#define EMU_MAX_POINTER 256
#define EMU_MAX_LEVELS 8

/* One level: the object that is walked, and the pointer to it. */
struct emu_level {
    struct bedrock_json_iter it;
    size_t path;
};

/* Append "/name", escaped as RFC 6901 3 has it; 0 when that is too long. */
static int emu_path_add(char *path, size_t *len, struct bedrock_json name)
{
    struct bedrock_buffer plain = {0};
    size_t n = *len;
    int fits = n < EMU_MAX_POINTER;

    emu_append_json(&plain, name);
    path[n++] = '/';
    for (size_t i = 0; fits && i < plain.len; i++) {
        char c = plain.p[i];

        fits = n + 2 < EMU_MAX_POINTER;
        if (!fits)
            break;
        if (c == '~' || c == '/')
            path[n++] = '~';
        path[n++] = c == '~' ? '0' : c == '/' ? '1' : c;
    }
    path[n] = 0;
    *len = n;
    bedrock_buffer_free(&plain);
    return fits;
}

/* Is this pointer asked for, or one that goes on from it (*below)? */
static int emu_is_asked(struct bedrock_json pointers, const char *path, size_t len, int *below)
{
    struct bedrock_json_iter it = bedrock_json_iterate(pointers);
    struct bedrock_json one;
    int asked = 0;

    *below = 0;
    while (bedrock_json_next(&it, NULL, &one)) {
        struct bedrock_buffer plain = {0};

        emu_append_json(&plain, one);
        asked |= plain.len == len && memcmp(plain.p, path, len) == 0;
        *below |= plain.len > len && memcmp(plain.p, path, len) == 0 && plain.p[len] == '/';
        bedrock_buffer_free(&plain);
    }
    return asked;
}

static void emu_write_key(struct bedrock_writer *w, struct bedrock_json name)
{
    struct bedrock_buffer plain = {0};

    emu_append_json(&plain, name);
    if (bedrock_buffer_append(&plain, "", 1) == 0)
        bedrock_write_name(w, plain.p);
    bedrock_buffer_free(&plain);
}

/* Write what the pointers find in v, in the objects that lead there. */
static void emu_fields_write(struct bedrock_writer *w, struct bedrock_json v, struct bedrock_json pointers)
{
    struct emu_level levels[EMU_MAX_LEVELS];
    char path[EMU_MAX_POINTER + 8];
    struct bedrock_json name, one;
    int depth = 0, below;

    levels[0].it = bedrock_json_iterate(v);
    levels[0].path = 0;
    bedrock_write_object(w);
    while (depth >= 0) {
        size_t len = levels[depth].path;

        if (!bedrock_json_next(&levels[depth].it, &name, &one)) {
            bedrock_write_object_end(w);
            depth--;
            continue;
        }
        if (!emu_path_add(path, &len, name))
            continue;
        if (emu_is_asked(pointers, path, len, &below)) {
            bedrock_write_member(w, name, one);
        } else if (below && one.type == BEDROCK_JSON_OBJECT && depth + 1 < EMU_MAX_LEVELS) {
            emu_write_key(w, name);
            bedrock_write_object(w);
            levels[++depth].it = bedrock_json_iterate(one);
            levels[depth].path = len;
        }
    }
}

/* A model's own answer, with what the request has for it. */
static void emu_fields_own(struct bedrock_writer *w, const struct emu_prompt *p)
{
    static const char generation[] = "{\"seed\":42,\"logprobs\":[-0.5,-0.25],\"a/b~c\":\"odd\"}";

    bedrock_write_object(w);
    emu_put_text(w, "model", "emulator");
    bedrock_write_name(w, "stop_sequence");
    bedrock_write_null(w);
    bedrock_write_name(w, "generation");
    bedrock_write_raw(w, generation, sizeof generation - 1);
    if (p->in[EMU_IN_MODEL_FIELDS].type != BEDROCK_JSON_NONE) {
        bedrock_write_name(w, "echo");
        bedrock_write_raw(w, p->in[EMU_IN_MODEL_FIELDS].p, p->in[EMU_IN_MODEL_FIELDS].len);
    }
    bedrock_write_object_end(w);
}

void emu_fields(struct emu_plan *plan, const struct emu_prompt *p)
{
    struct bedrock_writer own = {0}, found = {0};
    struct bedrock_json v;

    if (p->in[EMU_IN_POINTERS].type == BEDROCK_JSON_NONE)
        return;
    emu_fields_own(&own, p);
    if (bedrock_write_end(&own) == 0 && bedrock_json_parse(own.out.p, own.out.len, &v, NULL) == 0)
        emu_fields_write(&found, v, p->in[EMU_IN_POINTERS]);
    if (bedrock_write_end(&found) == 0 && found.out.len > 2) {
        bedrock_write_name(&plan->at_stop, "additionalModelResponseFields");
        bedrock_write_raw(&plan->at_stop, found.out.p, found.out.len);
    }
    bedrock_write_free(&own);
    bedrock_write_free(&found);
}
