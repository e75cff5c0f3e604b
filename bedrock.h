/*
 * bedrock.h - call Amazon Bedrock from C.
 *
 * Rules that hold for every function here:
 *   - Below zero is failure, zero is finished, above zero there is more to do. A failed bedrock_call
 *     stays failed and keeps giving the same answer; its client can start another.
 *   - Pointers handed out belong to the object they came from and live until it is next used.
 *     Pointers handed in are not kept after the function returns, unless its comment says so.
 *   - Clients share nothing. One thread at a time per client and its calls; any number of clients.
 *   - Text is UTF-8 with a length; a struct bedrock_slice is not zero-terminated.
 *   - Requests and responses are the service's own JSON. No struct mirrors its schema: a member that
 *     AWS adds tomorrow works today.
 *   - Nothing here prints, exits, starts a thread, installs a signal handler or changes the locale.
 *
 * The shortest program is bedrock_open(), bedrock_ask(), bedrock_close(). Programs with a loop of
 * their own use bedrock_start(), bedrock_step(), bedrock_end().
 */
#ifndef BEDROCK_H
#define BEDROCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BEDROCK_VERSION "0.1.0"

/* The same of the library that is linked. Static. */
const char *bedrock_version(void);

/* What the built-in TLS is and offers on this processor, for a program's --version. Static. */
const char *bedrock_tls_profile(void);

/* ---- Codes ----------------------------------------------------------------------------------- */

/* What a step asks for or brings. Never byte counts. */
enum bedrock_status {
    BEDROCK_DONE = 0,       /* finished, and well formed to the last byte */
    BEDROCK_EVENT = 1,      /* an event was filled in */
    BEDROCK_WANT_READ = 2,  /* poll bedrock_fd() for bedrock_events(), then step again */
    BEDROCK_WANT_WRITE = 3, /* the same, mostly waiting to write */
    BEDROCK_WANT_TIME = 4   /* nothing to poll: step again after bedrock_timeout_ms() */
};

/* Failures: name, value, meaning. Append only; the values are part of the ABI. */
#define BEDROCK_ERROR_LIST(X)                                                                      \
    X(NOMEM, -1, "out of memory")                                                                  \
    X(USAGE, -2, "an argument or the request is wrong; nothing was sent")                          \
    X(CONFIG, -3, "no Region, no credentials, or an unusable endpoint or CA bundle")               \
    X(RESOLVE, -4, "the host name could not be resolved")                                          \
    X(CONNECT, -5, "no connection could be made")                                                  \
    X(TLS, -6, "the TLS handshake or a TLS record failed")                                         \
    X(TIMEOUT, -7, "a time-out passed")                                                            \
    X(IO, -8, "the connection broke")                                                              \
    X(PROTOCOL, -9, "the peer sent something malformed")                                           \
    X(TRUNCATED, -10, "the response ended before it was complete")                                 \
    X(LIMIT, -11, "something from outside exceeded its ceiling")                                   \
    X(SERVICE, -12, "the service answered with an error")                                          \
    X(CANCELLED, -13, "a callback asked to stop")

enum bedrock_code {
#define BEDROCK_ERROR_ENUM_(name, value, text) BEDROCK_ERR_##name = value,
    BEDROCK_ERROR_LIST(BEDROCK_ERROR_ENUM_)
#undef BEDROCK_ERROR_ENUM_
    BEDROCK_OK = 0
};

/* "TLS" for BEDROCK_ERR_TLS, "OK" for 0, "UNKNOWN" for anything else. Static. */
const char *bedrock_code_name(int code);

/* The meaning from the list above. Static. */
const char *bedrock_code_text(int code);

/*
 * What went wrong. Everything is in place: an error can be told with no memory left. The first cause
 * wins. `message` says what was being done, to what, and what was seen, on one line without secrets.
 */
struct bedrock_error {
    int code;             /* enum bedrock_code */
    int http_status;      /* 0: no response was received */
    int sys_errno;        /* of the system call that failed, or 0 */
    int tls_code;         /* BearSSL's: 256 + n alert n received, 512 + n sent; or 0 */
    int retryable;        /* 1: the same call may succeed later (AWS SDKs' standard classification) */
    int attempts;         /* how often the request was sent; that a kept connection turned out closed
                             and a new one was made for it does not count */
    int clock_skew_s;     /* server's Date less the local clock, in seconds; 0: no Date was seen */
    char name[64];        /* the service's exception, "ThrottlingException"; "" when it named none */
    char request_id[64];  /* x-amzn-RequestId */
    char message[1024];   /* one line, UTF-8, zero-terminated, cut at a character when too long */
};

/* ---- Memory and bytes ------------------------------------------------------------------------ */

/* A run of bytes that belongs to somebody else. */
struct bedrock_slice {
    const char *p;
    size_t len;
};

/*
 * The one allocation hook. (NULL, 0, n) allocates, (p, old, n) resizes, (p, old, 0) frees and returns
 * NULL; old is the size last asked for. NULL for n > 0 means out of memory: p is left as it was, the
 * work in progress fails with BEDROCK_ERR_NOMEM, and nothing leaks.
 */
typedef void *(*bedrock_alloc_fn)(void *ctx, void *p, size_t old, size_t n);

/*
 * Bytes that grow, geometrically, to a ceiling. All zero is an empty buffer with the C library's
 * allocator and a ceiling of 64 MiB. The first failure sticks in `error` and later appends do nothing,
 * so only the end of a sequence needs a check.
 */
struct bedrock_buffer {
    char *p;        /* the bytes; NULL while nothing was written. Not zero-terminated */
    size_t len;     /* bytes written */
    size_t cap;     /* bytes allocated */
    size_t max;     /* ceiling for len; 0: 64 MiB */
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    int error;      /* 0, BEDROCK_ERR_NOMEM, BEDROCK_ERR_LIMIT, or the writer's BEDROCK_ERR_USAGE */
};

/* Append n bytes. Returns b->error. */
int bedrock_buffer_append(struct bedrock_buffer *b, const void *p, size_t n);

/* Release the memory, wiped, and make b empty again; allocator and ceiling stay. NULL is allowed. */
void bedrock_buffer_free(struct bedrock_buffer *b);

/* ---- JSON (RFC 8259) ------------------------------------------------------------------------- */

