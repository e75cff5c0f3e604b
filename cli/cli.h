/*
 * cli.h - what the sources of the command `bedrock` share. They stand on bedrock.h alone.
 *
 * A function that can fail returns 0 or fills in struct cli's `err` and returns its code (below zero);
 * cli_report() tells it and gives the exit status. Nothing here is reentrant: it is a program.
 */
#ifndef CLI_H
#define CLI_H

#include "bedrock.h"

#define CLI_MAX_INPUT_MIB 32             /* of a file or of standard input, unless --max-request is more */
#define CLI_MAX_MODEL 2048               /* API reference: modelId's length */

#if defined(__GNUC__)
#define CLI_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define CLI_PRINTF(a, b)
#endif

/* ---- options.c: commands, options, exit statuses: parsing, --help and the manual come from here ---- */

enum cli_status {
    CLI_OK = 0,
    CLI_SOME_FAILED = 1,
    CLI_BAD_USAGE = 252,
    CLI_BAD_CONFIG = 253,
    CLI_SERVICE = 254,
    CLI_OTHER = 255
};

enum cli_command_id {
    CLI_MODELS = 1, CLI_CONVERSE = 2, CLI_HELP = 4, CLI_ACCESS = 8, CLI_INVOKE = 16, CLI_API = 32,
    CLI_TOKENS = 64, CLI_GUARD = 128, CLI_WHOAMI = 256, CLI_API_KEY = 512, CLI_EVERY = 1023
};

struct cli_command {
    enum cli_command_id id;
    const char *name;
    const char *usage;          /* what follows the name */
    const char *summary;        /* for the list of commands */
    const char *const *text;    /* paragraphs, ended by NULL */
    const char *const *examples;/* command lines, ended by NULL */
};

enum cli_kind {
    CLI_FLAG,
    CLI_STRING,     /* taken as it is */
    CLI_TEXT,       /* a text, or @FILE, or - */
    CLI_JSON,       /* the same, and it must be JSON */
    CLI_BYTES,      /* as CLI_TEXT, to the last byte, and it may be empty */
    CLI_FILE,       /* FILE, @FILE or -, or JSON, which begins with { or [ */
    CLI_WHOLE,      /* a whole number from low to high */
    CLI_NUMBER,     /* a number from low to high */
    CLI_SECONDS,    /* seconds with up to three decimals that count, from low to high */
    CLI_CHOICE      /* one of `choices`, in any case */
};

enum cli_option_id {
    CLI_OPT_PROVIDER, CLI_OPT_IN, CLI_OPT_OUT, CLI_OPT_INFERENCE, CLI_OPT_ACTIVE, CLI_OPT_ACCESSIBLE,
    CLI_OPT_CHECK, CLI_OPT_PROFILES, CLI_OPT_ONE, CLI_OPT_ACCEPT, CLI_OPT_OFFER, CLI_OPT_YES,
    CLI_OPT_TIMEOUT,
    CLI_OPT_MODEL, CLI_OPT_SYSTEM, CLI_OPT_MAX_TOKENS, CLI_OPT_TEMPERATURE, CLI_OPT_TOP_P,
    CLI_OPT_STOP, CLI_OPT_FIELDS, CLI_OPT_ATTACH, CLI_OPT_TOOLS, CLI_OPT_TOOL_CHOICE, CLI_OPT_SCHEMA,
    CLI_OPT_EFFORT, CLI_OPT_GUARDRAIL, CLI_OPT_GUARDRAIL_TRACE, CLI_OPT_GUARDRAIL_MODE, CLI_OPT_LATENCY,
    CLI_OPT_TIER, CLI_OPT_METADATA, CLI_OPT_VAR, CLI_OPT_RESPONSE_FIELD, CLI_OPT_PREFILL, CLI_OPT_CACHE,
    CLI_OPT_MESSAGES, CLI_OPT_MAX_REQUEST, CLI_OPT_DRY_RUN,
    CLI_OPT_INPUT, CLI_OPT_STREAM, CLI_OPT_NO_STREAM,
    CLI_OPT_NO_REASONING, CLI_OPT_JSON_MESSAGE, CLI_OPT_USAGE, CLI_OPT_PARALLEL, CLI_OPT_UNORDERED,
    CLI_OPT_AUTO_PROFILE, CLI_OPT_CONTENT_TYPE, CLI_OPT_ACCEPT_TYPE, CLI_OPT_SAVE, CLI_OPT_SERVICE,
    CLI_OPT_DATA, CLI_OPT_HEADER, CLI_OPT_PAGINATE, CLI_OPT_GUARD_OUTPUT, CLI_OPT_SCOPE,
    CLI_OPT_RUN_TOOLS, CLI_OPT_MAX_TURNS, CLI_OPT_TOOL_TIMEOUT,
    CLI_OPT_EXPIRES_IN,
    CLI_OPT_REGION, CLI_OPT_PROFILE, CLI_OPT_ENDPOINT, CLI_OPT_CA_BUNDLE, CLI_OPT_CONNECT_TIMEOUT,
    CLI_OPT_READ_TIMEOUT, CLI_OPT_JSON, CLI_OPT_VERBOSE, CLI_OPT_QUIET, CLI_OPT_HELP,
    CLI_OPT_VERSION,
    CLI_N_OPTIONS
};

