/*
 * bedrock_int.h - what the library's own sources share. Not installed, not an API.
 *
 * Calls go down: bedrock.c, message.c and models.c stand on the parts; conn.c, tls.c, net.c, config.c
 * and creds.c touch the world; everything else is pure: bytes in, bytes out, however they were cut.
 * A pure reader answers 0 for done, BDK_MORE for "more, please" and below zero for malformed.
 */
#ifndef BEDROCK_INT_H
#define BEDROCK_INT_H

#include "bedrock.h"

#define BDK_MAX_ARN 2048 /* API reference: no ARN or model id is longer */

#define BDK_MORE 1 /* the input was consumed and the thing is not complete yet */
#define BDK_DATA 2 /* a piece of the body came out; there may be more in the input */

/* ---- cpu.c: which instructions this processor has -------------------------------------------- */

#define BDK_CPU_SHA 1u    /* x86 SHA-NI with SSE4.1, or ARMv8 SHA2 */
#define BDK_CPU_PCLMUL 2u /* x86 carry-less multiplication with SSE4.1 */

/* Asked once per client and handed down, so that no global state is needed. */
unsigned bdk_cpu(void);

/* ---- buffer.c: growable bytes ---------------------------------------------------------------- */

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

/* ---- json.c: what writer.c needs of it, and streams -------------------------------------------- */

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

/* ---- writer.c: what body.c and assemble.c need of it ------------------------------------------ */

/* A string whose characters the caller appends to w->out himself between the two; none may need an
 * escape. Begin returns w->out.error. */
int bdk_write_string_begin(struct bedrock_writer *w);
void bdk_write_string_end(struct bedrock_writer *w);

/* As bedrock_write_raw(), but for a text that bdk_json_parse_halves() takes: it is written mended. */
void bdk_write_mended(struct bedrock_writer *w, const char *json, size_t len);

/* ---- sha256.c: FIPS 180-4 and RFC 2104 ------------------------------------------------------- */

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

/* ---- crc32.c: CRC-32 as in gzip (reflected 0xEDB88320) --------------------------------------- */

/* Start with crc 0 and feed each result to the next call. */
uint32_t bdk_crc32(uint32_t crc, const void *p, size_t n, unsigned cpu);

/* ---- eventstream.c: application/vnd.amazon.eventstream --------------------------------------- */

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

/* ---- date.c: calendar arithmetic without the C library's time zones -------------------------- */

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

/* ---- http.c: HTTP/1.1 messages (RFC 9112) ---------------------------------------------------- */

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

/* ---- sigv4.c: AWS Signature Version 4, header variant ---------------------------------------- */

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

/* ---- roots.c: Amazon Trust Services' five roots as data -------------------------------------- */

struct bdk_anchor {
    struct bedrock_slice dn;    /* subject Name in DER */
    enum bdk_key_type key_type;
    struct bedrock_slice modulus, exponent; /* RSA */
    struct bedrock_slice point;             /* EC */
    int is_ca;
};

#define BDK_N_ROOTS 5
extern const struct bdk_anchor bdk_roots[BDK_N_ROOTS];

/* ---- error.c: telling what went wrong -------------------------------------------------------- */

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

/* ---- retry.c: what to do after a failure ----------------------------------------------------- */

/* 1 when the service's error belongs to a class that may go away by itself. */
int bdk_retryable(const struct bedrock_error *e);

/* How long to wait after failed attempt number `attempt` (from 1): full jitter over a doubling span,
 * with 32 random bits. */
int bdk_retry_delay_ms(const struct bedrock_error *e, int attempt, uint32_t random);

/* ---- endpoint.c: where a service is ---------------------------------------------------------- */

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

/* ---- config.c: settings from options, environment and profile ------------------------------------ */

/* Where a setting came from. */
struct bdk_from {
    const char *what;   /* "option", a variable, a profile's key, "instance metadata"; NULL: it is our own */
    const char *file;   /* of the profile; NULL: from somewhere else */
    unsigned line;
};

/* What bedrock_open() found. */
struct bdk_config {
    char region[64];    /* "": an instance will have to say */
    unsigned flags;     /* BDK_FIPS, BDK_DUALSTACK, BDK_STS_LEGACY */
    struct bdk_endpoint endpoint[BDK_N_SERVICES];   /* host "": not known before the Region */
    struct bdk_from region_from, endpoint_from[BDK_N_SERVICES];
};

/* The environment, and the files: what a program may have put in the place of both. */
struct bdk_env {
    bedrock_getenv_fn fn;
    void *ctx;
    bedrock_read_file_fn read_file;
    void *read_file_ctx;
};

/* NULL for unset, empty and blank variables. */
const char *bdk_getenv(const struct bdk_env *env, const char *name);

/* Select the profile and find flags, Region and endpoints. 0, or told in b->err. */
int bdk_config_load(struct bedrock *b, const struct bedrock_options *opt);

/* b->cf.region has become known: fill in the endpoints that are made of it. */
int bdk_config_use_region(struct bedrock *b, struct bedrock_error *e);

/* Where a service that brings credentials is. */
int bdk_config_endpoint(const struct bedrock *b, enum bdk_service service, const char *region,
                        struct bdk_endpoint *ep, struct bedrock_error *e);

/*
 * The CA bundle that replaces the built-in roots: options, AWS_CA_BUNDLE, the profile's ca_bundle,
 * SSL_CERT_FILE. 1: its PEM text is in pem and `source` says where it came from; 0: none was named;
 * BEDROCK_ERR_CONFIG: unreadable, told in b->err.
 */
int bdk_ca_bundle(struct bedrock *b, struct bedrock_buffer *pem, char source[512],
                  const struct bedrock_options *opt);

/* The system's own bundle, from the first of the usual places that has one: 1, 0 when none has, or
 * BEDROCK_ERR_NOMEM. */
int bdk_ca_system(struct bedrock_buffer *pem, char source[512], const struct bdk_env *env);

/* The usual places, ended by NULL. */
extern const char *const bdk_ca_places[];

/* ---- proxy.c: which proxy serves a target, and what is said to it ------------------------------ */

struct bdk_proxy {
    const char *from;   /* the variable, for messages; NULL: there is no proxy */
    const char *bad;    /* why it cannot be used, static; NULL: it can */
    char host[256];     /* no brackets around IPv6 */
    int port;
    int tls;
    char name[280];     /* "host:port" for messages */
    struct bedrock_buffer authorization;    /* "Basic ..." for Proxy-Authorization; empty: none */
};

struct bdk_proxies {
    struct bdk_proxy of[2];         /* for http:// and for https:// targets */
    struct bedrock_buffer no_proxy; /* the list of targets that need none */
};

/*
 * Read the options and, where they say nothing, the environment. 0: *out is NULL when there is no proxy at
 * all. BEDROCK_ERR_NOMEM. That a proxy cannot be used is no failure before one is wanted.
 */
int bdk_proxies_load(struct bdk_proxies **out, const struct bedrock_options *opt,
                     const struct bdk_env *env, struct bedrock_error *e);
void bdk_proxies_free(struct bdk_proxies *p, const struct bedrock_options *opt);

/*
 * The proxy for this target, or NULL to connect directly: always to link-local addresses, where
 * credentials are; to http:// targets, which are this machine itself, unless the proxy is there too.
 */
const struct bdk_proxy *bdk_proxy_for(const struct bdk_proxies *p, const char *host, int port, int tls);

/* 0, or BEDROCK_ERR_CONFIG when the proxy cannot be used: e names the variable, never the password. */
int bdk_proxy_check(const struct bdk_proxy *p, struct bedrock_error *e);

/* Append the head of a CONNECT request (RFC 9110 9.3.6) for "host:port". Returns b->error. */
int bdk_proxy_connect(struct bedrock_buffer *b, const struct bdk_proxy *p, const char *target);

/*
 * Read the proxy's answer to it from text[0..len), which grows from the same first byte; *scanned as for
 * bdk_http_head_read(). 0: the tunnel is open and begins at text + *used. BDK_MORE. Below zero: refused
 * or malformed, as e says.
 */