enum bedrock_json_type {
    BEDROCK_JSON_NONE = 0,
    BEDROCK_JSON_OBJECT,
    BEDROCK_JSON_ARRAY,
    BEDROCK_JSON_STRING,
    BEDROCK_JSON_NUMBER,
    BEDROCK_JSON_TRUE,
    BEDROCK_JSON_FALSE,
    BEDROCK_JSON_NULL
};

/* One value inside a JSON text: its type and its raw bytes, quotes and brackets included. */
struct bedrock_json {
    enum bedrock_json_type type;
    const char *p;
    size_t len;
};

/* Where and why a text is not JSON. Lines and columns count from 1, columns in bytes. */
struct bedrock_json_error {
    size_t offset;
    size_t line;
    size_t column;
    const char *what; /* static, e.g. "expected ':' after a member name" */
};

/*
 * Check that text[0..len) is exactly one JSON value, strictly: UTF-8, escapes, paired surrogates,
 * numbers, at most 512 levels deep, white space around it and nothing else. No byte-order mark.
 * 0: *v is the value without surrounding white space. BEDROCK_ERR_USAGE: *e says where (e may be NULL).
 * Nothing is copied: *v points into text.
 */
int bedrock_json_parse(const char *text, size_t len, struct bedrock_json *v,
                       struct bedrock_json_error *e);

/*
 * The value at `path` below v: member names joined by '.', elements as [n], as in
 * "output.message.content[0].text". Names compare after unescaping; a name holding '.' or '['
 * cannot be asked for this way, iterate instead. Of several members with one name the last counts.
 * The result's type is BEDROCK_JSON_NONE when there is none; null is a value. v must have come
 * from bedrock_json_parse() or from here; the answer for text that was never checked is unspecified
 * but stays inside it.
 */
struct bedrock_json bedrock_json_get(struct bedrock_json v, const char *path);

/* Iterates the members of an object or the elements of an array; fill with bedrock_json_iterate(). */
struct bedrock_json_iter {
    const char *p;
    const char *end;
    enum bedrock_json_type type;
};

/* Start over v. Anything but an object or an array has no elements. */
struct bedrock_json_iter bedrock_json_iterate(struct bedrock_json v);

/* 1: *value is the next one and, in an object, *name its name as a JSON string; 0: no more, and *value is of
 * type BEDROCK_JSON_NONE. name may be NULL. */
int bedrock_json_next(struct bedrock_json_iter *it, struct bedrock_json *name,
                      struct bedrock_json *value);

/*
 * Decode a string value into buf, which takes at most cap bytes. Returns the whole decoded length
 * even when cap is smaller (then buf holds the first characters that fit, never part of one).
 * Never longer than v.len. Not zero-terminated. Other types have length 0. buf may be NULL with
 * cap 0, and may be v.p + 1 itself (decoding in place). Half of a surrogate pair, which a stream's event
 * may have, becomes U+FFFD.
 */
size_t bedrock_json_unescape(struct bedrock_json v, char *buf, size_t cap);

/* 1 when v is a string that decodes to exactly this zero-terminated text. */
int bedrock_json_equals(struct bedrock_json v, const char *text);

/* The value of an integer number. 0, or BEDROCK_ERR_USAGE when v is none or does not fit (fractions
 * and exponents count as none). */
int bedrock_json_int(struct bedrock_json v, int64_t *out);

/*
 * A JSON writer. All zero is ready to use. Commas and colons are its business; what it cannot
 * write correctly (a value without a name in an object, text that is not UTF-8, raw bytes that are
 * not JSON) sets out.error and stops it.
 */
struct bedrock_writer {
    struct bedrock_buffer out;  /* read out.p and out.len when bedrock_write_end() has returned 0 */
    unsigned depth;
    unsigned char in_object[64]; /* a bit a level */
    unsigned char state;
};

void bedrock_write_object(struct bedrock_writer *w);     /* { */
void bedrock_write_object_end(struct bedrock_writer *w); /* } */
void bedrock_write_array(struct bedrock_writer *w);      /* [ */
void bedrock_write_array_end(struct bedrock_writer *w);  /* ] */
void bedrock_write_name(struct bedrock_writer *w, const char *name);  /* zero-terminated */
void bedrock_write_string(struct bedrock_writer *w, const char *text, size_t len);
void bedrock_write_int(struct bedrock_writer *w, int64_t n);
void bedrock_write_bool(struct bedrock_writer *w, int yes);
void bedrock_write_null(struct bedrock_writer *w);

/* Any JSON value, checked and copied as it is, digits and spacing kept. */
void bedrock_write_raw(struct bedrock_writer *w, const char *json, size_t len);

/* A member with a name and a value that bedrock_json_parse() has checked: not checked again. */
void bedrock_write_member(struct bedrock_writer *w, struct bedrock_json name, struct bedrock_json v);

/* 0 when one complete value was written, else out.error (BEDROCK_ERR_USAGE for an open bracket). */
int bedrock_write_end(struct bedrock_writer *w);

/* bedrock_buffer_free() on its buffer; the writer is as new. NULL is allowed. */
void bedrock_write_free(struct bedrock_writer *w);

/* ---- Settings -------------------------------------------------------------------------------- */

/*
 * A transport of your own, for tests, tunnels or another TLS engine. It carries plain bytes between
 * this library and the named host; with `tls` set it must encrypt them and check the host's name.
 * Every function but describe is required. Nothing may block longer than your loop can bear.
 *
 *   open      start connecting; *conn is yours. 0, or below zero (then *conn is not used)
 *   step      0 once bytes can flow; BEDROCK_WANT_READ, _WRITE or _TIME while not; below zero: failed
 *   read      0 with *n > 0 bytes, or 0 with *n == 0 when the peer has ended the stream properly;
 *             BEDROCK_WANT_*; below zero: failed
 *   write     0 with *n > 0 bytes taken; BEDROCK_WANT_*; below zero: failed
 *   fd        what to poll, or -1
 *   events    the poll(2) bits that matter now
 *   close     release conn, in any state
 *   describe  after a failure, say more in *e (message, sys_errno, tls_code); conn is NULL when open
 *             failed; may be NULL
 *   timeout_ms  when step, read or write wants to be called again in any case; -1: it does not; may
 *             be NULL
 */