struct cli_option {
    enum cli_option_id id;
    unsigned commands;      /* enum cli_command_id, or-ed */
    char letter;            /* 0: none */
    const char *name;       /* NULL: the letter alone */
    enum cli_kind kind;
    const char *value;      /* what the help calls the value; NULL for a flag */
    int repeat;             /* every one given counts; else the last one */
    long low, high;
    const char *choices;    /* "A|B" */
    const char *help;
};

/* A word and what it means: exit statuses, environment variables. */
struct cli_note {
    const char *word, *text;
};

extern const struct cli_command cli_commands[];     /* ended by a NULL name */
extern const struct cli_option cli_options[];       /* ended by a NULL help */
extern const struct cli_note cli_statuses[];        /* these are ended by a NULL word */
extern const struct cli_note cli_environment[];
extern const char *const cli_examples[];            /* ended by NULL */
extern const char *const cli_rules[];               /* paragraphs that hold for every command */

/* ---- args.c: the command line ---------------------------------------------------------------- */

struct cli_given {
    const struct cli_option *option;
    char letter;            /* that it was given by; 0: by its name */
    const char *value;
};

struct cli_args {
    const struct cli_command *command;  /* NULL: none was named */
    const char **words;                 /* what is neither option nor command */
    size_t n_words;
    struct cli_given *given;            /* the options that have values, in order */
    size_t n_given;
    int on[CLI_N_OPTIONS];              /* flags: 0 not given, else the argument's place, from 1 */
};

/* 0, or BEDROCK_ERR_USAGE or _NOMEM told in e; what was understood before is in a, free it. */
int cli_parse(struct cli_args *a, int argc, char **argv, struct bedrock_error *e);
void cli_args_free(struct cli_args *a);

/* 1 when one of the arguments before "--" is exactly this text. */
int cli_has_argument(int argc, char **argv, const char *text);

/* The value given last, or NULL. */
const char *cli_value(const struct cli_args *a, enum cli_option_id id);

/* The next value of a repeatable option; *at is 0 at first. NULL: no more. */
const char *cli_each(const struct cli_args *a, enum cli_option_id id, size_t *at);

/* A value of kind CLI_WHOLE, or of CLI_SECONDS in milliseconds; -1 when not given. */
long cli_number(const struct cli_args *a, enum cli_option_id id);

/* The command of that name, or NULL. */
const struct cli_command *cli_command_of(const char *name);

/* A complaint about an unknown command, with the nearest one that there is. */
int cli_unknown_command(const char *name, struct bedrock_error *e);

/* ---- nearest.c: what was meant ----------------------------------------------------------------- */

/* How many slips of the finger lie between what was typed and a name: one for a beginning of it. */
size_t cli_distance(const char *typed, const char *name);

/* Up to so many the two are alike: two, more for a long word, one for a short one. */
size_t cli_distance_limit(const char *typed);

/* ---- output.c: standard output --------------------------------------------------------------- */

struct cli_out {
    int fd;                 /* standard output, or a file in its place (save.c) */
    const char *name;       /* of it, for messages */
    int terminal;           /* it is one */
    int colour;
    int error;              /* errno of the first write that failed, and no write after it */
    int newlines;           /* that the output ends in, at most 2; 2 while nothing was written */
    enum bedrock_kind kind; /* of the text written last; 0: none */
    struct bedrock_buffer *kept;    /* where it goes in place of fd, or NULL; `error` stays 0 for what is
                                       wrong with it */
    char held[4];           /* the beginning of a character, from cli_out_raw() */
    size_t n_held;
};

void cli_out_init(struct cli_out *o);