int bdk_proxy_answer(const struct bdk_proxy *p, const char *target, const char *text, size_t len,
                     size_t *scanned, size_t *used, struct bedrock_error *e);

/* The status and the reason of a response, "407 Proxy Authentication Required", on one line. */
void bdk_proxy_status(const struct bdk_http_head *h, const char *text, char out[128]);

/* ---- file.c: files into memory, whole or in pieces --------------------------------------------- */

/* See bedrock_read_file_fn; a directory is EISDIR, what is no regular file EINVAL, too large EFBIG. */
int bdk_file_read(void *ctx, const char *path, struct bedrock_buffer *out);

/* The same through the program's hook, if there is one. */
int bdk_read_file(const struct bdk_env *env, const char *path, struct bedrock_buffer *out);

/* What such an error is in words. */
void bdk_file_why(int err, char out[128]);

/* A file that is read piece by piece. */
struct bdk_file {
    int fd;
    uint64_t size;              /* when it was opened */
};

/* 0 or errno, as above. */
int bdk_file_open(struct bdk_file *f, const char *path);

/* The next *n bytes, as many as fit while there are any: less than cap means that the end was seen. 0 or
 * errno. */
int bdk_file_piece(struct bdk_file *f, void *p, size_t cap, size_t *n);
void bdk_file_close(struct bdk_file *f);

/* ---- base64.c: RFC 4648 ----------------------------------------------------------------------- */

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

/* ---- ini.c: the grammar of ~/.aws/config and ~/.aws/credentials ------------------------------- */

#define BDK_INI_MAX_FILE ((size_t)4 << 20)
#define BDK_INI_MAX_LINE 65536u
#define BDK_INI_MAX_ITEMS 100000u   /* sections, properties and nested properties of a file */

enum bdk_ini_kind {
    BDK_INI_SECTION = 1,    /* name: what stands in the brackets, any text without white space around it */
    BDK_INI_PROPERTY,       /* name in lower case; value with its continuation lines, joined by '\n' */
    BDK_INI_NESTED          /* a property below the property before, which has an empty value */
};

struct bdk_ini_item {
    enum bdk_ini_kind kind;
    char *name;             /* zero-terminated, within the text; likewise the value */
    char *value;            /* never NULL; "" for a section */
    unsigned line;          /* from 1 */
};

struct bdk_ini {
    char *p, *end;
    unsigned line;
    unsigned n_items;
    int in_section, open;
    const char *why;        /* static text for the failure, which is at `line` */
};

/*
 * Read a text from top to bottom, in place: it is written to (zero bytes, lower case, lines moved up), and
 * names and values stay where they are as long as it does. Its last byte must be a newline. 1: an item; 0:
 * no more; BEDROCK_ERR_CONFIG: malformed, for good; it->line and it->why say where and why, and never what
 * stands there, which may be a secret. Properties with invalid names are left out, with what is nested
 * below them.
 */
void bdk_ini_init(struct bdk_ini *it, char *text, size_t len);
int bdk_ini_next(struct bdk_ini *it, struct bdk_ini_item *item);

/* 1 when a text has only characters that names of profiles and properties may have, and one at least. */
int bdk_ini_is_name(const char *text);

/* ---- profiles.c: the shared config and credentials files -------------------------------------- */

#define BDK_MAX_PATH 1024           /* of a file, with its zero byte */
#define BDK_MAX_PROFILE_NAME 256    /* of the selected profile, with its zero byte */

enum bdk_section {
    BDK_SECTION_NONE,
    BDK_SECTION_PROFILE,
    BDK_SECTION_SSO_SESSION,
    BDK_SECTION_SERVICES,
    BDK_SECTION_DEFAULT     /* [default] in the config file, while it is not known whether it counts */
};

/* A section's head, or a property; in the order of the file. */
struct bdk_profile_entry {
    enum bdk_ini_kind kind;
    enum bdk_section section;       /* for a head */
    unsigned line;
    const char *name, *value;
};

struct bdk_profile_file {
    char path[BDK_MAX_PATH];        /* "": there is no home folder, so there is no file */
    int loaded;
    struct bedrock_buffer text;
    struct bedrock_buffer entries;  /* struct bdk_profile_entry */
};

#define BDK_PROFILE_OPTION "the profile option" /* what goes before the environment's keys */

enum bdk_profile_which { BDK_FILE_CONFIG, BDK_FILE_CREDENTIALS };

struct bdk_profiles {
    struct bdk_profile_file file[2];
    char name[BDK_MAX_PROFILE_NAME];/* the selected profile */
    const char *named_by;           /* BDK_PROFILE_OPTION, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"; NULL: it
                                       is "default" because nobody named one */
};

/* Where a value stands. */
struct bdk_setting {
    const char *value;              /* NULL: nowhere */
    const char *file;
    unsigned line;
};

/*
 * Select a profile (profile_option unless NULL or "", AWS_PROFILE, AWS_DEFAULT_PROFILE, "default") and load
 * the config file: AWS_CONFIG_FILE or ~/.aws/config. A missing file is an empty one, and so is /dev/null.
 * The credentials file (AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials) is loaded too when the caller
 * wants it, or when a profile was named that the config file does not have: it is an error when neither
 * file has it, unless its name is "default". BEDROCK_ERR_CONFIG with "FILE: why" or "FILE:LINE: why" for what
 * cannot be read; BEDROCK_ERR_NOMEM. bdk_profiles_free() it in any case; that wipes.
 *
 * Nothing is validated but the grammar: values are text as somebody wrote it, may hold newlines, and whoever
 * makes a header, a host name, a path or a number of one checks it first.
 */
int bdk_profiles_load(struct bdk_profiles *p, const struct bdk_env *env, const char *profile_option,
                      int with_credentials, bedrock_alloc_fn alloc, void *alloc_ctx,
                      struct bedrock_error *e);
void bdk_profiles_free(struct bdk_profiles *p);

/* Load the credentials file if that was not done yet. What was found before stays where it is. */
int bdk_profiles_load_credentials(struct bdk_profiles *p, const struct bdk_env *env,
                                  struct bedrock_error *e);

/*
 * Look a value up as AWS's tools do: property by property, the credentials file (if it is loaded) before the
 * config file, and in a file the last one. Names of sections compare exactly, keys are lower case. nested:
 * a property below the property key; NULL: that itself, which is "" when others are nested below it. key
 * NULL: the section's own head, whose value is its name. sso-session and services sections come from the
 * config file only.
 */
struct bdk_setting bdk_profile_find(const struct bdk_profiles *p, enum bdk_section kind, const char *name,
                                    const char *key, const char *nested);

/* A profile's value, for credentials: load their file first. NULL when it is not set, empty or blank. */
const char *bdk_profile_value(const struct bdk_profiles *p, const char *profile, const char *key);

/*
 * A setting of the selected profile (region, endpoint_url, services ...), the config file before the
 * credentials file: so the answer does not depend on whether the latter is loaded. It differs from what
 * AWS's tools find only where both files set the key for the profile. Blank ones are not set.
 */
struct bdk_setting bdk_profile_setting(const struct bdk_profiles *p, const char *key);

/* The names of all sections of a kind, each once; *at starts as 0. NULL: no more. */
const char *bdk_profiles_next(const struct bdk_profiles *p, enum bdk_section kind, size_t *at);

/*
 * A path with ~/ at its beginning, as a file of home: HOME or, unless the program replaced the environment,
 * the user's entry in passwd. 0; ENOENT: there is no home; ENAMETOOLONG.
 */
int bdk_home_path(const struct bdk_env *env, const char *path, char out[BDK_MAX_PATH]);

/* ---- plan.c: where a profile's credentials come from -------------------------------------------- */

#define BDK_PLAN_MAX_ROLES 8    /* one after another; real chains have one or two */

