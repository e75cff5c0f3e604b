/* tls.c - TLS 1.2 by BearSSL, driven from poll: trust anchors, engine in and out, what went wrong.
 * RFC 5246, 5280, 6125, 7301; BearSSL 0.6's engine API. Leaves out: TLS 1.3 (BearSSL has none),
 * session resumption, revocation. Only this file and p256.c include bearssl.h. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <bearssl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define TLS_MAX_CERT 16384u     /* a certificate larger than this is nobody's server certificate */
#define TLS_MIN_RSA_BYTES 256   /* 2048 bits */
#define TLS_MAX_ROUNDS 64       /* after so many reads that bring nothing a step returns to the clock */
#define TLS_ALERT_PROTOCOL_VERSION 70
#define TLS_UNIX_EPOCH_DAYS 719528  /* days from year 0, as BearSSL counts, to 1970 */

/* ---- Trust anchors ---- */

struct bdk_trust {
    br_x509_trust_anchor *anchors;
    size_t n, cap;
    struct bedrock_buffer bytes;    /* names and keys of the anchors from a bundle */
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
};

static int tls_curve(enum bdk_key_type type)
{
    return type == BDK_KEY_P256 ? BR_EC_secp256r1 : type == BDK_KEY_P384 ? BR_EC_secp384r1
                                                                          : BR_EC_secp521r1;
}

/* BearSSL's structs are not const, but it never writes through them. */
static unsigned char *tls_bytes(struct bedrock_slice s)
{
    return (unsigned char *)(uintptr_t)s.p;
}

static int tls_add_anchor(struct bdk_trust *t, const struct bdk_anchor *a)
{
    br_x509_trust_anchor *ta;

    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 8;
        void *p = bdk_resize(t->alloc, t->alloc_ctx, t->anchors, t->cap * sizeof *ta,
                             cap * sizeof *ta);

        if (!p)
            return BEDROCK_ERR_NOMEM;
        t->anchors = p;
        t->cap = cap;
    }
    ta = &t->anchors[t->n++];
    memset(ta, 0, sizeof *ta);
    ta->dn.data = tls_bytes(a->dn);
    ta->dn.len = a->dn.len;
    ta->flags = a->is_ca ? BR_X509_TA_CA : 0;
    if (a->key_type == BDK_KEY_RSA) {
        ta->pkey.key_type = BR_KEYTYPE_RSA;
        ta->pkey.key.rsa.n = tls_bytes(a->modulus);
        ta->pkey.key.rsa.nlen = a->modulus.len;
        ta->pkey.key.rsa.e = tls_bytes(a->exponent);
        ta->pkey.key.rsa.elen = a->exponent.len;
    } else {
        ta->pkey.key_type = BR_KEYTYPE_EC;
        ta->pkey.key.ec.curve = tls_curve(a->key_type);
        ta->pkey.key.ec.q = tls_bytes(a->point);
        ta->pkey.key.ec.qlen = a->point.len;
    }
    return 0;
}

/* Keep a slice of a certificate in t->bytes, which was reserved whole and does not move. */
static struct bedrock_slice tls_keep(struct bdk_trust *t, struct bedrock_slice s)
{
    struct bedrock_slice kept = {t->bytes.p + t->bytes.len, s.len};

    bedrock_buffer_append(&t->bytes, s.p, s.len);
    return kept;
}

static int tls_add_certificate(struct bdk_trust *t, const unsigned char *der, size_t len)
{
    struct bdk_anchor a;
    struct bdk_x509 c;

    /* one odd certificate in a bundle of many must not cost the others */
    if (bdk_x509_read(der, len, &c) != 0 || c.key_type == BDK_KEY_OTHER)
        return 0;
    a.dn = tls_keep(t, c.subject);
    a.key_type = c.key_type;
    a.modulus = tls_keep(t, c.modulus);
    a.exponent = tls_keep(t, c.exponent);
    a.point = tls_keep(t, c.point);
    a.is_ca = c.is_ca;
    return tls_add_anchor(t, &a);
}