/* Each returns 0, or -1 once a write has failed or a signal has come. Nothing is held back. */
int cli_out_bytes(struct cli_out *o, const char *p, size_t n);
int cli_out_text(struct cli_out *o, enum bedrock_kind kind, struct bedrock_slice text);
int cli_out_raw(struct cli_out *o, const char *p, size_t n);    /* any bytes, made safe on a terminal */
int cli_out_line(struct cli_out *o, const char *text);  /* a whole line, made safe for terminals */
int cli_out_end_line(struct cli_out *o);                /* a newline, if a line is open */

/* The texts joined, which must be one JSON value, as one line. */
int cli_out_json(struct cli_out *o, const struct bedrock_slice *parts, size_t n_parts);

/* Write an event as a value, {"contentBlockDelta":{...}}, without the padding that hides lengths on the wire.
 * Returns w->out.error. */
int cli_write_event(struct bedrock_writer *w, const struct bedrock_event *ev);

enum cli_strictness {
    CLI_ESCAPE_TEXT = 0,    /* controls but tab and newline, C1 too, as \xNN */
    CLI_ESCAPE_LINE = 1,    /* all controls, and bytes that are not UTF-8 */
    CLI_ESCAPE_BYTES = 2    /* these bytes, but tab and newline stay */
};

/* Append p[0..n), made safe for terminals and logs. */
int cli_escape(struct bedrock_buffer *b, const char *p, size_t n, enum cli_strictness strict);

/* The length of the UTF-8 character at p[0..n), 0 when it is none. n > 0. */
size_t cli_utf8_length(const char *p, size_t n);

/* Append what a JSON string decodes to; nothing for other values. Returns b->error. */
int cli_append_string(struct bedrock_buffer *b, struct bedrock_json v);

/* Write all of it to a descriptor: 0, errno, or EINTR when a signal of ours has come. */
int cli_write(int fd, const char *p, size_t n);

/* ---- the program's state --------------------------------------------------------------------- */

struct cli {
    struct cli_args args;
    struct cli_out out;
    struct bedrock *b;          /* NULL until cli_open() */
    struct bedrock_error err;
    const char *stdin_taken;    /* by whom standard input was read; NULL: by nobody */
    enum bedrock_operation warm_for;    /* what will be asked first, once all input was read; 0: not known */
    struct bedrock_call *warm;  /* connects for it while input is waited for; or NULL */
    int json, verbose, quiet;
};

/* Make the client, unless there is one. 0, or the code told in c->err. */
int cli_open(struct cli *c);

/* Write a buffer, or the value in a writer, to standard output and let go of it. What went wrong in there
 * is told in c->err. */
void cli_out_buffer(struct cli *c, struct bedrock_buffer *b);
void cli_out_written(struct cli *c, struct bedrock_writer *w);

/* The same with an event, on a line. 0, or the code told in c->err. */
int cli_show_event(struct cli *c, const struct bedrock_event *ev);

/* ---- wait.c: signals, and waiting for several things at once --------------------------------- */

#define CLI_INTERRUPTED 100 /* from cli_next(), beside bedrock_next()'s codes */
#define CLI_MAX_CALLS 320   /* that are waited for at once */

/* Catch SIGINT and SIGTERM from here on, unless whoever started us has them ignored. */
void cli_catch_signals(void);

/* The signal that came, or 0. */
int cli_signal(void);

/* Milliseconds on a clock that never jumps. */
int64_t cli_now_ms(void);

/*
 * Wait until a call can move, fd (-1: none) can be read, or the time has passed (-1: no limit). Calls may
 * be NULL; n is at most CLI_MAX_CALLS. ready[i] is set for the calls worth a step. 1: fd can be read; 0: it
 * cannot; -1: a signal came.
 */
int cli_wait(struct bedrock_call *const calls[], size_t n, unsigned char ready[], int fd, int timeout_ms);

struct pollfd;

/* poll(2) that a signal of ours ends: -1. set has room for one more behind the n. */
int cli_poll(struct pollfd *set, size_t n, int timeout_ms);

/* As bedrock_next() and bedrock_models_next(), ended early by a signal. */
int cli_next(struct bedrock_call *call, struct bedrock_event *ev);
int cli_next_access(struct bedrock_models *walk, struct bedrock_access *a);

/* 1: fd can be read; 0: the time passed; -1: a signal came. Steps c->warm meanwhile. */
int cli_wait_input(struct cli *c, int fd, int timeout_ms);

/* ---- save.c: -o FILE ----------------------------------------------------------------------------- */

struct cli_save {
    int fd;
    char *path, *temp;      /* the file, and what is written until it is complete; NULL: there is none */
};

/* Let c->out write to the file of -o, if there is one. s must be zero. 0, or a code told in c->err. */
int cli_save_begin(struct cli *c, struct cli_save *s);

