/* emu_faults.c - the faults that a model id can ask for: errors, broken frames, cut connections, odd answers.
 * One table: a fault more is a row in it and a function. Leaves out: faults of the control plane, which are
 * options of the command. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

/* ---- Faults: whole answers ---- */

static void emu_fault_status(struct emu_answer *a)
{
    emu_service_error(a, (int)a->plan.number, a->plan.name,
                      "This is the error that the model id asks for.");
}

static void emu_fault_early_status(struct emu_answer *a)
{
    a->closes = 1;
    emu_service_error(a, (int)a->plan.number, "ValidationException", "This came before the request's end.");
}

static void emu_fault_html(struct emu_answer *a)
{
    static const char page[] = "<html><head><title>Sorry</title></head><body>\n"
                               "<h1>A proxy speaks</h1>\n</body></html>\n";

    emu_http_answer(a, a->plan.number ? (int)a->plan.number : 200, "text/html", page, sizeof page - 1);
}

static void emu_fault_empty(struct emu_answer *a)
{
    emu_http_answer(a, (int)a->plan.number, "application/json", "", 0);
}

static void emu_fault_redirect(struct emu_answer *a)
{
    emu_http_head(a, (int)a->plan.number, "text/plain", 0,
                  "Location: http://127.0.0.1:1/elsewhere\r\n");
}

/* ---- Faults: what is done to the third frame ---- */

static void emu_third_bad_crc(struct emu_answer *a)
{
    a->frame.p[a->frame.len - 1] ^= 1;
}

static void emu_third_bad_prelude(struct emu_answer *a)
{
    a->frame.p[8] ^= 1;
}

/* 1 GiB is announced, in a prelude that is right; what was to follow follows. */
static void emu_third_big(struct emu_answer *a)
{
    unsigned char prelude[12];

    memcpy(prelude, a->frame.p, sizeof prelude);
    emu_be32(prelude, 1u << 30);
    emu_be32(prelude + 8, emu_crc32(a->e, prelude, 8));
    memcpy(a->frame.p, prelude, sizeof prelude);
}

static void emu_third_unknown(struct emu_answer *a)
{
    emu_event_send(a);
    emu_event_begin(a);
    bedrock_write_name(&a->w, "whatever");
    bedrock_write_int(&a->w, 1);
    emu_event_frame(a, "event", "somethingNew");
}

static void emu_third_not_json(struct emu_answer *a)
{
    static const char *const headers[] = {":event-type", "contentBlockDelta", ":content-type",
                                          "application/json", ":message-type", "event", NULL};

    a->frame.len = 0;
    emu_frame(a->e, &a->frame, headers, "this is not JSON", 16);
}

static void emu_third_throw(struct emu_answer *a, const char *name, const char *message)
{
    emu_event_send(a);
    emu_event_begin(a);
    bedrock_write_name(&a->w, "message");
    bedrock_write_string(&a->w, message, strlen(message));
    emu_event_frame(a, "exception", name);
    a->step = EMU_STEP_LAST_CHUNK;
}

static void emu_third_exception(struct emu_answer *a)
{
    emu_third_throw(a, a->plan.name, "This is the exception that the model id asks for.");
}

static void emu_third_refusal(struct emu_answer *a)
{
    emu_third_throw(a, "validationException", "The model is unsupported for streaming.");
}

static void emu_third_error(struct emu_answer *a)
{
    static const char *const headers[] = {":error-code", "InternalError", ":error-message",
                                          "This is the error that the model id asks for.",
                                          ":message-type", "error", NULL};

    emu_event_send(a);
    a->frame.len = 0;
    emu_frame(a->e, &a->frame, headers, "", 0);
    a->step = EMU_STEP_LAST_CHUNK;
}

static void emu_third_no_stop(struct emu_answer *a)
{
    a->plan.no_stop = 1;
}

static void emu_third_stall(struct emu_answer *a)
{
    a->due_ms = INT64_MAX;
}

