/*
 * bedrock_pure.h - what the pure sources offer the others: bytes in, bytes out, however they were cut; no
 * socket, clock, environment or file. Not installed, not an API; part of bedrock_int.h.
 *
 * A pure reader answers 0 for done, BDK_MORE for "more, please" and below zero for malformed.
 */
#ifndef BEDROCK_PURE_H
#define BEDROCK_PURE_H

#include "bedrock.h"

#define BDK_MAX_ARN 2048 /* API reference: no ARN or model id is longer */

#define BDK_MORE 1 /* the input was consumed and the thing is not complete yet */
#define BDK_DATA 2 /* a piece of the body came out; there may be more in the input */

/* ---- cpu.c: which instructions this processor has ------------------------------------------ */

#define BDK_CPU_SHA 1u    /* x86 SHA-NI with SSE4.1, or ARMv8 SHA2 */
#define BDK_CPU_PCLMUL 2u /* x86 carry-less multiplication with SSE4.1 */

/* Asked once per client and handed down, so that no global state is needed. */
unsigned bdk_cpu(void);

/* ---- buffer.c: growable bytes -------------------------------------------------------------- */

/* Overwrite n bytes in a way that the optimiser cannot drop. */
void bdk_wipe(void *p, size_t n);

/* The allocation hook, with the C library behind a NULL fn. Freeing NULL is allowed. */
void *bdk_resize(bedrock_alloc_fn fn, void *ctx, void *p, size_t old, size_t n);

/* Make room for n more bytes; returns b->error. */
int bdk_buffer_reserve(struct bedrock_buffer *b, size_t n);

/* Append a zero-terminated text. */
int bdk_buffer_text(struct bedrock_buffer *b, const char *text);

/* Set the first error. Returns b->error. */
int bdk_buffer_fail(struct bedrock_buffer *b, int code);

/* ASCII alone, in any locale: the lower-case letter, if it is one; letter or digit; 0 to 15, or -1. */
char bdk_lower(char c);
int bdk_is_alnum(char c);
int bdk_hex_digit(char c);

/* A slice of a zero-terminated text; NULL gives an empty one. */
struct bedrock_slice bdk_slice(const char *text);

/* Comparison with a zero-terminated text: exact, and without case (ASCII only). */
int bdk_slice_is(struct bedrock_slice s, const char *text);
int bdk_slice_is_nocase(struct bedrock_slice s, const char *text);

/* ---- json.c: what writer.c needs of it, and streams ---------------------------------------- */

#define BDK_JSON_MAX_DEPTH 512u

/* The first byte of [p, end) that ends a plain run in a string: '"', '\\', a control or one outside of
 * ASCII. */
const unsigned char *bdk_json_plain(const unsigned char *p, const unsigned char *end);

/* RFC 3629 4: step *p over a character outside of ASCII. -1: *p stands on its first byte that is
 * wrong, or at the end. */
int bdk_json_utf8(const unsigned char **p, const unsigned char *end);

/* A bit a level: is it an object? */
int bdk_json_level(const unsigned char levels[BDK_JSON_MAX_DEPTH / 8], unsigned level);
void bdk_json_level_set(unsigned char levels[BDK_JSON_MAX_DEPTH / 8], unsigned level, int object);

/* How deep a checked value is; 0: a scalar. */
size_t bdk_json_depth(struct bedrock_json v);

/* As bedrock_json_parse(), but half of a surrogate pair may stand alone: a stream cuts where it likes. */
int bdk_json_parse_halves(const char *text, size_t len, struct bedrock_json *v, struct bedrock_json_error *e);

/* 1 when the string ends in the first half of a surrogate pair: an escape, the six bytes before the quote. */
int bdk_json_ends_in_half(struct bedrock_json v);

/* Write \ufffd in the place of every half that stands alone: then bedrock_json_parse() takes it, too. */
void bdk_json_mend(char *text, size_t len);

/* ---- writer.c: what body.c and assemble.c need of it --------------------------------------- */

/* A string whose characters the caller appends to w->out himself between the two; none may need an
 * escape. Begin returns w->out.error. */