enum bdk_plan_base {
    BDK_PLAN_NONE,          /* nothing of the kind in the profile: the next provider's turn */
    BDK_PLAN_STATIC,
    BDK_PLAN_WEB_IDENTITY,
    BDK_PLAN_SSO,
    BDK_PLAN_LOGIN,
    BDK_PLAN_PROCESS,
    BDK_PLAN_ENVIRONMENT,   /* credential_source */
    BDK_PLAN_INSTANCE,
    BDK_PLAN_CONTAINER,
    BDK_PLAN_BASES          /* how many there are */
};

/* A role to assume, with the profile that says so. */
struct bdk_plan_role {
    const char *profile;
    const char *role_arn;
    const char *session_name;   /* NULL: not given; likewise below */
    const char *external_id;
    const char *mfa_serial;
    const char *region;         /* the profile's, for STS */
    int duration_s;             /* 900 to 43200; 0: not given */
};

/* Text belongs to the profiles and lives as long as they do; the first profile's name is the caller's. */
struct bdk_plan {
    enum bdk_plan_base base;
    const char *profile;        /* the one whose base it is */
    const char *region;         /* of that profile; NULL: not given */
    const char *access_key_id, *secret_access_key;  /* STATIC */
    const char *session_token, *account_id;         /* NULL: not given */
    struct bdk_plan_role web;   /* WEB_IDENTITY: the role, and no external id nor MFA */
    const char *token_file;     /* as it was written, perhaps with ~/ */
    const char *sso_session;    /* SSO; NULL: the legacy form, without a session */
    const char *sso_region, *sso_start_url;         /* from the session or the profile; never NULL */
    const char *sso_account_id, *sso_role_name;     /* both NULL: a session for a bearer token, no keys */
    const char *login_session;  /* LOGIN */
    const char *process;        /* PROCESS: a command line */
    size_t n_roles;             /* to assume with the base's keys, in this order, each with the one before */
    struct bdk_plan_role role[BDK_PLAN_MAX_ROLES];
};

/*
 * Follow a profile to its base. The credentials file must have been loaded. 0, with BDK_PLAN_NONE for a
 * profile that is not there or says nothing of credentials; BEDROCK_ERR_CONFIG: half of something, a
 * contradiction, a loop, a chain that ends nowhere; the message names file, line, profile and key.
 *
 * In a profile the first of these counts: role_arn without web_identity_token_file (it needs source_profile
 * or credential_source), static keys, credential_source alone, web identity, SSO, login, process. In a
 * profile that another one names as its source, static keys go before all else; a profile that names itself
 * is asked for its other credentials.
 */
int bdk_plan_make(struct bdk_plan *plan, const struct bdk_profiles *p, const char *profile,
                  struct bedrock_error *e);

/* ---- media.c: what a file is ------------------------------------------------------------------- */

enum bdk_block { BDK_NO_BLOCK, BDK_IMAGE, BDK_DOCUMENT, BDK_VIDEO, BDK_AUDIO };

struct bdk_media {
    enum bdk_block block;       /* BDK_NO_BLOCK: nothing that the API takes, as far as can be told */
    const char *format;         /* the API's word for it, static */
};

/* By its first bytes, and where these do not say by its name's extension. A few KiB are enough. */
struct bdk_media bdk_media_of(const char *name, const void *head, size_t n);
struct bdk_media bdk_media_of_name(const char *name);

/* ---- names.c: names of documents ---------------------------------------------------------------- */

#define BDK_MAX_DOCUMENT_NAME 200u  /* DocumentBlock: characters */

/* `names` holds those that a request has; it begins empty and is nobody else's. */
int bdk_names_take(struct bedrock_buffer *names, const char *name);

/* A name made of the file's that no other has, " (2)" and so on behind it where need be; it is taken. 0 or
 * names->error. */
int bdk_names_document(struct bedrock_buffer *names, const char *path, char out[BDK_MAX_DOCUMENT_NAME + 1]);

/* ---- What credential providers have in common --------------------------------------------------- */

/* Keys and how long they are good for. The strings stand in `text`, each with its zero byte; freeing that
 * wipes them. */
struct bdk_keys {
    struct bedrock_buffer text;
    const char *access_key_id;      /* NULL: there are none */
    const char *secret_access_key;
    const char *session_token;      /* NULL: none; likewise the account */
    const char *account_id;
    int64_t expires_s;              /* since 1970; INT64_MAX: never */
};

/*
 * A request that a provider wants to be sent, and how. Providers fill it in and read the answer;
 * bedrock.c carries the bytes.
 */
struct bdk_fetch {
    struct bdk_endpoint to;
    const char *method;             /* static */
    struct bedrock_buffer target;   /* of the request line: base path, path, query */
    struct bedrock_buffer headers;  /* whole field lines, "Name: value\r\n", but Host, Content-Length, those
                                       of a signature and User-Agent */
    struct bedrock_buffer body;     /* sent when it is not empty or the method is POST or PUT */
    const char *sign_service;       /* "sts"; NULL: unsigned */
    char sign_region[64];
    int connect_ms, read_ms;        /* time-outs; 0: the client's */
    int attempts;                   /* at most so many when the network or the server (5xx) fails */
    int direct;                     /* never through a proxy */
    const char *what;               /* static, for messages: "the instance metadata service" */
};

/* ---- keys.c: what providers bring, and the request that they make ---------------------------------- */

#define BDK_KEYS_MAX_TOKEN 16384u

/*
 * Replace the keys by copies of these; an empty slice is none. BEDROCK_ERR_CONFIG with a sentence in e that
 * begins with `what` when id or secret is empty, or one of them holds white space or a control character or
 * is longer than can be (id 256, secret 1024, token 16384, account 64 bytes); BEDROCK_ERR_NOMEM. k keeps
 * what it had then.
 */
int bdk_keys_set(struct bdk_keys *k, struct bedrock_slice id, struct bedrock_slice secret,
                 struct bedrock_slice token, struct bedrock_slice account, int64_t expires_s,
                 const char *what, struct bedrock_error *e);

/* Replace the keys by copies of others. 0 or BEDROCK_ERR_NOMEM; k keeps what it had then. */
int bdk_keys_copy(struct bdk_keys *k, const struct bdk_keys *from);
void bdk_keys_free(struct bdk_keys *k);

enum bdk_keys_age {
    BDK_KEYS_FRESH,
    BDK_KEYS_DUE,   /* at most 5 minutes left: fetch new ones, and it is no failure if that fails */
    BDK_KEYS_SPENT  /* less than one minute left: to be replaced before a request is signed */
};
enum bdk_keys_age bdk_keys_age(const struct bdk_keys *k, int64_t now_s);

/* Instance metadata failed or has expired keys only: old ones serve 5 to 10 minutes more, by 32 random
 * bits. */
void bdk_keys_extend(struct bdk_keys *k, int64_t now_s, uint32_t random);

enum bdk_keys_form {
    BDK_KEYS_ENDPOINT,  /* containers, instances: Token and Expiration are required, a Code is Success */
    BDK_KEYS_PROCESS    /* credential_process: Version 1; SessionToken and Expiration if there are any */
};

#define BDK_ALSO_EXPIRED INT64_MIN /* as now_s: an instance's keys may be past their time */

/*
 * Replace the keys by those of the JSON that containers, instances and processes answer with; member names
 * in any case. `account` is for answers without AccountId and may be NULL. BEDROCK_ERR_CONFIG with a sentence
 * that begins with `what` and shows nothing of the answer but its Code and Message; e->retryable when the
 * endpoint's answer was no JSON or lacks a member. k keeps what it had then.
 */
int bdk_keys_json(struct bdk_keys *k, enum bdk_keys_form form, struct bedrock_slice json,
                  const char *account, int64_t now_s, const char *what, struct bedrock_error *e);

/* A new request, its buffers with this allocator; in the end all of it wiped and released. */
void bdk_fetch_init(struct bdk_fetch *f, bedrock_alloc_fn alloc, void *alloc_ctx);
void bdk_fetch_free(struct bdk_fetch *f);

