/* mock.h - a transport without sockets: canned answers, cut, delayed and split at will. See mock.c. */
#ifndef MOCK_H
#define MOCK_H

#include "t.h"

#define MOCK_NO_CUT ((size_t)-1)

struct mock {
    struct bedrock_io io;           /* hand this to bedrock_options.io */
    struct bedrock_slice reply[4];  /* what the server answers, request by request */
    size_t n_replies;
    size_t piece;       /* at most this many bytes a read or write; 0: all */
    int stutter;        /* "not now" before every read and write */
    size_t cut_at;      /* the connection ends behind this byte of the replies; MOCK_NO_CUT */
    int cut_code;       /* 0: it ends properly; below zero: read fails with this */
    int open_code;      /* below zero: open fails with this */
    int step_wants;     /* this many steps want to wait before the connection stands */
    int write_code;     /* below zero: the write at write_fail_at fails with this */
    size_t write_fail_at;   /* counted in bytes sent */
    int stale;          /* a second request on a connection finds it closed */
    size_t interim;     /* this much of the reply may be read before the request is whole */
    int answers_early;  /* writing blocks after 64 bytes of request; the reply is there at once */

    /* what happened */
    int opens, closes;
    char host[256];
    int port, tls;
    struct bedrock_buffer sent;     /* all that was written */

    /* inside */
    size_t request, request_at, at, total, waited;
    int open, used, ready, held_read, held_write;
};

/* fd, events and timeout_ms of a transport that has no descriptor to poll: step again at once. */
void mock_no_fd(struct bedrock_io *io);

/* Everything zero but what a test sets; replies are borrowed. */
void mock_init(struct mock *m, const char *reply, size_t len);
void mock_free(struct mock *m);

/* Begin again with the same settings, as for the next run of a loop. */
void mock_rewind(struct mock *m);

/* A client over the mock with fixed keys, Region and clock; heap may be NULL. */
int mock_client(struct bedrock **b, struct mock *m, struct t_heap *heap);
/* The options it uses, to change some. */
void mock_options(struct bedrock_options *o, struct mock *m, struct t_heap *heap);

/* The fixed clock: 2026-01-02T03:04:05Z; ctx points at milliseconds to add, or is NULL. */
int64_t mock_clock(void *ctx, int wall);

/* An environment without variables. */
const char *mock_getenv(void *ctx, const char *name);

/* "HTTP/1.1 200 OK", a content type, a request id, Content-Length and the body. */
void mock_reply(struct bedrock_buffer *out, const char *status, const char *type, const char *body);

/* A ConverseStream answer, chunk by chunk: the frames in `frames` are cut into chunks of `chunk` bytes. */
void mock_stream(struct bedrock_buffer *out, const struct bedrock_buffer *frames, size_t chunk);

/* The frames of a small whole stream: "Hel", "lo \n", emoji, with padding; then stop and usage. */
void mock_frames(struct bedrock_buffer *frames);
#define MOCK_STREAM_TEXT "Hello\n\xF0\x9F\x98\x80"

#endif
