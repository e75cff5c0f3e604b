/*
 * emu.h - what the sources of bedrock-emulator share: Bedrock in miniature, for tests without a network.
 *
 *   emulator.c     the poll loop, the command that is run
 *   emu_options.c  the command line
 *   emu_conn.c     a connection                      emu_proxy.c     a proxy before it
 *   emu_tls.c      BearSSL's server side             emu_cert.c      its certificate
 *   emu_http.c     requests in; heads, chunks and event frames out
 *   emu_sigv4.c    is this request signed as it must be?
 *   emu_service.c  which operation, and may it be done
 *   emu_models.c   the models                        emu_profiles.c  the inference profiles
 *   emu_access.c   which of them may be called       emu_converse.c  Converse and ConverseStream
 *   emu_check.c    is a request as it must be?       emu_messages.c  and its messages
 *   emu_says.c     what a model says                 emu_wishes.c    what it says on demand
 *   emu_blocks.c   that as content blocks            emu_fields.c    additionalModelResponseFields
 *   emu_invoke.c   InvokeModel and CountTokens       emu_native.c    in the models' own shapes
 *   emu_guard.c    guardrails                        emu_apply.c     ApplyGuardrail and its like
 *   emu_custom.c   custom models                     emu_pages.c     nextToken
 *   emu_base64.c   base64                            emu_faults.c    the faults that can be asked for
 *   emu_creds.c    services that give credentials: which, their faults, the keys that are out
 *   emu_imds.c     an instance's metadata            emu_container.c a container's endpoint
 *   emu_sts.c      roles                             emu_sso.c       IAM Identity Center: portal and OIDC
 *   emu_signin.c   `aws login`                       emu_dpop.c      is this proof signed as it must be?
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

#define EMU_ACCOUNT "123456789012"
#define EMU_MAX_RULES 32

/* --deny and --throttle: what the account may not do, or not yet. */
struct emu_rule {
    struct bedrock_slice operation, model;  /* an empty model: all of them */
    int denies;
    long left;              /* throttled so many times more; below 0: always */
};

/* Services that give credentials, and what can be wrong with their answers. */
enum emu_giver {
    EMU_IMDS_TOKEN, EMU_IMDS, EMU_CONTAINER, EMU_STS, EMU_SSO, EMU_OIDC, EMU_SIGNIN, EMU_N_GIVERS
};

enum emu_ill {
    EMU_WELL, EMU_ILL_SLOW, EMU_ILL_NEVER, EMU_ILL_STATUS, EMU_ILL_FLAKY, EMU_ILL_HTML, EMU_ILL_GARBAGE,
    EMU_ILL_EMPTY, EMU_ILL_HUGE, EMU_ILL_CODE, EMU_ILL_EXPIRED, EMU_ILL_NO_ROLE, EMU_ILL_IDP, EMU_N_ILLS
};

/* Keys that are out. */
struct emu_issued {
    char id[24], secret[44], token[128], arn[256];
    int64_t expires_s;
    int of_role;            /* a role assumed with them lasts an hour at most */
};

#define EMU_MAX_ISSUED 64

struct emu_wallet {
    struct emu_issued issued[EMU_MAX_ISSUED];   /* the oldest gives way */
    unsigned n_issued;
    struct {
        enum emu_ill ill;
        long number;            /* milliseconds, status, or how often it is ill still */
    } givers[EMU_N_GIVERS];
    int64_t expire_in_s;        /* 0: as long as each service has it */
    int64_t clock_offset_s;     /* of the emulator's clock */
    int imds_v1;                /* answers without a token too */
    char imds_token[40];
    int64_t imds_token_until_s;
    unsigned n_tokens;          /* of SSO and sign-in, which number theirs */
    unsigned once;              /* a bit for each of those tokens that has been used */
    char jti[64];               /* of the last proof */
    unsigned plays;             /* bits of enum emu_giver: --play */
};