static int tls_add_bundle(struct bdk_trust *t, const char *pem, size_t len, const char *source,
                          struct bedrock_error *e)
{
    struct bedrock_slice rest = {pem, len};
    unsigned char *der = bdk_resize(t->alloc, t->alloc_ctx, NULL, 0, TLS_MAX_CERT);
    size_t der_len, before = t->n;
    int rc = BEDROCK_ERR_NOMEM, got = 1;

    /* what is kept of the certificates is less than their base64 */
    if (der && bdk_buffer_reserve(&t->bytes, len + 1) == 0)
        rc = 0;
    while (rc == 0 && (got = bdk_pem_next(&rest, der, TLS_MAX_CERT, &der_len)) != 0) {
        if (got == 1)
            rc = tls_add_certificate(t, der, der_len);
        else if (got != BEDROCK_ERR_LIMIT)
            rc = got;
    }
    bdk_resize(t->alloc, t->alloc_ctx, der, TLS_MAX_CERT, 0);
    if (rc == BEDROCK_ERR_NOMEM)
        return bdk_error_set(e, rc, "no memory for the CA bundle");
    if (rc != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "CA bundle %s: a certificate in it is damaged",
                             source);
    if (t->n == before)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "CA bundle %s: no usable certificate in it",
                             source);
    return 0;
}

int bdk_trust_load(struct bdk_trust **out, int with_roots, const char *pem, size_t pem_len,
                   const char *source, bedrock_alloc_fn alloc, void *alloc_ctx,
                   struct bedrock_error *e)
{
    struct bdk_trust *t = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *t);
    int rc = 0;

    *out = NULL;
    if (!t)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memset(t, 0, sizeof *t);
    t->alloc = t->bytes.alloc = alloc;
    t->alloc_ctx = t->bytes.alloc_ctx = alloc_ctx;
    for (size_t i = 0; with_roots && rc == 0 && i < BDK_N_ROOTS; i++)
        if (tls_add_anchor(t, &bdk_roots[i]) != 0)
            rc = bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    if (rc == 0 && pem)
        rc = tls_add_bundle(t, pem, pem_len, source, e);
    if (rc != 0) {
        bdk_trust_free(t);
        return rc;
    }
    *out = t;
    return 0;
}

void bdk_trust_free(struct bdk_trust *t)
{
    if (!t)
        return;
    bdk_resize(t->alloc, t->alloc_ctx, t->anchors, t->cap * sizeof *t->anchors, 0);
    bedrock_buffer_free(&t->bytes);
    bdk_resize(t->alloc, t->alloc_ctx, t, sizeof *t, 0);
}

/* ---- The server's chain: BearSSL's validation, and what it lets pass ---- */

enum tls_refusal {
    TLS_FINE, TLS_NO_SAN, TLS_NOT_FOR_SERVERS, TLS_OTHER_ADDRESS, TLS_UNREADABLE
};

/* Needed while shaking hands only. */
struct tls_chain {
    const br_x509_class *vtable;    /* first: BearSSL finds us by it */
    br_x509_minimal_context minimal;
    size_t ip_len;                  /* 0: the endpoint is a name */
    unsigned char ip[16];
    enum tls_refusal refusal;
    int n_certs;
    int64_t now_s;
    int64_t bad_from, bad_until;    /* validity of the first certificate that now is outside of */
    char bad_name[128];
    char issuer[128];               /* of the last certificate sent */
    struct bedrock_probe *seen;     /* who wants to know the chain; NULL: nobody */
    int64_t fed;                    /* bytes of the current certificate */
    unsigned char cert[TLS_MAX_CERT];
};

static struct tls_chain *tls_chain_of(const br_x509_class **ctx)
{
    return (struct tls_chain *)(uintptr_t)ctx;
}

static void tls_start_chain(const br_x509_class **ctx, const char *server_name)
{
    struct tls_chain *c = tls_chain_of(ctx);

    c->minimal.vtable->start_chain(&c->minimal.vtable, c->ip_len ? NULL : server_name);
}