/* Make f another request: nothing of the last one stays. The target is the endpoint's base path and then
 * `path`; its error sticks in f->target. */
void bdk_fetch_begin(struct bdk_fetch *f, const struct bdk_endpoint *to, const char *method, const char *path,
                     const char *what);

/* Append a field line. BEDROCK_ERR_USAGE sticks in f->headers when the value holds a control character.
 * Returns f->headers.error. */
int bdk_fetch_header(struct bdk_fetch *f, const char *name, struct bedrock_slice value);

/* 0 when its buffers are whole, else the first one's error, told in e. */
int bdk_fetch_check(const struct bdk_fetch *f, struct bedrock_error *e);

/* BEDROCK_ERR_CONFIG: tell that f was answered with this status, and with which code and message if there
 * are any in the JSON; e->retryable for 429 and 5xx. */
int bdk_fetch_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      struct bedrock_error *e);

/* ---- imds.c: keys and Region from EC2's instance metadata, version 2 ----------------------------- */

/* Settings as their texts; NULL: unset. */
struct bdk_imds_settings {
    const char *disabled;       /* AWS_EC2_METADATA_DISABLED */
    const char *endpoint;       /* AWS_EC2_METADATA_SERVICE_ENDPOINT, ec2_metadata_service_endpoint */
    const char *mode;           /* ..._ENDPOINT_MODE, ..._endpoint_mode: IPv4 or IPv6 */
    const char *v1_disabled;    /* AWS_EC2_METADATA_V1_DISABLED, ec2_metadata_v1_disabled; only "false" lets
                                   version 1, which needs no token, take over where there is no version 2 */
    const char *timeout;        /* AWS_METADATA_SERVICE_TIMEOUT, metadata_service_timeout: seconds */
    const char *attempts;       /* AWS_METADATA_SERVICE_NUM_ATTEMPTS, metadata_service_num_attempts */
};

/* Replace those that the environment sets, which goes before the profile. */
void bdk_imds_env(struct bdk_imds_settings *s, const struct bdk_env *env);

enum bdk_imds_goal { BDK_IMDS_KEYS, BDK_IMDS_REGION };
enum bdk_imds_step { BDK_IMDS_TOKEN, BDK_IMDS_ROLE, BDK_IMDS_ROLE_KEYS, BDK_IMDS_PLACE };

struct bdk_imds {
    struct bdk_endpoint to;
    int timeout_ms;
    int attempts;                   /* 0: not set */
    int v1_allowed;
    int v1;                         /* goes on without a token */
    struct bedrock_buffer token;    /* is kept for later requests */
    int64_t token_until_s;
    int renewed;                    /* a token that was refused has been replaced once */
    enum bdk_imds_goal goal;
    enum bdk_imds_step step;
    char role[72];
    char region[64];                /* what BDK_IMDS_REGION brings */
};

/* 0; BDK_IMDS_OFF: it is disabled; BEDROCK_ERR_CONFIG: a setting is wrong. */
#define BDK_IMDS_OFF 1
int bdk_imds_init(struct bdk_imds *m, const struct bdk_imds_settings *s, bedrock_alloc_fn alloc,
                  void *alloc_ctx, struct bedrock_error *e);
void bdk_imds_free(struct bdk_imds *m);

/* Begin; a token that is still good is used again. */
void bdk_imds_begin(struct bdk_imds *m, enum bdk_imds_goal goal, int64_t now_s);

/* The next request to send. 0, or below zero. */
int bdk_imds_request(const struct bdk_imds *m, struct bdk_fetch *f, struct bedrock_error *e);

/*
 * Read its answer. BDK_MORE: there is another request; 0: k (which may be past its time) or m->region is
 * filled; below zero: it failed. k keeps what it had unless 0 comes back for BDK_IMDS_KEYS.
 */
int bdk_imds_answer(struct bdk_imds *m, const struct bdk_fetch *f, const struct bdk_http_head *h,
                    struct bedrock_slice body, int64_t now_s, struct bdk_keys *k, struct bedrock_error *e);

/* There was none, and e says why: BDK_MORE when version 1 is tried now (e is cleared), else e->code. */
int bdk_imds_no_answer(struct bdk_imds *m, struct bedrock_error *e);

/* ---- container.c: keys from ECS, EKS Pod Identity and whoever does as they do ------------------------ */

/*
 * The request, token read anew from its file. 0; BDK_CONTAINER_NONE: not set; BEDROCK_ERR_CONFIG: the URI is
 * none that keys may be asked from, or the token is unusable.
 */
#define BDK_CONTAINER_NONE 1
int bdk_container_request(struct bdk_fetch *f, const struct bdk_env *env, struct bedrock_error *e);

/* Read its answer: 0 and k is filled, or below zero. */
int bdk_container_answer(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                         int64_t now_s, struct bdk_keys *k, struct bedrock_error *e);

/* ---- process.c: keys that a program prints (credential_process) --------------------------------------- */

#define BDK_PROCESS_MAX_OUTPUT 65536u

/*
 * Run a command with /bin/sh. Standard input is the program's own when that is a terminal, else empty; its
 * output may have BDK_PROCESS_MAX_OUTPUT bytes; descriptors other than 0, 1 and 2 are closed in it. It ends
 * after timeout_ms (0: 60 s), and all it has started with it, unless it shares our terminal (it may have to
 * ask for a password there): then the shell alone does. `what` begins each message, as in "credential_process
 * of profile 'a' in FILE"; command and output are in none.
 */
struct bdk_process;
int bdk_process_start(struct bdk_process **out, const char *command, int timeout_ms, const char *what,
                      bedrock_alloc_fn alloc, void *alloc_ctx, bedrock_clock_fn clock, void *clock_ctx,
                      struct bedrock_error *e);

/* 0: it has ended well; BEDROCK_WANT_READ, BEDROCK_WANT_TIME: step again when the descriptor can be read or
 * the time has passed; below zero: it failed, for good. */
int bdk_process_step(struct bdk_process *p, struct bedrock_error *e);
int bdk_process_fd(const struct bdk_process *p);            /* -1: nothing to poll */
int bdk_process_timeout_ms(const struct bdk_process *p);    /* never -1 */

/* What it printed, once that is complete. `account` as with bdk_keys_json(). */
int bdk_process_keys(const struct bdk_process *p, const char *account, int64_t now_s, struct bdk_keys *k,
                     struct bedrock_error *e);

/* End it if it still runs. NULL is allowed. */
void bdk_process_close(struct bdk_process *p);

/* ---- p256.c: ECDSA over P-256, SHA-1; the other file that includes bearssl.h ----------------------- */

#define BDK_SHA1_LEN 20

/* For the names of cache files, never for security. */
void bdk_sha1_of(const void *p, size_t n, unsigned char out[BDK_SHA1_LEN]);

/* A key pair; bdk_wipe() it in the end. */
struct bdk_p256 {
    unsigned char d[32];
    unsigned char point[65];        /* 4, x, y */
};

/* The first "EC PRIVATE KEY" (RFC 5915) or "PRIVATE KEY" (RFC 5208) of a PEM text. 0, or BEDROCK_ERR_CONFIG
 * when there is none, or it is none of P-256; k is wiped then. */
int bdk_p256_read(struct bdk_p256 *k, struct bedrock_slice pem);

/* r and s, 32 bytes each; the same digest gives the same signature (RFC 6979). 0 or BEDROCK_ERR_CONFIG. */
int bdk_p256_sign(const struct bdk_p256 *k, const unsigned char digest[BDK_SHA256_LEN],
                  unsigned char out[64]);

/* ---- xml.c: one element's text in the XML of AWS's query protocol --------------------------------- */

#define BDK_XML_MAX 262144u     /* bytes of a document; STS sends two thousand */