int bdk_write_string_begin(struct bedrock_writer *w);
void bdk_write_string_end(struct bedrock_writer *w);

/* As bedrock_write_raw(), but for a text that bdk_json_parse_halves() takes: it is written mended. */
void bdk_write_mended(struct bedrock_writer *w, const char *json, size_t len);

/* ---- sha256.c: FIPS 180-4 and RFC 2104 ----------------------------------------------------- */

#define BDK_SHA256_LEN 32

struct bdk_sha256 {
    uint32_t h[8];
    uint64_t total;             /* bytes so far */
    unsigned char block[64];    /* the incomplete block: total % 64 bytes of it */
    unsigned cpu;
};

void bdk_sha256_init(struct bdk_sha256 *s, unsigned cpu);
void bdk_sha256_update(struct bdk_sha256 *s, const void *p, size_t n);
void bdk_sha256_final(struct bdk_sha256 *s, unsigned char out[BDK_SHA256_LEN]); /* wipes s */
void bdk_sha256_of(const void *p, size_t n, unsigned char out[BDK_SHA256_LEN], unsigned cpu);

struct bdk_hmac {
    struct bdk_sha256 inner, outer;
};

void bdk_hmac_init(struct bdk_hmac *h, const void *key, size_t key_len, unsigned cpu);
void bdk_hmac_update(struct bdk_hmac *h, const void *p, size_t n);
void bdk_hmac_final(struct bdk_hmac *h, unsigned char out[BDK_SHA256_LEN]); /* wipes h */
void bdk_hmac_of(const void *key, size_t key_len, const void *p, size_t n,
                 unsigned char out[BDK_SHA256_LEN], unsigned cpu);

/* 2 * n lower-case hex digits, not terminated. */
void bdk_hex(char *out, const unsigned char *p, size_t n);

/* ---- crc32.c: CRC-32 as in gzip (reflected 0xEDB88320) ------------------------------------- */

/* Start with crc 0 and feed each result to the next call. */
uint32_t bdk_crc32(uint32_t crc, const void *p, size_t n, unsigned cpu);

/* ---- eventstream.c: application/vnd.amazon.eventstream ------------------------------------- */

#define BDK_ES_MAX_HEADERS 131072u
#define BDK_ES_MAX_PAYLOAD 25165824u
#define BDK_ES_MAX_FRAME (BDK_ES_MAX_HEADERS + BDK_ES_MAX_PAYLOAD + 16u)

enum bdk_es_type {
    BDK_ES_TRUE, BDK_ES_FALSE, BDK_ES_BYTE, BDK_ES_SHORT, BDK_ES_INT, BDK_ES_LONG,
    BDK_ES_BYTES, BDK_ES_STRING, BDK_ES_TIMESTAMP, BDK_ES_UUID
};

struct bdk_es_header {
    struct bedrock_slice name;
    enum bdk_es_type type;
    struct bedrock_slice value; /* STRING, BYTES, UUID: the bytes */
    int64_t number;             /* BYTE, SHORT, INT, LONG, TIMESTAMP (ms since 1970) */
};

/* A frame whose checksums and headers were verified. */
struct bdk_es_frame {
    struct bedrock_slice headers;
    struct bedrock_slice payload;
};

struct bdk_es_decoder {
    struct bedrock_buffer held; /* a frame that arrives in pieces; reused */
    size_t max_frame;
    size_t frame_len;   /* of the held frame once its prelude was verified, else 0 */
    unsigned cpu;
    int delivered;      /* the held frame was handed out: drop it first */
    int error;          /* sticky */
    const char *why;    /* static text for error */
};

/* max_frame 0: BDK_ES_MAX_FRAME. */
void bdk_es_init(struct bdk_es_decoder *d, size_t max_frame, unsigned cpu, bedrock_alloc_fn alloc,
                 void *alloc_ctx);
void bdk_es_free(struct bdk_es_decoder *d);