static void tls_start_cert(const br_x509_class **ctx, uint32_t length)
{
    struct tls_chain *c = tls_chain_of(ctx);

    c->fed = 0;
    c->minimal.vtable->start_cert(&c->minimal.vtable, length);
}

static void tls_append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
    struct tls_chain *c = tls_chain_of(ctx);

    if (c->fed >= 0 && len <= TLS_MAX_CERT - (size_t)c->fed) {
        memcpy(c->cert + c->fed, buf, len);
        c->fed += (int64_t)len;
    } else {
        c->fed = -1; /* too large to look at */
    }
    c->minimal.vtable->append(&c->minimal.vtable, buf, len);
}

/* RFC 6125: the names are in the subjectAltName; RFC 5280 4.2.1.12: the key is for TLS servers. */
static enum tls_refusal tls_judge_leaf(const struct tls_chain *c, const struct bdk_x509 *x)
{
    if (x->has_eku && !x->eku_server)
        return TLS_NOT_FOR_SERVERS;
    if (c->ip_len)
        return bdk_x509_has_ip(x, c->ip, c->ip_len) ? TLS_FINE : TLS_OTHER_ADDRESS;
    return bdk_x509_has_dns(x) ? TLS_FINE : TLS_NO_SAN;
}

/* Told before anything is judged: whoever probes wants to see what is wrong.
 * x is NULL when it cannot be read. */
static void tls_tell(struct bedrock_probe *seen, const struct bdk_x509 *x)
{
    struct bedrock_certificate *cert = &seen->chain[seen->n_certificates];

    if (seen->n_certificates >= BEDROCK_MAX_CHAIN)
        return;
    seen->n_certificates++;
    snprintf(cert->subject, sizeof cert->subject, "(not readable)");
    if (!x)
        return;
    bdk_x509_name(x->subject, cert->subject, sizeof cert->subject);
    cert->expires_s = x->not_after;
}

static void tls_end_cert(const br_x509_class **ctx)
{
    struct tls_chain *c = tls_chain_of(ctx);
    struct bdk_x509 x;
    int ok = c->fed > 0 && bdk_x509_read(c->cert, (size_t)c->fed, &x) == 0;

    if (c->seen)
        tls_tell(c->seen, ok ? &x : NULL);
    if (ok) {
        bdk_x509_name(x.issuer, c->issuer, sizeof c->issuer);
        if (!c->bad_name[0] && (c->now_s < x.not_before || c->now_s > x.not_after)) {
            bdk_x509_name(x.subject, c->bad_name, sizeof c->bad_name);
            c->bad_from = x.not_before;
            c->bad_until = x.not_after;
        }
    }
    if (c->n_certs++ == 0)
        c->refusal = ok ? tls_judge_leaf(c, &x) : TLS_UNREADABLE;
    c->minimal.vtable->end_cert(&c->minimal.vtable);
}

static unsigned tls_end_chain(const br_x509_class **ctx)
{
    struct tls_chain *c = tls_chain_of(ctx);
    unsigned err = c->minimal.vtable->end_chain(&c->minimal.vtable);

    return err == 0 && c->refusal != TLS_FINE ? BR_ERR_X509_BAD_SERVER_NAME : err;
}

static const br_x509_pkey *tls_get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
    const struct tls_chain *c = (const struct tls_chain *)(uintptr_t)ctx;

    return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
}

static const br_x509_class tls_chain_class = {
    sizeof(struct tls_chain), tls_start_chain, tls_start_cert, tls_append, tls_end_cert,
    tls_end_chain, tls_get_pkey,
};

/* ---- The engine ---- */

struct bdk_tls {
    br_ssl_client_context sc;
    struct tls_chain *chain;    /* released when the handshake is done */
    const struct bdk_lower *lower;
    void *lower_ctx;
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    int64_t wall_ms;
    int ready;                  /* the handshake is done */
    int unflushed;              /* application data waits in the engine for a full record */
    size_t in_top, out_top;     /* so much of the buffers may hold what was said */
    size_t n_first;             /* the first bytes that came, to recognise what is not TLS */
    unsigned char first[5];
    char host[256];
    unsigned char ibuf[BR_SSL_BUFSIZE_INPUT];
    unsigned char obuf[BR_SSL_BUFSIZE_OUTPUT];
};