struct emu {
    struct emu_wallet wallet;
    const char *region, *key_id, *secret, *bearer;
    int verbose;
    struct emu_rule rules[EMU_MAX_RULES];
    size_t n_rules;
    int slow_control_ms;    /* how late every answer of the control plane is */
    int page_loop, page_endless;    /* ListInferenceProfiles comes to no end */
    int use_case;           /* the form was handed in */
    int new_account;        /* no agreement was made yet */
    int idle_close_ms;      /* idle connections are closed after so long; 0: never */
    long max_requests;      /* a connection; 0: any number */
    long more_models;       /* made-up ones */

    struct emu_entry *entries;      /* all models: emu_models_open() */
    size_t n_entries;
    struct emu_profile *profiles;   /* emu_profiles_open() */
    size_t n_profiles;
    int64_t start_ms;       /* when it began to serve, for -v */
    uint64_t random;        /* state of emu_random() */
    uint32_t crc[4][256];   /* emu_crc_init() */
};

/* Not for keys: request ids and padding. */
uint32_t emu_random(struct emu *e);

/* Milliseconds on a clock that never jumps. */
int64_t emu_now_ms(void);

/* Seconds since 1970 by the emulator's clock. */
int64_t emu_wall_s(const struct emu *e);

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

/* Write "name":"text", "name":n. */
void emu_put_text(struct bedrock_writer *w, const char *name, const char *text);
void emu_put_int(struct bedrock_writer *w, const char *name, int64_t n);

/* Write "name":{ or "name":[. */
void emu_put_object(struct bedrock_writer *w, const char *name);
void emu_put_array(struct bedrock_writer *w, const char *name);

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

/* Cut the next NAME=VALUE off a query; the value is decoded. 0: there is none. */
int emu_query_next(struct bedrock_slice *query, struct bedrock_slice *name, struct bedrock_buffer *value);

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
    EMU_STEP_START, EMU_STEP_BLOCKS, EMU_STEP_STOP, EMU_STEP_METADATA, EMU_STEP_LAST_CHUNK, EMU_STEP_DONE
};

struct emu_answer;
struct emu_prompt;

enum emu_kind {
    EMU_SAYS_TEXT,
    EMU_SAYS_MADE_UP, EMU_SAYS_EMPTY,   /* text of n_deltas made-up deltas, or of empty ones */
    EMU_SAYS_REASONING,
    EMU_SAYS_REDACTED,                  /* text is base64 */
    EMU_SAYS_TOOL,                      /* text is its input */
    EMU_SAYS_RESULT,                    /* of a tool of the service's; text is its content */
    EMU_SAYS_CITED,                     /* text with citations */
    EMU_SAYS_IMAGE,                     /* a PNG; text is base64 */
    EMU_SAYS_OTHER                      /* a kind that nobody knows; text is its value */
};

/* A content block of an answer. */
struct emu_block {
    enum emu_kind kind;
    struct bedrock_buffer text;
    struct bedrock_buffer name;     /* of a tool */
    char id[40];                    /* of a tool use */
    const char *type;               /* of a tool of the service's */
    size_t piece;                   /* bytes of text a delta; 0: a word */
    uint64_t n_deltas;
    uint64_t at;                    /* so much of the text was sent */
    unsigned long n_sent;           /* deltas */
    int is_open, is_done;
};

#define EMU_MAX_BLOCKS 64

/* What a model says, before it is cut into events. */
struct emu_plan {
    struct emu_block blocks[EMU_MAX_BLOCKS];
    size_t n_blocks;
    int interleaved;        /* the blocks take turns */
    const char *stop_reason;
    struct bedrock_writer at_stop, at_end;  /* members that messageStop and metadata have besides */
    struct bedrock_writer in_usage, in_trace;
    struct bedrock_writer in_guard;         /* a guardrail's part of the trace, whether wanted or not */
    const struct emu_family *family;        /* of InvokeModel */
    int n_events;                           /* so many of its events before or behind the text were sent */
    size_t input_words, cache_read, cache_write[2];     /* for five minutes, for an hour */
    uint32_t seed;          /* of the ids of its tool uses: one prompt, one id */
    int streams;
    int first_ms, word_ms;  /* until the first word, and between words */
    int no_stop;            /* end before messageStop */
    int garbage;            /* bytes behind the end */
    void (*third)(struct emu_answer *a);    /* gets hold of the third frame, in a->frame */
    long number, second;    /* what a fault was given: fault.NAME-NUMBER-SECOND or fault.NAME-NUMBER-NAME */
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
    unsigned n_before;              /* requests that this connection has served */
    char why[300];                  /* for -v: why it was refused */