/* ---- Faults: what is done to an answer ---- */

static void emu_fault_cut(struct emu_answer *a)
{
    a->limit = (uint64_t)a->plan.number;
    a->end = EMU_CUT;
}

static void emu_fault_reset(struct emu_answer *a)
{
    a->limit = (uint64_t)a->plan.number;
    a->end = EMU_RESET;
}

static void emu_fault_close(struct emu_answer *a)
{
    a->limit = 0;
    a->end = EMU_CLOSE;
}

static void emu_fault_stall(struct emu_answer *a)
{
    a->end = EMU_STALL;
}

static void emu_fault_garbage(struct emu_answer *a)
{
    a->plan.garbage = 1;
}

/* What a server does that gave the connection up while the request was on its way. */
static void emu_fault_close_reused(struct emu_answer *a)
{
    if (a->n_before > 0)
        emu_fault_close(a);
}

static void emu_fault_reset_reused(struct emu_answer *a)
{
    if (a->n_before > 0) {
        a->limit = 0;
        a->end = EMU_RESET;
    }
}

/* The answer is another than the prompt led to. */
static struct emu_block *emu_new_block(struct emu_plan *plan, enum emu_kind kind)
{
    plan->stop_reason = "end_turn";
    emu_blocks_keep(plan, 0);
    return emu_block_add(plan, kind);
}

void emu_made_up(char out[EMU_DELTA_LEN], uint64_t n)
{
    memcpy(out, "delta 0000000 text. ", EMU_DELTA_LEN);
    for (char *digit = out + 12; n > 0 && digit > out + 5; n /= 10)
        *digit-- = (char)('0' + n % 10);
}

static void emu_fault_deltas(struct emu_answer *a)
{
    struct emu_block *b = emu_new_block(&a->plan, EMU_SAYS_MADE_UP);
    char one[EMU_DELTA_LEN];

    b->n_deltas = (uint64_t)a->plan.number;
    for (uint64_t i = 0; i < b->n_deltas && !a->plan.streams; i++) {
        emu_made_up(one, i);
        bedrock_buffer_append(&b->text, one, sizeof one);
    }
}

static void emu_fault_pace(struct emu_answer *a)
{
    long ms = a->plan.number;

    a->plan.number = a->plan.second;
    emu_fault_deltas(a);
    a->plan.word_ms = (int)ms;
    if (!a->plan.streams)
        a->hold_ms = a->began_ms + (int64_t)ms * a->plan.second;
}

static void emu_fault_slow(struct emu_answer *a)
{
    a->hold_ms = a->began_ms + a->plan.number;
}

static void emu_fault_big(struct emu_answer *a)
{
    static const char some[] = "abcdefghi bcdefghij cdefghijk defghijkl efghijklm fghijklmn ghijklmno ";
    struct emu_block *b = emu_new_block(&a->plan, EMU_SAYS_TEXT);

    b->piece = 1000;
    for (size_t left = (size_t)a->plan.number, k; left > 0; left -= k) {
        k = left < sizeof some - 1 ? left : sizeof some - 1;
        bedrock_buffer_append(&b->text, some, k);
    }
}

/* ESC, BEL, BS, DEL, CR, CSI and NEL in their C1 forms, and a right-to-left override. */
static void emu_fault_control(struct emu_answer *a)
{
    emu_text(&emu_new_block(&a->plan, EMU_SAYS_TEXT)->text,
             "esc \033[31mred\033[0m \033]0;title\a bell\a back\b\b del\177 cr\rover "
             "c1 \302\23331m nel\302\205 rtl \342\200\256 tab\tline\nend");
}

static void emu_fault_not_json(struct emu_answer *a)
{
    if (a->plan.streams)
        a->plan.third = emu_third_not_json;
    else
        emu_http_answer(a, 200, "application/json", "this is not JSON", 16);
}

static void emu_fault_pieces(struct emu_answer *a)
{
    a->piece = 1;
}