static const char *const tls_alpn[] = {"http/1.1"};

static const uint16_t tls_suites_aes_first[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};

/* Without AES instructions the constant-time AES is several times slower than ChaCha20. */
static const uint16_t tls_suites_chacha_first[] = {
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};

static int tls_has_aes(void)
{
    return br_aes_x86ni_ctr_get_vtable() != NULL || br_aes_pwr8_ctr_get_vtable() != NULL;
}

static const struct {
    uint16_t suite;
    const char *name;
} tls_suite_names[] = {
    {BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"},
    {BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"},
    {BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"},
};

const char *bedrock_tls_profile(void)
{
    return tls_has_aes() ? "BearSSL, TLS 1.2, ECDHE with AES-GCM or ChaCha20-Poly1305"
                         : "BearSSL, TLS 1.2, ECDHE with ChaCha20-Poly1305 or AES-GCM";
}

static void tls_setup_chain(struct tls_chain *c, const struct bdk_trust *trust, int64_t wall_ms)
{
    int64_t days = wall_ms / 86400000, seconds = wall_ms / 1000 % 86400;

    c->vtable = &tls_chain_class;
    c->now_s = wall_ms / 1000;
    br_x509_minimal_init(&c->minimal, &br_sha256_vtable, trust->anchors, trust->n);
    br_x509_minimal_set_hash(&c->minimal, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(&c->minimal, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_rsa(&c->minimal, br_rsa_pkcs1_vrfy_get_default());
    br_x509_minimal_set_ecdsa(&c->minimal, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
    br_x509_minimal_set_minrsa(&c->minimal, TLS_MIN_RSA_BYTES);
    br_x509_minimal_set_time(&c->minimal, (uint32_t)(days + TLS_UNIX_EPOCH_DAYS),
                             (uint32_t)seconds);
}

static void tls_setup_engine(struct bdk_tls *t)
{
    br_ssl_engine_context *eng = &t->sc.eng;
    const uint16_t *suites = tls_has_aes() ? tls_suites_aes_first : tls_suites_chacha_first;

    br_ssl_client_zero(&t->sc);
    br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(eng, suites, sizeof tls_suites_aes_first / sizeof suites[0]);
    br_ssl_engine_set_ec(eng, br_ec_get_default());
    br_ssl_client_set_default_rsapub(&t->sc);
    br_ssl_engine_set_default_rsavrfy(eng);
    br_ssl_engine_set_default_ecdsa(eng);
    br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
    br_ssl_engine_set_default_aes_gcm(eng);
    br_ssl_engine_set_default_chapol(eng);
    br_ssl_engine_set_x509(eng, &t->chain->vtable);
    br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_protocol_names(eng, (const char **)(uintptr_t)tls_alpn, 1);
    br_ssl_engine_set_buffers_bidi(eng, t->ibuf, sizeof t->ibuf, t->obuf, sizeof t->obuf);
}

/* BearSSL seeds itself from RDRAND or /dev/urandom; the kernel's own word goes in beside it. */
static int tls_seed(struct bdk_tls *t)
{
    unsigned char seed[32];
    int rc = bdk_random(seed, sizeof seed);

    if (rc == 0)
        br_ssl_engine_inject_entropy(&t->sc.eng, seed, sizeof seed);
    bdk_wipe(seed, sizeof seed);
    return rc;
}

/* ---- Telling what failed ---- */

static int tls_expired(const struct bdk_tls *t, struct bedrock_error *e)
{
    const struct tls_chain *c = t->chain;
    char now[24], when[24];
    int late = c->now_s > c->bad_until;

    bdk_date_human(c->now_s, now);
    if (!c->bad_name[0])
        return bdk_error_set(e, BEDROCK_ERR_TLS,
                             "TLS with %s: a certificate is not valid now; the clock of this machine "
                             "reads %s", t->host, now);
    bdk_date_human(late ? c->bad_until : c->bad_from, when);
    return bdk_error_set(e, BEDROCK_ERR_TLS,
                         "TLS with %s: the certificate of \"%s\" %s %s; the clock of this machine "
                         "reads %s", t->host, c->bad_name, late ? "expired at" : "is not valid before",
                         when, now);
}

static int tls_bad_name(const struct bdk_tls *t, struct bedrock_error *e)
{
    static const char *const why[] = {
        [TLS_FINE] = "the certificate is for another name",
        [TLS_NO_SAN] = "the certificate has no subject alternative name; its common name does not count",
        [TLS_NOT_FOR_SERVERS] = "the certificate is not meant for a server (extended key usage)",
        [TLS_OTHER_ADDRESS] = "the certificate does not name this address",
        [TLS_UNREADABLE] = "the certificate cannot be read",
    };

    return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: %s", t->host, why[t->chain->refusal]);
}

static const struct {
    int err;
    const char *text;
} tls_error_texts[] = {
    {BR_ERR_NO_RANDOM, "no entropy source"},
    {BR_ERR_UNSUPPORTED_VERSION, "the server chose a protocol version other than TLS 1.2"},
    {BR_ERR_BAD_VERSION, "what the server sent is not TLS"},
    {BR_ERR_BAD_LENGTH, "what the server sent is not TLS"},
    {BR_ERR_TOO_LARGE, "a record from the server is too large"},
    {BR_ERR_BAD_MAC, "a record from the server was damaged on its way"},
    {BR_ERR_BAD_SIGNATURE, "the server's key exchange is not signed by its certificate"},
    {BR_ERR_BAD_CIPHER_SUITE, "the server chose a cipher suite that was not offered"},
    {BR_ERR_WRONG_KEY_USAGE, "the certificate's key may not be used for this"},
    {BR_ERR_X509_BAD_SIGNATURE, "a signature in the certificate chain is wrong"},
    {BR_ERR_X509_UNSUPPORTED, "a certificate uses an algorithm that is not supported (SHA-256 and "
                              "SHA-384 with RSA or ECDSA are)"},
    {BR_ERR_X509_DN_MISMATCH, "the certificate chain is out of order"},
    {BR_ERR_X509_CRITICAL_EXTENSION, "a certificate has a critical extension that is not understood"},
    {BR_ERR_X509_NOT_CA, "the certificate chain goes through a certificate that is not a CA's"},
    {BR_ERR_X509_WEAK_PUBLIC_KEY, "a certificate's RSA key is smaller than 2048 bits"},
    {256 + 40, "the server broke off the handshake (alert 40): no cipher suite, group or signature in "
               "common, or it demands a client certificate"},
    {256 + 42, "the server called our certificate bad (alert 42)"},
    {256 + 80, "the server had an internal error (alert 80)"},
    {256 + 112, "the server does not know this host name (alert 112)"},
    {256 + 120, "the server does not speak HTTP/1.1 on this port (alert 120)"},
};

static int tls_explain(const struct bdk_tls *t, struct bedrock_error *e)
{
    int err = br_ssl_engine_last_error(&t->sc.eng);

    e->tls_code = e->code ? e->tls_code : err;
    if (!t->ready && t->n_first == sizeof t->first && memcmp(t->first, "HTTP/", 5) == 0)
        return bdk_error_set(e, BEDROCK_ERR_TLS,
                             "TLS with %s: the server answers in plain HTTP on this port", t->host);
    /* RFC 5246 6.2.1: no record begins like this */
    if (!t->ready && t->n_first > 0 && (t->first[0] < 20 || t->first[0] > 23))
        return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: what the server sent is not TLS", t->host);
    if (t->ready && err >= 256 && err < 512)
        return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: the server broke off the connection "
                             "(alert %d)", t->host, err - 256);
    if (err == BR_ERR_X509_EXPIRED && t->chain)
        return tls_expired(t, e);
    if (err == BR_ERR_X509_BAD_SERVER_NAME && t->chain)
        return tls_bad_name(t, e);
    if (err == BR_ERR_X509_NOT_TRUSTED && t->chain)
        return bdk_error_set(e, BEDROCK_ERR_TLS,
                             "TLS with %s: not trusted: the certificate chain ends at the issuer "
                             "\"%s\", which is none of the trusted roots", t->host, t->chain->issuer);
    if (err == 256 + TLS_ALERT_PROTOCOL_VERSION)
        return bdk_error_set(e, BEDROCK_ERR_TLS,
                             "TLS with %s: the server refuses TLS 1.2 (alert 70); it may speak TLS "
                             "1.3 only, which this client does not", t->host);
    for (size_t i = 0; i < sizeof tls_error_texts / sizeof tls_error_texts[0]; i++)
        if (tls_error_texts[i].err == err)
            return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: %s", t->host,
                                 tls_error_texts[i].text);
    if (err >= 256 && err < 512)
        return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: the server sent alert %d", t->host,
                             err - 256);
    return bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: what the server sent is not acceptable "
                         "(BearSSL error %d)", t->host, err);
}

/* The peer closed, or reset, while TLS was still open. */
static int tls_cut(const struct bdk_tls *t, struct bedrock_error *e)
{
    if (t->ready)
        return bdk_error_set(e, BEDROCK_ERR_TRUNCATED,
                             "%s closed the connection without ending TLS", t->host);
    if (t->n_first == 0)
        return bdk_error_set(e, BEDROCK_ERR_TLS,
                             "TLS with %s: the server closed the connection at our first message; a "
                             "server that speaks TLS 1.3 only does that", t->host);
    if (e->code == 0) {
        bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: the server closed the connection during the "
                      "handshake", t->host);
        e->retryable = 1; /* no verdict on TLS: the connection broke */
    }
    return e->code;
}

/* ---- Moving bytes ---- */

static void tls_remember_first(struct bdk_tls *t, const unsigned char *p, size_t n)
{
    while (n-- > 0 && t->n_first < sizeof t->first)
        t->first[t->n_first++] = *p++;
}

/* Send what the engine has ready: 0 all of it, WANT_WRITE, or a failure. */
static int tls_send(struct bdk_tls *t, struct bedrock_error *e)
{
    size_t len, n;
    unsigned char *p;
    int rc = 0;

    while (rc == 0 && (br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_SENDREC)) {
        p = br_ssl_engine_sendrec_buf(&t->sc.eng, &len);
        rc = t->lower->write(t->lower_ctx, p, len, &n, e);
        if (n > 0)
            br_ssl_engine_sendrec_ack(&t->sc.eng, n);
    }
    return rc;
}

/* Give the engine what the network has: 0 something, WANT_READ, or a failure. */
static int tls_receive(struct bdk_tls *t, struct bedrock_error *e)
{
    struct bedrock_error io = {0};
    size_t len, n = 0;
    unsigned char *p = br_ssl_engine_recvrec_buf(&t->sc.eng, &len);
    int rc = t->lower->read(t->lower_ctx, p, len, &n, &io);

    if (rc == 0 && n > 0) {
        size_t top = (size_t)(p - t->ibuf) + n;

        t->in_top = top > t->in_top ? top : t->in_top; /* it is decrypted in place */
        if (!t->ready) {
            tls_remember_first(t, p, n);
            t->lower->quickack(t->lower_ctx);
        }
        br_ssl_engine_recvrec_ack(&t->sc.eng, n);
        return 0;
    }
    if (rc > 0)
        return rc; /* TLS below may first want to write */
    if (rc < 0 && (t->ready || io.sys_errno != ECONNRESET)) {
        *e = e->code ? *e : io;
        return e->code;
    }
    return tls_cut(t, e);
}

/*
 * Let records flow both ways until the engine is in one of the wanted states: 0. WANT_READ or
 * WANT_WRITE when the network must move first; below zero when it or the engine has failed.
 */
static int tls_pump(struct bdk_tls *t, unsigned wanted, struct bedrock_error *e)
{
    for (int round = 0;; round++) {
        unsigned state = br_ssl_engine_current_state(&t->sc.eng);
        int sent = 0, rc;

        if (state & BR_SSL_CLOSED)
            return br_ssl_engine_last_error(&t->sc.eng) ? tls_explain(t, e) : 0;
        if (state & BR_SSL_SENDREC) {
            sent = tls_send(t, e);
            /* a refused write may hide the alert that says why: read on before giving up */
            if (sent < 0 && !(state & BR_SSL_RECVREC))
                return sent;
            state = br_ssl_engine_current_state(&t->sc.eng);
        }
        if (state & wanted)
            return 0;
        if (!(state & BR_SSL_RECVREC))
            return sent ? sent : BEDROCK_WANT_READ;
        /* empty records and warnings without end: what is not read yet wakes poll() at once */
        if (round == TLS_MAX_ROUNDS)
            return sent < 0 ? sent : BEDROCK_WANT_READ;
        rc = tls_receive(t, e);
        if (rc != 0)
            return rc == BEDROCK_WANT_READ && sent ? sent : rc;
    }
}

static void tls_release_chain(struct bdk_tls *t)
{
    bdk_resize(t->alloc, t->alloc_ctx, t->chain, t->chain ? sizeof *t->chain : 0, 0);
    t->chain = NULL;
}

int bdk_tls_open(struct bdk_tls **out, const struct bdk_lower *lower, void *lower_ctx, const char *host,
                 const struct bdk_trust *trust, int64_t wall_ms, bedrock_alloc_fn alloc,
                 void *alloc_ctx, struct bedrock_error *e)
{
    struct bdk_tls *t = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *t);
    size_t n;

    *out = NULL;
    if (!t)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memset(t, 0, offsetof(struct bdk_tls, ibuf));
    t->lower = lower;
    t->lower_ctx = lower_ctx;
    t->alloc = alloc;
    t->alloc_ctx = alloc_ctx;
    t->wall_ms = wall_ms;
    snprintf(t->host, sizeof t->host, "%s", host);
    n = strlen(t->host);
    if (n > 1 && t->host[n - 1] == '.')
        t->host[n - 1] = 0; /* certificates name hosts without the root's dot */
    t->chain = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *t->chain);
    if (!t->chain) {
        bdk_tls_close(t);
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    }
    memset(t->chain, 0, offsetof(struct tls_chain, cert));
    t->chain->ip_len = bdk_host_ip(t->host, t->chain->ip);
    tls_setup_chain(t->chain, trust, wall_ms);
    tls_setup_engine(t);
    /* BearSSL checks no name when it is given none */
    if (t->host[0] == 0)
        bdk_error_set(e, BEDROCK_ERR_CONFIG, "TLS needs a host name");
    else if (tls_seed(t) != 0)
        bdk_error_set(e, BEDROCK_ERR_TLS, "TLS with %s: the kernel gave no random bytes", t->host);
    else if (!br_ssl_client_reset(&t->sc, t->chain->ip_len ? NULL : t->host, 0))
        tls_explain(t, e);
    if (e->code != 0) {
        bdk_tls_close(t);
        return e->code;
    }
    *out = t;
    return 0;
}