/*
 * Consume input from *p up to the end of one frame. 0: *f is that frame, valid until d is used again
 * and as long as the input is; a frame that lies whole in the input is not copied, one that comes in
 * pieces is collected in d->held. BDK_MORE: all input was consumed. BEDROCK_ERR_PROTOCOL, _LIMIT or
 * _NOMEM: for good; d->why says what.
 */
int bdk_es_next(struct bdk_es_decoder *d, const char **p, size_t *len, struct bdk_es_frame *f);

/* At the end of the body: 0 at a frame boundary, BEDROCK_ERR_TRUNCATED inside one. */
int bdk_es_end(const struct bdk_es_decoder *d);

/* Next header of a verified frame; *rest starts as f.headers. 1: filled, 0: no more, below zero:
 * malformed (never, for a frame from bdk_es_next()). */
int bdk_es_header_next(struct bedrock_slice *rest, struct bdk_es_header *h);

/* The string header of that name; {NULL, 0} when absent or of another type. */
struct bedrock_slice bdk_es_string(const struct bdk_es_frame *f, const char *name);

/* Append a frame. BEDROCK_ERR_USAGE for what does not fit the format. Returns b->error. */
int bdk_es_append(struct bedrock_buffer *b, const struct bdk_es_header *headers, size_t n_headers,
                  const void *payload, size_t payload_len, unsigned cpu);

/* ---- date.c: calendar arithmetic without the C library's time zones ------------------------ */

struct bdk_date {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

/* UTC. Any date from year 1 to 9999. */
struct bdk_date bdk_date_of(int64_t epoch_s);
int64_t bdk_epoch_of(const struct bdk_date *d);

/* 0 when every field is in its range (leap years counted, second up to 60), else BEDROCK_ERR_PROTOCOL. */
int bdk_date_check(const struct bdk_date *d);

/* "20260102T030405Z" with its zero byte. */
void bdk_date_basic(int64_t epoch_s, char out[17]);

/* "2026-01-02 03:04:05 UTC" with its zero byte. */
void bdk_date_human(int64_t epoch_s, char out[24]);

/* "2026-01-02T03:04:05Z" with its zero byte. */
void bdk_date_rfc3339(int64_t epoch_s, char out[21]);

/* An RFC 3339 time as the services write it, "2026-01-02T03:04:05Z", with any fraction (which is dropped)
 * and any offset; 0 or BEDROCK_ERR_PROTOCOL. */
int bdk_date_iso(struct bedrock_slice text, int64_t *epoch_s);

/* An IMF-fixdate (RFC 9110 5.6.7), "Fri, 02 Jan 2026 03:04:05 GMT"; 0 or BEDROCK_ERR_PROTOCOL. */
int bdk_date_http(struct bedrock_slice text, int64_t *epoch_s);

/* ---- http.c: HTTP/1.1 messages (RFC 9112) -------------------------------------------------- */

#define BDK_HTTP_MAX_HEAD 65536u

struct bdk_field {
    const char *name;
    struct bedrock_slice value;
};

/*
 * Append a request head: request line, the fields in order, an empty line. target is written as it
 * is. BEDROCK_ERR_USAGE for a method, target, name or value that would break the message (controls,
 * spaces in a target, CR, LF, NUL). Returns b->error.
 */
int bdk_http_request(struct bedrock_buffer *b, const char *method, struct bedrock_slice target,
                     const struct bdk_field *fields, size_t n_fields);

/* 1 when a name may stand before the ':' of a field, and a value behind it. */
int bdk_http_is_token(struct bedrock_slice name);
int bdk_http_is_value(struct bedrock_slice value);

/* Append p[0..n) percent-encoded: all but A-Z a-z 0-9 - _ . ~ and, when keep_slash, '/'. */
int bdk_uri_encode(struct bedrock_buffer *b, const char *p, size_t n, int keep_slash);

enum bdk_http_framing { BDK_HTTP_NO_BODY, BDK_HTTP_LENGTH, BDK_HTTP_CHUNKED, BDK_HTTP_UNTIL_CLOSE };

struct bdk_http_head {
    int status;
    int minor;                      /* HTTP/1.minor */
    size_t len;                     /* bytes up to and with the empty line, skipped 1xx included */
    struct bedrock_slice fields;    /* the field lines of the final response */
    enum bdk_http_framing framing;
    uint64_t content_length;        /* for BDK_HTTP_LENGTH */
    int keep_alive;                 /* the connection may be used again after the body */
};

/*
 * Read the head of a response from p[0..len), which always starts at the same byte while it grows.
 * Interim responses (1xx) are skipped; 101 is refused. *scanned is the caller's memo between calls,
 * 0 at first, so that no byte is looked at twice. 0: *h is filled, with slices into p. BDK_MORE.
 * BEDROCK_ERR_PROTOCOL, or _LIMIT above BDK_HTTP_MAX_HEAD; *why is a static text (why may be NULL).
 */
int bdk_http_head_read(const char *p, size_t len, size_t *scanned, struct bdk_http_head *h,
                       const char **why);

/* The value of the first field of that name, any case, without surrounding white space. */
struct bedrock_slice bdk_http_field(const struct bdk_http_head *h, const char *name);

struct bdk_http_body {
    enum bdk_http_framing framing;
    uint64_t left;      /* of the length or of the chunk */
    int state;
    unsigned line_len;  /* bytes of the current chunk-size or trailer section, for its ceiling */
    const char *why;    /* static text for a failure */
};

void bdk_http_body_init(struct bdk_http_body *b, const struct bdk_http_head *h);

/*
 * Take one piece of body out of the input. BDK_DATA: *data is the piece (never empty) and *p moved
 * behind it. BDK_MORE: all input was consumed. 0: the body is complete; *p stands behind its last
 * byte (trailers included) and stays there. Below zero: malformed, for good.
 */
int bdk_http_body_next(struct bdk_http_body *b, const char **p, size_t *len,
                       struct bedrock_slice *data);

/* The peer closed: 0 when the body is complete by that, BEDROCK_ERR_TRUNCATED when it is not. */
int bdk_http_body_eof(const struct bdk_http_body *b);

/* ---- sigv4.c: AWS Signature Version 4, header variant -------------------------------------- */

struct bdk_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;  /* NULL or "": none */
};