    struct emu_plan plan;
    enum emu_step step;
    void (*more)(struct emu_answer *a);     /* appends the next event of a stream */
    size_t block;                   /* contentBlockIndex */
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
    const struct emu_issued *keys;  /* it was signed with; NULL: the account's own */
};

/* Is the request signed for this service? "bedrock" takes bearer tokens too. */
void emu_authenticate(const struct emu *e, const char *service, const struct emu_request *rq,
                      struct emu_verdict *v);

/* ---- emu_service.c -------------------------------------------------------------------------------- */

/* Fill a new answer. The request may go when this returns. */
void emu_service(const struct emu_request *rq, struct emu_answer *a);

/* Is there an operation of this name? */
int emu_service_knows(struct bedrock_slice operation);

/* An error as the service tells it. */
void emu_service_error(struct emu_answer *a, int status, const char *name, const char *message);

/* A ValidationException. */
void emu_invalid(struct emu_answer *a, const char *message);

/* 200 and what is in a->w. */
void emu_service_answer(struct emu_answer *a);

/* An operation: answers a request; the label is the path's variable part, percent-encoded. */
typedef void emu_operation(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label);

/* ---- emu_converse.c ------------------------------------------------------------------------------- */

emu_operation emu_converse, emu_converse_stream;

/* Start a payload: a->w is in a new object. */
void emu_event_begin(struct emu_answer *a);

/* End the object, with padding when message_type is "event", and make it the frame in a->frame. */
void emu_event_frame(struct emu_answer *a, const char *message_type, const char *type);

/* Append that frame to the answer, as a chunk. */
void emu_event_send(struct emu_answer *a);

/* The same for an event, counted: the third may be a fault's. */
void emu_event_end(struct emu_answer *a, const char *type);

/* Append the last chunk. */
void emu_stream_end(struct emu_answer *a);

/* ---- emu_fields.c --------------------------------------------------------------------------------- */

/* What additionalModelResponseFieldPaths asks for, into plan->at_stop. */
void emu_fields(struct emu_plan *plan, const struct emu_prompt *p);

/* ---- emu_check.c ---------------------------------------------------------------------------------- */

/* The members of a Converse request. */
enum emu_member {
    EMU_IN_MESSAGES, EMU_IN_SYSTEM, EMU_IN_INFERENCE, EMU_IN_TOOLS, EMU_IN_GUARDRAIL, EMU_IN_OUTPUT,
    EMU_IN_MODEL_FIELDS, EMU_IN_VARIABLES, EMU_IN_POINTERS, EMU_IN_METADATA, EMU_IN_PERFORMANCE, EMU_IN_TIER,
    EMU_N_MEMBERS
};

/* What a request to a model asks for. */
struct emu_prompt {
    struct bedrock_json in[EMU_N_MEMBERS];      /* type NONE: not there */
    struct bedrock_buffer last;     /* text of the last user message, tools' results included */
    struct bedrock_buffer results;  /* these alone, quoted */
    struct bedrock_buffer prefill;  /* text of the last message, if it is the assistant's */
    int64_t max_tokens;             /* 0: not said */
    size_t words;                   /* of all texts */
    size_t cached[2];               /* before the first of two cachePoints, before the last */
    int n_cache_points;
    int cache_hour;                 /* that one is kept for an hour */
    unsigned media;                 /* EMU_IMAGE ... that are in it, and EMU_DOCUMENT */
    int uses_tools;                 /* toolUse and toolResult */
    uint32_t seed;
    int counts;                     /* it is CountTokens */
    int streams, stored;            /* stored: the messages are a prompt's of the service's */
};

void emu_prompt_free(struct emu_prompt *p);

/* Read a request of Converse's. 0, or the refusal was written. */
int emu_check_request(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body);