/*
 * Append the text of the first element at this path of local names from the outermost on, as in
 * "ErrorResponse/Error/Code"; "*" stands for any name. References are resolved; elements inside of it are
 * left out. 1: it is there, perhaps empty; 0: it is not; BEDROCK_ERR_PROTOCOL: no XML, or with a document
 * type; BEDROCK_ERR_LIMIT: larger than above or nested deeper than 32; or out->error. The whole document is
 * looked at in any case, so that one half received gives no answer.
 */
int bdk_xml_text(struct bedrock_slice text, const char *path, struct bedrock_buffer *out);

/* ---- sts.c: roles, and who one is (AWS STS, query protocol) ----------------------------------------- */

/* NULL: not said. */
struct bdk_sts_role {
    const char *arn;                    /* required */
    const char *session_name;           /* NULL: "bedrock-session-" and the time */
    const char *external_id;
    const char *mfa_serial, *mfa_code;  /* both or none */
    int64_t duration_s;                 /* 0: the service's own, an hour */
    struct bedrock_slice web_token;     /* given: AssumeRoleWithWebIdentity, which is not signed and knows
                                           neither external ids nor MFA */
};

/* What a web identity token file held, read anew for each request: cut one newline at its end, and refuse
 * what is no token. 0, or BEDROCK_ERR_CONFIG with a sentence that names the file. */
int bdk_sts_web_token(struct bedrock_slice *token, const char *path, struct bedrock_error *e);

/* Ask for a role's keys; f was bdk_fetch_init()ed, `to` is bdk_endpoint_of(BDK_STS). 0, BEDROCK_ERR_CONFIG
 * for what STS would refuse, or an error of f's buffers. */
int bdk_sts_assume(struct bdk_fetch *f, const struct bdk_endpoint *to, const struct bdk_sts_role *r,
                   int64_t now_s, struct bedrock_error *e);

/* Ask whose keys sign. */
int bdk_sts_identity(struct bdk_fetch *f, const struct bdk_endpoint *to, struct bedrock_error *e);

/*
 * Read the answer to f. BEDROCK_ERR_CONFIG with a sentence that begins with f->what; when STS refused, name,
 * http_status, request_id and retryable are set as well. k keeps what it had then.
 */
int bdk_sts_keys(struct bdk_keys *k, const struct bdk_fetch *f, const struct bdk_http_head *h,
                 struct bedrock_slice body, struct bedrock_error *e);

struct bdk_sts_caller {
    char account[64], arn[BDK_MAX_ARN + 1], user_id[256];
};
int bdk_sts_caller(struct bdk_sts_caller *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                   struct bedrock_slice body, struct bedrock_error *e);

/* ---- cachefile.c: the token caches that AWS's tools share on disk -------------------------------------- */

#define BDK_CACHE_MAX 262144u   /* bytes of a file, or of an answer that becomes one */

/* Put a file of mode 0600, and of the same owner, in the place of `path`, whole or not at all: what was there
 * stays as it is until the new one is complete, and if that fails. 0, or errno. */
int bdk_cache_write(const char *path, const char *p, size_t n);

/* Which strings a cache has: the first is the time at which it expires. */
struct bdk_cache_path {
    const char *path;
    int required;
};
struct bdk_cache_form {
    const char *what;               /* begins the sentences: "SSO token file" */
    const struct bdk_cache_path *members;
    size_t n_members;               /* BDK_CACHE_VALUES at most */
};

#define BDK_CACHE_VALUES 9

/* What SSO and login have in common. */
struct bdk_cache {
    const struct bdk_cache_form *form;
    char path[BDK_MAX_PATH];
    char login[BDK_MAX_PROFILE_NAME + 40];  /* the very command that mends it */
    struct bedrock_buffer file;     /* its content; after a renewal, what bdk_cache_write() shall write */
    struct bedrock_buffer text;     /* where the values stand, decoded */
    const char *value[BDK_CACHE_VALUES];    /* of the form's members; NULL: there is none, or it is empty */
    int64_t expires_s;
    int64_t tried_s;                /* when renewing it was tried last; 0: never */
    int unsaved;                    /* what is here is newer than the file, which could not be written */
};

/* Set form, allocator, and path: folder (which may begin with ~/), digest in hexadecimal, ".json". 0 or
 * BEDROCK_ERR_CONFIG. */
int bdk_cache_open(struct bdk_cache *c, const struct bdk_cache_form *form, const struct bdk_env *env,
                   const char *folder, const unsigned char *digest, size_t n, bedrock_alloc_fn alloc,
                   void *alloc_ctx, struct bedrock_error *e);

/* The command that mends it: with "OPTION NAME" unless name is NULL, as a shell wants it. */
void bdk_cache_command(struct bdk_cache *c, const char *command, const char *option, const char *name);

/* Release its content, wiped; it can be loaded again. */
void bdk_cache_free(struct bdk_cache *c);

/* BEDROCK_ERR_CONFIG: "WHAT PATH: why; run LOGIN". */
int bdk_cache_bad(const struct bdk_cache *c, const char *why, struct bedrock_error *e);

/* Read the file: 0, or told in e, and c stays what it was; so it does when it is unsaved and good for longer. */
int bdk_cache_load(struct bdk_cache *c, const struct bdk_env *env, struct bedrock_error *e);

/* 0: still good; BDK_MORE: renew it (5 minutes or less are left, and it is 30 s since that was tried);
 * BEDROCK_ERR_CONFIG: it is past its time and cannot be renewed. */
int bdk_cache_next(const struct bdk_cache *c, int renewable, int64_t now_s, struct bedrock_error *e);

/* Renewing failed as e says: 0 and e is cleared when another process has done it meanwhile, or the old one
 * is still good; else BEDROCK_ERR_CONFIG. */
int bdk_cache_failed(struct bdk_cache *c, const struct bdk_env *env, int64_t now_s, struct bedrock_error *e);

/* A string member at a path, decoded and zero-terminated in b, which has room for it; NULL: there is none, it
 * is empty, or has a zero byte in it. */
const char *bdk_cache_text(struct bedrock_buffer *b, struct bedrock_json root, const char *path);

/* RFC 3339, or as AWS CLI 1 wrote it, "2020-06-17T10:02:08UTC". 0 or BEDROCK_ERR_PROTOCOL. */
int bdk_cache_time(const char *value, int64_t *epoch_s);

/* A member and its value, zero-terminated. */
void bdk_cache_pair(struct bedrock_writer *w, const char *name, const char *value);

/* Parse a token endpoint's answer; expires is its end as a JSON string. 0 or BEDROCK_ERR_CONFIG. */
int bdk_cache_answer(const struct bdk_fetch *f, struct bedrock_slice body, struct bedrock_json *root,
                     int64_t now_s, char expires[24], struct bedrock_error *e);

/* BEDROCK_ERR_CONFIG: its refusal, "error" in code ("" when it has none), the rest in e. */
int bdk_cache_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      char code[64], struct bedrock_error *e);

struct bdk_cache_member {
    const char *name;
    struct bedrock_json value;      /* checked; of type NONE: it stays what it was */
};

/* Write the file's object, or the one at a path inside of it, with these members replaced or added; all
 * others stay. out is new. Returns out->error. */
int bdk_cache_object(struct bedrock_buffer *out, const struct bdk_cache *c, const char *inside,
                     const struct bdk_cache_member *m, size_t n);

/* The file with these members takes the place of c's content: 0, or told in e and c stays what it was. */
int bdk_cache_renew(struct bdk_cache *c, const struct bdk_cache_member *m, size_t n, struct bedrock_error *e);

/* ---- sso.c: IAM Identity Center --------------------------------------------------------------- */

struct bdk_sso {
    struct bdk_cache c;
    int is_session;                 /* [sso-session]: only then it is renewed */
};

/*
 * bdk_sso_open(), then for each use bdk_cache_load() and bdk_sso_next(). Where that says BDK_MORE: refresh,
 * send, refreshed; when that fails, or there was no answer, bdk_cache_failed(); when it does not,
 * bdk_cache_write(), whose failure is only worth a trace. Then role, send, keys. bdk_cache_free() in the end.
 * profile may be NULL, and so may one of session and start_url (the old form). All strings are copied.
 */