#define BDK_SIGV4_MAX_PARAMETERS 64 /* of a query; more are BEDROCK_ERR_USAGE */

/* The signing key of a day, Region and service; zero it to start, bdk_wipe() it in the end. */
struct bdk_sigv4_key {
    unsigned char key[BDK_SHA256_LEN];
    unsigned char id[BDK_SHA256_LEN];   /* digest of what it was derived from */
    int valid;
};

struct bdk_sigv4_request {
    const char *method;
    struct bedrock_slice path;      /* as on the request line, percent-encoded once, without query */
    struct bedrock_slice query;     /* as on the request line, without '?' */
    const struct bdk_field *fields; /* all headers to sign: host, x-amz-date and the token included */
    size_t n_fields;
    const char *payload_hash;       /* 64 hex digits */
    const char *service;
    const char *region;
    const char *date;               /* "20260102T030405Z", the value of x-amz-date */
};

/*
 * The stages, for tests and for signing: append the canonical request (fields that SigV4 never signs
 * are left out), the signed header list, the string to sign. Each returns b->error.
 */
int bdk_sigv4_canonical(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq);
int bdk_sigv4_signed_headers(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq);
int bdk_sigv4_string_to_sign(struct bedrock_buffer *b, const struct bdk_sigv4_request *rq,
                             const void *canonical, size_t canonical_len, unsigned cpu);

/* 64 hex digits into out, not terminated. key is reused when it fits and renewed when not. */
void bdk_sigv4_signature(char out[64], struct bdk_sigv4_key *key, const struct bdk_credentials *c,
                         const struct bdk_sigv4_request *rq, const void *string_to_sign, size_t len,
                         unsigned cpu);

/* All of it: append the value of the Authorization header. Scratch space uses b's allocator and is
 * wiped. Returns b->error. */
int bdk_sigv4_authorization(struct bedrock_buffer *b, struct bdk_sigv4_key *key,
                            const struct bdk_credentials *c, const struct bdk_sigv4_request *rq,
                            unsigned cpu);