/* A ValidationException with at most 1023 bytes. Returns -1. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int emu_refuse(struct emu_answer *a, const char *format, ...);

/* Is v a string that is in this list? */
int emu_json_one_of(struct bedrock_json v, const char *const words[]);

/* The one member of a union, with its name; 0: it has none, or several. A null does not count. */
int emu_json_only(struct bedrock_json v, struct bedrock_json *name, struct bedrock_json *value);

/* ---- emu_messages.c ------------------------------------------------------------------------------- */

/* The messages and the system prompt of p->in. 0, or the refusal was written. */
int emu_read_messages(struct emu_answer *a, struct emu_prompt *p);
int emu_read_system(struct emu_answer *a, struct emu_prompt *p);

/* ---- emu_models.c --------------------------------------------------------------------------------- */

#define EMU_TEXT 1u         /* modalities */
#define EMU_IMAGE 2u
#define EMU_VIDEO 4u
#define EMU_EMBEDDING 8u
#define EMU_HOLOGRAM 16u    /* that nobody has heard of */
#define EMU_DOCUMENT 32u    /* in prompts alone, as is */
#define EMU_AUDIO 64u

#define EMU_ON_DEMAND 1u    /* inference types */
#define EMU_PROVISIONED 2u
#define EMU_PROFILE 4u

#define EMU_REASONS 1u          /* gives its reasoning first */
#define EMU_TOOLS 2u            /* uses the first tool that it is offered */
#define EMU_SLOW 4u
#define EMU_NOT_AGREED 8u       /* the agreement: not made */
#define EMU_PENDING 16u         /* on its way for ever */
#define EMU_AGREEMENT_FAILS 32u
#define EMU_NEEDS_FORM 64u      /* not to be made before the use case form */
#define EMU_NOT_AUTHORIZED 128u
#define EMU_NOT_ENTITLED 256u
#define EMU_NOT_HERE 512u       /* in this Region */
#define EMU_ENDED 1024u         /* its life */
#define EMU_GLOBAL 2048u        /* has a global profile too */
#define EMU_LOCAL 4096u         /* has a profile within this Region too */
#define EMU_NO_TOOLS 8192u      /* takes none */
#define EMU_NO_TOOL_STREAM 16384u   /* none in a stream */
#define EMU_UNLISTED 32768u     /* in no list */
#define EMU_NO_COUNT 65536u     /* nor does CountTokens know it */

struct emu_model {
    const char *id, *name, *provider;
    unsigned input, output, custom, inference;  /* bits in lists of words */
    int streams;
    const char *status;
    unsigned behaviour;
    const char *rome;       /* how it names the capital of Italy */
};

/* A model in this run. */
struct emu_entry {
    struct emu_model m;
    int64_t agreed_ms;      /* when the agreement was made; 0: it was not */
    char id[40], name[24];  /* of a made-up one */
};

/* -1: no memory */
int emu_models_open(struct emu *e);
void emu_models_close(struct emu *e);

/* NULL: there is no model of this id. */
struct emu_entry *emu_models_find(const struct emu *e, const char *id);

emu_operation emu_list_models, emu_get_model;

/* The models that are in no list, a line each. */
void emu_unlisted_help(FILE *f);

/* The id behind an ARN's last '/', the id itself, or NULL for an ARN of another kind. */
const char *emu_bare_id(const char *id);

/*
 * The answer of a model: a->plan is filled, or a->status is set and the answer is an error (or a fault that
 * leaves no room for a plan).
 */
void emu_models_plan(struct emu_answer *a, struct bedrock_slice id, const struct emu_prompt *p);

/* Is the id, percent-encoded, that of a prompt of the service's? */
int emu_model_is_stored(struct bedrock_slice label);

/* ---- emu_pages.c ---------------------------------------------------------------------------------- */

#define EMU_PAGE 100    /* elements, unless maxResults says else */

/* What a query asks for. */
struct emu_page {
    size_t max, first;
    int own;            /* profiles: the account's */
};

/* Take a parameter; value is zero-terminated. NULL, or what is wrong with it. */
typedef const char *emu_parameter(const struct emu *e, struct emu_page *page, struct bedrock_slice name,
                                  const char *value);
