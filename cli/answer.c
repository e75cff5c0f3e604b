/* answer.c - one model's answer, from the question to what is said behind it.
 * A state machine that never waits, so that many can go on side by side. Leaves out: what the answer looks
 * like (show.c), whose turn it is (many.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BURST 64         /* events that are taken before others have their turn */

/* ---- Beginning and end ---- */

struct cli_answer *cli_answer_new(struct cli_asking *how, const struct cli_target *target, size_t place)
{
    struct cli_answer *a = calloc(1, sizeof *a);
    char title[CLI_MAX_MODEL + 16];

    if (!a)
        return NULL;
    a->how = how;
    a->target = *target;
    a->place = place;
    a->aside = how->c->out;
    a->aside.kept = &a->kept;
    a->aside.newlines = 2;
    a->aside.kind = 0;
    a->out = &a->aside;
    bedrock_usage_init(&a->usage);
    bedrock_write_string(&a->model_json, target->id, strlen(target->id));
    if (how->several && !how->c->json) {
        snprintf(title, sizeof title, "Model: %s", target->id);
        cli_out_line(a->out, title);
    }
    return a;
}

void cli_answer_free(struct cli_answer *a)
{
    if (!a)
        return;
    bedrock_end(a->call);
    bedrock_message_close(a->message);
    bedrock_buffer_free(&a->notes);
    bedrock_buffer_free(&a->remarks);
    bedrock_write_free(&a->model_json);
    bedrock_buffer_free(&a->profile);
    bedrock_buffer_free(&a->kept);
    free(a);
}

/* ---- Remarks ---- */

#define ANSWER_MAX_REMARKS 65536    /* bytes; a stream may be odd without end */

static void answer_tell_remarks(struct cli_answer *a)
{
    for (size_t at = 0; at < a->remarks.len; at += strlen(a->remarks.p + at) + 1)
        cli_remark(a->how->c, "%s", a->remarks.p + at);
    a->remarks.len = 0;
}

void cli_answer_remark(struct cli_answer *a, const char *format, ...)
{
    char text[1024], line[sizeof text + CLI_MAX_MODEL + 16];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    snprintf(line, sizeof line, "bedrock: %s%s%s", a->how->several ? a->target.id : "",
             a->how->several ? ": " : "", text);
    if (a->remarks.len < ANSWER_MAX_REMARKS)
        bedrock_buffer_append(&a->remarks, line, strlen(line) + 1);
    if (a->out == &a->how->c->out && a->out->newlines > 0)
        answer_tell_remarks(a);
}

/* Not into the middle of somebody else's line. */
static void answer_say_profile(const struct cli_answer *a)
{
    const struct cli_asking *how = a->how;

    if (how->auto_profile && a->profile.len > 0 && a->out == &how->c->out)
        cli_remark(how->c, "bedrock: %s has no on-demand throughput here; asking through %s", a->target.id,
                   a->profile.p);
}

void cli_answer_live(struct cli_answer *a)
{
    struct cli_out *o = &a->how->c->out;

    if (a->out == o)
        return;
    a->out = o;
    cli_out_end_line(o); /* one before it may have been interrupted */
    answer_say_profile(a);
    answer_tell_remarks(a);
    if (a->how->n_live++ > 0 && !a->how->c->json)
        cli_out_bytes(o, "\n", 1);
    if (a->kept.len > 0) {
        cli_out_bytes(o, a->kept.p, a->kept.len);
        o->newlines = a->aside.newlines;
    }
    o->kind = a->aside.kind;
    bedrock_buffer_free(&a->kept);
}

/* ---- Asking ---- */

static void answer_start(struct cli_answer *a)
{
    const struct cli_asking *how = a->how;
    int stream = how->stream && !a->target.one_shot;
    const struct bedrock_buffer *body = stream ? how->body : how->once;
    struct bedrock_request rq = {0};

    a->one_shot = !stream;
    rq.operation = stream ? BEDROCK_CONVERSE_STREAM : BEDROCK_CONVERSE;
    rq.model = a->profile.len > 0 ? a->profile.p : a->target.id;
    rq.body = body->p;
    rq.body_len = body->len;
    a->begun_ms = a->ended_ms = cli_now_ms();
    a->stage = CLI_ASKING;
    if ((!how->c->json || how->whole) && bedrock_message_open(&a->message, 0, NULL, NULL) != 0) {
        cli_fail(&a->err, BEDROCK_ERR_NOMEM, "out of memory");
        a->stage = CLI_ANSWERED;
    } else if (bedrock_start(how->c->b, &rq, &a->call) != 0) {
        a->err = *bedrock_error(how->c->b);
        a->stage = CLI_ANSWERED;
    }
}