/* ---- x509.c: PEM bundles and the fields of a certificate that we look at (RFC 7468, 5280) ---- */

/*
 * The next certificate block (CERTIFICATE, X509 or TRUSTED CERTIFICATE) of a PEM text. 1: its DER
 * bytes were written to der and *der_len is set; 0: no more; BEDROCK_ERR_PROTOCOL: a block that is
 * not base64 or has no end; BEDROCK_ERR_LIMIT: larger than cap. *text moves behind the block in each
 * case but 0. What stands behind a trusted certificate is cut off, and one that it does not trust for
 * servers is skipped. A missing last newline, a byte-order mark, CRLF and text between blocks lose nothing.
 */
int bdk_pem_next(struct bedrock_slice *text, unsigned char *der, size_t cap, size_t *der_len);

enum bdk_key_type { BDK_KEY_OTHER, BDK_KEY_RSA, BDK_KEY_P256, BDK_KEY_P384, BDK_KEY_P521 };

/* Slices into the DER. Absent ones are empty. */
struct bdk_x509 {
    struct bedrock_slice issuer;    /* Name, its SEQUENCE header included */
    struct bedrock_slice subject;
    int64_t not_before, not_after;  /* seconds since 1970 */
    enum bdk_key_type key_type;
    struct bedrock_slice modulus, exponent; /* RSA: big-endian, no leading zeros */
    struct bedrock_slice point;             /* EC: uncompressed point */
    struct bedrock_slice spki;              /* SubjectPublicKeyInfo, header included */
    int has_san, has_eku, is_ca;
    int eku_server;                 /* extended key usage allows serverAuth or any */
    struct bedrock_slice san;       /* the GeneralNames' content */
};

/* Walk a certificate. 0, or BEDROCK_ERR_PROTOCOL. No signature is checked here. */
int bdk_x509_read(const unsigned char *der, size_t len, struct bdk_x509 *out);

/* 1 when the certificate's subjectAltName holds this iPAddress (4 or 16 bytes). */
int bdk_x509_has_ip(const struct bdk_x509 *c, const unsigned char *ip, size_t ip_len);

/* 1 when the certificate's subjectAltName holds any dNSName. */
int bdk_x509_has_dns(const struct bdk_x509 *c);

/* A name in words, its common name or else organisation, printable ASCII, zero-terminated, cut to cap. */
void bdk_x509_name(struct bedrock_slice name, char *out, size_t cap);

/* ---- roots.c: Amazon Trust Services' five roots as data ------------------------------------ */

struct bdk_anchor {
    struct bedrock_slice dn;    /* subject Name in DER */
    enum bdk_key_type key_type;
    struct bedrock_slice modulus, exponent; /* RSA */
    struct bedrock_slice point;             /* EC */
    int is_ca;
};

#define BDK_N_ROOTS 5
extern const struct bdk_anchor bdk_roots[BDK_N_ROOTS];

/* ---- error.c: telling what went wrong ------------------------------------------------------ */

/* Make every occurrence of a secret in a text unreadable, also one that was cut at its end. Secrets of
 * less than 8 bytes are none. secret may be NULL. */
void bdk_error_hide(char *text, const char *secret);

/* The same for session tokens: a signature error's text may repeat our canonical request, token and all. */
void bdk_error_hide_token(char *text);

/* Record the first cause: code and a formatted line. A second call changes nothing. Returns e->code. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int bdk_error_set(struct bedrock_error *e, int code, const char *format, ...);

/* The string member of an object whose name is this without regard to case; the last counts. */
struct bedrock_json bdk_error_member(struct bedrock_json object, const char *want);

/* Decode a string value into a fixed text, as below. */
void bdk_error_string(char *out, size_t cap, struct bedrock_json v);

/* Copy untrusted text as one line: controls become spaces, cut at a UTF-8 character to fit cap. */
void bdk_error_text(char *out, size_t cap, struct bedrock_slice text);

/*
 * Fill e from an error response: code name by x-amzn-ErrorType, then body member code (any case),
 * then __type, sanitised; message by body member message or Message, else the body itself; status,
 * request id, retryable. (AWS restJson1 protocol, "Operation error serialization".)
 */
