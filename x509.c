/* x509.c - PEM bundles and the fields of a certificate that we look at.
 * RFC 7468 (its lax grammar), RFC 5280, X.690 for DER. Leaves out: signatures, name constraints and
 * policies, which are BearSSL's business; text headers and encryption inside a PEM block. */
#include "bedrock_int.h"
#include <string.h>

#define X509_MAX_EXTENSIONS 64 /* a dozen is many */

/* ---- DER: elements with definite lengths ---- */

enum x509_tag {
    X509_BOOLEAN = 0x01,
    X509_INTEGER = 0x02,
    X509_BIT_STRING = 0x03,
    X509_OCTET_STRING = 0x04,
    X509_OID = 0x06,
    X509_UTF8 = 0x0C,
    X509_UTC_TIME = 0x17,
    X509_GENERALIZED_TIME = 0x18,
    X509_UNIVERSAL = 0x1C,
    X509_BMP = 0x1E,
    X509_SEQUENCE = 0x30,
    X509_SET = 0x31,
    X509_ISSUER_ID = 0x81,      /* in a TBSCertificate: [1] and [2] implicit, [0] and [3] explicit */
    X509_SUBJECT_ID = 0x82,
    X509_VERSION = 0xA0,
    X509_EXTENSIONS = 0xA3,
    X509_DNS_NAME = 0x82,       /* in GeneralNames */
    X509_IP_ADDRESS = 0x87,
    X509_REJECT = 0xA0          /* in OpenSSL's X509_CERT_AUX */
};

struct x509_item {
    unsigned tag;
    struct bedrock_slice whole; /* header included */
    struct bedrock_slice body;
};

/* The next element of *rest. 0, or -1 when what stands there is not DER. */
static int x509_next(struct bedrock_slice *rest, struct x509_item *item)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t head = 2, len, n_bytes;

    if (rest->len < 2 || (p[0] & 0x1F) == 0x1F)
        return -1;
    len = p[1];
    if (len >= 0x80) {
        /* X.690 10.1: definite, and as short as can be; three bytes are more than any certificate */
        n_bytes = len & 0x7F;
        if (n_bytes == 0 || n_bytes > 3 || n_bytes > rest->len - 2)
            return -1;
        for (len = 0; head < 2 + n_bytes; head++)
            len = len << 8 | p[head];
        if (len < 0x80 || len >> (8 * (n_bytes - 1)) == 0)
            return -1;
    }
    /* head <= rest->len was seen above */
    if (len > rest->len - head)
        return -1;
    item->tag = p[0];
    item->whole.p = rest->p;
    item->whole.len = head + len;
    item->body.p = rest->p + head;
    item->body.len = len;
    rest->p += head + len;
    rest->len -= head + len;
    return 0;
}

/* The same, and it must have this tag. */
static int x509_take(struct bedrock_slice *rest, unsigned tag, struct x509_item *item)
{
    return x509_next(rest, item) == 0 && item->tag == tag ? 0 : -1;
}

static int x509_at(struct bedrock_slice rest, unsigned tag)
{
    return rest.len > 0 && (unsigned char)rest.p[0] == tag;
}