/* A guardrail's own words on what it did. */
static void answer_note_guardrail(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_json reason = bedrock_json_get(ev->json, "trace.guardrail.actionReason");
    size_t n;

    if (reason.type != BEDROCK_JSON_STRING)
        return;
    n = bedrock_json_unescape(reason, a->guardrail, sizeof a->guardrail - 1);
    a->guardrail[n < sizeof a->guardrail ? n : 0] = 0; /* half of it would mislead */
}

static int answer_check_kept(struct cli_answer *a)
{
    int code = a->aside.error ? BEDROCK_ERR_NOMEM : a->kept.error;

    if (a->out != &a->aside || code == 0)
        return 0;
    return cli_fail(&a->err, code, "%s", code == BEDROCK_ERR_LIMIT
                    ? "the answer is larger than 64 MiB, and no more is kept until its turn comes"
                    : bedrock_code_text(code));
}

static int answer_take(struct cli_answer *a, const struct bedrock_event *ev)
{
    int rc;

    if (a->first_ms == 0 && (ev->kind == BEDROCK_RESPONSE || ev->text.len > 0))
        a->first_ms = cli_now_ms();
    bedrock_usage_read(&a->usage, ev);
    if (ev->kind == BEDROCK_RESPONSE || ev->kind == BEDROCK_OTHER)
        answer_note_guardrail(a, ev);
    rc = cli_show(a, ev);
    if (rc == 0)
        rc = answer_check_kept(a);
    return rc ? rc : a->how->c->out.error ? CLI_INTERRUPTED : 0;
}

static void answer_end(struct cli_answer *a, int rc)
{
    if (rc < 0 && a->err.code == 0)
        a->err = *bedrock_call_error(a->call);
    if (rc == 0 && cli_show_end(a) == 0)
        answer_check_kept(a);
    bedrock_end(a->call);
    a->call = NULL;
    if (a->err.code || !a->how->whole) {
        bedrock_message_close(a->message);
        a->message = NULL;
    }
    a->ended_ms = cli_now_ms();
    a->stage = CLI_ANSWERED;
    if (!a->one_shot && !a->how->stream_asked && cli_wants_one_shot(&a->err)) {
        cli_answer_remark(a, "%s; asking for the answer in one piece", a->err.message);
        memset(&a->err, 0, sizeof a->err);
        a->target.one_shot = 1;
        a->stage = CLI_TO_ASK;
    }
    if (a->profile.len == 0 && cli_wants_profile(&a->err)) {
        a->stage = CLI_LOOKING_UP;
        cli_lookup_begin(&a->how->lookup, a->how->c, a->how->auto_profile ? 0 : CLI_LOOKUP_HINT_MS);
    }
}

/* 1: there is more to come; 0: the call is over. */
static int answer_ask(struct cli_answer *a)
{
    struct bedrock_event ev;

    for (int i = 0; i < ANSWER_BURST; i++) {
        int rc = bedrock_step(a->call, &ev);

        if (rc > BEDROCK_EVENT)
            return 1;
        if (rc == BEDROCK_EVENT && (rc = answer_take(a, &ev)) == 0)
            continue;
        answer_end(a, rc);
        return 0;
    }
    return 1;
}

/* The profiles are known, or will not be: ask again through one, or leave it at the hint. */
static void answer_looked_up(struct cli_answer *a)
{
    a->stage = CLI_ANSWERED;
    if (!cli_lookup_find(&a->how->lookup, a->target.id, &a->profile) || !a->how->auto_profile)
        return;
    answer_say_profile(a);
    memset(&a->err, 0, sizeof a->err);
    a->stage = CLI_TO_ASK;
}

int cli_answer_step(struct cli_answer *a)
{
    while (a->stage != CLI_ANSWERED) {
        if (a->stage == CLI_TO_ASK) {
            answer_start(a);
        } else if (a->stage == CLI_ASKING) {
            if (answer_ask(a))
                return 1;
        } else {
            if (cli_lookup_step(&a->how->lookup))
                return 1;
            answer_looked_up(a);
        }
    }
    return 0;
}

/* ---- What is said behind an answer ---- */

static void answer_count(char out[24], int64_t n)
{
    if (n < 0)
        snprintf(out, 24, "?");
    else
        snprintf(out, 24, "%lld", (long long)n);
}