void bdk_error_service(struct bedrock_error *e, const struct bdk_http_head *h,
                       struct bedrock_slice body);

/* The same from an exception or error frame in a stream; f must be one. */
void bdk_error_frame(struct bedrock_error *e, const struct bdk_es_frame *f);

/* ---- retry.c: what to do after a failure --------------------------------------------------- */

/* 1 when the service's error belongs to a class that may go away by itself. */
int bdk_retryable(const struct bedrock_error *e);

/* How long to wait after failed attempt number `attempt` (from 1): full jitter over a doubling span,
 * with 32 random bits. */
int bdk_retry_delay_ms(const struct bedrock_error *e, int attempt, uint32_t random);

/* ---- endpoint.c: where a service is -------------------------------------------------------- */

/* The services that are called; a client keeps endpoints for the first two. */
enum bdk_service {
    BDK_RUNTIME, BDK_CONTROL, BDK_N_SERVICES,
    BDK_STS = BDK_N_SERVICES, BDK_SSO, BDK_OIDC, BDK_SIGNIN, BDK_ALL_SERVICES
};

#define BDK_FIPS 1u
#define BDK_DUALSTACK 2u
#define BDK_STS_LEGACY 4u   /* sts_regional_endpoints=legacy; STS alone looks at it */

/* Each service's own words: a variable, and the key of a [services] section. */
struct bdk_endpoint_names {
    const char *env, *key;
};
extern const struct bdk_endpoint_names bdk_endpoint_env_names[BDK_ALL_SERVICES];

struct bdk_endpoint {
    char host[256];     /* as for connecting: no brackets around IPv6 */
    char authority[272];/* Host header: brackets and non-default port included */
    char base_path[256];/* "" or "/base", no trailing slash, as it goes on the request line */
    char region[64];    /* for the signature; "": a custom endpoint for which none was given */
    int port;
    int tls;
    int aws;            /* AWS's own endpoint in aws, aws-us-gov or aws-eusc: the five roots alone */
};

struct bdk_partition {
    const char *id;                     /* as in an ARN: "aws-cn" */
    const char *prefix;                 /* its Regions are prefix, word, '-', number */
    const char *global;                 /* the pseudo Region of what it has only once */
    const char *implicit;               /* and the Region such requests are signed for */
    const char *suffix, *dual_suffix;   /* of plain and dual-stack hosts */
    const char *signin;                 /* domain of the sign-in service */
    unsigned supports;                  /* of BDK_FIPS and BDK_DUALSTACK */
    int five_roots;                     /* design 6: held to Amazon's own roots */
};

/* The partition of a Region in lower case; "aws" for those that nobody knows. */
const struct bdk_partition *bdk_partition_of(const char *region);

/* Region must be a DNS label: it becomes part of a host name. */
int bdk_region_check(const char *region);

/* A Region as it was given: checked, in lower case; fips-X and X-fips are X and set BDK_FIPS in *flags. 0, or
 * BEDROCK_ERR_CONFIG with a message in e and an empty region. */
int bdk_region_read(char region[64], unsigned *flags, const char *given, struct bedrock_error *e);

/* Split an http:// or https:// URL; the Region stays empty. BEDROCK_ERR_CONFIG with a message in e. */
int bdk_url_parse(struct bdk_endpoint *ep, const char *url, struct bedrock_error *e);

/* The same, and http:// for loopback addresses only. */
int bdk_endpoint_parse(struct bdk_endpoint *ep, const char *url, struct bedrock_error *e);

/* A custom endpoint: the same, its requests signed for the Region (NULL or "": none); FIPS and dual-stack are
 * refused beside it. */
int bdk_endpoint_custom(struct bdk_endpoint *ep, const char *url, const char *region, unsigned flags,
                        struct bedrock_error *e);

/* The Region's own endpoint; flags: BDK_FIPS, BDK_DUALSTACK, BDK_STS_LEGACY. 0, or BEDROCK_ERR_CONFIG with
 * a message in e. */
