/* emu_base64.c - base64 for the emulator, of its own: what the library gets wrong must not look right here.
 * RFC 4648 4. Leaves out: missing padding, which the service refuses. */
#include "emu.h"
#include <string.h>

static const char emu_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void emu_base64_encode(struct bedrock_buffer *b, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)p[i] << 16;
        char out[4];

        bits |= i + 1 < n ? (uint32_t)(unsigned char)p[i + 1] << 8 : 0;
        bits |= i + 2 < n ? (uint32_t)(unsigned char)p[i + 2] : 0;
        out[0] = emu_digits[bits >> 18];
        out[1] = emu_digits[bits >> 12 & 63];
        out[2] = i + 1 < n ? emu_digits[bits >> 6 & 63] : '=';
        out[3] = i + 2 < n ? emu_digits[bits & 63] : '=';
        bedrock_buffer_append(b, out, sizeof out);
    }
}

static int emu_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int emu_base64_decode(const char *p, size_t len, unsigned char *first, size_t cap)
{
    size_t n = 0, padding = len > 1 && p[len - 1] == '=' ? 1 + (p[len - 2] == '=') : 0;
    uint32_t bits = 0;

    memset(first, 0, cap);
    if (len % 4 != 0)
        return -1;
    for (size_t i = 0; i < len - padding; i++) {
        int digit = emu_base64_digit(p[i]);

        if (digit < 0)
            return -1;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0 && n < cap)
            first[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    return 0;
}