struct bedrock_io {
    void *ctx;
    int (*open)(void *ctx, const char *host, int port, int tls, void **conn);
    int (*step)(void *conn);
    int (*read)(void *conn, void *buf, size_t cap, size_t *n);
    int (*write)(void *conn, const void *buf, size_t len, size_t *n);
    int (*fd)(void *conn);
    int (*events)(void *conn);
    void (*close)(void *conn);
    void (*describe)(void *ctx, void *conn, struct bedrock_error *e);
    int (*timeout_ms)(void *conn);
};

/* Milliseconds since 1970 when wall is 1, on a clock that never jumps when it is 0. */
typedef int64_t (*bedrock_clock_fn)(void *ctx, int wall);

/* The value of an environment variable or NULL; it must stay valid until the call returns. */
typedef const char *(*bedrock_getenv_fn)(void *ctx, const char *name);

/*
 * Read a whole file and append it to out, of which max is a ceiling. 0, or the errno that says why not:
 * ENOENT where there is none.
 */
typedef int (*bedrock_read_file_fn)(void *ctx, const char *path, struct bedrock_buffer *out);

/* Keys from a vault of your own; all zero-terminated, copied when the function returns. */
struct bedrock_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;      /* NULL: none */
    const char *account_id;         /* NULL: not known */
    int64_t expires_s;              /* seconds since 1970; 0: never */
};

/* What "not yet" waits for, and why it failed. */
struct bedrock_later {
    int fd;             /* can be read when it is worth asking again; -1: there is none */
    int timeout_ms;     /* ask again after so long in any case; -1: no limit */
    char why[256];      /* zero-terminated, without secrets */
};

/*
 * Asked when the first call needs to be signed, and again when the keys have less than five minutes left.
 * 0: *out is filled; BEDROCK_WANT_READ: not yet, *later says what to wait for; below zero: it failed. Does
 * not wait itself. However many calls need keys, it is asked once.
 */
typedef int (*bedrock_credentials_fn)(void *ctx, struct bedrock_credentials *out,
                                      struct bedrock_later *later);

/*
 * The one-time code of a role's MFA device (mfa_serial in a profile): write it to code[cap], zero-terminated,
 * and return 0; below zero: there is none. May wait: a person has to type it.
 */
typedef int (*bedrock_mfa_fn)(void *ctx, const char *serial, char *code, size_t cap);

/*
 * What the client is doing, a line at a time and without secrets: each attempt, what was sent and
 * received. `line` is zero-terminated and has no newline.
 */
typedef void (*bedrock_trace_fn)(void *ctx, const char *line);

/*
 * Settings for bedrock_open(). All zero (`= {0}`) is a working default; set what you care about.
 * New fields go at the end, where zero means "as before"; bedrock_open() passes the size for you.
 */
struct bedrock_options {
    const char *region;         /* NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile's, an instance's; none is
                                   an error */
    const char *endpoint_url;   /* for both services; NULL: AWS_ENDPOINT_URL_BEDROCK_RUNTIME and
                                   AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL, the profile's, then the
                                   Region's own. http:// is taken for loopback addresses only */
    const char *access_key_id;      /* the two together, or NULL both: whoever has some. Keys */
    const char *secret_access_key;  /* given here go before a bearer token from the environment */
    const char *session_token;      /* may be NULL */
    const char *bearer_token;   /* an Amazon Bedrock API key; NULL: AWS_BEARER_TOKEN_BEDROCK */
    const char *ca_file;        /* PEM bundle instead of the built-in roots; NULL: AWS_CA_BUNDLE, the
                                   profile's ca_bundle, SSL_CERT_FILE. Names are always checked */
    const char *ca_pem;         /* the same as text; goes before ca_file */
    size_t ca_pem_len;          /* 0: zero-terminated */
    int connect_timeout_ms;     /* resolve, connect and TLS; 0: 10000 */
    int idle_timeout_ms;        /* longest silence from the server; 0: 3600000, a long answer takes
                                   its time; below 0: for ever */
    size_t max_event;           /* largest event-stream frame; 0: 24 MiB + 128 KiB + 16. Above it,
                                   BEDROCK_ERR_LIMIT */
    size_t max_response;        /* largest body of a one-shot response; 0: 64 MiB */
    const struct bedrock_io *io;    /* your own transport, kept until bedrock_close(); NULL: sockets */
    bedrock_alloc_fn alloc;     /* NULL: realloc and free */
    void *alloc_ctx;            /* passed to alloc, never looked at */
    bedrock_clock_fn clock;     /* NULL: the system's */
    void *clock_ctx;
    bedrock_getenv_fn getenv;   /* kept until bedrock_close(), as read_file is: credentials are renewed; NULL:
                                   getenv(3); give one that returns NULL to read none */
    void *getenv_ctx;
    bedrock_trace_fn trace;     /* NULL: none */
    void *trace_ctx;
    const char *user_agent;     /* put before the library's own in User-Agent; NULL: nothing */
    int max_connections;        /* to one host at a time, idle ones included; further calls wait until
                                   one is free; 0: no limit */
    int max_idle;               /* connections to one host that are kept for later calls, for 60 s; 0: 8;
                                   at most 64 over all hosts; below 0: none */
    bedrock_read_file_fn read_file; /* every file is read through it, and none is written; NULL: open(2) and
                                       read(2), and SSO's and login's renewed tokens are written back */
    void *read_file_ctx;
    const char *proxy;          /* http:// or https:// URL of a proxy for all targets, user:password@ in it
                                   for Basic; NULL: HTTPS_PROXY and so on, as curl(1) reads them; "": none */
    const char *no_proxy;       /* names, addresses and CIDR blocks that need none, separated by commas, "*":
                                   all; NULL: NO_PROXY; "": the proxy is for everything */
    bedrock_credentials_fn credentials; /* your own vault: goes before everything but keys and tokens given
                                           above; NULL: none */
    void *credentials_ctx;
    const char *profile;        /* of the shared config files: goes before keys in the environment; NULL:
                                   AWS_PROFILE, then "default" */
    bedrock_mfa_fn mfa;         /* NULL: a role that needs a code is an error */
    void *mfa_ctx;
    int use_fips;               /* FIPS and dual-stack endpoints: 1: yes; below 0: no; 0: as
                                   AWS_USE_FIPS_ENDPOINT or the profile's use_fips_endpoint says, and
                                   likewise */
    int use_dualstack;
};

/* ---- Client ---------------------------------------------------------------------------------- */

struct bedrock;
struct bedrock_call;

