/* buffer.c - bytes that grow to a ceiling, wiping, slices.
 * C11 and POSIX only. Leaves out: shrinking; a buffer lives as long as the call it serves. */
#include "bedrock_int.h"
#include <stdlib.h>
#include <string.h>

#define BUF_MAX_DEFAULT ((size_t)64 << 20)

void bdk_wipe(void *p, size_t n)
{
#if defined(__GNUC__)
    /* the fastest memset there is, and a reader of memory that the optimiser cannot see through */
    if (n > 0)
        memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
#else
    volatile unsigned char *v = p;

    while (n-- > 0)
        *v++ = 0;
#endif
}

void *bdk_resize(bedrock_alloc_fn fn, void *ctx, void *p, size_t old, size_t n)
{
    if (!p && n == 0)
        return NULL;
    if (fn)
        return fn(ctx, p, old, n);
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

int bdk_buffer_fail(struct bedrock_buffer *b, int code)
{
    if (!b->error)
        b->error = code;
    return b->error;
}

/* A growing copy goes through a fresh block, so that what is left behind can be wiped: a buffer may
 * hold a prompt, a header with a key, a signature's input. */
static int buf_grow(struct bedrock_buffer *b, size_t cap)
{
    char *fresh = bdk_resize(b->alloc, b->alloc_ctx, NULL, 0, cap);

    if (!fresh)
        return bdk_buffer_fail(b, BEDROCK_ERR_NOMEM);
    if (b->p) {
        memcpy(fresh, b->p, b->len);
        bdk_wipe(b->p, b->len);
        bdk_resize(b->alloc, b->alloc_ctx, b->p, b->cap, 0);
    }
    b->p = fresh;
    b->cap = cap;
    return 0;
}

int bdk_buffer_reserve(struct bedrock_buffer *b, size_t n)
{
    size_t max = b->max ? b->max : BUF_MAX_DEFAULT;
    size_t cap;

    if (b->error)
        return b->error;
    if (b->len > max || n > max - b->len)
        return bdk_buffer_fail(b, BEDROCK_ERR_LIMIT);
    if (n <= b->cap - b->len)
        return 0;
    /* len + n <= max was checked above, so nothing here wraps */
    cap = b->cap > max / 2 ? max : b->cap * 2;
    if (cap < 256)
        cap = 256;
    if (cap < b->len + n) {
        /* one long text: what follows it is mostly short and must not move it again */
        cap = b->len + n;
        cap += max - cap < 256 ? max - cap : 256;
    }
    return buf_grow(b, cap);
}

int bedrock_buffer_append(struct bedrock_buffer *b, const void *p, size_t n)
{
    if (n == 0)
        return b->error;
    if (bdk_buffer_reserve(b, n) != 0)
        return b->error;
    memcpy(b->p + b->len, p, n);
    b->len += n;
    return 0;
}

void bedrock_buffer_free(struct bedrock_buffer *b)
{
    if (!b)
        return;
    if (b->p)
        bdk_wipe(b->p, b->len);
    bdk_resize(b->alloc, b->alloc_ctx, b->p, b->cap, 0);
    b->p = NULL;
    b->len = b->cap = 0;
    b->error = 0;
}

int bdk_buffer_text(struct bedrock_buffer *b, const char *text)
{
    return bedrock_buffer_append(b, text, strlen(text));
}

char bdk_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int bdk_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int bdk_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = bdk_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct bedrock_slice bdk_slice(const char *text)
{
    struct bedrock_slice s = {text, text ? strlen(text) : 0};

    return s;
}

int bdk_slice_is(struct bedrock_slice s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || memcmp(s.p, text, s.len) == 0);
}

int bdk_slice_is_nocase(struct bedrock_slice s, const char *text)
{
    size_t i;

    for (i = 0; i < s.len && text[i]; i++)
        if (bdk_lower(s.p[i]) != bdk_lower(text[i]))
            return 0;
    return i == s.len && !text[i];
}