emu_parameter emu_page_take;    /* maxResults and nextToken */

/* 0, or the refusal was written. */
int emu_page_read(struct emu_answer *a, struct emu_page *page, struct bedrock_slice query,
                  emu_parameter *take);

/* Write the member nextToken; next 0: this was the last page. */
void emu_page_next(struct emu_answer *a, size_t next);

/* The whole answer of an operation that lists n things, of which write() writes the one. */
void emu_page_list(struct emu_answer *a, struct bedrock_slice query, const char *name, size_t n,
                   void (*write)(struct bedrock_writer *w, const struct emu *e, size_t i));

/* ---- emu_profiles.c ------------------------------------------------------------------------------- */

struct emu_profile;

/* Behind emu_models_open(). -1: no memory */
int emu_profiles_open(struct emu *e);
void emu_profiles_close(struct emu *e);

/* The model of the profile of this id, or NULL. */
struct emu_entry *emu_profiles_find(const struct emu *e, const char *id);

emu_operation emu_list_profiles, emu_get_profile;

/* ---- emu_access.c --------------------------------------------------------------------------------- */

/* 0: this model may be called; -1: it may not, and the answer says so. */
int emu_access_check(struct emu_answer *a, const struct emu_entry *m);

emu_operation emu_get_availability, emu_list_offers, emu_create_agreement, emu_get_use_case;

/* ---- emu_says.c ----------------------------------------------------------------------------------- */

/* Fill a->plan with what m answers. */
void emu_says(struct emu_plan *plan, const struct emu_model *m, const struct emu_prompt *p);

size_t emu_words(const struct bedrock_buffer *b);

/* Leave the first n words of it all, reasoning included. */
void emu_plan_limit(struct emu_plan *plan, size_t n);

/* ---- emu_wishes.c --------------------------------------------------------------------------------- */

/* Do what each "say.NAME" in a prompt asks for. 0: none of them was a content block. */
int emu_wishes(struct emu_plan *plan, const struct emu_prompt *p);

/* The names, a line each. */
void emu_wishes_help(FILE *f);

/* ---- emu_blocks.c --------------------------------------------------------------------------------- */

/* A new block at the end of the plan. */
struct emu_block *emu_block_add(struct emu_plan *plan, enum emu_kind kind);
void emu_block_clear(struct emu_block *b);

/* A tool use more. input may be empty. */
struct emu_block *emu_block_tool(struct emu_plan *plan, struct bedrock_slice name,
                                 struct bedrock_slice input);

/* The next piece of a block's text: b->piece bytes, or a word with the blanks before it; never a part of a
 * UTF-8 character. */
struct bedrock_slice emu_block_piece(struct emu_block *b);

/* Drop those behind the first n. */
void emu_blocks_keep(struct emu_plan *plan, size_t n);

/* Does it have text that can be cut anywhere? */
int emu_block_is_text(const struct emu_block *b);

size_t emu_block_words(const struct emu_block *b);

/* Write it as a one-shot response has it. */
void emu_block_write(struct bedrock_writer *w, const struct emu_block *b);

/* Write the next event's "start" or "delta"; for a stop, what was written is to be thrown away. */
enum emu_part { EMU_PART_START, EMU_PART_DELTA, EMU_PART_STOP };
enum emu_part emu_block_next(struct bedrock_writer *w, struct emu_block *b);

/* ---- emu_native.c --------------------------------------------------------------------------------- */

struct emu_counts {
    int64_t in, out;
};

/* The shape of a family's bodies. The writer is in a new object; head and tail write their event i. */
struct emu_family {
    const char *name;   /* that its ids have in them */
    int (*read)(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body);
    void (*whole)(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n);
    /* 0: there is none */
    int (*head)(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n, int i);
    void (*delta)(struct bedrock_writer *w, struct bedrock_slice piece);
    /* 0: this was the last one */
    int (*tail)(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n, int i);
};

const struct emu_family *emu_family_of(struct bedrock_slice label);

/* The text of an answer. */
struct bedrock_slice emu_native_answer(const struct emu_plan *plan);

/* ---- emu_invoke.c --------------------------------------------------------------------------------- */