/*
 * Make a client. Finds Region, credentials, endpoints and trust anchors and connects to nothing.
 * *out is set even on failure, unless memory ran out, so that bedrock_error() can tell why and
 * bedrock_where() how far it came;
 * bedrock_close() it in any case. opt may be NULL; what it points to is copied, secrets included.
 */
int bedrock_open_sized(struct bedrock **out, const struct bedrock_options *opt, size_t opt_size);

/* As above; for C and C++ programs, which know the size of the struct they were compiled with. */
static inline int bedrock_open(struct bedrock **out, const struct bedrock_options *opt)
{
    return bedrock_open_sized(out, opt, sizeof *opt);
}

/* End every call that is still under way, close kept connections, wipe secrets. NULL is allowed. */
void bedrock_close(struct bedrock *b);

/* Why bedrock_open(), bedrock_start() or bedrock_ask() failed last. Never NULL; NULL tells NOMEM. */
const struct bedrock_error *bedrock_error(const struct bedrock *b);

/* The Region in use, zero-terminated; lives as long as b. */
const char *bedrock_region(const struct bedrock *b);

/* ---- Calls ----------------------------------------------------------------------------------- */

/* https://docs.aws.amazon.com/bedrock/latest/APIReference/ names what each takes and returns. */
enum bedrock_operation {
    BEDROCK_ANY = 0,                /* whatever service, method and path say */
    BEDROCK_CONVERSE = 1,           /* needs model and body */
    BEDROCK_CONVERSE_STREAM = 2,    /* needs model and body; answers in events */
    BEDROCK_LIST_FOUNDATION_MODELS = 3,     /* may have a query */
    BEDROCK_LIST_INFERENCE_PROFILES = 4,    /* may have a query: type=, maxResults=, nextToken= */
    BEDROCK_GET_MODEL_AVAILABILITY = 5,     /* GetFoundationModelAvailability; needs model, an id */
    BEDROCK_LIST_AGREEMENT_OFFERS = 6,      /* ListFoundationModelAgreementOffers; needs model */
    BEDROCK_CREATE_AGREEMENT = 7,           /* CreateFoundationModelAgreement; needs body */
    BEDROCK_GET_USE_CASE = 8,               /* GetUseCaseForModelAccess */
    BEDROCK_INVOKE_MODEL = 9,               /* needs model and body, in the model's own form */
    BEDROCK_INVOKE_MODEL_STREAM = 10,       /* InvokeModelWithResponseStream; likewise, answers in events */
    BEDROCK_COUNT_TOKENS = 11               /* needs model and body */
};

enum bedrock_service {
    BEDROCK_RUNTIME = 0,    /* bedrock-runtime: models are called */
    BEDROCK_CONTROL = 1     /* bedrock: models are listed and managed */
};

/* A header field; both zero-terminated. */
struct bedrock_field {
    const char *name, *value;
};

struct bedrock_request {
    enum bedrock_operation operation;
    const char *model;      /* model id, inference profile id or ARN, as it is */
    const char *query;      /* "byProvider=Amazon&...", without '?', all but unreserved characters
                               percent-encoded, at most 64 parameters; NULL: none */
    const char *body;       /* BORROWED until bedrock_end(): an attempt may send it again. A JSON object,
                               but for BEDROCK_ANY and BEDROCK_INVOKE_MODEL: those send any bytes */
    size_t body_len;
    int deadline_ms;        /* for the whole call, from bedrock_start(); 0: none */
    int max_connections;    /* wait while the client has as many to this host; 0: as the options say */
    enum bedrock_service service;   /* these three: of BEDROCK_ANY alone */
    const char *method;             /* "GET", "POST", ...; not HEAD */
    const char *path;       /* as on the request line: "/model/amazon.nova-lite-v1%3A0/converse", without
                               query, percent-encoded; see bedrock_encode() */
    const struct bedrock_field *headers;    /* more header fields, at most 32, of any operation; a
                               Content-Type takes the place of application/json. Not those that the library
                               writes itself: Host, Content-Length, Authorization, X-Amz-Date ... */
    size_t n_headers;
    int raw;                /* 1: the body of a good answer is handed out as it arrives, BEDROCK_BYTES,
                               whatever it is, unless it is an event stream; 0: it must be JSON */
};

/* Append text percent-encoded for a path or a query: all but A-Z a-z 0-9 - _ . ~, so that a model's ARN is
 * one segment of a path. Returns b->error. */
int bedrock_encode(struct bedrock_buffer *b, const char *text, size_t len);

/*
 * Start a call. Does not wait. The body is borrowed until bedrock_end(); everything else is copied.
 * BEDROCK_ERR_USAGE: the request cannot be sent as it is (bedrock_error() says why), *out is NULL.
 */
int bedrock_start(struct bedrock *b, const struct bedrock_request *rq, struct bedrock_call **out);

enum bedrock_kind {
    BEDROCK_RESPONSE = 1,   /* json is the whole body of a one-shot call */
    BEDROCK_TEXT = 2,       /* a text delta; text is its text, decoded */
    BEDROCK_REASONING = 3,  /* a reasoning delta; likewise */
    BEDROCK_OTHER = 4,      /* every other event: see type and json */
    BEDROCK_BYTES = 5       /* text is bytes: a piece of the body of a raw call, or what a `chunk` of
                               InvokeModelWithResponseStream holds, decoded */
};

/*
 * Something arrived. The slices live until the call is next used. json is checked JSON, of type NONE in a
 * piece of a raw body.
 *
 * A stream may cut a character into halves, "\ud83d" here and "\ude00" in the next event: json has them as
 * they came, which bedrock_json_parse() would refuse. The text of a delta that ends in the first half comes
 * without it, and the whole character with the next delta of that block; a half that stays alone is U+FFFD,
 * or left out where the block ends. In a response \ufffd stands in place of such a half.
 */
struct bedrock_event {
    enum bedrock_kind kind;
    struct bedrock_slice type;  /* "contentBlockDelta", "messageStop", ...; empty for a response */
    struct bedrock_json json;   /* the event's payload as it came */
    struct bedrock_slice text;
};