int bdk_tls_step(struct bdk_tls *t, struct bedrock_error *e)
{
    int rc;

    if (t->ready)
        return 0;
    rc = tls_pump(t, BR_SSL_SENDAPP | BR_SSL_RECVAPP, e);
    if (rc != 0)
        return rc;
    if (br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_CLOSED)
        return tls_cut(t, e);
    t->ready = 1;
    tls_release_chain(t);
    return 0;
}

int bdk_tls_read(struct bdk_tls *t, void *buf, size_t cap, size_t *n, struct bedrock_error *e)
{
    unsigned char *p;
    size_t len;
    int rc;

    *n = 0;
    if (t->unflushed) {
        br_ssl_engine_flush(&t->sc.eng, 0);
        t->unflushed = 0;
    }
    rc = tls_pump(t, BR_SSL_RECVAPP, e);
    /* an engine that receives no more has seen close_notify; that our own is stuck changes nothing */
    if (rc == BEDROCK_WANT_WRITE && !(br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_RECVREC))
        return 0;
    if (rc != 0)
        return rc;
    if (br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_CLOSED)
        return 0; /* close_notify: the proper end */
    p = br_ssl_engine_recvapp_buf(&t->sc.eng, &len);
    *n = len < cap ? len : cap;
    memcpy(buf, p, *n);
    br_ssl_engine_recvapp_ack(&t->sc.eng, *n);
    return 0;
}