emu_operation emu_invoke, emu_invoke_stream, emu_count_tokens;

/* ---- emu_guard.c ---------------------------------------------------------------------------------- */

struct emu_guardrail;

enum emu_action { EMU_PASSED, EMU_MASKED, EMU_BLOCKED };

/* By id or ARN. NULL: there is no such version of it. */
const struct emu_guardrail *emu_guard_find(const char *id, const char *version);

/* Judge a text, which is changed, and write the policies that found something. */
enum emu_action emu_guard_judge(const struct emu_guardrail *g, int output, struct bedrock_buffer *text,
                                struct bedrock_writer *w);

/* The next e-mail address from *at on, which becomes where it begins; its length, or 0. */
size_t emu_guard_address(const struct bedrock_buffer *text, size_t *at);

const char *emu_guard_reason(enum emu_action action);

/* The member action of ApplyGuardrail. */
const char *emu_guard_verdict(const struct emu_guardrail *g, enum emu_action action);

/* Write the members usage, guardrailCoverage and invocationMetrics. */
void emu_guard_usage(struct bedrock_writer *w, const struct emu_guardrail *g, size_t characters);
void emu_guard_coverage(struct bedrock_writer *w, size_t characters);
void emu_guard_metrics(struct bedrock_writer *w, const struct emu_guardrail *g, size_t characters);

/* What the request's guardrail makes of a plan. 0, or the refusal was written. */
int emu_guard_plan(struct emu_answer *a, const struct emu_prompt *p);

emu_operation emu_list_guardrails;

/* The guardrails, a line each. */
void emu_guard_help(FILE *f);

/* ---- emu_apply.c, emu_custom.c -------------------------------------------------------------------- */

emu_operation emu_apply_guardrail, emu_invoke_checks;
emu_operation emu_list_custom;

/* ---- emu_base64.c --------------------------------------------------------------------------------- */

void emu_base64_encode(struct bedrock_buffer *b, const char *p, size_t n);

/* 0: all of it is base64, with its padding, and the first bytes were decoded, zeros behind them; or -1. */
int emu_base64_decode(const char *p, size_t len, unsigned char *first, size_t cap);

/* ---- emu_faults.c --------------------------------------------------------------------------------- */

/* The fault behind "fault.": answers, or changes a->plan, which is filled. */
void emu_fault(struct emu_answer *a, const char *id);

/* The status of a fault that is answered before the request's body is there; 0: it is none. */
int emu_fault_early(struct bedrock_slice path);

/* The faults, a line each. */
void emu_faults_help(FILE *f);

/* The text of made-up delta n: "delta 0000017 text. ". */
void emu_made_up(char out[EMU_DELTA_LEN], uint64_t n);

/* ---- emu_creds.c ---------------------------------------------------------------------------------- */

#define EMU_CONTAINER_TOKEN "emulator-container-token"
#define EMU_CONTAINER_PATH "/creds"
#define EMU_ROLE_ARN "arn:aws:iam::" EMU_ACCOUNT ":role/emulator"

/* Answer a request to one of them: 1; 0: it is none. */
int emu_give(const struct emu_request *rq, struct emu_answer *a);

/* SERVICE=FAULT. 0, or -1: there is no such thing. */
int emu_creds_fault(struct emu *e, const char *text);

/* Names of services with commas, for --play. 0, or -1. */
int emu_creds_play(struct emu *e, const char *text);

/* What can be asked for, a line each. */
void emu_creds_help(FILE *f);

int emu_is_ill(const struct emu_answer *a, enum emu_giver giver, enum emu_ill ill);

/* New keys for lasts_s seconds, or as long as --expire-in says. They live until 64 others were made. */
struct emu_issued *emu_issue(struct emu *e, const char *arn, int64_t lasts_s);

/* The keys of this id, or NULL. */
const struct emu_issued *emu_issued_find(const struct emu *e, struct bedrock_slice id);

/* When they end, in milliseconds or as "2026-01-02T03:04:05Z": ten minutes ago where that is the fault. */
int64_t emu_told_expiry_s(const struct emu_answer *a, enum emu_giver giver, const struct emu_issued *k);
void emu_iso(int64_t epoch_s, char out[32]);