/*
 * Advance a call as far as it can go without waiting.
 *
 * BEDROCK_EVENT        ev is filled; its slices live until c is next used
 * BEDROCK_WANT_READ,   poll bedrock_fd(c) for bedrock_events(c), at most bedrock_timeout_ms(c) long,
 * BEDROCK_WANT_WRITE   then step again; stepping early is harmless
 * BEDROCK_WANT_TIME    there is nothing to poll; step again after bedrock_timeout_ms(c)
 * BEDROCK_DONE         the response is complete and was well formed to its last byte
 * < 0                  failed: bedrock_call_error(c) says why, and whether a retry can help
 *
 * Events come in order, each only after its checksum has been verified. Resolving a host name may
 * block; give your own `open` in bedrock_options.io where that matters.
 */
int bedrock_step(struct bedrock_call *c, struct bedrock_event *ev);

/*
 * bedrock_step() and poll(2) in a loop: BEDROCK_EVENT, BEDROCK_DONE or < 0. BEDROCK_ERR_LIMIT when the
 * call waits for a connection (max_connections) that only other calls of this thread could set free.
 */
int bedrock_next(struct bedrock_call *c, struct bedrock_event *ev);

/* For the loop that you have: the descriptor changes between steps, when a call reconnects or waits for
 * credentials that are being fetched, so ask after each step. -1 when there is none. All calls of a client
 * that wait for credentials name one descriptor, and it is enough to step one of them when it can be read. */
int bedrock_fd(const struct bedrock_call *c);

/* poll(2) bits for it; 0 when there is nothing to poll for. */
int bedrock_events(const struct bedrock_call *c);

/* Milliseconds until the call wants to be stepped in any case; 0: at once; -1: no limit. */
int bedrock_timeout_ms(const struct bedrock_call *c);

/*
 * Wait until at least one of n calls can move, at most timeout_ms (-1: as long as it takes).
 * Returns how many can, 0 when the time passed or nothing can happen, < 0 on failure. ready may be NULL;
 * else ready[i] is set to 1 for the calls worth a step and 0 for the others, as for finished ones and NULL.
 */
int bedrock_wait(struct bedrock_call *const calls[], size_t n, unsigned char ready[], int timeout_ms);

/* Finish or cancel, at any time. A connection whose response was read to its end is kept for the
 * next call. NULL is allowed. */
void bedrock_end(struct bedrock_call *c);

/*
 * Open a connection for calls of this operation before one is needed, say while a prompt is still being
 * read. *out is a call without events: step it in your loop, or once and never again, and end it at any
 * time. A call to the same host takes its connection over as it stands, even half made; once made it
 * is kept like any other. 0, or below zero as bedrock_start().
 */
int bedrock_warm(struct bedrock *b, enum bedrock_operation operation, struct bedrock_call **out);

/* What failed; code is 0 while nothing has. Never NULL. */
const struct bedrock_error *bedrock_call_error(const struct bedrock_call *c);

/* HTTP status of the response, 0 before it is known. */
int bedrock_http_status(const struct bedrock_call *c);

/* A response header by name, any case; {NULL, 0} when absent or not yet known. */
struct bedrock_slice bedrock_header(const struct bedrock_call *c, const char *name);

/* ---- Who one is, and where things come from ---------------------------------------------------- */

/*
 * Have Region and credentials found, and do nothing else: a call without events, like bedrock_warm()'s, that
 * connects to nobody but whoever has to be asked for them. Step it, or call bedrock_next() once; then
 * bedrock_where() tells all. 0, or below zero as bedrock_start().
 */
int bedrock_find_credentials(struct bedrock *b, struct bedrock_call **out);

/*
 * Ask AWS STS whose keys sign (GetCallerIdentity). The call's one event is a BEDROCK_RESPONSE:
 * {"UserId":...,"Account":...,"Arn":...}. BEDROCK_ERR_CONFIG when the credentials are a bearer token, which
 * STS does not take.
 */
int bedrock_identity(struct bedrock *b, struct bedrock_call **out);

/*
 * Append a short-term Amazon Bedrock API key, made from the client's keys without asking anybody; it is for
 * the client's Region and good for expires_s seconds (1 to 43200; 0: 43200), but no longer than the keys are.
 * *until_s, which may be NULL, is when it ends, in seconds since 1970. BEDROCK_ERR_USAGE while the keys are
 * not known (bedrock_find_credentials()) or for another time, BEDROCK_ERR_CONFIG when they are a bearer
 * token: bedrock_error() says so.
 */
int bedrock_api_key(struct bedrock *b, int expires_s, struct bedrock_buffer *out, int64_t *until_s);

/* How a service is reached. Texts are zero-terminated, "" for what is not known or not needed. */
struct bedrock_way {
    char url[560];
    char from[400];     /* who says so: "option", "AWS_ENDPOINT_URL", "Region",
                           "endpoint_url in /home/me/.aws/config:7" */
    char proxy[400];    /* "proxy.example:3128 (HTTPS_PROXY)"; never its password */
    char ca[640];       /* what certificates are held to */
};

struct bedrock_config_file {
    char path[1024];
    int read;           /* 1: it was; 0: there was no need; -1: there is none */
};

/* Where a client's settings come from, for people: no secret is in it. */
struct bedrock_where {
    char region[64], region_from[400];
    struct bedrock_way way[2];      /* by enum bedrock_service */
    char profile[256];
    char profile_from[40];          /* "AWS_PROFILE", "the profile option"; "": nobody named one */
    int profile_found;              /* a file that was read has it */
    struct bedrock_config_file config, credentials;
    char source[1400];              /* "environment", "profile 'dev': IAM Identity Center, then role ..." */
    int bearer_token;               /* 1: a token is sent, and nothing is signed */
    char key_id[8];                 /* its last four characters; "" while it is not known */
    char account_id[64];
    int64_t expires_s;              /* of the keys, in seconds since 1970; 0: never, or not known */
};

/* Fill in what is known, also when bedrock_open() has failed. b may be NULL. */
void bedrock_where(const struct bedrock *b, struct bedrock_where *w);

enum bedrock_source_state {
    BEDROCK_SOURCE_NOT_ASKED = 0,   /* another one went before it */
    BEDROCK_SOURCE_PASSED_OVER = 1, /* it has nothing */
    BEDROCK_SOURCE_FAILED = 2,      /* it should have, and that ends the search */
    BEDROCK_SOURCE_USED = 3
};

/* One who may have credentials. */
struct bedrock_source {
    const char *name;               /* "environment", "profile", ...; static */
    enum bedrock_source_state state;
    char why[1024];                 /* why it was passed over, or failed; "" for the others */
};

/* The next one, in the order in which they are asked; *at is 0 at first. 1, or 0: no more. */
int bedrock_source_next(const struct bedrock *b, size_t *at, struct bedrock_source *s);