static void emu_fault_last(struct emu_answer *a)
{
    a->closes = 1;
}

static void emu_fault_max_tokens(struct emu_answer *a)
{
    emu_plan_limit(&a->plan, 2);
}

/* ---- Faults: events that do not fit together ---- */

static void emu_stream_only(struct emu_answer *a)
{
    emu_service_error(a, 400, "ValidationException",
                      "This is a fault of streams: ask for it with ConverseStream.");
}

/* A delta of text for a block. */
static void emu_stray_delta(struct emu_answer *a, int64_t block)
{
    emu_event_begin(a);
    emu_put_int(&a->w, "contentBlockIndex", block);
    emu_put_object(&a->w, "delta");
    emu_put_text(&a->w, "text", "stray");
    bedrock_write_object_end(&a->w);
    emu_event_frame(a, "event", "contentBlockDelta");
}

/* The input of a tool ends in the middle. */
static void emu_fault_broken_input(struct emu_answer *a)
{
    struct emu_block *b;

    if (!a->plan.streams) {
        emu_stream_only(a);
        return;
    }
    b = emu_new_block(&a->plan, EMU_SAYS_TOOL);
    emu_text(&b->name, "weather");
    emu_text(&b->text, "{\"city\": \"Rom");
    snprintf(b->id, sizeof b->id, "tooluse_broken");
    b->piece = 5;
    a->plan.stop_reason = "tool_use";
}

static void emu_fault_empty_deltas(struct emu_answer *a)
{
    emu_new_block(&a->plan, EMU_SAYS_EMPTY)->n_deltas = (uint64_t)a->plan.number;
}

/* contentBlockStop, and then a delta after all. */
static void emu_third_late(struct emu_answer *a)
{
    emu_event_begin(a);
    emu_put_int(&a->w, "contentBlockIndex", 0);
    emu_event_frame(a, "event", "contentBlockStop");
    emu_event_send(a);
    emu_stray_delta(a, 0);
}

static void emu_fault_index(struct emu_answer *a)
{
    if (!a->plan.streams)
        emu_stream_only(a);
}

static void emu_third_index(struct emu_answer *a)
{
    emu_stray_delta(a, a->plan.number);
}

static void emu_third_negative(struct emu_answer *a)
{
    emu_stray_delta(a, -1);
}

/* What was text goes on as a tool's input. */
static void emu_third_other_kind(struct emu_answer *a)
{
    emu_event_send(a);
    emu_event_begin(a);
    emu_put_int(&a->w, "contentBlockIndex", 0);
    emu_put_object(&a->w, "delta");
    emu_put_object(&a->w, "toolUse");
    emu_put_text(&a->w, "input", "{}");
    bedrock_write_object_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_event_frame(a, "event", "contentBlockDelta");
}

static void emu_third_duplicates(struct emu_answer *a)
{
    static const char *const headers[] = {":event-type", "contentBlockDelta", ":content-type",
                                          "application/json", ":message-type", "event", NULL};
    static const char payload[] =
        "{\"contentBlockIndex\":7,\"contentBlockIndex\":0,\"delta\":{\"text\":\"first\"},"
        "\"delta\":{\"text\":\"not this\",\"text\":\"second\"}}";

    emu_event_send(a);
    a->frame.len = 0;
    emu_frame(a->e, &a->frame, headers, payload, sizeof payload - 1);
}

static void emu_third_start(struct emu_answer *a)
{
    emu_event_send(a);
    emu_event_begin(a);
    emu_put_text(&a->w, "role", "assistant");
    emu_event_frame(a, "event", "messageStart");
}

/* ---- Faults: the table ---- */

enum { EMU_NAMED = 1, EMU_PACED };

#define EMU_MAX_DELTAS 1000000
#define EMU_MAX_EMPTY 10000000