int bdk_tls_write(struct bdk_tls *t, const void *buf, size_t len, size_t *n,
                  struct bedrock_error *e)
{
    unsigned char *p;
    size_t room;
    int rc;

    *n = 0;
    while (!(br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_SENDAPP)) {
        if (br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_CLOSED)
            return br_ssl_engine_last_error(&t->sc.eng)
                       ? tls_explain(t, e)
                       : bdk_error_set(e, BEDROCK_ERR_IO, "%s closed the connection", t->host);
        rc = tls_send(t, e);
        if (rc != 0)
            return rc;
        if (!(br_ssl_engine_current_state(&t->sc.eng) & (BR_SSL_SENDAPP | BR_SSL_SENDREC)))
            return BEDROCK_WANT_WRITE;
    }
    p = br_ssl_engine_sendapp_buf(&t->sc.eng, &room);
    *n = len < room ? len : room;
    memcpy(p, buf, *n);
    room = (size_t)(p - t->obuf) + *n;
    t->out_top = room > t->out_top ? room : t->out_top; /* if it is never flushed it stays readable */
    br_ssl_engine_sendapp_ack(&t->sc.eng, *n);
    t->unflushed = 1;
    return 0;
}

int bdk_tls_flush(struct bdk_tls *t, struct bedrock_error *e)
{
    if (t->unflushed)
        br_ssl_engine_flush(&t->sc.eng, 0);
    t->unflushed = 0;
    return tls_send(t, e);
}

