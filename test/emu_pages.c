/* emu_pages.c - pages: maxResults and nextToken of the operations that list.
 * Amazon Bedrock API reference, ListInferenceProfiles, ListGuardrails, ListCustomModels. Leaves out: tokens
 * that grow too old. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

/* A token that is opaque, needs encoding in a query, and tells a made-up one from the emulator's. */
static void emu_token_write(const struct emu *e, char token[32], size_t at)
{
    unsigned char bytes[4];

    emu_be32(bytes, (uint32_t)at);
    snprintf(token, 32, "Ag+/%08x%08x==", emu_crc32(e, bytes, 4), (unsigned)at ^ 0x5eedba5eu);
}

static int emu_token_read(const struct emu *e, const char *token, size_t *at)
{
    char again[32];
    unsigned check, n;

    if (sscanf(token, "Ag+/%8x%8x==", &check, &n) != 2)
        return -1;
    *at = n ^ 0x5eedba5eu;
    emu_token_write(e, again, *at);
    return strcmp(again, token) == 0 ? 0 : -1;
}

const char *emu_page_take(const struct emu *e, struct emu_page *page, struct bedrock_slice name,
                          const char *value)
{
    char *end;

    if (emu_slice_is(name, "maxResults")) {
        page->max = strtoul(value, &end, 10);
        if (value[0] < '0' || value[0] > '9' || *end || page->max < 1 || page->max > 1000)
            return "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member "
                   "must have value between 1 and 1000";
    }
    if (emu_slice_is(name, "nextToken") && emu_token_read(e, value, &page->first) != 0)
        return "The provided nextToken is invalid.";
    return NULL;
}

int emu_page_read(struct emu_answer *a, struct emu_page *page, struct bedrock_slice query,
                  emu_parameter *take)
{
    struct bedrock_buffer value = {0};
    struct bedrock_slice name;
    const char *objection = NULL;

    page->max = EMU_PAGE;
    while (!objection && emu_query_next(&query, &name, &value))
        if (bedrock_buffer_append(&value, "", 1) == 0)
            objection = take(a->e, page, name, value.p);
    bedrock_buffer_free(&value);
    if (objection)
        emu_invalid(a, objection);
    return objection ? -1 : 0;
}

void emu_page_next(struct emu_answer *a, size_t next)
{
    char token[32];

    if (next == 0)
        return;
    emu_token_write(a->e, token, next);
    emu_put_text(&a->w, "nextToken", token);
}

void emu_page_list(struct emu_answer *a, struct bedrock_slice query, const char *name, size_t n,
                   void (*write)(struct bedrock_writer *w, const struct emu *e, size_t i))
{
    struct emu_page page = {0};
    size_t i;

    if (emu_page_read(a, &page, query, emu_page_take) != 0)
        return;
    bedrock_write_object(&a->w);
    emu_put_array(&a->w, name);
    for (i = page.first; i < n && i - page.first < page.max; i++)
        write(&a->w, a->e, i);
    bedrock_write_array_end(&a->w);
    emu_page_next(a, i < n ? i : 0);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}