int bdk_endpoint_of(struct bdk_endpoint *ep, enum bdk_service service, const char *region, unsigned flags,
                    struct bedrock_error *e);

/* The same for a Region as bdk_region_read() gives it, in a partition of the caller's choice. */
int bdk_endpoint_in(struct bdk_endpoint *ep, const struct bdk_partition *p, enum bdk_service service,
                    const char *region, unsigned flags, struct bedrock_error *e);

/* 1 for localhost, with or without the root's dot, 127.0.0.0/8 and ::1. */
int bdk_host_is_loopback(const char *host);

/* Parse a literal address: 4 or 16 bytes into ip, its length returned; 0: a name. */
size_t bdk_host_ip(const char *host, unsigned char ip[16]);

/* Copy the host between p and end in lower case, brackets around IPv6 off; -1: it is none. */
int bdk_host_copy(char host[256], const char *p, const char *end);

/* The port between p and end; -1: it is none. */
int bdk_port_read(const char *p, const char *end);

/* ---- base64.c: RFC 4648 -------------------------------------------------------------------- */

/* Bytes that wait for the next ones; zero it to start. */
struct bdk_base64 {
    unsigned char left[3];
    unsigned n;
};

/* Append p[0..n) encoded, as far as it fills groups of three; the rest follows with the next piece or the
 * end. Return b->error. */
int bdk_base64_add(struct bedrock_buffer *b, struct bdk_base64 *s, const void *p, size_t n);
int bdk_base64_end(struct bedrock_buffer *b, struct bdk_base64 *s);

/* Append p[0..n) in the alphabet for URLs, without padding. Returns b->error. */
int bdk_base64_url(struct bedrock_buffer *b, const void *p, size_t n);

/* Append what p[0..n) stands for; padding may be left out. 0, b->error, or BEDROCK_ERR_USAGE when it is no
 * base64 (b is as good as before, with some bytes more). */
int bdk_base64_decode(struct bedrock_buffer *b, const char *p, size_t n);

/* ---- media.c: what a file is --------------------------------------------------------------- */

enum bdk_block { BDK_NO_BLOCK, BDK_IMAGE, BDK_DOCUMENT, BDK_VIDEO, BDK_AUDIO };

struct bdk_media {
    enum bdk_block block;       /* BDK_NO_BLOCK: nothing that the API takes, as far as can be told */
    const char *format;         /* the API's word for it, static */
};

/* By its first bytes, and where these do not say by its name's extension. A few KiB are enough. */
struct bdk_media bdk_media_of(const char *name, const void *head, size_t n);
struct bdk_media bdk_media_of_name(const char *name);

/* ---- names.c: names of documents ----------------------------------------------------------- */

#define BDK_MAX_DOCUMENT_NAME 200u  /* DocumentBlock: characters */

/* `names` holds those that a request has; it begins empty and is nobody else's. */
int bdk_names_take(struct bedrock_buffer *names, const char *name);

/* A name made of the file's that no other has, " (2)" and so on behind it where need be; it is taken. 0 or
 * names->error. */
int bdk_names_document(struct bedrock_buffer *names, const char *path, char out[BDK_MAX_DOCUMENT_NAME + 1]);

/* ---- xml.c: one element's text in the XML of AWS's query protocol -------------------------- */

#define BDK_XML_MAX 262144u     /* bytes of a document; STS sends two thousand */

/*
 * Append the text of the first element at this path of local names from the outermost on, as in
 * "ErrorResponse/Error/Code"; "*" stands for any name. References are resolved; elements inside of it are
 * left out. 1: it is there, perhaps empty; 0: it is not; BEDROCK_ERR_PROTOCOL: no XML, or with a document
 * type; BEDROCK_ERR_LIMIT: larger than above or nested deeper than 32; or out->error. The whole document is
 * looked at in any case, so that one half received gives no answer.
 */
int bdk_xml_text(struct bedrock_slice text, const char *path, struct bedrock_buffer *out);

/* ---- fragment.c: JSON values that grow, for assemble.c ------------------------------------- */