/* The end of it: what is complete takes the file's name, anything else goes. What fails is told in c->out. */
void cli_save_end(struct cli *c, struct cli_save *s, int complete);

/* ---- mfa.c: the code of an MFA device ------------------------------------------------------------ */

/* See bedrock_mfa_fn: ask on the terminal, where there is one. */
int cli_mfa(void *ctx, const char *serial, char *code, size_t cap);

/* ---- whoami.c, probe.c, key.c: who one is, and whether that works -------------------------------- */

#define CLI_TIME 40     /* bytes of a time as text */
#define CLI_SPAN 40     /* and of a stretch of it */

/* Seconds since 1970; such a time as "2026-01-02 03:04:05 UTC", or as "2026-01-02T03:04:05Z", in out. */
int64_t cli_now_s(void);
const char *cli_time(char out[CLI_TIME], int64_t epoch_s);
const char *cli_time_iso(char out[CLI_TIME], int64_t epoch_s);

/* "59 seconds", "10 minutes", ...: s is not below 0. */
void cli_span(char out[CLI_SPAN], int64_t s);

/* A member with a text, or null where that is empty. */
void cli_write_text(struct bedrock_writer *w, const char *name, const char *text);

/* Have Region and credentials known: 0, CLI_INTERRUPTED, or told in c->err. */
int cli_find_credentials(struct cli *c);

/* Go on after credentials were looked for, which took so long and ended in c->err: try the services. Lines on
 * standard output or, unless json is NULL, its next member. The first failure becomes c->err. 0 or
 * CLI_INTERRUPTED. */
int cli_probe(struct cli *c, const struct bedrock_where *w, int64_t took_ms, struct bedrock_writer *json);

/* ---- table.c: columns ------------------------------------------------------------------------- */

#define CLI_MAX_COLUMNS 12

struct cli_table {
    size_t n_columns, n_cells;
    unsigned right;                 /* bit i: column i is flush right */
    size_t width[CLI_MAX_COLUMNS];
    struct bedrock_buffer cells;    /* made safe, a zero byte behind each; the titles are the first */
};

/* Start a table with a row of titles. Then give it cell after cell, row after row; an empty one is
 * shown as "-". */
void cli_table_start(struct cli_table *t, const char *const titles[], size_t n_columns, unsigned right);
void cli_table_bytes(struct cli_table *t, const char *p, size_t n);
void cli_table_text(struct cli_table *t, const char *text);
void cli_table_json(struct cli_table *t, struct bedrock_json v);    /* as cli_append_shown() */

/* Append the whole table. Returns b->error. */
int cli_table_append(const struct cli_table *t, struct bedrock_buffer *b);
void cli_table_free(struct cli_table *t);

/* Append a value as a person reads it, made safe: a string decoded, an array with commas, anything else
 * as it came; nothing for null or none. Returns b->error. */
int cli_append_shown(struct bedrock_buffer *b, struct bedrock_json v);

/* The same as a zero-terminated text, cut to fit; "-" for nothing. Returns out. */
const char *cli_shown(struct bedrock_json v, char *out, size_t cap);

/* ---- fetch.c: one-shot calls, from start to answer -------------------------------------------- */

struct cli_fetched {
    struct bedrock_buffer text;
    struct bedrock_json json;   /* within text; type NONE: there is none */
};

/* Make a call and wait for its answer, which takes the place of an earlier one in a. 0, below zero and told
 * in c->err, or CLI_INTERRUPTED. */
int cli_fetch(struct cli *c, const struct bedrock_request *rq, struct cli_fetched *a);

/* Keep a value that is somebody else's. Returns 0, or NOMEM told in c->err. */
int cli_fetched_copy(struct cli *c, struct cli_fetched *a, struct bedrock_json v);
void cli_fetched_free(struct cli_fetched *a);

/* ---- models.c, found.c, accessible.c, check.c, profiles.c: what there is ----------------------- */

/* Does a model pass the filters? */
int cli_models_fits(const struct cli_args *a, const struct bedrock_model *m);

/* Give a table a model's id, name, provider, input, output and streaming. */
void cli_models_cells(struct cli_table *t, const struct bedrock_model *m);

/* Tell that the filters leave none. */
void cli_say_no_model(const struct cli *c);

