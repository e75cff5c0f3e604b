/*
 * emu.h - what the sources of bedrock-emulator share: Bedrock in miniature, for tests without a network.
 *
 *   emulator.c     options, the poll loop, connections, the command that is run
 *   emu_tls.c      BearSSL's server side          emu_cert.c   its certificate
 *   emu_http.c     requests in; heads, chunks and event frames out
 *   emu_sigv4.c    is this request signed as it must be?
 *   emu_service.c  operations, errors, answers and streams
 *   emu_models.c   the models, what they say, and the faults that can be asked for
 *
 * Signatures and frames are computed by code of its own, not by the library's, so that a mistake in the
 * one cannot hide behind the same mistake in the other.
 */
#ifndef EMU_H
#define EMU_H

#include "bedrock.h"
#include <stdio.h>

#define EMU_MAX_HEAD 65536u                     /* above it 431 */
#define EMU_MAX_BODY ((size_t)64 << 20)         /* above it 413 */
#define EMU_MAX_OUT ((size_t)1 << 30)           /* ceiling of an answer that is held in one piece */
#define EMU_MAX_FIELDS 100
#define EMU_DELTA_LEN 20
#define EMU_LOW_WATER 32768u                    /* a stream is written ahead of the socket so far */

/* ---- What the emulator was told, and what all of it shares ---------------------------------------- */

struct emu {
    const char *region, *key_id, *secret, *bearer;
    int verbose;
    uint64_t random;        /* state of emu_random() */
    uint32_t crc[4][256];   /* emu_crc_init() */
};

/* Not for keys: request ids and padding. */
uint32_t emu_random(struct emu *e);

/* Milliseconds on a clock that never jumps. */
int64_t emu_now_ms(void);

/* ---- Text ----------------------------------------------------------------------------------------- */

void emu_text(struct bedrock_buffer *b, const char *text);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void emu_printf(struct bedrock_buffer *b, const char *format, ...); /* at most 1023 bytes */

int emu_is_blank(char c);
int emu_slice_is(struct bedrock_slice s, const char *text);
int emu_slice_is_nocase(struct bedrock_slice s, const char *text);
int emu_slice_begins(struct bedrock_slice s, const char *text);

/* Append the text of a JSON string. */
void emu_append_json(struct bedrock_buffer *b, struct bedrock_json v);

/* Append s with %XX decoded; a '%' that begins no such thing stays. */
void emu_percent_decode(struct bedrock_buffer *b, struct bedrock_slice s);

/* ---- emu_http.c: requests ------------------------------------------------------------------------- */

struct emu_field {
    struct bedrock_slice name, value;
};

/* Slices into the connection's input. */
struct emu_request {
    struct bedrock_slice method, target;
    struct bedrock_slice path, query;   /* the target's two parts, as they came */
    struct emu_field fields[EMU_MAX_FIELDS];
    size_t n_fields;
    int keep_alive;
    int expects;                        /* Expect: 100-continue */
    struct bedrock_slice body;
    size_t len;                         /* head and body */
};

#define EMU_MORE 1

/*
 * Read a request from p[0..len). *scanned is the caller's memo, 0 for each new request. 0: it is complete.
 * EMU_MORE: not yet; rq->len is set once the head is there, else 0. Above that: refuse it with this status.
 */
int emu_http_read(const char *p, size_t len, size_t *scanned, struct emu_request *rq);

/* The value of the first field of that name, any case; {NULL, 0} when there is none. */
struct bedrock_slice emu_http_field(const struct emu_request *rq, const char *name);

/* ---- Answers -------------------------------------------------------------------------------------- */

/* What becomes of the connection behind the answer. */
enum emu_end {
    EMU_KEEP,       /* the next request, please */
    EMU_CLOSE,      /* close_notify and FIN */
    EMU_CUT,        /* FIN alone */
    EMU_RESET,      /* RST */
    EMU_STALL       /* nothing, until the client has had enough */
};

/* Where a stream stands. */
enum emu_step {
    EMU_STEP_WHOLE,     /* not a stream: everything is in `out` */
    EMU_STEP_START, EMU_STEP_REASONING, EMU_STEP_SIGNATURE, EMU_STEP_TEXT, EMU_STEP_TOOL,
    EMU_STEP_TOOL_INPUT, EMU_STEP_STOP, EMU_STEP_METADATA, EMU_STEP_LAST_CHUNK, EMU_STEP_DONE
};

struct emu_answer;

/* What a model says, before it is cut into events. */
struct emu_plan {
    struct bedrock_buffer reasoning, text;
    struct bedrock_buffer tool, tool_input; /* a tool's name (empty: none) and JSON for it */
    const char *stop_reason;
    uint64_t n_deltas;      /* not 0: so many made-up ones instead of text */
    size_t piece;           /* bytes of text a delta; 0: a word */
    size_t input_words;
    int streams;
    int first_ms, word_ms;  /* until the first word, and between words */
    int no_stop;            /* end before messageStop */
    int garbage;            /* bytes behind the end */
    void (*third)(struct emu_answer *a);    /* gets hold of the third frame, in a->frame */
    long number;            /* what a fault was given: fault.NAME-NUMBER-NAME */
    char name[64];
};