#define BEDROCK_MAX_CHAIN 8

/* What a probe saw on the way to a service. Times are in milliseconds, -1 for what it did not come to. */
struct bedrock_probe {
    int64_t resolve_ms;
    int64_t connect_ms;             /* TCP, and a proxy's CONNECT */
    int64_t tls_ms;
    int64_t answer_ms;              /* from the request to the head of the answer */
    char address[64];               /* of whom the connection is with, perhaps a proxy */
    char tls[64];                   /* "TLS 1.2, ECDHE-RSA-AES128-GCM-SHA256"; "": none */
    int n_certificates;             /* of the server's chain, as sent; at most the first eight are told */
    struct bedrock_certificate {
        char subject[128];          /* its common name, or else the organisation */
        int64_t expires_s;          /* seconds since 1970 */
    } chain[BEDROCK_MAX_CHAIN];
    int has_date;                   /* the answer said what time it is */
    int clock_skew_s;               /* then: the server's clock less ours, in seconds */
};

/*
 * Try the way to a service: a new connection, and a request without credentials, of whose answer only the
 * head matters. A call without events, which fails as any other does. Works as soon as the Region is known,
 * also when bedrock_open() failed for want of credentials. 0, or below zero as bedrock_start().
 */
int bedrock_probe(struct bedrock *b, enum bedrock_service service, struct bedrock_call **out);

/* What has been seen so far, also when it failed. NULL: the call is no probe. */
const struct bedrock_probe *bedrock_probe_seen(const struct bedrock_call *c);

/* ---- What everybody needs from Converse ------------------------------------------------------ */

/* Counts from usage and metrics; -1 for what the service did not say. */
struct bedrock_usage {
    int64_t input_tokens;
    int64_t output_tokens;
    int64_t total_tokens;
    int64_t cache_read_tokens;
    int64_t cache_write_tokens;
    int64_t latency_ms;         /* metrics.latencyMs: the service's own measure */
    char stop_reason[48];       /* "end_turn", "max_tokens", ...; "" when not known */
};

/* Set every count to -1. */
void bedrock_usage_init(struct bedrock_usage *u);

/* Take up what this event (a response, messageStop or metadata) says; other events say nothing. */
void bedrock_usage_read(struct bedrock_usage *u, const struct bedrock_event *ev);

/* ---- Request bodies -------------------------------------------------------------------------- */

/*
 * A builder for the body of a Converse request. All zero is ready to use. Messages, the system prompt and
 * members may come in any order, each of the first two in one go:
 *
 *     struct bedrock_body b = {0};
 *     bedrock_body_message(&b, "user");
 *     bedrock_body_file(&b, "chart.png");
 *     bedrock_body_text(&b, "What does it show?", 18);
 *     bedrock_body_system(&b);
 *     bedrock_body_text(&b, "Be brief.", 9);
 *     bedrock_body_member(&b, "inferenceConfig", "{\"maxTokens\":200}", 17);
 *     if (bedrock_body_end(&b) == 0) ... b.w.out.p, b.w.out.len
 *
 * The first failure sticks, every function returns it, and `error` says what was wrong with what, so that
 * one check at the end will do: BEDROCK_ERR_USAGE, BEDROCK_ERR_LIMIT, BEDROCK_ERR_NOMEM.
 *
 * The body is written once, into w.out, whose allocator you may set; its ceiling is 32 MiB unless you set
 * w.out.max. You may also begin to write into w, up to the place of a value (for CountTokens, say), let
 * the builder write the body there, and go on behind it.
 */
struct bedrock_body {
    struct bedrock_writer w;        /* w.out is the body when bedrock_body_end() has returned 0 */
    struct bedrock_error error;     /* code 0 while nothing is wrong */
    struct bedrock_buffer warnings; /* for bedrock_body_warning() */
    struct bedrock_buffer names;    /* the builder's own from here on: of documents */
    char role[16];                  /* of the message that is open */
    unsigned char state, has_text, has_system;
    unsigned n_messages, n_images, n_documents;
};

/* Begin a message with this role, or go on with the one that is open when it has the same role. */
int bedrock_body_message(struct bedrock_body *b, const char *role);

/* Begin the system prompt, or go on with it. */
int bedrock_body_system(struct bedrock_body *b);

/* A text block for the message or the system prompt that is open. len bytes of UTF-8. */
int bedrock_body_text(struct bedrock_body *b, const char *text, size_t len);

/*
 * An image, document, video or audio block for the message that is open, with a file in it. What it is
 * comes from its first bytes, and where these do not say from the name's extension. A document gets a name
 * that the API takes, unlike that of any other in the request, and a message that has a document and no
 * text gets a text block. What is no regular file, is empty, changes its size while it is read, makes the
 * body too large or is nothing that the API takes is an error that names the file. Limits of the API that
 * may change, and an extension that says something else, are warnings.
 */
int bedrock_body_file(struct bedrock_body *b, const char *path);

/* The same with len bytes that you have; name stands for the file's. */
int bedrock_body_bytes(struct bedrock_body *b, const char *name, const void *p, size_t len);

/* The same with an object in Amazon S3, "s3://bucket/key.pdf": the extension says what it is. */
int bedrock_body_s3(struct bedrock_body *b, const char *uri);

/* What a tool gave for the use with this id: JSON when it is an object, else text. status is "success",
 * "error", or NULL to leave it out. */
int bedrock_body_tool_result(struct bedrock_body *b, const char *id, const char *status, const char *p,
                             size_t len);

/* A cache point for what stands before it. ttl is "5m", "1h" or NULL. */
int bedrock_body_cache_point(struct bedrock_body *b, const char *ttl);

/* Any content block, as JSON. */
int bedrock_body_raw(struct bedrock_body *b, const char *json, size_t len);

/*
 * The messages of a conversation to go on with: a JSON array of them. The last stays open, so that
 * bedrock_body_message() with its role goes on with it. More may follow in a second array, so that what
 * bedrock_message_write() gives can be added in brackets.
 */
int bedrock_body_messages(struct bedrock_body *b, const char *json, size_t len);

/* A member of the request by name, its value as JSON. */
int bedrock_body_member(struct bedrock_body *b, const char *name, const char *json, size_t len);

/* A member that is an object: theirs (type BEDROCK_JSON_NONE: there is none) with the members of ours in
 * the place of its own. Both are checked JSON. */
