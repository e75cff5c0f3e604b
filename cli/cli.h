/*
 * cli.h - what the sources of the command `bedrock` share. They stand on bedrock.h alone.
 *
 * A function that can fail returns 0 or fills in struct cli's `err` and returns its code (below zero);
 * cli_report() tells it and gives the exit status. Nothing here is reentrant: it is a program.
 */
#ifndef CLI_H
#define CLI_H

#include "bedrock.h"

#define CLI_MAX_INPUT ((size_t)32 << 20) /* bytes of a file or of standard input */
#define CLI_MAX_MODEL 2048               /* API reference: modelId's length */

/* ---- options.c: commands, options, exit statuses: parsing, --help and the manual come from here ---- */

enum cli_status {
    CLI_OK = 0,
    CLI_SOME_FAILED = 1,
    CLI_BAD_USAGE = 252,
    CLI_BAD_CONFIG = 253,
    CLI_SERVICE = 254,
    CLI_OTHER = 255
};

enum cli_command_id { CLI_MODELS = 1, CLI_CONVERSE = 2, CLI_HELP = 4, CLI_EVERY = 7 };

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
    CLI_FILE,       /* FILE, @FILE or - */
    CLI_WHOLE,      /* a whole number from low to high */
    CLI_NUMBER,     /* a number from low to high */
    CLI_SECONDS,    /* seconds with up to three decimals that count, from low to high */
    CLI_CHOICE      /* one of `choices`, in any case */
};

enum cli_option_id {
    CLI_OPT_PROVIDER, CLI_OPT_IN, CLI_OPT_OUT, CLI_OPT_INFERENCE, CLI_OPT_ACTIVE, CLI_OPT_ONE,
    CLI_OPT_MODEL, CLI_OPT_SYSTEM, CLI_OPT_MAX_TOKENS, CLI_OPT_TEMPERATURE, CLI_OPT_TOP_P,
    CLI_OPT_STOP, CLI_OPT_FIELDS, CLI_OPT_INPUT, CLI_OPT_STREAM, CLI_OPT_NO_STREAM,
    CLI_OPT_NO_REASONING, CLI_OPT_USAGE,
    CLI_OPT_REGION, CLI_OPT_ENDPOINT, CLI_OPT_CA_BUNDLE, CLI_OPT_CONNECT_TIMEOUT,
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
    int terminal;           /* standard output is one */
    int colour;
    int error;              /* errno of the first write that failed, and no write after it */
    int newlines;           /* that the output ends in, at most 2; 2 while nothing was written */
    enum bedrock_kind kind; /* of the text written last; 0: none */
};

void cli_out_init(struct cli_out *o);

/* Each returns 0, or -1 once a write has failed or a signal has come. Nothing is held back. */
int cli_out_bytes(struct cli_out *o, const char *p, size_t n);
int cli_out_text(struct cli_out *o, enum bedrock_kind kind, struct bedrock_slice text);
int cli_out_line(struct cli_out *o, const char *text);  /* a whole line, made safe for terminals */
int cli_out_end_line(struct cli_out *o);                /* a newline, if a line is open */

/* The texts joined, which must be one JSON value, as one line. */
int cli_out_json(struct cli_out *o, const struct bedrock_slice *parts, size_t n_parts);

/* Append p[0..n): controls but tab and newline, C1 too, as \xNN; with strict these two as well, and
 * bytes that are not UTF-8. */
int cli_escape(struct bedrock_buffer *b, const char *p, size_t n, int strict);

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
    int json, verbose, quiet;
};

/* Make the client. 0, or the code told in c->err. */
int cli_open(struct cli *c);

/* ---- wait.c: signals, and waiting for several things at once --------------------------------- */

#define CLI_INTERRUPTED 100 /* from cli_next(), beside bedrock_next()'s codes */

/* Catch SIGINT and SIGTERM from here on, unless whoever started us has them ignored. */
void cli_catch_signals(void);

/* The signal that came, or 0. */
int cli_signal(void);

/* As bedrock_next(), ended early by a signal. */
int cli_next(struct bedrock_call *call, struct bedrock_event *ev);

/* 1: fd can be read; 0: the time passed; -1: a signal came. timeout_ms -1: no limit. */
int cli_wait_input(int fd, int timeout_ms);

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
int cli_check_utf8(struct cli *c, const char *what, const char *p, size_t n);
void cli_text_free(struct cli_text *t);

/* ---- request.c: the request of converse ------------------------------------------------------ */

struct cli_request {
    struct cli_text input, system, fields, prompt;
    struct bedrock_json base;           /* the request of --input; type NONE: there is none */
    struct bedrock_buffer base_model;   /* its modelId, zero-terminated */
    const char *other_model;            /* the one to ask when -m names none */
    struct bedrock_writer inference;    /* inferenceConfig from the options, zero-terminated */
    struct bedrock_writer body;         /* what is sent */
    size_t n_models;
};

/* Everything that can be wrong with the command line or a file comes out here. r must be zero. */
int cli_request_make(struct cli *c, struct cli_request *r);

/* The next model to ask; *at is 0 at first. NULL: no more. */
const char *cli_request_model(const struct cli *c, const struct cli_request *r, size_t *at);

void cli_request_free(struct cli_request *r);

/* ---- errors.c and hints.c: telling what went wrong ------------------------------------------- */

#if defined(__GNUC__)
#define CLI_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define CLI_PRINTF(a, b)
#endif

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

/* Write {"code":...,"hint":...} as the writer's next value. */
void cli_write_error(struct bedrock_writer *w, const struct bedrock_error *e, const char *hint);

/* What the user can do about it, into out; "" when nothing better is known. */
void cli_hint(char *out, size_t cap, const struct bedrock_error *e, const char *model,
              const char *region);

/* ---- help.c ---------------------------------------------------------------------------------- */

/* The help of a command, or of all when it is NULL, to a descriptor. Returns 0 or errno. */
int cli_help(int fd, const struct cli_command *command);

/* ---- tooluse.c: tool uses that arrive in a stream -------------------------------------------- */

#define CLI_MAX_TOOLS 16

struct cli_tool {
    int used;
    int64_t index;                  /* contentBlockIndex */
    struct bedrock_buffer start;    /* the members of contentBlockStart's toolUse, as an object */
    struct bedrock_buffer input;    /* JSON text, so far */
};

struct cli_tools {
    struct cli_tool at[CLI_MAX_TOOLS];
};

/* Take up an event. 1: a tool use is complete and w holds it as {"toolUse":...}; free w. 0: nothing to
 * show. Below zero: BEDROCK_ERR_NOMEM, _LIMIT. */
int cli_tools_event(struct cli_tools *t, const struct bedrock_event *ev, struct bedrock_writer *w);
void cli_tools_free(struct cli_tools *t);

/* ---- commands: each returns the exit status -------------------------------------------------- */

int cli_models(struct cli *c);
int cli_converse(struct cli *c);

#endif