struct emu_fault {
    const char *name;       /* the model id is fault.NAME, fault.NAME-N, ... */
    const char *args;       /* ... and this, for --help */
    long min, max;          /* of its number; max 0: it takes none */
    int more;               /* and behind it EMU_NAMED, a name, or EMU_PACED, another number */
    void (*apply)(struct emu_answer *a);    /* answers, or changes a->plan; may be NULL */
    void (*third)(struct emu_answer *a);    /* for streams alone: see struct emu_plan; may be NULL */
    const char *what;
};

static const struct emu_fault emu_faults[] = {
    {"status", "-STATUS-NAME", 400, 599, EMU_NAMED, emu_fault_status, NULL,
     "an error of the service, by its name"},
    {"html", "-STATUS", 200, 599, 0, emu_fault_html, NULL, "a page of HTML, as a proxy sends it"},
    {"empty", "-STATUS", 200, 599, 0, emu_fault_empty, NULL, "no body"},
    {"redirect", "-STATUS", 300, 399, 0, emu_fault_redirect, NULL, "to http://127.0.0.1:1/elsewhere"},
    {"wrong-type", "", 0, 0, 0, emu_fault_html, NULL, "200 and text/html"},
    {"not-json", "", 0, 0, 0, emu_fault_not_json, NULL, "the body, or the third frame of a stream"},
    {"early", "-STATUS", 400, 599, 0, emu_fault_early_status, NULL, "answered before the body came"},
    {"close", "", 0, 0, 0, emu_fault_close, NULL, "the connection ends without an answer"},
    {"close-reused", "", 0, 0, 0, emu_fault_close_reused, NULL,
     "the same on a connection that served a request before"},
    {"reset-reused", "", 0, 0, 0, emu_fault_reset_reused, NULL, "the same by a TCP reset"},
    {"cut", "-N", 0, 1000000000, 0, emu_fault_cut, NULL, "closed after N bytes of the response"},
    {"reset", "-N", 0, 1000000000, 0, emu_fault_reset, NULL, "the same by a TCP reset"},
    {"stall", "", 0, 0, 0, emu_fault_stall, emu_third_stall, "silence after two deltas, or before the end"},
    {"slow", "-MS", 0, 3600000, 0, emu_fault_slow, NULL, "the head comes after MS milliseconds"},
    {"pieces", "", 0, 0, 0, emu_fault_pieces, NULL, "every byte in its own TCP write and TLS record"},
    {"garbage", "", 0, 0, 0, emu_fault_garbage, NULL, "bytes behind the end of the response"},
    {"keepalive-close", "", 0, 0, 0, emu_fault_last, NULL, "a good answer with Connection: close"},
    {"deltas", "-N", 0, EMU_MAX_DELTAS, 0, emu_fault_deltas, NULL, "N deltas of 20 bytes"},
    {"pace", "-MS-N", 0, 60000, EMU_PACED, emu_fault_pace, NULL, "N deltas, MS milliseconds apart"},
    {"big", "-N", 0, 100000000, 0, emu_fault_big, NULL, "a text of N bytes"},
    {"control", "", 0, 0, 0, emu_fault_control, NULL, "a text with ESC, BEL, C1 and other controls"},
    {"max-tokens", "", 0, 0, 0, emu_fault_max_tokens, NULL, "two words, then stopReason max_tokens"},
    {"bad-crc", "", 0, 0, 0, NULL, emu_third_bad_crc, "stream: the third frame's checksum is wrong"},
    {"bad-prelude", "", 0, 0, 0, NULL, emu_third_bad_prelude, "stream: its prelude's checksum is wrong"},
    {"big-frame", "", 0, 0, 0, NULL, emu_third_big, "stream: it says that it has 1 GiB"},
    {"unknown-event", "", 0, 0, 0, NULL, emu_third_unknown, "stream: an event that nobody knows"},
    {"exception", "-NAME", 0, 0, EMU_NAMED, NULL, emu_third_exception,
     "stream: two deltas, then an exception frame"},
    {"late-refusal", "", 0, 0, 0, NULL, emu_third_refusal,
     "stream: two deltas, then that the model does not stream"},
    {"error-frame", "", 0, 0, 0, NULL, emu_third_error, "stream: two deltas, then an error frame"},
    {"no-stop", "", 0, 0, 0, NULL, emu_third_no_stop, "stream: ends before messageStop"},
    {"broken-input", "", 0, 0, 0, emu_fault_broken_input, NULL, "stream: a tool's input is not JSON"},
    {"late-delta", "", 0, 0, 0, NULL, emu_third_late, "stream: a delta behind contentBlockStop"},
    {"index", "-N", 0, 2147483647, 0, emu_fault_index, emu_third_index, "stream: contentBlockIndex N"},
    {"negative-index", "", 0, 0, 0, NULL, emu_third_negative, "stream: contentBlockIndex -1"},
    {"empty-deltas", "-N", 0, EMU_MAX_EMPTY, 0, emu_fault_empty_deltas, NULL, "N deltas without text"},
    {"other-kind", "", 0, 0, 0, NULL, emu_third_other_kind, "stream: a text goes on as a tool's input"},
    {"duplicates", "", 0, 0, 0, NULL, emu_third_duplicates, "stream: an event has members twice"},
    {"second-start", "", 0, 0, 0, NULL, emu_third_start, "stream: messageStart comes twice"},
};