int bedrock_body_merged(struct bedrock_body *b, const char *name, struct bedrock_json theirs,
                        struct bedrock_json ours);

/* The members of a whole request, which is checked JSON, but modelId and those in left_out, a list that
 * NULL ends. */
int bedrock_body_request(struct bedrock_body *b, struct bedrock_json request, const char *const left_out[]);

/* Close everything. 0: the body is complete. */
int bedrock_body_end(struct bedrock_body *b);

/* The next of the warnings, zero-terminated, or NULL; *at is 0 at first: "chart.png: 5000000 bytes; the
 * API reference says 3932160 at most for an image". */
const char *bedrock_body_warning(const struct bedrock_body *b, size_t *at);

/* Release the memory, the body wiped; b is as new. NULL is allowed. */
void bedrock_body_free(struct bedrock_body *b);

/*
 * A Converse request in parts, for bedrock_prompt_body() and bedrock_ask(). Zero: leave it out.
 */
struct bedrock_prompt {
    const char *model;          /* for bedrock_ask() */
    const char *text;           /* the user's message */
    size_t text_len;            /* 0: zero-terminated */
    const char *system;         /* system prompt, zero-terminated */
    const char *inference;      /* JSON object for inferenceConfig: {"maxTokens":512,"topP":0.9} */
    const char *fields;         /* JSON for additionalModelRequestFields */
    const char *base;           /* a whole request as JSON to start from, as struct bedrock_body builds
                                   it, say, with files; the members above replace its own, inference member
                                   by member; modelId is left out */
    size_t base_len;            /* 0: zero-terminated */
    int one_shot;               /* 1: Converse, the answer in one piece; 0: ConverseStream */
};

/*
 * Write the request body for p. 0, BEDROCK_ERR_USAGE when a part is not JSON or not UTF-8, or as
 * bedrock_body_end(). w must be new; it is the caller's to free.
 */
int bedrock_prompt_body(const struct bedrock_prompt *p, struct bedrock_writer *w);

/* Text as it arrives: kind is BEDROCK_TEXT or BEDROCK_REASONING. Non-zero cancels the call. */
typedef int (*bedrock_text_fn)(void *ctx, enum bedrock_kind kind, struct bedrock_slice text);

/*
 * Ask and wait. fn gets the text, in pieces when streamed; fn may be NULL. u may be NULL.
 * 0: the answer is complete. < 0: bedrock_error(b) says why; what fn got before was whole.
 */
int bedrock_ask(struct bedrock *b, const struct bedrock_prompt *p, bedrock_text_fn fn, void *ctx,
                struct bedrock_usage *u);

/*
 * Hand the text blocks of a one-shot Converse response to fn, in order; reasoning as
 * BEDROCK_REASONING. Returns 0, fn's first non-zero answer, or BEDROCK_ERR_NOMEM. alloc may be NULL.
 */
int bedrock_response_text(struct bedrock_json response, bedrock_text_fn fn, void *ctx,
                          bedrock_alloc_fn alloc, void *alloc_ctx);

/* ---- Streams put together ---------------------------------------------------------------------- */

/*
 * Takes a stream's events and gives the document that Converse would have returned for it. A one-shot
 * response is taken, too, and given back, so that what follows need not care which it was.
 *
 * Blocks stand in the order of their contentBlockIndex. Fragments of text, reasoning, signatures, tool
 * inputs, tool results, bytes are joined; a text with citations becomes citationsContent. A tool's input
 * becomes JSON when its block stops; none at all is {}, and what is no JSON stays, as a string. Members of
 * messageStart, messageStop and metadata become the document's, those of an event that nobody knows stand
 * below its name; kinds of start and delta that nobody knows are merged member by member and kept; of
 * two members with one name the last counts; the padding "p" and members with null are left out. Halves of a
 * surrogate pair in two fragments become the character, one that stays alone \ufffd.
 *
 * Harmless: a second messageStop or metadata (the last member counts), a second contentBlockStop, one for
 * a block that never began, a missing messageStart (the role is "assistant" then), a missing
 * contentBlockStop (messageStop ends all). BEDROCK_ERR_PROTOCOL: a second messageStart or
 * contentBlockStart, a start or delta behind the end of its block or of the message, a block that changes
 * from one known kind to another, an index that is none or negative, bytes that are not base64, a type of
 * event that is not plain ASCII.
 * BEDROCK_ERR_LIMIT: more than 4,096 blocks, more than 64 members of a block, of an event or of the document,
 * values more than 480 levels deep, more than max bytes.
 */
struct bedrock_message;

/*
 * max is the ceiling over the text of all that is held and what manages it; 0: 64 MiB. While a text grows it
 * takes up to three times its size. Nothing is allocated per event or by the height of an index.
 * 0 or BEDROCK_ERR_NOMEM with *out NULL. alloc may be NULL.
 */
int bedrock_message_open(struct bedrock_message **out, size_t max, bedrock_alloc_fn alloc, void *alloc_ctx);

/* Take the next event. 0 or below zero: for good, and bedrock_message_error() says why. */
int bedrock_message_add(struct bedrock_message *m, const struct bedrock_event *ev);

/* Why it failed; code is 0 while it has not. Never NULL. */
const struct bedrock_error *bedrock_message_error(const struct bedrock_message *m);

/* What was odd about the event taken last, a tool's input that is not JSON: a sentence, "" for nothing. */
const char *bedrock_message_odd(const struct bedrock_message *m);

/*
 * Write, as w's next value: the whole document; the message alone, as it goes into `messages` of the next
 * request; the block of one index (of a one-shot response, its place), as soon as its contentBlockStop was
 * taken. At any time, also when the stream broke off: then what came until there, a tool's input as
 * the text it is. 0 or w->out.error; bedrock_message_error()'s code when m has failed, BEDROCK_ERR_USAGE when
 * there is no such message or block: then nothing was written.
 */
int bedrock_message_response(const struct bedrock_message *m, struct bedrock_writer *w);
int bedrock_message_write(const struct bedrock_message *m, struct bedrock_writer *w);
int bedrock_message_block(const struct bedrock_message *m, int64_t index, struct bedrock_writer *w);

/* The name of the block's first member: "text", "toolUse", "citationsContent", ...; empty: no such block. */
struct bedrock_slice bedrock_message_kind(const struct bedrock_message *m, int64_t index);