#define BDK_MAX_MEMBERS 64  /* of a list of fields */
#define BDK_MAX_NESTED 480  /* levels of a value; what stands around it in a document must fit into 512 */

/* What the fields of one answer share. */
struct bdk_store {
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    size_t max, held;               /* held <= max at any time */
    struct bedrock_buffer scratch;  /* for decoding; not counted */
    struct bedrock_error err;
};

/*
 * A value of a block or of the document: {"text":value} has only a part, {"toolUse":{"name":value}} part and
 * name. The text is JSON at any time: a fragment goes in before the closing quote or bracket, and strings
 * stay escaped.
 */
struct bdk_member {
    struct bdk_member *next;
    const char *part;           /* behind this struct, as is the name */
    const char *name;           /* NULL: the part is no object */
    struct bedrock_buffer text; /* empty: nothing was put in yet */
    struct bdk_base64 bits;     /* of bytes what does not fill three yet */
    size_t coded;               /* where they begin in the text; 0: it is not put together from bytes */
    int ends_in_text;           /* an array whose last element is {"text":...} that may go on */
};

struct bdk_members {
    unsigned n;
    struct bdk_member *first;    /* in the order in which they came */
};

/* Set st->err. Both return its code. */
int bdk_store_no_room(struct bdk_store *st);
int bdk_store_no_memory(struct bdk_store *st);

/* n zeroed bytes, counted; NULL: st->err says why. */
void *bdk_store_new(struct bdk_store *st, size_t n);

/* Give a new buffer the store's allocator, and no ceiling but the store's. */
void bdk_store_buffer(const struct bdk_store *st, struct bedrock_buffer *b);

/* Are these the same? Both may be NULL. */
int bdk_name_is(const char *a, const char *b);

/* The field of that name (may be NULL), or NULL. */
struct bdk_member *bdk_members_find(const struct bdk_members *s, const char *part, const char *name);

/* The same, made when there is none; NULL: st->err says why. */
struct bdk_member *bdk_members_get(struct bdk_store *st, struct bdk_members *s, const char *part,
                                 const char *name);
void bdk_members_free(struct bdk_store *st, struct bdk_members *s);

enum bedrock_json_type bdk_member_type(const struct bdk_member *f);

/*
 * Put v in: in place of what was there; behind it, when both are strings or both arrays; as one element
 * more, between before and behind; as text that goes on in the last element, when ends_in_text; as bytes in
 * base64, between before and behind: each fragment was coded for itself and may have padding of its own.
 * All or nothing. Return st->err.code.
 */
int bdk_member_replace(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v);
int bdk_member_join(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v);
int bdk_member_append(struct bdk_store *st, struct bdk_member *f, const char *before, struct bedrock_json v,
                     const char *behind);
int bdk_member_go_on(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v);
int bdk_member_bytes(struct bdk_store *st, struct bdk_member *f, const char *before, struct bedrock_json v,
                    const char *behind);

/* ---- assemble.c and document.c: what an answer is put together into ------------------------ */

enum bdk_asm_kind {
    BDK_ASM_UNKNOWN = 0,
    BDK_ASM_TEXT,   /* text, with citations or without */
    BDK_ASM_TOOL_USE,
    BDK_ASM_TOOL_RESULT,
    BDK_ASM_REASONING,
    BDK_ASM_IMAGE,  /* and the other media, which are built alike */
    BDK_ASM_AUDIO,
    BDK_ASM_VIDEO
};

struct bdk_asm_block {
    int64_t index;
    enum bdk_asm_kind kind;
    int stopped;
    struct bdk_members fields;
};

struct bedrock_message {
    struct bdk_store store;
    struct bdk_asm_block **blocks;  /* in the order of their indexes */
    size_t n_blocks, cap_blocks;
    struct bdk_asm_block head;      /* the message's own members: role */
    struct bdk_asm_block top;       /* the document's, but output */
    struct bedrock_buffer whole;    /* a one-shot response instead of all that */
    int started, stopped;
    char odd[200];
};

/* The block of that index, or NULL. */
struct bdk_asm_block *bdk_asm_block_at(const struct bedrock_message *m, int64_t index);

#endif