/* A model and what became known of it. */
struct cli_found {
    struct bedrock_model model;     /* within the walk's response */
    int accessible;                 /* 1, 0, or -1: not known */
    struct bedrock_buffer reason;   /* these two are zero-terminated; "" when there is nothing to say */
    struct bedrock_buffer call_as;
    int in_warning;                 /* the reason is the one that all models have */
    int checked;
    int64_t latency_ms;             /* of the check, the service's own measure; -1: not said */
    struct bedrock_error *error;    /* that the check ended with; NULL: none */
};

/* All that were wanted, in the service's order. */
struct cli_found_all {
    struct bedrock_models *walk;
    struct cli_found *at;
    size_t n, cap;
};

/* Find out which of the models that are wanted can be called; all must be zero. 0, CLI_INTERRUPTED, or below
 * zero, told in c->err. */
int cli_find_models(struct cli *c, int (*want)(void *ctx, const struct bedrock_model *m), void *ctx,
                    struct cli_found_all *all);
void cli_found_free(struct cli_found_all *all);

/* Write accessible, reason and callAs as members of the object that is open. */
void cli_write_access(struct bedrock_writer *w, int accessible, const char *reason, const char *call_as);

/* Could the model be sent a prompt and answer with text, for all that is known? */
int cli_check_wanted(const struct cli_found *f);

/* Send each wanted one a prompt for one token, several at once. 0 or CLI_INTERRUPTED. */
int cli_check(struct cli *c, struct cli_found *found, size_t n);

/* The Region in an ARN and what it names, behind the first '/'; what is no ARN is a name. */
void cli_arn(struct bedrock_slice arn, struct bedrock_slice *region, struct bedrock_slice *name);

struct cli_lookup;

/* All inference profiles of both types, as an array that belongs to p, which must be zero. Returns as
 * cli_fetch(). */
int cli_fetch_profiles(struct cli *c, struct cli_lookup *p, struct bedrock_json *all);

/* ---- access.c, verdict.c, accept.c: why a model cannot be called, and getting access ---------- */

#define CLI_AGREEMENT "agreementAvailability.status"
#define CLI_AGREEMENT_ERROR "agreementAvailability.errorMessage"
#define CLI_AUTHORIZATION "authorizationStatus"
#define CLI_OFFER_TERMS "termDetails.legalTerm.url"

/* The form that Anthropic asks for; none: the model is somebody else's. */
enum cli_form { CLI_FORM_NONE, CLI_FORM_SUBMITTED, CLI_FORM_MISSING, CLI_FORM_UNKNOWN };

struct cli_access {
    struct cli *c;
    struct bedrock_buffer model;        /* the foundation model's id; these four are zero-terminated */
    struct bedrock_buffer profile;      /* the profile that was asked about; empty: a model was */
    struct bedrock_buffer call_as;
    struct bedrock_buffer accepted;     /* the offer that was accepted; empty: none */
    int accessible;                     /* as in struct bedrock_access */
    char reason[200];
    struct cli_fetched summary, availability, offers;   /* as they came */
    enum cli_form form;
    char form_error[300];               /* why it is not known */
};

/* Find out about v->model. 1: known; 0: the Region has no such model; else as cli_fetch(). */
int cli_access_look(struct cli_access *v);

/* Write it all to standard output. */
void cli_verdict_text(const struct cli_access *v);
void cli_verdict_json(const struct cli_access *v);

/* Append an offer, for people to read. */
void cli_offer_append(struct bedrock_buffer *b, struct bedrock_json offer);

/* Is there a terminal for a question? */
int cli_can_ask(void);

/* Make the agreement and wait until the model is available. 0, CLI_INTERRUPTED, BEDROCK_ERR_CANCELLED when
 * the answer was no, or a code told in c->err. */
int cli_accept(struct cli_access *v);

/* ---- input.c: files, standard input, prompts ------------------------------------------------- */

struct cli_text {
    struct bedrock_buffer bytes;    /* followed by a zero byte that does not count */
    char origin[160];               /* for messages: a file's name, "standard input", "--fields" */
};

/* Read what the value of an option (or the first word of a prompt) stands for. */
int cli_read_value(struct cli *c, enum cli_kind kind, const char *option, const char *value,
                   struct cli_text *out);

/* The prompt: the words, the first of which may be @FILE or -, and standard input as the manual says.
 * has_messages: the request comes with messages of its own. No prompt leaves out empty. */
int cli_read_prompt(struct cli *c, int has_messages, struct cli_text *out);

/* Check that a text is JSON. */
int cli_check_json(struct cli *c, const struct cli_text *text, struct bedrock_json *v);

/* Something is wrong at this place of a text: "FILE:LINE:COLUMN: why". Returns the code. */
int cli_fail_in(struct cli *c, const struct cli_text *text, const char *at, const char *why);
int cli_check_utf8(struct cli *c, const char *what, const char *p, size_t n);
void cli_text_free(struct cli_text *t);

