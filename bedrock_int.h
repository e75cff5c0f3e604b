/*
 * bedrock_int.h - what the library's own sources share. Not installed, not an API.
 *
 * Calls go down: open.c, bedrock.c, call.c, message.c and models.c stand on the parts; conn.c, tls.c, net.c
 * and the credential sources touch the world (bedrock_creds.h); everything else is pure (bedrock_pure.h).
 */
#ifndef BEDROCK_INT_H
#define BEDROCK_INT_H

#include "bedrock_creds.h"

/* ---- net.c: the only file that touches a socket -------------------------------------------- */

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

/* ---- tls.c: TLS by BearSSL ----------------------------------------------------------------- */

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

/* ---- conn.c: connections to an endpoint, kept and reused ----------------------------------- */

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

/* ---- models.c: lists, and which profile serves --------------------------------------------- */

/* Take a foundation model's ARN apart: its Region (empty: all of them) and model id, within text. 1, or 0
 * when it is none. */
int bdk_arn_model(struct bedrock_json arn, char text[BDK_MAX_ARN], struct bedrock_slice *region,
                  struct bedrock_slice *model);

/* ---- message.c: Converse in words ---------------------------------------------------------- */

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

/* ---- open.c, bedrock.c, request.c and call.c: clients, calls, and what an attempt is made of ---- */

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

/* ---- errand.c: calls that are not for Bedrock itself --------------------------------------- */

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

/* ---- bedrock.c, request.c, head.c and call.c ------------------------------------------------------- */

/* NULL: there is none of this number. */
const struct bdk_operation *bdk_operation_of(enum bedrock_operation operation);

/* 0, or what is wrong with a request, told in the client's error. */
int bdk_request_check(struct bedrock *b, const struct bedrock_request *rq);

/* Write a new call's target, method and header fields. 0 or an error of its buffers. */
int bdk_request_write(struct bedrock_call *c, const struct bedrock_request *rq);

/* Build and sign the head of what is sent, in c->out: right before it goes out, for a signature carries the
 * time. 0, or BEDROCK_ERR_NOMEM, _LIMIT, or _USAGE: it holds what HTTP or a signature does not allow. */
int bdk_head_build(struct bedrock_call *c);

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