static int x509_same(struct bedrock_slice a, struct bedrock_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Object identifiers are written as the bytes of their DER; one of them ends in a zero byte. */
#define X509_IS(slice, bytes) \
    ((slice).len == sizeof(bytes) - 1 && memcmp((slice).p, bytes, sizeof(bytes) - 1) == 0)

static int x509_boolean(struct bedrock_slice *rest, int *yes)
{
    struct x509_item item;
    unsigned char value;

    if (x509_take(rest, X509_BOOLEAN, &item) != 0 || item.body.len != 1)
        return -1;
    value = (unsigned char)item.body.p[0];
    *yes = value == 0xFF;
    return value == 0 || value == 0xFF ? 0 : -1;
}

/* A positive INTEGER without its leading zeros. */
static int x509_positive(struct bedrock_slice *rest, struct bedrock_slice *number)
{
    struct x509_item item;

    if (x509_take(rest, X509_INTEGER, &item) != 0 || item.body.len == 0 ||
        ((unsigned char)item.body.p[0] & 0x80))
        return -1;
    *number = item.body;
    while (number->len > 0 && number->p[0] == 0) {
        number->p++;
        number->len--;
    }
    return number->len > 0 ? 0 : -1;
}

static int x509_two_digits(const char *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, nothing shorter, no fraction, no zone. */
static int x509_time(struct bedrock_slice *rest, int64_t *epoch_s)
{
    struct x509_item item;
    struct bdk_date d;
    size_t n, n_pairs;
    int pair[7];

    if (x509_next(rest, &item) != 0 ||
        (item.tag != X509_UTC_TIME && item.tag != X509_GENERALIZED_TIME))
        return -1;
    n_pairs = item.tag == X509_UTC_TIME ? 6 : 7;
    if (item.body.len != n_pairs * 2 + 1 || item.body.p[n_pairs * 2] != 'Z')
        return -1;
    for (n = 0; n < n_pairs; n++) {
        pair[n] = x509_two_digits(item.body.p + n * 2);
        if (pair[n] < 0)
            return -1;
    }
    d.year = n == 7 ? pair[0] * 100 + pair[1] : pair[0] + (pair[0] < 50 ? 2000 : 1900);
    d.month = pair[n - 5];
    d.day = pair[n - 4];
    d.hour = pair[n - 3];
    d.minute = pair[n - 2];
    d.second = pair[n - 1];
    if (bdk_date_check(&d) != 0)
        return -1;
    *epoch_s = bdk_epoch_of(&d);
    return 0;
}

/* ---- Keys ---- */

static const struct {
    const char *oid;
    size_t oid_len;
    enum bdk_key_type type;
    size_t point_len;   /* 0x04, x and y */
} x509_curves[] = {
    {"\x2A\x86\x48\xCE\x3D\x03\x01\x07", 8, BDK_KEY_P256, 65},
    {"\x2B\x81\x04\x00\x22", 5, BDK_KEY_P384, 97},
    {"\x2B\x81\x04\x00\x23", 5, BDK_KEY_P521, 133},
};

/* RFC 8017 A.1.1: RSAPublicKey */
static int x509_rsa(struct bdk_x509 *c, struct bedrock_slice key)
{
    struct x509_item pair;

    if (x509_take(&key, X509_SEQUENCE, &pair) != 0 || key.len != 0 ||
        x509_positive(&pair.body, &c->modulus) != 0 ||
        x509_positive(&pair.body, &c->exponent) != 0 || pair.body.len != 0)
        return -1;
    c->key_type = BDK_KEY_RSA;
    return 0;
}

/* RFC 5480 2.1.1: a named curve. Other curves and compressed points stay BDK_KEY_OTHER. */
static int x509_ec(struct bdk_x509 *c, struct bedrock_slice parameters, struct bedrock_slice point)
{
    struct x509_item curve;

    if (x509_next(&parameters, &curve) != 0 || parameters.len != 0)
        return -1;
    for (size_t i = 0; i < sizeof x509_curves / sizeof x509_curves[0]; i++) {
        struct bedrock_slice oid = {x509_curves[i].oid, x509_curves[i].oid_len};

        if (curve.tag == X509_OID && x509_same(curve.body, oid) &&
            point.len == x509_curves[i].point_len && point.p[0] == 0x04) {
            c->key_type = x509_curves[i].type;
            c->point = point;
        }
    }
    return 0;
}

/* SubjectPublicKeyInfo */
static int x509_key(struct bdk_x509 *c, struct bedrock_slice *rest)
{
    struct x509_item spki, algorithm, oid, bits;

    if (x509_take(rest, X509_SEQUENCE, &spki) != 0 ||
        x509_take(&spki.body, X509_SEQUENCE, &algorithm) != 0 ||
        x509_take(&algorithm.body, X509_OID, &oid) != 0 ||
        x509_take(&spki.body, X509_BIT_STRING, &bits) != 0 || spki.body.len != 0)
        return -1;
    /* every kind of key is whole bytes: no unused bits */
    if (bits.body.len < 2 || bits.body.p[0] != 0)
        return -1;
    bits.body.p++;
    bits.body.len--;
    c->spki = spki.whole;
    if (X509_IS(oid.body, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"))
        return x509_rsa(c, bits.body);
    if (X509_IS(oid.body, "\x2A\x86\x48\xCE\x3D\x02\x01"))
        return x509_ec(c, algorithm.body, bits.body);
    return 0;
}

/* ---- Extensions ---- */

/* RFC 5280 4.2.1.6. Every name is looked at here, so that a later walk cannot fail halfway. */
static int x509_read_san(struct bdk_x509 *c, struct bedrock_slice value)
{
    struct x509_item names, name;

    if (x509_take(&value, X509_SEQUENCE, &names) != 0 || value.len != 0)
        return -1;
    c->has_san = 1;
    c->san = names.body;
    while (names.body.len > 0)
        if (x509_next(&names.body, &name) != 0)
            return -1;
    return 0;
}

/* Does a list of purposes name serverAuth or anyExtendedKeyUsage (RFC 5280 4.2.1.12)? */
static int x509_has_server_purpose(struct bedrock_slice list, int *yes)
{
    struct x509_item purpose;

    *yes = 0;
    while (list.len > 0) {
        if (x509_take(&list, X509_OID, &purpose) != 0)
            return -1;
        if (X509_IS(purpose.body, "\x2B\x06\x01\x05\x05\x07\x03\x01") ||
            X509_IS(purpose.body, "\x55\x1D\x25\x00"))
            *yes = 1;
    }
    return 0;
}

static int x509_read_eku(struct bdk_x509 *c, struct bedrock_slice value)
{
    struct x509_item list;

    if (x509_take(&value, X509_SEQUENCE, &list) != 0 || value.len != 0)
        return -1;
    c->has_eku = 1;
    return x509_has_server_purpose(list.body, &c->eku_server);
}

/* RFC 5280 4.2.1.9. The path length is left to BearSSL. */
static int x509_read_constraints(struct bdk_x509 *c, struct bedrock_slice value)
{
    struct x509_item list, path_len;

    if (x509_take(&value, X509_SEQUENCE, &list) != 0 || value.len != 0)
        return -1;
    if (x509_at(list.body, X509_BOOLEAN) && x509_boolean(&list.body, &c->is_ca) != 0)
        return -1;
    if (list.body.len > 0 && x509_take(&list.body, X509_INTEGER, &path_len) != 0)
        return -1;
    return list.body.len == 0 ? 0 : -1;
}

/* One Extension's content: *oid says which it was. */
static int x509_read_extension(struct bdk_x509 *c, struct bedrock_slice rest,
                               struct bedrock_slice *oid)
{
    struct x509_item id, value;
    int critical;

    if (x509_take(&rest, X509_OID, &id) != 0)
        return -1;
    if (x509_at(rest, X509_BOOLEAN) && x509_boolean(&rest, &critical) != 0)
        return -1;
    if (x509_take(&rest, X509_OCTET_STRING, &value) != 0 || rest.len != 0)
        return -1;
    *oid = id.body;
    if (X509_IS(id.body, "\x55\x1D\x11"))
        return x509_read_san(c, value.body);
    if (X509_IS(id.body, "\x55\x1D\x13"))
        return x509_read_constraints(c, value.body);
    if (X509_IS(id.body, "\x55\x1D\x25"))
        return x509_read_eku(c, value.body);
    return 0;
}

static int x509_read_extensions(struct bdk_x509 *c, struct bedrock_slice *rest)
{
    struct bedrock_slice seen[X509_MAX_EXTENSIONS];
    struct x509_item outer, list, extension;
    size_t n = 0;

    if (x509_take(rest, X509_EXTENSIONS, &outer) != 0 ||
        x509_take(&outer.body, X509_SEQUENCE, &list) != 0 || outer.body.len != 0)
        return -1;
    while (list.body.len > 0) {
        if (n == X509_MAX_EXTENSIONS || x509_take(&list.body, X509_SEQUENCE, &extension) != 0 ||
            x509_read_extension(c, extension.body, &seen[n]) != 0)
            return -1;
        /* RFC 5280 4.2: no more than one instance of an extension, else readers could disagree */
        for (size_t i = 0; i < n; i++)
            if (x509_same(seen[i], seen[n]))
                return -1;
        n++;
    }
    return 0;
}

/* ---- Certificates ---- */

/* RFC 5280 4.1.2.1: 0 for v1 (then it is absent), 1 for v2, 2 for v3. */
static int x509_version(struct bedrock_slice *rest, int *version)
{
    struct x509_item outer, number;

    *version = 0;
    if (!x509_at(*rest, X509_VERSION))
        return 0;
    if (x509_take(rest, X509_VERSION, &outer) != 0 ||
        x509_take(&outer.body, X509_INTEGER, &number) != 0 || outer.body.len != 0 ||
        number.body.len != 1)
        return -1;
    *version = number.body.p[0];
    return *version == 0 || *version == 1 || *version == 2 ? 0 : -1;
}

static int x509_validity(struct bdk_x509 *c, struct bedrock_slice *rest)
{
    struct x509_item pair;

    if (x509_take(rest, X509_SEQUENCE, &pair) != 0 || x509_time(&pair.body, &c->not_before) != 0 ||
        x509_time(&pair.body, &c->not_after) != 0)
        return -1;
    return pair.body.len == 0 ? 0 : -1;
}

/*
 * TBSCertificate. is_ca comes from basicConstraints alone, as in BearSSL's br_x509_decoder: a v1 root
 * has none and is no CA; as an anchor it vouches for itself only.
 */
static int x509_read_tbs(struct bdk_x509 *c, struct bedrock_slice rest)
{
    struct x509_item serial, algorithm, issuer, subject, id;
    int version;

    if (x509_version(&rest, &version) != 0 || x509_take(&rest, X509_INTEGER, &serial) != 0 ||
        x509_take(&rest, X509_SEQUENCE, &algorithm) != 0 ||
        x509_take(&rest, X509_SEQUENCE, &issuer) != 0 || x509_validity(c, &rest) != 0 ||
        x509_take(&rest, X509_SEQUENCE, &subject) != 0 || x509_key(c, &rest) != 0)
        return -1;
    c->issuer = issuer.whole;
    c->subject = subject.whole;
    if (x509_at(rest, X509_ISSUER_ID) && x509_next(&rest, &id) != 0)
        return -1;
    if (x509_at(rest, X509_SUBJECT_ID) && x509_next(&rest, &id) != 0)
        return -1;
    /* RFC 5280 4.1.2.9: extensions are for version 3 */
    if (rest.len > 0 && (version != 2 || x509_read_extensions(c, &rest) != 0))
        return -1;
    return rest.len == 0 ? 0 : -1;
}

int bdk_x509_read(const unsigned char *der, size_t len, struct bdk_x509 *out)
{
    struct bedrock_slice rest = {(const char *)der, len};
    struct x509_item certificate, tbs, algorithm, signature;

    memset(out, 0, sizeof *out);
    if (x509_take(&rest, X509_SEQUENCE, &certificate) == 0 && rest.len == 0 &&
        x509_take(&certificate.body, X509_SEQUENCE, &tbs) == 0 &&
        x509_take(&certificate.body, X509_SEQUENCE, &algorithm) == 0 &&
        x509_take(&certificate.body, X509_BIT_STRING, &signature) == 0 &&
        certificate.body.len == 0 && x509_read_tbs(out, tbs.body) == 0)
        return 0;
    memset(out, 0, sizeof *out);
    return BEDROCK_ERR_PROTOCOL;
}

int bdk_x509_has_ip(const struct bdk_x509 *c, const unsigned char *ip, size_t ip_len)
{
    struct bedrock_slice rest = c->san, want = {(const char *)ip, ip_len};
    struct x509_item name;

    while (rest.len > 0 && x509_next(&rest, &name) == 0)
        if (name.tag == X509_IP_ADDRESS && x509_same(name.body, want))
            return 1;
    return 0;
}

int bdk_x509_has_dns(const struct bdk_x509 *c)
{
    struct bedrock_slice rest = c->san;
    struct x509_item name;

    while (rest.len > 0 && x509_next(&rest, &name) == 0)
        if (name.tag == X509_DNS_NAME)
            return 1;
    return 0;
}

/* ---- Names in words ---- */

/* One '?' for each character that is not printable ASCII; BMPString has two bytes a character, and
 * UniversalString four. */
static void x509_words(const struct x509_item *value, char *out, size_t cap)
{
    size_t wide = value->tag == X509_BMP ? 2 : value->tag == X509_UNIVERSAL ? 4 : 1, n = 0;

    for (size_t at = wide; at <= value->body.len && n + 1 < cap; at += wide) {
        unsigned char c = (unsigned char)value->body.p[at - 1];
        int ascii = c >= 0x20 && c < 0x7F;

        for (size_t i = at - wide; i < at - 1; i++)
            ascii &= value->body.p[i] == 0;
        if (value->tag != X509_UTF8 || (c & 0xC0) != 0x80)
            out[n++] = ascii ? (char)c : '?';
    }
    out[n] = 0;
}

void bdk_x509_name(struct bedrock_slice name, char *out, size_t cap)
{
    static const struct x509_item none = {X509_UTF8, {NULL, 0}, {"(no name)", 9}};
    struct x509_item list, part, pair, type, value, best = none;
    int have_common = 0;

    if (cap == 0)
        return;
    if (x509_take(&name, X509_SEQUENCE, &list) != 0)
        list.body.len = 0;
    while (list.body.len > 0 && x509_take(&list.body, X509_SET, &part) == 0) {
        while (part.body.len > 0 && x509_take(&part.body, X509_SEQUENCE, &pair) == 0) {
            if (x509_take(&pair.body, X509_OID, &type) != 0 || x509_next(&pair.body, &value) != 0)
                continue;
            /* of several the last one is the most particular */
            if (X509_IS(type.body, "\x55\x04\x03")) {
                best = value;
                have_common = 1;
            } else if (X509_IS(type.body, "\x55\x04\x0A") && !have_common) {
                best = value;
            }
        }
    }
    x509_words(&best, out, cap);
}

/* ---- PEM ---- */

#define X509_BASE64_SPACE 65
#define X509_BASE64_PAD 66

/* RFC 4648 4: the value of a character and one more; 0: it has none. */
static const unsigned char x509_base64_values[256] = {
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
    ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
    [' '] = X509_BASE64_SPACE, ['\t'] = X509_BASE64_SPACE, ['\n'] = X509_BASE64_SPACE,
    ['\v'] = X509_BASE64_SPACE, ['\f'] = X509_BASE64_SPACE, ['\r'] = X509_BASE64_SPACE,
    ['='] = X509_BASE64_PAD,
};

/* What is left of a last group of four: held characters, then pad signs. */
static int x509_base64_end(uint32_t word, unsigned held, unsigned n_pad, unsigned char *out,
                           size_t room, size_t *len)
{
    if (held == 0 && n_pad == 0)
        return *len > 0 ? 0 : BEDROCK_ERR_PROTOCOL;
    if (held < 2 || held + n_pad != 4)
        return BEDROCK_ERR_PROTOCOL;
    if (room < held - 1)
        return BEDROCK_ERR_LIMIT;
    word <<= 6 * n_pad;
    out[0] = (unsigned char)(word >> 16);
    if (held == 3)
        out[1] = (unsigned char)(word >> 8);
    *len += held - 1;
    return 0;
}

/* Decode groups of four while nothing stands between their characters: most of the work. */
static size_t x509_base64_groups(const unsigned char *p, size_t n_groups, unsigned char *out)
{
    size_t i;

    for (i = 0; i < n_groups; i++, p += 4, out += 3) {
        uint32_t a = x509_base64_values[p[0]] - 1u, b = x509_base64_values[p[1]] - 1u;
        uint32_t c = x509_base64_values[p[2]] - 1u, d = x509_base64_values[p[3]] - 1u;

        /* a character without a value has wrapped to the top */
        if ((a | b | c | d) > 63)
            break;
        out[0] = (unsigned char)(a << 2 | b >> 4);
        out[1] = (unsigned char)(b << 4 | c >> 2);
        out[2] = (unsigned char)(c << 6 | d);
    }
    return i;
}

/* Decode what stands between BEGIN and END. */
static int x509_base64(struct bedrock_slice text, unsigned char *out, size_t cap, size_t *len)
{
    const unsigned char *p = (const unsigned char *)text.p, *end = p + text.len;
    unsigned held = 0, n_pad = 0;
    uint32_t word = 0;
    size_t n = 0;

    while (p < end) {
        size_t fit = (cap - n) / 3, n_groups = (size_t)(end - p) / 4;
        unsigned v;

        if (held == 0 && n_pad == 0) {
            n_groups = x509_base64_groups(p, fit < n_groups ? fit : n_groups, out + n);
            p += n_groups * 4;
            n += n_groups * 3;
            if (p == end)
                break;
        }
        v = x509_base64_values[*p++];
        if (v == X509_BASE64_PAD) {
            n_pad++;
        } else if (v == 0 || (v < X509_BASE64_SPACE && n_pad > 0)) {
            return BEDROCK_ERR_PROTOCOL;
        } else if (v < X509_BASE64_SPACE) {
            word = word << 6 | (v - 1);
            held++;
        }
        if (held == 4) {
            if (cap - n < 3)
                return BEDROCK_ERR_LIMIT;
            out[n++] = (unsigned char)(word >> 16);
            out[n++] = (unsigned char)(word >> 8);
            out[n++] = (unsigned char)word;
            held = 0;
        }
    }
    *len = n;
    return x509_base64_end(word, held, n_pad, out + n, cap - n, len);
}

#define X509_PEM_BEGIN "-----BEGIN "
#define X509_PEM_END "-----END "
#define X509_PEM_TRUSTED 2

static const char *const x509_pem_labels[] = {
    "CERTIFICATE-----",
    "X509 CERTIFICATE-----",
    [X509_PEM_TRUSTED] = "TRUSTED CERTIFICATE-----",
};

/* Behind `word` when the text at p begins with it, else NULL. */
static const char *x509_pem_match(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

/* RFC 7468 3: white space may stand before a boundary; so may a byte-order mark (EF BB BF). */
static int x509_pem_starts_line(const char *text, const char *p)
{
    while (p > text && (p[-1] == ' ' || p[-1] == '\t' || (unsigned char)p[-1] == 0xBF ||
                        (unsigned char)p[-1] == 0xBB || (unsigned char)p[-1] == 0xEF))
        p--;
    return p == text || p[-1] == '\n' || p[-1] == '\r';
}

/* Behind the BEGIN line of the next certificate; NULL: there is none. */
static const char *x509_pem_begin(struct bedrock_slice text, size_t *label)
{
    const char *p = text.p, *end = text.p + text.len, *behind, *body;
    size_t n_labels = sizeof x509_pem_labels / sizeof x509_pem_labels[0];

    while (p < end && (p = memchr(p, '-', (size_t)(end - p))) != NULL) {
        behind = x509_pem_match(p, end, X509_PEM_BEGIN);
        for (*label = 0; behind && *label < n_labels; ++*label) {
            body = x509_pem_match(behind, end, x509_pem_labels[*label]);
            if (body && x509_pem_starts_line(text.p, p))
                return body;
        }
        p++;
    }
    return NULL;
}

/*
 * OpenSSL's TRUSTED CERTIFICATE has X509_CERT_AUX behind the certificate: purposes that it is trusted
 * for, and others that it is not. Cut it off. 1: a root for servers; 0: it is said not to be.
 */
static int x509_pem_trusted(const unsigned char *der, size_t *len)
{
    struct bedrock_slice rest = {(const char *)der, *len};
    struct x509_item certificate, aux, list;
    int yes = 1, no = 0;

    if (x509_take(&rest, X509_SEQUENCE, &certificate) != 0)
        return BEDROCK_ERR_PROTOCOL;
    *len = certificate.whole.len;
    if (rest.len == 0)
        return 1;
    if (x509_take(&rest, X509_SEQUENCE, &aux) != 0 || rest.len != 0)
        return BEDROCK_ERR_PROTOCOL;
    if (x509_at(aux.body, X509_SEQUENCE) &&
        (x509_next(&aux.body, &list) != 0 || x509_has_server_purpose(list.body, &yes) != 0))
        return BEDROCK_ERR_PROTOCOL;
    if (x509_at(aux.body, X509_REJECT) &&
        (x509_next(&aux.body, &list) != 0 || x509_has_server_purpose(list.body, &no) != 0))
        return BEDROCK_ERR_PROTOCOL;
    return yes && !no;
}

int bdk_pem_next(struct bedrock_slice *text, unsigned char *der, size_t cap, size_t *der_len)
{
    const char *end, *begin, *dash, *behind;
    size_t label;
    int rc = 0;

    if (text->len == 0)
        return 0;
    end = text->p + text->len;
    while (rc == 0 && (begin = x509_pem_begin(*text, &label)) != NULL) {
        struct bedrock_slice body = {begin, (size_t)(end - begin)};

        /* base64 has no '-': the next one must begin the END line */
        dash = memchr(begin, '-', body.len);
        behind = dash ? x509_pem_match(dash, end, X509_PEM_END) : NULL;
        behind = behind ? x509_pem_match(behind, end, x509_pem_labels[label]) : NULL;
        body.len = dash ? (size_t)(dash - begin) : body.len;
        text->p = behind ? behind : begin + body.len;
        text->len = (size_t)(end - text->p);
        if (!behind)
            return BEDROCK_ERR_PROTOCOL;
        rc = x509_base64(body, der, cap, der_len);
        if (rc == 0)
            rc = label == X509_PEM_TRUSTED ? x509_pem_trusted(der, der_len) : 1;
    }
    return rc;
}
