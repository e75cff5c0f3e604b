/* fuzz_x509.c - any bytes as a PEM bundle and as a certificate: nothing may point out of its input, and
 * a bundle that is cut holds the same blocks up to the cut. Leaves out: what the fields mean. */
#include "fuzz.h"

#define FUZZ_MAX_DER 2048

static void fuzz_inside(struct bedrock_slice s, const unsigned char *p, size_t n)
{
    const char *from = (const char *)p;

    must(s.len == 0 || (s.p >= from && s.len <= n && (size_t)(s.p - from) <= n - s.len));
}

static void fuzz_name(struct bedrock_slice name)
{
    char text[24];
    size_t n;

    memset(text, 1, sizeof text);
    bdk_x509_name(name, text, sizeof text);
    for (n = 0; n < sizeof text && text[n]; n++)
        must(text[n] >= ' ' && text[n] <= '~');
    must(n < sizeof text);
}

static void fuzz_der(const unsigned char *der, size_t len)
{
    static const unsigned char ip[16] = {127, 0, 0, 1};
    struct bdk_x509 c;
    int rc = bdk_x509_read(der, len, &c);

    must(rc == 0 || rc == BEDROCK_ERR_PROTOCOL);
    fuzz_inside(c.issuer, der, len);
    fuzz_inside(c.subject, der, len);
    fuzz_inside(c.modulus, der, len);
    fuzz_inside(c.exponent, der, len);
    fuzz_inside(c.point, der, len);
    fuzz_inside(c.spki, der, len);
    fuzz_inside(c.san, der, len);
    fuzz_name(c.issuer);
    fuzz_name(c.subject);
    if (rc != 0 || !c.has_san)
        must(!bdk_x509_has_dns(&c) && !bdk_x509_has_ip(&c, ip, 4));
    must(c.has_eku || !c.eku_server);
    if (rc == 0) {
        must(c.issuer.len > 1 && c.subject.len > 1 && c.spki.len > 1);
        must((c.key_type == BDK_KEY_RSA) == (c.modulus.len > 0));
        must((c.key_type == BDK_KEY_RSA) == (c.exponent.len > 0));
        must((c.key_type > BDK_KEY_RSA) == (c.point.len > 0));
        must(c.modulus.len == 0 || c.modulus.p[0] != 0);
        /* all of it is one element: a byte less, or one more, is no certificate */
        must(bdk_x509_read(der, len - 1, &c) != 0);
    }
}

static void fuzz_pem(const char *text, size_t size)
{
    struct bedrock_slice whole = {text, size}, cut = {text, size - size / 3};
    unsigned char a[FUZZ_MAX_DER], b[FUZZ_MAX_DER];
    size_t a_len, b_len, before = size + 1;
    int same = 1, rc;

    while ((rc = bdk_pem_next(&whole, a, sizeof a, &a_len)) != 0) {
        must(rc == 1 || rc == BEDROCK_ERR_PROTOCOL || rc == BEDROCK_ERR_LIMIT);
        must(whole.len < before && whole.p + whole.len == text + size);
        before = whole.len;
        same = same && whole.p <= text + (size - size / 3);
        if (same) {
            must(bdk_pem_next(&cut, b, sizeof b, &b_len) == rc && cut.p == whole.p);
            must(rc != 1 || (a_len == b_len && memcmp(a, b, a_len) == 0));
        }
        if (rc == 1) {
            must(a_len > 0 && a_len <= sizeof a);
            fuzz_der(a, a_len);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pem((const char *)data, size);
    fuzz_der(data, size);
    fuzz_name((struct bedrock_slice){(const char *)data, size});
    return 0;
}
