/* fuzz.h - what the fuzz targets share: the entry point of libFuzzer's interface, and a stop where something
 * that must hold does not. */
#ifndef FUZZ_H
#define FUZZ_H

#include "bedrock_int.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int ok)
{
    if (!ok)
        abort();
}

/* The part of the input up to the next 0x1F, which no part of a request may hold. */
static inline struct bedrock_slice next_part(const char **p, size_t *size)
{
    const char *end = *size > 0 ? memchr(*p, 0x1F, *size) : NULL;
    struct bedrock_slice s = {*p, end ? (size_t)(end - *p) : *size};
    size_t used = s.len + (end != NULL);

    *p += used;
    *size -= used;
    return s;
}

/* Zero-terminated, a block of its own. */
static inline char *text_of(struct bedrock_slice s)
{
    char *text = malloc(s.len + 1);

    must(text != NULL);
    if (s.len > 0)
        memcpy(text, s.p, s.len);
    text[s.len] = 0;
    return text;
}

#endif