/* NULL is allowed. */
void bedrock_message_close(struct bedrock_message *m);

/* ---- Models ---------------------------------------------------------------------------------- */

/* One of ListFoundationModels' summaries: pointers into the response. Members that are missing have
 * type BEDROCK_JSON_NONE. */
struct bedrock_model {
    struct bedrock_json json;       /* the whole summary */
    struct bedrock_json id;
    struct bedrock_json arn;
    struct bedrock_json name;
    struct bedrock_json provider;
    struct bedrock_json input;      /* arrays of strings */
    struct bedrock_json output;
    struct bedrock_json inference;
    struct bedrock_json status;     /* modelLifecycle.status */
    int streaming;                  /* 1, 0, or -1 when not said */
};

/* Start over the models in a ListFoundationModels response. */
struct bedrock_json_iter bedrock_model_list(struct bedrock_json response);

/* 1: *m is the next model; 0: no more. */
int bedrock_model_next(struct bedrock_json_iter *it, struct bedrock_model *m);

/* One of ListInferenceProfiles' summaries, likewise. */
struct bedrock_profile {
    struct bedrock_json json;
    struct bedrock_json id;
    struct bedrock_json arn;
    struct bedrock_json name;
    struct bedrock_json type;       /* "SYSTEM_DEFINED" or "APPLICATION" */
    struct bedrock_json status;
    struct bedrock_json models;     /* array of {"modelArn":...} */
};

/* Start over the profiles in a ListInferenceProfiles response; the next one as above. */
struct bedrock_json_iter bedrock_profile_list(struct bedrock_json response);
int bedrock_profile_next(struct bedrock_json_iter *it, struct bedrock_profile *p);

/*
 * How well a profile serves for calling this model id from this Region: 0, not at all; else the higher
 * the better. System-defined profiles go before those of the account (which may be somebody's for
 * counting costs); among them one within this Region alone, then one of its geography (us., eu.,
 * apac., ...; the fewer Regions the better), then any other, then global.
 */
int bedrock_profile_rank(const struct bedrock_profile *p, const char *model_id, const char *region);

/*
 * The query for the page behind this one, by the services' nextToken convention. query is the one that
 * page was asked with (may be NULL), n_pages how many there were. 1: out holds the next query,
 * zero-terminated (out->len counts the zero byte); 0: that was the last page; BEDROCK_ERR_PROTOCOL: the
 * token is the one just used, or 1,000 pages have passed; BEDROCK_ERR_NOMEM.
 */
int bedrock_next_page(struct bedrock_json page, const char *query, unsigned n_pages,
                      struct bedrock_buffer *out);

/* ---- Which of them can be called --------------------------------------------------------------- */

/*
 * A walk over the models of the Region that finds out which of them the account can call, and under which
 * id: ListFoundationModels, ListInferenceProfiles (all pages), then GetFoundationModelAvailability for
 * each, several side by side over at most 4 connections, in this thread.
 */
struct bedrock_models;

struct bedrock_models_options {
    int max_calls;              /* side by side; 0: 8; at most 64 */
    const char *model;          /* only the model of this id; NULL: all. Must stay valid */
    int (*want)(void *ctx, const struct bedrock_model *m);  /* 0 leaves a model out, unasked; may be NULL */
    void *want_ctx;
};

/* What became known of a model. Everything lives until the walk is next used. */
struct bedrock_access {
    struct bedrock_model model;
    int accessible;                     /* 1, 0, or -1: not known */
    char reason[200];                   /* why not, or why it is not known; "" when accessible */
    struct bedrock_slice call_as;       /* the id for requests: its own where it takes on-demand calls,
                                           else the best profile's; empty: there is none */
    struct bedrock_json availability;   /* the service's answer; type NONE when there was none */
    const struct bedrock_error *error;  /* why the question failed; NULL: it did not */
};

/* Start a walk. o may be NULL. 0, or below zero as bedrock_start(); *out is NULL then. */
int bedrock_models_start(struct bedrock *b, const struct bedrock_models_options *o,
                         struct bedrock_models **out);

/*
 * As bedrock_step(): BEDROCK_EVENT with *a filled, models in the order in which they become known;
 * BEDROCK_WANT_READ when bedrock_models_calls() have to be waited for, at most
 * bedrock_models_timeout_ms() long; BEDROCK_DONE; below zero: the models could not even be listed,
 * bedrock_models_error() says why. A question that is throttled or breaks off is asked up to three
 * times, then this model alone is not known. Where the account may not ask at all, all are not known
 * and bedrock_models_warning() says so.
 */
int bedrock_models_step(struct bedrock_models *w, struct bedrock_access *a);

/* Step and wait: BEDROCK_EVENT, BEDROCK_DONE or < 0. */
int bedrock_models_next(struct bedrock_models *w, struct bedrock_access *a);

/* The calls under way, for bedrock_wait() or a loop of your own; returns how many, at most cap. */
size_t bedrock_models_calls(const struct bedrock_models *w, struct bedrock_call *calls[], size_t cap);

/* Milliseconds until the walk wants to be stepped in any case; -1: no limit. */
int bedrock_models_timeout_ms(const struct bedrock_models *w);

/* Why the walk failed, or what it could not find out for all models; code is 0 while there is nothing
 * to tell. Never NULL. */
const struct bedrock_error *bedrock_models_error(const struct bedrock_models *w);
const struct bedrock_error *bedrock_models_warning(const struct bedrock_models *w);

/* The model summaries of the list, "modelSummaries" as it came, once the first model is known; else of
 * type NONE. */
struct bedrock_json bedrock_models_response(const struct bedrock_models *w);

/* Finish or stop. NULL is allowed. */
void bedrock_models_end(struct bedrock_models *w);

/* 1 when an array of strings holds this text, compared without case (ASCII). */
int bedrock_json_contains(struct bedrock_json array, const char *text);

/* ---- Event-stream frames --------------------------------------------------------------------- */

/*
 * Append one event frame (application/vnd.amazon.eventstream) as the service sends it, for tests and
 * stand-ins: :message-type `event` with :event-type `type`, or `exception` with :exception-type.
 * Returns b->error; BEDROCK_ERR_USAGE when a name or the payload is too long for a frame.
 */
int bedrock_frame_append(struct bedrock_buffer *b, int is_exception, const char *type,
                         const char *payload, size_t payload_len);

#ifdef __cplusplus
}
#endif
#endif