struct emu_answer {
    struct emu *e;
    struct bedrock_buffer out;      /* bytes to be sent next */
    size_t sent;                    /* so many of them have been */
    uint64_t total;                 /* sent before those in out */
    uint64_t limit;                 /* the answer ends after so many bytes, as `end` says */
    enum emu_end end;
    size_t piece;                   /* bytes a write; 0: as many as will go */
    int64_t hold_ms;                /* nothing is sent before this time */
    int64_t due_ms;                 /* no event is made before this time */
    int64_t began_ms;
    int status;                     /* 0: there is no answer yet */
    int closes;                     /* with Connection: close */
    char why[300];                  /* for -v: why it was refused */

    struct emu_plan plan;
    enum emu_step step;
    uint64_t at;                    /* in the text of this step */
    int block;                      /* contentBlockIndex */
    unsigned n_frames;
    struct bedrock_buffer frame;    /* the frame that is being made */
    struct bedrock_writer w;        /* and its payload */
};

void emu_answer_init(struct emu_answer *a, struct emu *e, int64_t now_ms);
void emu_answer_free(struct emu_answer *a);

/* Append a response head; length below 0: chunked. `extra` is field lines with their CRLF, or "". */
void emu_http_head(struct emu_answer *a, int status, const char *type, int64_t length,
                   const char *extra);

/* A whole response. */
void emu_http_answer(struct emu_answer *a, int status, const char *type, const char *body, size_t len);

/* Append a chunk; an empty one ends the body. */
void emu_http_chunk(struct bedrock_buffer *b, const void *p, size_t n);

/* Append an event-stream frame with up to three string headers, name and value in turn, ended by NULL. */
void emu_frame(const struct emu *e, struct bedrock_buffer *b, const char *const headers[],
               const void *payload, size_t len);

/* CRC-32 as in gzip; its tables are made once. */
void emu_crc_init(struct emu *e);
uint32_t emu_crc32(const struct emu *e, const void *data, size_t n);

void emu_be32(unsigned char *p, uint32_t v);

/* ---- emu_sigv4.c ---------------------------------------------------------------------------------- */

struct emu_verdict {
    const char *error;      /* NULL: the request is who it says it is */
    char message[400];
};

/* now_s: seconds since 1970. */
void emu_authenticate(const struct emu *e, const struct emu_request *rq, int64_t now_s,
                      struct emu_verdict *v);

/* ---- emu_service.c -------------------------------------------------------------------------------- */

/* Fill a new answer. The request may go when this returns. */
void emu_service(const struct emu_request *rq, struct emu_answer *a);

/* An error as the service tells it. */
void emu_service_error(struct emu_answer *a, int status, const char *name, const char *message);

/* Append the next event of a stream. Call while a->step < EMU_STEP_DONE and its time has come. */
void emu_service_more(struct emu_answer *a);

/* Start a payload: a->w is in a new object. */
void emu_event_begin(struct emu_answer *a);

/* End the object, with padding when message_type is "event", and make it the frame in a->frame. */
void emu_event_frame(struct emu_answer *a, const char *message_type, const char *type);

/* Append that frame to the answer, as a chunk. */
void emu_event_send(struct emu_answer *a);

/* ---- emu_models.c --------------------------------------------------------------------------------- */

/* What a request to a model asks for. */
struct emu_prompt {
    struct bedrock_buffer last;     /* text of the last user message */
    struct bedrock_json request;
    int has_result;                 /* that message brings a tool's result */
    int64_t max_tokens;             /* 0: not said */
    size_t words;                   /* of all texts */
    int streams;
};

/*
 * The answer of a model: a->plan is filled, or a->status is set and the answer is an error (or a fault that
 * leaves no room for a plan).
 */
void emu_models_plan(struct emu_answer *a, struct bedrock_slice id, const struct emu_prompt *p);

/* ListFoundationModels, with the filters of the query. */
void emu_models_list(const struct emu *e, struct bedrock_writer *w, struct bedrock_slice query);

/* The faults, a line each. */
void emu_models_help(FILE *f);

size_t emu_words(const struct bedrock_buffer *b);

/* The text of made-up delta n: "delta 0000017 text. ". */
void emu_made_up(char out[EMU_DELTA_LEN], uint64_t n);

/* ---- emu_tls.c ------------------------------------------------------------------------------------ */

struct emu_tls;

#define EMU_AGAIN (-1)  /* not now */
#define EMU_BROKEN (-2)

struct emu_tls *emu_tls_open(int fd);
void emu_tls_free(struct emu_tls *t);
long emu_tls_read(struct emu_tls *t, void *buf, size_t cap);        /* > 0, 0 at the end, or the above */
long emu_tls_write(struct emu_tls *t, const void *p, size_t n);     /* > 0, or the above */
int emu_tls_flush(struct emu_tls *t);   /* 0: all is on its way; or the above */
int emu_tls_end(struct emu_tls *t);     /* send close_notify; likewise */
int emu_tls_events(const struct emu_tls *t);
int emu_tls_error(const struct emu_tls *t);     /* BearSSL's code; 0: none */

/* Bytes from and to a socket: > 0, 0 at the end (read only), EMU_AGAIN or EMU_BROKEN. */
long emu_recv(int fd, void *buf, size_t cap);
long emu_send(int fd, const void *p, size_t n);

/* ---- emu_cert.c ----------------------------------------------------------------------------------- */

#define EMU_KEY_LEN 32
#define EMU_CERT_LEN 476

extern const char emu_ca_pem[];
extern const unsigned char emu_server_key[EMU_KEY_LEN];     /* P-256, private and yet no secret */
extern const unsigned char emu_server_cert[EMU_CERT_LEN];   /* DER; for localhost, 127.0.0.1, ::1 */

#endif