int bdk_sso_open(struct bdk_sso *s, const struct bdk_env *env, const char *profile, const char *session,
                 const char *start_url, bedrock_alloc_fn alloc, void *alloc_ctx, struct bedrock_error *e);
int bdk_sso_next(const struct bdk_sso *s, int64_t now_s, struct bedrock_error *e);  /* see bdk_cache_next() */

/* Ask OIDC for a new token; read the answer: s is the new one, or stays what it was. */
int bdk_sso_refresh(struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to, int64_t now_s,
                    struct bedrock_error *e);
int bdk_sso_refreshed(struct bdk_sso *s, const struct bdk_fetch *f, const struct bdk_http_head *h,
                      struct bedrock_slice body, int64_t now_s, struct bedrock_error *e);

/* Ask for a role's keys, and read them. A 401 tells which command to run. */
int bdk_sso_role(const struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to,
                 const char *account, const char *role, struct bedrock_error *e);
int bdk_sso_keys(const struct bdk_sso *s, struct bdk_keys *k, const struct bdk_fetch *f,
                 const struct bdk_http_head *h, struct bedrock_slice body, const char *account,
                 struct bedrock_error *e);

/* ---- login.c: the session of `aws login` ------------------------------------------------------- */

/* As with SSO (bdk_cache_next() with renewable 1), but that the file holds the keys themselves. */
int bdk_login_open(struct bdk_cache *c, const struct bdk_env *env, const char *profile,
                   const char *login_session, bedrock_alloc_fn alloc, void *alloc_ctx,
                   struct bedrock_error *e);
int bdk_login_keys(const struct bdk_cache *c, struct bdk_keys *k, struct bedrock_error *e);

/* The Region whose sign-in service has to be asked; NULL: the profile's. */
const char *bdk_login_region(const struct bdk_cache *c);

/* random: 16 bytes of bdk_random(). */
int bdk_login_refresh(struct bdk_cache *c, struct bdk_fetch *f, const struct bdk_endpoint *to,
                      const unsigned char random[16], int64_t now_s, struct bedrock_error *e);
int bdk_login_refreshed(struct bdk_cache *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                        struct bedrock_slice body, int64_t now_s, struct bedrock_error *e);

/* Append the DPoP proof (RFC 9449) for f, whose endpoint, method and target are set. Returns out->error. */
int bdk_login_proof(struct bedrock_buffer *out, const struct bdk_fetch *f, const struct bdk_p256 *key,
                    const unsigned char random[16], int64_t now_s);

/* ---- apikey.c: short-term Amazon Bedrock API keys ---------------------------------------------------- */

#define BDK_API_KEY_MAX_S 43200

/*
 * Append a key for this Region that is good for expires_s (1 to BDK_API_KEY_MAX_S), but no longer than the
 * credentials are. 0, BEDROCK_ERR_USAGE for a Region or time that cannot be, BEDROCK_ERR_LIMIT for a session
 * token that is too long, or an error of out.
 */
int bdk_api_key(struct bedrock_buffer *out, const struct bdk_credentials *c, const char *region,
                int64_t expires_s, int64_t now_s, unsigned cpu);

/* ---- creds.c, provide.c and sources.c: which credentials sign a call ---------------------------------- */

/* Where keys, or a token in their place, come from; in the order in which they are asked. Found once, when a
 * client is opened. */
enum bdk_source {
    BDK_FROM_NOBODY_YET, BDK_FROM_OPTIONS, BDK_FROM_HOOK, BDK_FROM_BEARER, BDK_FROM_ENVIRONMENT,
    BDK_FROM_WEB_IDENTITY, BDK_FROM_PROFILE, BDK_FROM_CONTAINER, BDK_FROM_INSTANCE, BDK_FROM_NOWHERE
};

/* What a step of a source comes to, beside 0: done, below zero: failed, and BEDROCK_WANT_*. */
enum {
    BDK_RUN_FETCH = 100,    /* r->fetch is to be sent */
    BDK_RUN_AGAIN,          /* the same once more, at r->again_ms */
    BDK_RUN_PROCESS         /* r->process is to be waited for */
};

/* One fetching, of keys or of the Region. */
struct bdk_run {
    int for_region;
    const struct bdk_run_source *from;  /* who is asked */
    size_t role;                    /* the next one of the plan to be assumed */
    struct bdk_keys keys;           /* what has been fetched so far */
    struct bdk_keys next;           /* what the fetch at hand brings */
    int fetching;                   /* r->fetch has been or will be sent */
    struct bdk_fetch fetch;
    struct bedrock_call *call;      /* carries it; NULL: it is not under way */
    int attempts;                   /* that it has had */
    int64_t again_ms;               /* when it is tried once more */
    struct bdk_process *process;
    struct bdk_imds imds;           /* keeps its token */
    int imds_open;
    struct bdk_sso sso;             /* these two keep when they tried to renew */
    struct bdk_cache login;
    int renewing;                   /* the fetch at hand is for a new token */
    int looks;                      /* after another process's, since that was refused; 0: it was not */
    struct bedrock_buffer file;
};

/*
 * Begin to ask; read an answer; there was no answer, and e says why; it failed for good, as e says. Each
 * returns 0 with r->next or r->imds.region filled in, BDK_RUN_*, or an error told in e. The last two may be NULL:
 * then it stays at that.
 */
struct bdk_run_source {
    int (*begin)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
    int (*answer)(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h, struct bedrock_slice body,
                  struct bedrock_error *e);
    int (*none)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
    int (*failed)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
};
extern const struct bdk_run_source bdk_sources[BDK_PLAN_BASES];     /* by enum bdk_plan_base */
extern const struct bdk_run_source bdk_source_role;

struct bdk_creds {
    char *bearer_token;         /* set: Authorization: Bearer, no signature. The client's own, wiped */
    struct bdk_keys keys;       /* access_key_id NULL: not there yet */
    enum bdk_source source;     /* when finding it failed: the one that did */
    struct bdk_plan *plan;      /* how to fetch them; NULL: there is no need */
    struct bdk_run *run;        /* what fetching needs; NULL: nothing was fetched yet */
    struct bedrock_error err;   /* why that failed last */
    int64_t failed_ms;          /* and when; 0: it did not */
    int64_t got_ms;             /* when keys were fetched last; 0: never */
    int run_open;               /* it was set up */
    int pending;                /* the fetching has begun and is not over */
    struct bedrock_later hook;  /* what the program's hook waits for */
};

/* Find the source. 0, or told in b->err. */
int bdk_creds_open(struct bedrock *b, const struct bedrock_options *opt);
void bdk_creds_free(struct bedrock *b);

/* A profile that was named in so many words goes before keys in the environment, which the variable
 * AWS_PROFILE does not: is this source left out for it? */
int bdk_creds_skips(const struct bedrock *b, enum bdk_source source);

/*
 * Have Region and keys ready: 0, BEDROCK_WANT_* while they are being fetched, below zero told in e. However
 * many calls ask, they are fetched once; a failure is everybody's for a while.
 */
int bdk_creds_step(struct bedrock *b, struct bedrock_error *e);

/* What that waits for: as bedrock_fd(), bedrock_events() and bedrock_timeout_ms(). */
int bdk_creds_fd(const struct bedrock *b);
int bdk_creds_events(const struct bedrock *b);
int bdk_creds_timeout_ms(const struct bedrock *b);

/* Stop what is being fetched; release what fetching needs. */
void bdk_run_stop(struct bedrock *b);
void bdk_run_free(struct bedrock *b);

/* Set up for instance metadata from environment and profile. 0, BDK_IMDS_OFF, or told in e; bdk_imds_free() it
 * in any case. */
int bdk_imds_open(const struct bedrock *b, struct bdk_imds *m, struct bedrock_error *e);

/* ---- net.c: the only file that touches a socket ---------------------------------------------- */

struct bdk_sock;