/* ---- targets.c: the models to ask ------------------------------------------------------------- */

#define CLI_MAX_TARGETS 100000

struct cli_target {
    const char *id;
    int one_shot;       /* the model is known not to stream */
};

struct cli_targets {
    struct bedrock_buffer marked;   /* a mark, an id and a zero byte each */
    struct cli_target *at;          /* into it, from cli_targets_find() on */
    size_t n;
    int several;                    /* more than one were given, or a list that may hold more */
    int all;                        /* every accessible model is among them */
};

/* What -m, BEDROCK_MODEL or the request of --input name; none of them any is no failure. t must be zero. */
int cli_targets_read(struct cli *c, struct bedrock_json request, struct cli_targets *t);

/* 0 when there is at least one. */
int cli_targets_need(struct cli *c, const struct cli_targets *t);

/* Find out what `all` stands for, if it was given, and fill in t->at. */
int cli_targets_find(struct cli *c, struct cli_targets *t);
void cli_targets_free(struct cli_targets *t);

/* ---- compose.c, parts.c, tools.c: the request of converse -------------------------------------- */

#define CLI_STREAM_MODE "streamProcessingMode"  /* of guardrailConfig, for ConverseStream alone */

/* Members of a request that options make: what --input says there stays but for what they say. */
enum cli_part_id {
    CLI_PART_INFERENCE, CLI_PART_TOOLS, CLI_PART_GUARDRAIL, CLI_PART_VARIABLES, CLI_PART_METADATA,
    CLI_PART_PERFORMANCE, CLI_PART_TIER, CLI_PART_OUTPUT, CLI_PART_RESPONSE_FIELDS,
    CLI_N_PARTS
};

struct cli_request {
    int stream;                     /* set it first: the answer is asked for as a stream */
    struct cli_text input, messages, tools, schema, system, fields, prefill, prompt;
    struct bedrock_json base;       /* the request of --input; type NONE: there is none */
    struct bedrock_json earlier;    /* the conversation of --messages, likewise */
    int has_system;                 /* a system prompt is in the body, and may be added to the cache */
    struct bedrock_writer parts[CLI_N_PARTS];
    struct bedrock_body body;       /* what is sent */
    struct bedrock_body once;       /* the same for a call in one piece, if that differs; else empty */
};

/* Read --input, which may name the model. r must be zero but for `stream`. */
int cli_request_read(struct cli *c, struct cli_request *r);

/* Everything else that can be wrong with the command line or a file comes out here; standard input is read
 * last. */
int cli_request_make(struct cli *c, struct cli_request *r);

/* The body for a stream, or for a call in one piece. */
const struct bedrock_buffer *cli_request_body(const struct cli_request *r, int stream);
void cli_request_free(struct cli_request *r);

/* The members that options make, into r->parts: an object each, or an array. */
int cli_parts_make(struct cli *c, struct cli_request *r);

/* One of them, its object open for more. */
struct bedrock_writer *cli_part(struct cli_request *r, enum cli_part_id id);

/* The length of ID in ID:VERSION, and an ARN has colons, too; 0: there is no version. */
size_t cli_guardrail_id(const char *value);

/* toolConfig among them. */
int cli_tools_read(struct cli *c, struct cli_request *r);

/* Print a request's body on a line for each model, with it in there as modelId. Returns the exit status. */
int cli_dry_run(struct cli *c, const struct bedrock_buffer *body, struct cli_targets *t);

/* ---- lookup.c: the inference profiles, looked up once ----------------------------------------- */

#define CLI_LOOKUP_HINT_MS 5000 /* a hint is not worth more */

struct cli_lookup {
    struct cli *c;
    int begun, over;
    int type;                       /* which of the two kinds is being listed */
    struct bedrock_call *call;      /* to be waited for; NULL: none */
    struct bedrock_buffer query;    /* of the next page, zero-terminated */
    unsigned n_pages;
    struct bedrock_writer all;      /* the summaries of all pages, one array */
    struct bedrock_error err;       /* why some or all of them are not known */
    int64_t until_ms;
};

/* Begin to look them up, unless that was done before; limit_ms 0: the time-outs of any call. */
void cli_lookup_begin(struct cli_lookup *p, struct cli *c, int limit_ms);

/* Move on as far as can be: 1: wait for p->call; 0: it is over, one way or the other. */
int cli_lookup_step(struct cli_lookup *p);

