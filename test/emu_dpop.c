/* emu_dpop.c - is this DPoP proof what it must be? Read and verified anew, with BearSSL's P-256.
 * RFC 9449, RFC 7515, RFC 7518 3.4. Nothing here calls the library's base64 or p256.c. Leaves out: which key
 * a refresh token belongs to. */
#include "emu.h"
#include <bearssl.h>
#include <string.h>

#define EMU_DPOP_WINDOW_S 300

static int emu_dpop_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64url without padding. 0, or -1. */
static int emu_dpop_decode(struct bedrock_buffer *b, struct bedrock_slice s)
{
    uint32_t v = 0;

    b->len = 0;
    if (s.len % 4 == 1)
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        int digit = emu_dpop_digit(s.p[i]);
        char byte;

        if (digit < 0)
            return -1;
        v = v << 6 | (uint32_t)digit;
        byte = (char)(v >> (6 - i % 4 * 2) & 0xFF);
        if (i % 4 > 0)
            bedrock_buffer_append(b, &byte, 1);
    }
    return b->error;
}

/* A coordinate of the key: 32 bytes. */
static int emu_dpop_coordinate(struct bedrock_json jwk, const char *name, unsigned char out[32])
{
    struct bedrock_json v = bedrock_json_get(jwk, name);
    struct bedrock_slice text = {v.p, v.len};
    struct bedrock_buffer bytes = {0};
    int ok = v.type == BEDROCK_JSON_STRING;

    if (ok) {
        text.p++;
        text.len -= 2;
        ok = emu_dpop_decode(&bytes, text) == 0 && bytes.len == 32;
    }
    if (ok)
        memcpy(out, bytes.p, 32);
    bedrock_buffer_free(&bytes);
    return ok ? 0 : -1;
}

static const char *emu_dpop_header(struct bedrock_json header, unsigned char point[65])
{
    struct bedrock_json jwk = bedrock_json_get(header, "jwk");

    if (!bedrock_json_equals(bedrock_json_get(header, "typ"), "dpop+jwt"))
        return "DPoP: typ must be dpop+jwt";
    if (!bedrock_json_equals(bedrock_json_get(header, "alg"), "ES256"))
        return "DPoP: alg must be ES256";
    if (!bedrock_json_equals(bedrock_json_get(jwk, "kty"), "EC") ||
        !bedrock_json_equals(bedrock_json_get(jwk, "crv"), "P-256"))
        return "DPoP: jwk must be an EC key on P-256";
    /* RFC 9449 4.2: never a private key */
    if (bedrock_json_get(jwk, "d").type != BEDROCK_JSON_NONE)
        return "DPoP: jwk shows the private key";
    point[0] = 4;
    if (emu_dpop_coordinate(jwk, "x", point + 1) != 0 || emu_dpop_coordinate(jwk, "y", point + 33) != 0)
        return "DPoP: jwk must have x and y of 32 bytes";
    return NULL;
}

/* The URL that was asked, without its query; whether it was by TLS is not known here. */
static int emu_dpop_is_url(const struct emu_request *rq, struct bedrock_json htu)
{
    struct bedrock_slice host = emu_http_field(rq, "host");
    char url[300];

    for (int tls = 0; tls < 2; tls++) {
        snprintf(url, sizeof url, "http%s://%.*s%.*s", tls ? "s" : "", (int)(host.len < 200 ? host.len : 200),
                 host.p, (int)(rq->path.len < 50 ? rq->path.len : 50), rq->path.p);
        if (bedrock_json_equals(htu, url))
            return 1;
    }
    return 0;
}

static const char *emu_dpop_claims(struct emu *e, const struct emu_request *rq, struct bedrock_json claims)
{
    struct bedrock_json jti = bedrock_json_get(claims, "jti");
    int64_t iat = 0, now = emu_wall_s(e);

    if (!bedrock_json_equals(bedrock_json_get(claims, "htm"), "POST"))
        return "DPoP: htm must be POST";
    if (!emu_dpop_is_url(rq, bedrock_json_get(claims, "htu")))
        return "DPoP: htu must be the URL that is asked";
    if (bedrock_json_int(bedrock_json_get(claims, "iat"), &iat) != 0 || iat < now - EMU_DPOP_WINDOW_S ||
        iat > now + EMU_DPOP_WINDOW_S)
        return "DPoP: iat is not now";
    if (jti.type != BEDROCK_JSON_STRING || jti.len < 18 || jti.len >= sizeof e->wallet.jti)
        return "DPoP: jti must be a text of 16 bytes and more";
    if (bedrock_json_equals(jti, e->wallet.jti))
        return "DPoP: this jti was used before";
    e->wallet.jti[bedrock_json_unescape(jti, e->wallet.jti, sizeof e->wallet.jti - 1)] = 0;
    return NULL;
}

static int emu_dpop_verifies(const unsigned char point[65], struct bedrock_slice text,
                             struct bedrock_slice signature)
{
    struct bedrock_buffer raw = {0};
    unsigned char q[65], hash[32];
    br_sha256_context sha;
    br_ec_public_key key;
    int ok = 0;

    memcpy(q, point, sizeof q);
    key.curve = BR_EC_secp256r1;
    key.q = q;
    key.qlen = sizeof q;
    br_sha256_init(&sha);
    br_sha256_update(&sha, text.p, text.len);
    br_sha256_out(&sha, hash);
    if (emu_dpop_decode(&raw, signature) == 0 && raw.len == 64)
        ok = br_ecdsa_i31_vrfy_raw(br_ec_get_default(), hash, sizeof hash, &key, raw.p, raw.len) == 1;
    bedrock_buffer_free(&raw);
    return ok;
}

/* The three parts of a compact JWS (RFC 7515 7.1). */
static int emu_dpop_split(struct bedrock_slice jwt, struct bedrock_slice part[3])
{
    size_t n = 0;

    part[0].p = jwt.p;
    part[0].len = 0;
    for (size_t i = 0; i < jwt.len; i++) {
        if (jwt.p[i] != '.') {
            part[n].len++;
        } else if (++n == 3) {
            return -1;
        } else {
            part[n].p = jwt.p + i + 1;
            part[n].len = 0;
        }
    }
    return n == 2 ? 0 : -1;
}

const char *emu_dpop_check(struct emu *e, const struct emu_request *rq)
{
    struct bedrock_slice jwt = emu_http_field(rq, "dpop"), part[3], signed_text;
    struct bedrock_buffer header = {0}, claims = {0};
    struct bedrock_json h, c;
    unsigned char point[65];
    const char *why = NULL;

    if (!jwt.p || emu_dpop_split(jwt, part) != 0)
        return "DPoP: no such header, or not three parts";
    signed_text.p = jwt.p;
    signed_text.len = part[0].len + 1 + part[1].len;
    if (emu_dpop_decode(&header, part[0]) != 0 || emu_dpop_decode(&claims, part[1]) != 0 ||
        bedrock_json_parse(header.p, header.len, &h, NULL) != 0 ||
        bedrock_json_parse(claims.p, claims.len, &c, NULL) != 0)
        why = "DPoP: not base64url of JSON";
    if (!why)
        why = emu_dpop_header(h, point);
    if (!why && !emu_dpop_verifies(point, signed_text, part[2]))
        why = "DPoP: the signature is not the key's";
    if (!why)
        why = emu_dpop_claims(e, rq, c);
    bedrock_buffer_free(&header);
    bedrock_buffer_free(&claims);
    return why;
}