int bdk_tls_holds_data(const struct bdk_tls *t)
{
    return (br_ssl_engine_current_state(&t->sc.eng) & BR_SSL_RECVAPP) != 0;
}

int bdk_tls_events(const struct bdk_tls *t)
{
    unsigned state = br_ssl_engine_current_state(&t->sc.eng);

    return (state & BR_SSL_RECVREC ? POLLIN : 0) | (state & BR_SSL_SENDREC ? POLLOUT : 0);
}

void bdk_tls_describe(const struct bdk_tls *t, char *out, size_t cap)
{
    br_ssl_session_parameters p;
    const char *name = "unknown suite";

    br_ssl_engine_get_session_parameters(&t->sc.eng, &p);
    for (size_t i = 0; i < sizeof tls_suite_names / sizeof tls_suite_names[0]; i++)
        if (tls_suite_names[i].suite == p.cipher_suite)
            name = tls_suite_names[i].name;
    bdk_wipe(&p, sizeof p);
    snprintf(out, cap, "TLS 1.2, %s", name);
}

void bdk_tls_watch(struct bdk_tls *t, struct bedrock_probe *seen)
{
    if (t->chain)
        t->chain->seen = seen;
}

void bdk_tls_close(struct bdk_tls *t)
{
    struct bedrock_error ignored = {0};

    if (!t)
        return;
    if (t->ready) {
        br_ssl_engine_close(&t->sc.eng);
        tls_send(t, &ignored);
    }
    tls_release_chain(t);
    bdk_wipe(&t->sc, sizeof t->sc);
    bdk_wipe(t->ibuf, t->in_top); /* no more than was used: the rest need not become memory */
    bdk_wipe(t->obuf, t->out_top);
    bdk_resize(t->alloc, t->alloc_ctx, t, sizeof *t, 0);
}