/* Append the id of the best profile for a model, zero-terminated. 1, or 0 when none is known. */
int cli_lookup_find(const struct cli_lookup *p, const char *model, struct bedrock_buffer *id);

/* All of it, and wait: for as long as it takes, or not longer than a hint is worth. As cli_lookup_find(). */
int cli_lookup_wait(struct cli_lookup *p, struct cli *c, const char *model, int patient,
                    struct bedrock_buffer *id);

/* The hint to an error, where a model was perhaps called through a profile, or the profiles were looked up
 * for the hint. */
void cli_lookup_hint(const struct cli_lookup *p, const struct bedrock_error *e, const char *model,
                     const struct bedrock_buffer *profile, const char *region, char *out, size_t cap);
void cli_lookup_free(struct cli_lookup *p);

/* ---- answer.c and show.c: one model's answer -------------------------------------------------- */

/* What all models are asked, and how. */
struct cli_asking {
    struct cli *c;
    const struct bedrock_buffer *body, *once;   /* for a stream, and for a call in one piece */
    struct cli_lookup lookup;
    int stream, show_reasoning, auto_profile;
    int stream_asked;               /* --stream was given: it is not only the default */
    int json_message;               /* the response comes as one document, too */
    int run_tools;                  /* tool uses are not printed, but run */
    int whole;                      /* an answer stays put together when it is over, for these two */
    int several;                    /* answers are told apart by their models */
    size_t n_live;                  /* answers that have begun to be written */
};

enum cli_stage { CLI_TO_ASK, CLI_ASKING, CLI_LOOKING_UP, CLI_ANSWERED };

struct cli_answer {
    struct cli_asking *how;
    struct cli_target target;
    size_t place;                   /* in the order given */
    enum cli_stage stage;
    struct bedrock_call *call;      /* to be waited for; NULL: none */
    struct bedrock_buffer profile;  /* what is asked in the model's place, zero-terminated; or empty */
    struct bedrock_error err;       /* code 0: it is a good answer */
    struct bedrock_usage usage;
    int64_t begun_ms, first_ms, ended_ms;   /* the call, its first text, its end; 0: not yet */
    struct bedrock_writer model_json;       /* the id as a JSON string */
    int one_shot;                   /* it was asked for in one piece */
    struct bedrock_message *message;        /* what came, put together; NULL: not needed, or not any more */
    enum bedrock_kind delta_kind;   /* of the delta before, when only that it came was kept; else 0 */
    char delta_index[20];           /* and its contentBlockIndex, as written */
    size_t delta_index_len;
    struct bedrock_buffer notes;            /* the citations, a line each */
    int n_notes;
    struct bedrock_buffer remarks;          /* what standard error is told when no line is open, a zero byte
                                               behind each */
    char guardrail[200];                    /* why a guardrail did what it did; "" */
    struct cli_out *out;            /* standard output, or `aside` until its turn has come */
    struct cli_out aside;
    struct bedrock_buffer kept;     /* what was written aside */
};

/* NULL: out of memory. */
struct cli_answer *cli_answer_new(struct cli_asking *how, const struct cli_target *target, size_t place);

/* Move on as far as can be: 1: wait for a->call, or for the profiles when it is NULL; 0: it is over. */
int cli_answer_step(struct cli_answer *a);

/* "--- Latency: 2280ms - ... ---" */
void cli_usage_line(char *out, size_t cap, const struct bedrock_usage *u);

/* Its turn has come: write what was kept, and from here on as it arrives. */
void cli_answer_live(struct cli_answer *a);

/* It is live and over: write what is said behind an answer. Returns the exit status for it. */
int cli_answer_tell(struct cli_answer *a);
void cli_answer_free(struct cli_answer *a);

/* Tell something on standard error, with the model's name where there are several: at once, or when it is
 * the answer's turn and no line is open. */
void cli_answer_remark(struct cli_answer *a, const char *format, ...) CLI_PRINTF(2, 3);

/* Write an event to a->out. 0, or a code told in a->err. */
int cli_show(struct cli_answer *a, const struct bedrock_event *ev);

/* Behind the last one: the citations, the document. Likewise. */
int cli_show_end(struct cli_answer *a);

/* Write a line of JSON: the value, and with several models {"modelId":...,"WHAT":value}. */
void cli_show_json(struct cli_answer *a, const char *what, struct bedrock_slice value);

/* ---- run.c and agent.c: --run-tools ------------------------------------------------------------ */

struct cli_command_line {
    char *text;
    char **argv;                    /* its words, with room for one more */
    size_t n;
};

