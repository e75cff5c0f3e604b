/* base64.c - base64 and base64url, in pieces as small as one likes.
 * RFC 4648 4 and 5. Leaves out: line breaks, which PEM has (x509.c). */
#include "bedrock_int.h"
#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes as four digits. */
static void base64_put(char out[4], const unsigned char *p)
{
    uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

    out[0] = base64_digits[v >> 18];
    out[1] = base64_digits[v >> 12 & 63];
    out[2] = base64_digits[v >> 6 & 63];
    out[3] = base64_digits[v & 63];
}

int bdk_base64_add(struct bedrock_buffer *b, struct bdk_base64 *s, const void *data, size_t n)
{
    const unsigned char *p = data;

    if (n > SIZE_MAX / 4 * 3 - 8)
        return bdk_buffer_fail(b, BEDROCK_ERR_LIMIT);
    if (bdk_buffer_reserve(b, (s->n + n) / 3 * 4) != 0)
        return b->error;
    for (; n > 0 && s->n > 0; n--) {
        s->left[s->n++] = *p++;
        if (s->n == 3) {
            base64_put(b->p + b->len, s->left);
            b->len += 4;
            s->n = 0;
        }
    }
    for (; n >= 3; n -= 3, p += 3, b->len += 4)
        base64_put(b->p + b->len, p);
    for (; n > 0; n--)
        s->left[s->n++] = *p++;
    return b->error;
}

int bdk_base64_end(struct bedrock_buffer *b, struct bdk_base64 *s)
{
    char last[4];

    if (s->n == 0)
        return b->error;
    memset(s->left + s->n, 0, 3 - s->n);
    base64_put(last, s->left);
    memset(last + s->n + 1, '=', 3 - s->n);
    s->n = 0;
    return bedrock_buffer_append(b, last, 4);
}

int bdk_base64_url(struct bedrock_buffer *b, const void *data, size_t n)
{
    struct bdk_base64 s = {{0}, 0};
    size_t from = b->len;

    bdk_base64_add(b, &s, data, n);
    if (bdk_base64_end(b, &s) != 0)
        return b->error;
    while (b->len > from && b->p[b->len - 1] == '=')
        b->len--;
    for (size_t i = from; i < b->len; i++)
        b->p[i] = (char)(b->p[i] == '+' ? '-' : b->p[i] == '/' ? '_' : b->p[i]);
    return 0;
}

/* The value of a digit, or 64 for what is none. */
static unsigned base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int bdk_base64_decode(struct bedrock_buffer *b, const char *p, size_t n)
{
    uint32_t v = 0;

    if (n > 0 && n % 4 == 0 && p[n - 1] == '=')
        n -= p[n - 2] == '=' ? 2 : 1;
    if (n % 4 == 1)
        return BEDROCK_ERR_USAGE;
    if (bdk_buffer_reserve(b, n / 4 * 3 + 3) != 0)
        return b->error;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = base64_value(p[i]);

        if (digit == 64)
            return BEDROCK_ERR_USAGE;
        v = v << 6 | digit;
        if (i % 4 > 0)
            b->p[b->len++] = (char)(v >> (6 - i % 4 * 2) & 0xFF);
    }
    /* bits behind the last byte that are not zero are let pass, as most decoders do (RFC 4648 3.5) */
    return 0;
}