#define EMU_N_FAULTS (sizeof emu_faults / sizeof emu_faults[0])

void emu_faults_help(FILE *f)
{
    for (size_t i = 0; i < EMU_N_FAULTS; i++) {
        char id[64];

        snprintf(id, sizeof id, "fault.%s%s", emu_faults[i].name, emu_faults[i].args);
        fprintf(f, "  %-26s %s\n", id, emu_faults[i].what);
    }
}

/* Read -NUMBER; returns what is behind it, or NULL. */
static const char *emu_fault_number(const char *p, long min, long max, long *n)
{
    char *end;

    if (p[0] != '-' || p[1] < '0' || p[1] > '9')
        return NULL;
    *n = strtol(p + 1, &end, 10);
    return *n < min || *n > max ? NULL : end;
}

/* Read what stands behind the fault's name. 0: it is as the table says. */
static int emu_fault_args(const struct emu_fault *f, const char *p, struct emu_plan *plan)
{
    size_t n;

    if (f->max > 0)
        p = emu_fault_number(p, f->min, f->max, &plan->number);
    if (p && f->more == EMU_PACED)
        p = emu_fault_number(p, 0, EMU_MAX_DELTAS, &plan->second);
    if (!p)
        return -1;
    if (f->more == EMU_NAMED) {
        n = strspn(p + (*p == '-'), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        if (*p != '-' || n == 0 || n >= sizeof plan->name)
            return -1;
        memcpy(plan->name, p + 1, n);
        plan->name[n] = 0;
        p += n + 1;
    }
    return *p ? -1 : 0;
}

int emu_fault_early(struct bedrock_slice path)
{
    static const char prefix[] = "/model/fault.early-";
    int status = 0;

    if (!emu_slice_begins(path, prefix) || path.len < sizeof prefix + 3)
        return 0;
    for (size_t i = sizeof prefix - 1; i < sizeof prefix + 2; i++)
        status = status * 10 + (path.p[i] - '0');
    return status >= 400 && status <= 599 && path.p[sizeof prefix + 2] == '/' ? status : 0;
}

void emu_fault(struct emu_answer *a, const char *id)
{
    for (size_t i = 0; i < EMU_N_FAULTS; i++) {
        const struct emu_fault *f = &emu_faults[i];
        size_t n = strlen(f->name);

        if (strncmp(id, f->name, n) != 0 || emu_fault_args(f, id + n, &a->plan) != 0)
            continue;
        a->plan.third = f->third;
        if (f->apply)
            f->apply(a);
        else if (!a->plan.streams)
            emu_stream_only(a);
        return;
    }
    emu_service_error(a, 400, "ValidationException",
                      "There is no such fault: bedrock-emulator --help lists them.");
}