struct cli_tool_result {
    struct bedrock_buffer text;     /* what it wrote, or how it failed */
    int failed;
    char why[200];                  /* how, in short */
};

/* Split a command at blanks outside of quotes, and see that there is one of that name. line must be zero. */
int cli_command_read(struct cli *c, const char *value, struct cli_command_line *line);

/* Run it with one more word, input on its standard input. How it fails is its result, which must be zero. 0,
 * CLI_INTERRUPTED, or a code told in c->err when it could not be run. timeout_ms 0: no limit. */
int cli_command_run(struct cli *c, struct cli_command_line *line, const char *name,
                    struct bedrock_slice input, long timeout_ms, struct cli_tool_result *result);
void cli_command_free(struct cli_command_line *line);

/* Is --run-tools possible, if it was given? 0, or the code told in c->err. */
int cli_agent_check(struct cli *c, const struct bedrock_buffer *body, const struct cli_targets *t);

/* Ask the one model, run its tools, and ask again. Returns the exit status. */
int cli_agent(struct cli_asking *how, const struct cli_targets *t, size_t max_request);

/* ---- summary.c: a row a model ------------------------------------------------------------------ */

struct cli_row {
    const char *model;
    int64_t latency_ms, first_ms, total_ms, input_tokens, output_tokens;    /* -1: not known */
    int64_t cache_read_tokens, cache_write_tokens;
    char status[64];                /* "" while it has no answer */
};

/* A row for each, not yet filled; NULL: out of memory. free() them. */
struct cli_row *cli_rows_new(const struct cli_targets *t);
void cli_row_fill(struct cli_row *row, const struct cli_answer *a);

/* On standard error: a table, or with --json one line. */
void cli_summary(const struct cli *c, const struct cli_row *rows, size_t n);

/* ---- many.c: many models side by side ---------------------------------------------------------- */

/* Ask them all and write the answers. Returns the exit status. */
int cli_ask_all(struct cli_asking *how, const struct cli_targets *t);

/* ---- errors.c and hints.c: telling what went wrong ------------------------------------------- */

/* Set *e anew, message made one safe line. Returns code. */
int cli_fail(struct bedrock_error *e, int code, const char *format, ...) CLI_PRINTF(3, 4);

/* One line on standard error, controls escaped. */
void cli_err_line(const char *format, ...) CLI_PRINTF(1, 2);

/* A remark on standard error, unless -q. */
void cli_remark(const struct cli *c, const char *format, ...) CLI_PRINTF(2, 3);

/* Exit status for a code. */
int cli_status_of(int code);

/* The service's name for the error, or the library's. */
const char *cli_error_name(const struct bedrock_error *e);

/* Tell an error and its hint on standard error, as lines or with --json as an object. model may be
 * NULL. Returns the exit status. */
int cli_report(const struct cli *c, const struct bedrock_error *e, const char *model);

/* The same with a hint that is known already; "" for none. */
int cli_report_hint(const struct cli *c, const struct bedrock_error *e, const char *hint);

/* Write {"code":...,"hint":...} as the writer's next value. */
void cli_write_error(struct bedrock_writer *w, const struct bedrock_error *e, const char *hint);

/* What the user can do about it, into out; "" when nothing better is known. */
void cli_hint(char *out, size_t cap, const struct bedrock_error *e, const char *model,
              const char *region);

/* Does the service say that the model does not do this in a stream, and has sent nothing yet? */
int cli_wants_one_shot(const struct bedrock_error *e);

/* --auto-profile, or BEDROCK_AUTO_PROFILE? */
int cli_wants_auto_profile(const struct cli *c);

/* Does the service say that the model is called through an inference profile only? And what to do then,
 * once it is known through which; NULL: there is none. */
int cli_wants_profile(const struct bedrock_error *e);
void cli_hint_profile(char *out, size_t cap, const char *profile, const char *region);

/* ---- help.c ---------------------------------------------------------------------------------- */

/* The help of a command, or of all when it is NULL, to a descriptor. Returns 0 or errno. */
int cli_help(int fd, const struct cli_command *command);

/* ---- commands: each returns the exit status -------------------------------------------------- */

int cli_models(struct cli *c);
int cli_accessible(struct cli *c);  /* models --accessible, --check */
int cli_profiles(struct cli *c);    /* models --profiles */
int cli_access(struct cli *c);
int cli_converse(struct cli *c);
int cli_invoke(struct cli *c);
int cli_tokens(struct cli *c);
int cli_guard(struct cli *c);
int cli_api(struct cli *c);
int cli_whoami(struct cli *c);
int cli_api_key(struct cli *c);

#endif