/* Resolve and begin connecting; 0 or an error told in e. A literal address or localhost asks no DNS. */
int bdk_sock_open(struct bdk_sock **out, const char *host, int port, bedrock_alloc_fn alloc,
                  void *alloc_ctx, bedrock_clock_fn clock, void *clock_ctx, struct bedrock_error *e);
int bdk_sock_step(struct bdk_sock *s, struct bedrock_error *e); /* 0 connected, WANT_*, < 0 */
int bdk_sock_read(struct bdk_sock *s, void *buf, size_t cap, size_t *n, struct bedrock_error *e);
int bdk_sock_write(struct bdk_sock *s, const void *buf, size_t len, size_t *n,
                   struct bedrock_error *e);
void bdk_sock_quickack(struct bdk_sock *s);     /* see design 8: while shaking hands */
int bdk_sock_fd(const struct bdk_sock *s);
void bdk_sock_address(const struct bdk_sock *s, char *out, size_t cap); /* whom it is connected to; or "" */
void bdk_sock_close(struct bdk_sock *s);

/* While connecting: milliseconds until another address is due; -1: nothing is. */
int bdk_sock_timeout_ms(const struct bdk_sock *s);

/* The system's clock: see bedrock_clock_fn. */
int64_t bdk_clock_system(void *ctx, int wall);

/* Random bytes of the kernel's, 256 at most. 0, or BEDROCK_ERR_IO when it has none to give. */
int bdk_random(void *p, size_t n);

/* poll(2) that restarts after a signal; timeout in ms, -1 for ever. Returns poll's answer. */
struct pollfd;
int bdk_poll(struct pollfd *fds, size_t n, int timeout_ms);

/* ---- tls.c: TLS by BearSSL -------------------------------------------- */

struct bdk_trust; /* a client's trust anchors in BearSSL's form */

/*
 * Anchors from the built-in roots (with_roots) and a PEM bundle (may be NULL). BEDROCK_ERR_CONFIG when
 * the bundle holds no usable certificate; `source` names it in the message.
 */
int bdk_trust_load(struct bdk_trust **out, int with_roots, const char *pem, size_t pem_len,
                   const char *source, bedrock_alloc_fn alloc, void *alloc_ctx,
                   struct bedrock_error *e);
void bdk_trust_free(struct bdk_trust *t);

struct bdk_tls;

/* What TLS stands on: the functions of a socket, or of a tunnel. They answer as bdk_sock_read() and so on. */
struct bdk_lower {
    int (*read)(void *ctx, void *buf, size_t cap, size_t *n, struct bedrock_error *e);
    int (*write)(void *ctx, const void *buf, size_t len, size_t *n, struct bedrock_error *e);
    void (*quickack)(void *ctx);
};

/* Begin TLS over what is connected and stays the caller's. lower and trust are borrowed. */
int bdk_tls_open(struct bdk_tls **out, const struct bdk_lower *lower, void *lower_ctx, const char *host,
                 const struct bdk_trust *trust, int64_t wall_ms, bedrock_alloc_fn alloc,
                 void *alloc_ctx, struct bedrock_error *e);
int bdk_tls_step(struct bdk_tls *t, struct bedrock_error *e);   /* 0 handshake done, WANT_*, < 0 */
int bdk_tls_read(struct bdk_tls *t, void *buf, size_t cap, size_t *n, struct bedrock_error *e);
int bdk_tls_write(struct bdk_tls *t, const void *buf, size_t len, size_t *n,
                  struct bedrock_error *e);
int bdk_tls_flush(struct bdk_tls *t, struct bedrock_error *e);  /* send now; else reading does it */
int bdk_tls_holds_data(const struct bdk_tls *t);    /* 1: a read needs no network */
int bdk_tls_events(const struct bdk_tls *t);    /* poll bits the engine waits for */
void bdk_tls_describe(const struct bdk_tls *t, char *out, size_t cap); /* "TLS 1.2, ..." for -v */
void bdk_tls_watch(struct bdk_tls *t, struct bedrock_probe *seen);  /* tell the chain that is to come */
void bdk_tls_close(struct bdk_tls *t);          /* sends close_notify if that can be done at once */

/* ---- conn.c: connections to an endpoint, kept and reused ------------------------------------- */

/* The built-in transport as a struct bedrock_io, whose context is one of these. */
struct bdk_transport {
    const struct bdk_trust *aws_trust;      /* for AWS's own endpoints; NULL: as all others */
    const struct bdk_trust *other_trust;
    const char *aws_host[BDK_N_SERVICES + 1];   /* AWS's own hosts, the last one of a provider; NULL: none */
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    bedrock_clock_fn clock;
    void *clock_ctx;
    bedrock_trace_fn trace;
    void *trace_ctx;
    struct bdk_proxies *proxies;            /* NULL: there are none */
    int direct;                             /* open() uses no proxy */
    struct bedrock_probe *probe;            /* open() makes a connection that tells what it sees; NULL: not */
    struct bedrock_error open_error;        /* why the last open() failed */
};

void bdk_transport_io(struct bedrock_io *io, struct bdk_transport *t);

/* The proxy that gets an http:// request on this connection whole, target and all, or NULL. conn may be any
 * transport's when t has no proxies. */
const struct bdk_proxy *bdk_conn_relay(const struct bdk_transport *t, const void *conn);

/* What a connection through a proxy waits for while it is made: "TLS with", and the proxy's name. NULL both:
 * there is no proxy. */
const char *bdk_conn_waits(const struct bdk_transport *t, const void *conn, const char **proxy);

/* ---- models.c: lists, and which profile serves -------------------------------------------------- */

/* Take a foundation model's ARN apart: its Region (empty: all of them) and model id, within text. 1, or 0
 * when it is none. */
int bdk_arn_model(struct bedrock_json arn, char text[BDK_MAX_ARN], struct bedrock_slice *region,
                  struct bedrock_slice *model);

/* ---- message.c: Converse in words ------------------------------------------------------------ */

/* Decode a JSON string: *text points into v where it has no escapes, else into scratch. 0 or NOMEM. */
int bdk_decode(struct bedrock_buffer *scratch, struct bedrock_json v, struct bedrock_slice *text);

/* The first half of a surrogate pair, which ended a delta: it waits for the next one of its block. */
struct bdk_half {
    int waits;
    enum bedrock_kind kind;
    int64_t index;
    char escape[6];
};

/* Fill kind and text of a stream event whose type and json are set; half is zero at the stream's start. 0, an
 * error of scratch, or BEDROCK_ERR_PROTOCOL. */
int bdk_event_classify(struct bedrock_event *ev, struct bedrock_buffer *scratch, struct bdk_half *half);

/* ---- fragment.c: JSON values that grow, for assemble.c --------------------------------------- */

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

/* ---- assemble.c and document.c: what an answer is put together into -------------------------- */

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

/* ---- open.c, bedrock.c, request.c and call.c: clients, calls, and what an attempt is made of ---------- */

#define BDK_MAX_HEADERS 32      /* of the caller's */
#define BDK_MAX_KEPT 64         /* idle connections a client keeps, over all hosts */
#define BDK_KEEP_MS 60000       /* for how long */
#define BDK_READ_SIZE 4096u     /* least room in the input buffer when reading; TLS hands out a record
                                   in as many pieces as it takes, so more would only be more memory */

struct bdk_kept {
    void *conn;                 /* NULL: free place */
    const struct bdk_endpoint *to;
    int64_t since_ms;
};

struct bedrock {
    struct bedrock_options opt; /* hooks and limits with defaults filled in; no strings */
    struct bedrock_io io;
    struct bdk_profiles profiles;
    struct bdk_config cf;
    struct bdk_creds creds;
    struct bdk_sigv4_key key;
    struct bdk_trust *aws_trust, *other_trust;  /* NULL until somebody needs them */
    int has_bundle;             /* other_trust is what was named, and serves everybody */
    char *ca_source;            /* where other_trust comes from; "" for the five roots alone */
    struct bdk_transport transport;
    struct bdk_kept kept[BDK_MAX_KEPT];
    struct bedrock_call *calls; /* all that were started and not ended */
    struct bedrock_error err;
    unsigned cpu;
    int usable;                 /* bedrock_open() succeeded */
    int reachable;              /* it did but, perhaps, for the credentials */
    char user_agent[256];
};