/* Said only where a cache did something: most answers have none. */
static void answer_cache(char out[96], const struct bedrock_usage *u)
{
    char read[24], written[24];

    out[0] = 0;
    if (u->cache_read_tokens <= 0 && u->cache_write_tokens <= 0)
        return;
    answer_count(read, u->cache_read_tokens);
    answer_count(written, u->cache_write_tokens);
    snprintf(out, 96, " - Cache read tokens:%s - Cache write tokens:%s", read, written);
}

/* The line of the notebook that this command began as. */
void cli_usage_line(char *line, size_t cap, const struct bedrock_usage *u)
{
    char latency[24], in[24], out[24], cache[96];

    answer_count(latency, u->latency_ms);
    answer_count(in, u->input_tokens);
    answer_count(out, u->output_tokens);
    answer_cache(cache, u);
    snprintf(line, cap, "--- Latency: %sms - Input tokens:%s - Output tokens:%s%s ---", latency, in, out,
             cache);
}

static void answer_say_usage(struct cli_answer *a)
{
    const struct cli *c = a->how->c;
    char line[256];

    cli_usage_line(line, sizeof line, &a->usage);
    if (a->how->several && !c->json)
        cli_out_line(a->out, line);
    else if (!a->how->several && (c->args.on[CLI_OPT_USAGE] || (!c->json && isatty(STDERR_FILENO))))
        cli_remark(c, "%s", line);
}

/* What a stop reason means for the reader; "" for an answer that is complete. */
static const struct {
    const char *reason, *before, *behind;
} answer_stops[] = {
    {"end_turn", "", ""},
    {"stop_sequence", "", ""},
    {"tool_use", "", ""},
    {"max_tokens", "the answer was cut", "; --max-tokens N allows a longer one"},
    {"model_context_window_exceeded", "the answer was cut: the model's context window is full",
     "; a shorter conversation leaves more room"},
    {"guardrail_intervened", "a guardrail intervened, and the text is not the model's alone", ""},
    {"content_filtered", "a filter held back the answer or a part of it", ""},
    {"malformed_model_output", "the model's output was malformed, and the answer may be incomplete", ""},
    {"malformed_tool_use", "the model's tool use was malformed, and the answer may be incomplete", ""},
};

/* An answer that was cut must not look complete. */
static void answer_say_stop(struct cli_answer *a)
{
    const char *reason = a->usage.stop_reason[0] ? a->usage.stop_reason : "not given";
    const char *before = "the answer may be incomplete", *behind = "";

    for (size_t i = 0; i < sizeof answer_stops / sizeof answer_stops[0]; i++) {
        if (strcmp(reason, answer_stops[i].reason) == 0) {
            before = answer_stops[i].before;
            behind = answer_stops[i].behind;
        }
    }
    if (before[0])
        cli_answer_remark(a, "%s%sstop reason %s%s%s%s", before, strchr(before, ':') ? "; " : ": ", reason,
                          behind, a->guardrail[0] ? ": " : "", a->guardrail);
}

/* Of several models one failed: told in its place, and the others go on. */
static void answer_fail_in_place(struct cli_answer *a, const char *hint)
{
    const struct cli *c = a->how->c;
    struct bedrock_writer w = {0};
    struct bedrock_slice json;
    char line[1200];

    if (!c->json) {
        snprintf(line, sizeof line, "Error: %s: %s", cli_error_name(&a->err), a->err.message);
        cli_out_line(a->out, line);
        if (hint[0] && !cli_signal())
            cli_remark(c, "hint: %s: %s", a->target.id, hint);
        return;
    }
    cli_write_error(&w, &a->err, hint);
    if (bedrock_write_end(&w) == 0) {
        json.p = w.out.p;
        json.len = w.out.len;
        cli_show_json(a, "error", json);
    }
    bedrock_write_free(&w);
}

static int answer_fail(struct cli_answer *a)
{
    const struct cli *c = a->how->c;
    char hint[1024];

    cli_lookup_hint(&a->how->lookup, &a->err, a->target.id, &a->profile, bedrock_region(c->b), hint,
                    sizeof hint);
    if (a->how->several)
        answer_fail_in_place(a, hint);
    else
        cli_report_hint(c, &a->err, hint);
    return cli_status_of(a->err.code);
}

int cli_answer_tell(struct cli_answer *a)
{
    cli_out_end_line(a->out);
    answer_tell_remarks(a);
    if (a->err.code)
        return answer_fail(a);
    answer_say_usage(a);
    if (!a->how->c->json)
        answer_say_stop(a);
    return CLI_OK;
}