/* Keys as containers and instances give them; a->w is in an object. */
void emu_put_keys(struct emu_answer *a, enum emu_giver giver, const struct emu_issued *k);

/* PREFIX-N, the next token of this prefix; 1: one of them, or the prefix itself, which is always good. Those
 * of `once` are good once. */
void emu_token_make(struct emu *e, const char *prefix, char out[64]);
int emu_token_good(struct emu *e, const char *prefix, struct bedrock_json token, int once);

/* An error of this name; in the JSON `error`, unless NULL, and the message as `member`. */
void emu_creds_error(struct emu_answer *a, int status, const char *name, const char *error,
                     const char *member, const char *message);

/* A request of one of these services. */
typedef void emu_giving(const struct emu_request *rq, struct emu_answer *a);

emu_giving emu_imds_token, emu_imds, emu_container, emu_sts, emu_sso, emu_oidc, emu_signin;

/* ---- emu_dpop.c ----------------------------------------------------------------------------------- */

/* Check the DPoP header of a request to /v1/token (RFC 9449). NULL: it is a proof; else why not. */
const char *emu_dpop_check(struct emu *e, const struct emu_request *rq);

/* ---- emu_options.c -------------------------------------------------------------------------------- */

#define EMU_BAD_USAGE 252

struct emu_settings {
    int port[2];            /* plain, TLS; 0: a free one */
    const char *ca_file;    /* NULL: one that is removed in the end */
    int http;               /* AWS_ENDPOINT_URL is the plain address */
    const char *proxy;      /* "user:password" of the proxy, "": anybody; NULL: there is no proxy */
    char **command;         /* its first word is NULL: none */
};

/* Read the command line. Below 0: serve; else that was all, and this is how to exit. */
int emu_options(char **argv, struct emu *e, struct emu_settings *o);

/* ---- emu_conn.c ----------------------------------------------------------------------------------- */

struct emu_conn;

/* Take over a socket that does not wait; NULL: no memory, and it stays the caller's. */
struct emu_conn *emu_conn_open(int fd, int tls, unsigned number);
void emu_conn_free(struct emu_conn *c);

/* Go on as far as it can: poll() said so, or its time has come. 0: it goes on; -1: it is over. */
int emu_conn_run(struct emu *e, struct emu_conn *c, int revents);

int emu_conn_fd(const struct emu_conn *c);
short emu_conn_events(const struct emu_conn *c);        /* for poll() */
int64_t emu_conn_wake_ms(const struct emu_conn *c);     /* when it wants to be run in any case */

/* ---- emu_proxy.c ---------------------------------------------------------------------------------- */

#define EMU_PROXY_MAX 64    /* tunnels at a time */

struct emu_proxy;
struct pollfd;

/* user as in struct emu_settings, kept. NULL: no memory. Closing NULL is allowed. */
struct emu_proxy *emu_proxy_open(const char *user, int verbose);
void emu_proxy_close(struct emu_proxy *p);

/* Take over a client's socket that does not wait; -1: it stays the caller's. */
int emu_proxy_take(struct emu_proxy *p, int fd, int tls);

/* Fill in what to poll, at most 2 * EMU_PROXY_MAX entries, whose number comes back; then run them all. */
size_t emu_proxy_polls(const struct emu_proxy *p, struct pollfd *set);
void emu_proxy_run(struct emu_proxy *p);
int64_t emu_proxy_wake_ms(const struct emu_proxy *p);

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

#define EMU_KEY_BITS 2048
#define EMU_KEY_PARTS 5
#define EMU_KEY_LEN (EMU_KEY_BITS / 16)
#define EMU_CERT_LEN 861

extern const char emu_ca_pem[];
/* RSA: p, q, d mod (p - 1), d mod (q - 1), 1/q mod p; private and yet no secret */
extern const unsigned char emu_server_key[EMU_KEY_PARTS][EMU_KEY_LEN];
extern const unsigned char emu_server_cert[EMU_CERT_LEN];   /* DER; for localhost, 127.0.0.1, ::1 */

#endif