enum bdk_phase {
    BDK_PHASE_CONNECT,  /* a connection is found or made, then the request is signed */
    BDK_PHASE_SEND,     /* head and body go out */
    BDK_PHASE_HEAD,     /* the response's head comes in */
    BDK_PHASE_BODY,     /* and its body */
    BDK_PHASE_FINISH,   /* complete and delivered: see that nothing follows */
    BDK_PHASE_DONE,
    BDK_PHASE_FAILED
};

enum bdk_body_kind { BDK_BODY_NONE, BDK_BODY_JSON, BDK_BODY_ANY };

struct bdk_operation {
    enum bdk_service service;
    const char *method;         /* NULL: only a connection is wanted */
    const char *path_before, *path_after;   /* around the model, or the whole path */
    int has_model;
    enum bdk_body_kind body;
    int streams;                /* the answer is an event stream; -1: its Content-Type tells */
    int needs_stop;             /* a stream is complete with messageStop only */
};

struct bedrock_call {
    struct bedrock *b;
    struct bedrock_call *next, **link;  /* in b->calls */
    const struct bdk_operation *op;
    const struct bdk_endpoint *to;
    enum bdk_service service;
    char method[16];
    struct bedrock_slice body;          /* the caller's */
    struct bedrock_buffer headers;      /* the caller's, name and value in turn, zero-terminated */
    struct bedrock_buffer target;       /* path and query of the request line */
    size_t path_len;                    /* of target, without the query */
    struct bedrock_buffer out;          /* the signed head; holds secrets */
    size_t sent;                        /* of out and body together; SIZE_MAX: all */
    int deaf;                           /* the server takes no more of it */
    struct bedrock_buffer in;           /* the response's head, then body not yet looked at */
    size_t in_pos;                      /* where that body begins */
    size_t scanned;
    struct bdk_http_head head;
    struct bdk_http_body framing;
    struct bedrock_slice piece;         /* of the body, not yet decoded into frames */
    struct bdk_es_decoder frames;
    struct bedrock_buffer payload;      /* body of a one-shot or an error response */
    struct bedrock_buffer text;         /* decoded text of the event */
    struct bdk_half half;               /* what of the last one's is to come with the next */
    enum bdk_phase phase;
    void *conn;
    int reused;                         /* conn served another call before */
    int fresh_only;                     /* a kept connection broke: take no other */
    int queued;                         /* waits until the host may have one connection more */
    int max_connections;                /* to the host; 0: no limit */
    int want;                           /* what the last step asked for, 0: to be stepped */
    int moved;                          /* bytes went either way since the clock was read */
    const struct bdk_fetch *fetch;      /* a credential provider's request; NULL: somebody else's */
    const struct bdk_keys *fetch_keys;  /* to sign it with */
    struct bdk_errand *errand;          /* what the call is for, when it is none of Bedrock's; or NULL */
    int wants_keys, wants_conn;         /* what CONNECT waits for */
    int64_t connected_ms;               /* when the connection stood; 0: not yet */
    int raw;                            /* the body is handed out as it is */
    int streams;                        /* the response is an event stream */
    int saw_start, saw_stop;            /* messageStart, messageStop came */
    int64_t deadline_ms;                /* of the whole call; INT64_MAX: none */
    int64_t phase_ms;                   /* when connecting began */
    int64_t moved_ms;                   /* when bytes moved last */
    int64_t until_ms;                   /* when waiting becomes a time-out */
    struct bedrock_error err;
    char payload_hash[65];
};

/* ---- errand.c: calls that are not for Bedrock itself ---- */

enum bdk_errand_kind { BDK_ERRAND_KEYS, BDK_ERRAND_IDENTITY, BDK_ERRAND_PROBE };

struct bdk_errand {
    enum bdk_errand_kind kind;
    struct bdk_fetch fetch;         /* what is sent; unused for keys */
    int64_t sent_ms;
    struct bedrock_probe seen;
};

/* Region and keys are there: go on with what needs them, or the call is done. 0, or the call has failed. */
int bdk_errand_go(struct bedrock_call *c);

/* The answer's head has come; it is complete: 0, BEDROCK_EVENT, or the call has failed. */
void bdk_errand_head(struct bedrock_call *c);
int bdk_errand_answer(struct bedrock_call *c, struct bedrock_event *ev);
void bdk_errand_free(struct bedrock_call *c);

/* ---- bedrock.c, request.c and call.c ---- */

/* NULL: there is none of this number. */
const struct bdk_operation *bdk_operation_of(enum bedrock_operation operation);

/* 0, or what is wrong with a request, told in the client's error. */
int bdk_request_check(struct bedrock *b, const struct bedrock_request *rq);

/* Write a new call's target, method and header fields. 0 or an error of its buffers. */
int bdk_request_write(struct bedrock_call *c, const struct bedrock_request *rq);

/* Advance one call: see bedrock_step(). */
int bdk_call_step(struct bedrock_call *c, struct bedrock_event *ev);

/* An answer comes in while the request still goes out. */
int bdk_call_sends(const struct bedrock_call *c);

/* Close or keep the call's connection. */
void bdk_call_release(struct bedrock_call *c, int reusable);

/* Fail a call for good and drop its connection. Returns the code it failed with. */
int bdk_call_fail(struct bedrock_call *c, int code, const char *text);

/* A connection kept for this endpoint that is still good, or NULL. */
void *bdk_client_take_kept(struct bedrock *b, const struct bdk_endpoint *to);
void bdk_client_keep(struct bedrock *b, void *conn, const struct bdk_endpoint *to);

/* Make a call of a provider's request, which stays the provider's until the call ends. 0 or NOMEM. */
int bdk_client_fetch(struct bedrock *b, const struct bdk_fetch *f, const struct bdk_keys *keys,
                     struct bedrock_call **out);

/* The call needs no keys any more. When nobody else waits for what is being fetched it is stopped: nobody
 * would step it, and its time would pass. */
void bdk_client_stop_fetching(struct bedrock_call *c);

/* A call that does nothing yet; NULL: out of memory, told in the client's error. Then let it carry somebody's
 * request, who keeps it until the call ends: 0 or NOMEM. */
struct bedrock_call *bdk_client_new_call(struct bedrock *b, const struct bdk_operation *op,
                                         enum bdk_service service);
int bdk_call_carry(struct bedrock_call *c, const struct bdk_fetch *f, const struct bdk_keys *keys);

/* 0 when bedrock_open() succeeded; else its error. */
int bdk_client_is_open(struct bedrock *b);

/* Give a call the connection that bedrock_warm() is making for its host: 1, or 0 when there is none. */
int bdk_client_take_warm(struct bedrock_call *c);

/* Could the call have a connection now, without going over its limit? */
int bdk_client_has_room(const struct bedrock_call *c);

/* Close an idle connection to the call's host if the limit leaves no room beside it. */
void bdk_client_make_room(struct bedrock_call *c);

/* The client's environment and files. */
struct bdk_env bdk_client_env(const struct bedrock *b);

/* Have the trust anchors for an endpoint, for those of both services. 0, or told in e. */
int bdk_client_trust(struct bedrock *b, int tls, int aws, struct bedrock_error *e);
int bdk_client_trust_services(struct bedrock *b, struct bedrock_error *e);

/* Give a new buffer the client's allocator. */
void bdk_client_buffer(const struct bedrock *b, struct bedrock_buffer *buffer);

/* Set the client's error anew, or take it over from a call. */
int bdk_client_fail(struct bedrock *b, int code, const char *text);
void bdk_client_take_error(struct bedrock *b, const struct bedrock_call *c);

/* Trace one line when somebody listens. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bdk_trace(const struct bedrock *b, const char *format, ...);

#endif
