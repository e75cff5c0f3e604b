/* emu_models.c - the models that the emulator has, what they say, and the faults that can be asked for.
 * Two tables: a model more is a row in the first, a fault more a row and a function in the second.
 * Leaves out: any understanding of what it is asked. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

/* ---- The models ---- */

#define EMU_TEXT 1u
#define EMU_IMAGE 2u
#define EMU_VIDEO 4u
#define EMU_EMBEDDING 8u

#define EMU_ON_DEMAND 1u
#define EMU_PROVISIONED 2u
#define EMU_PROFILE 4u

#define EMU_REASONS 1u      /* gives its reasoning first */
#define EMU_TOOLS 2u        /* uses the first tool that it is offered */
#define EMU_NO_ACCESS 4u
#define EMU_SLOW 8u

static const char *const emu_modalities[] = {"TEXT", "IMAGE", "VIDEO", "EMBEDDING", NULL};
static const char *const emu_inference[] = {"ON_DEMAND", "PROVISIONED", "INFERENCE_PROFILE", NULL};
static const char *const emu_custom[] = {"FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION", NULL};

struct emu_model {
    const char *id, *name, *provider;
    unsigned input, output, custom, inference;  /* bits in the lists above */
    int streams;
    const char *status;
    unsigned behaviour;
    const char *rome;       /* how it names the capital of Italy */
};

static const struct emu_model emu_table[] = {
    {"amazon.nova-lite-v1:0", "Nova Lite", "Amazon", EMU_TEXT | EMU_IMAGE | EMU_VIDEO, EMU_TEXT, 1,
     EMU_ON_DEMAND | EMU_PROFILE, 1, "ACTIVE", 0,
     "The capital of Italy is Rome."},
    {"amazon.nova-pro-v1:0", "Nova Pro", "Amazon", EMU_TEXT | EMU_IMAGE | EMU_VIDEO, EMU_TEXT, 1,
     EMU_ON_DEMAND | EMU_PROFILE, 1, "ACTIVE", 0,
     "Rome is the capital of Italy, and has been since 1871."},
    {"amazon.nova-canvas-v1:0", "Nova Canvas", "Amazon", EMU_TEXT | EMU_IMAGE, EMU_IMAGE, 1,
     EMU_ON_DEMAND | EMU_PROVISIONED, 0, "ACTIVE", 0, ""},
    {"amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", "Amazon", EMU_TEXT, EMU_EMBEDDING, 0,
     EMU_ON_DEMAND, 0, "ACTIVE", 0, ""},
    {"ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", "AI21 Labs", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 0,
     "ACTIVE", 0,
     "Italy's capital is Rome."},
    {"anthropic.claude-v2:1", "Claude", "Anthropic", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "LEGACY", 0,
     "It is Rome."},
    {"anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", "Anthropic", EMU_TEXT | EMU_IMAGE,
     EMU_TEXT, 0, EMU_ON_DEMAND | EMU_PROVISIONED, 1, "ACTIVE", 0,
     "The capital of Italy is Rome, or Roma in Italian."},
    {"anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", "Anthropic", EMU_TEXT | EMU_IMAGE,
     EMU_TEXT, 0, EMU_PROFILE, 1, "ACTIVE", EMU_REASONS,
     "Rome. It lies on the Tiber, in the region of Lazio."},
    {"cohere.command-r-plus-v1:0", "Command R+", "Cohere", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1,
     "ACTIVE", EMU_TOOLS,
     "Rome is Italy's capital city."},
    {"deepseek.r1-v1:0", "DeepSeek-R1", "DeepSeek", EMU_TEXT, EMU_TEXT, 0, EMU_PROFILE, 1, "ACTIVE",
     EMU_REASONS,
     "**Rome** is the capital of Italy."},
    {"meta.llama3-70b-instruct-v1:0", "Llama 3 70B Instruct", "Meta", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", EMU_NO_ACCESS, ""},
    {"mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", "Mistral AI", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", 0,
     "Italy has Rome for its capital."},
    {"stability.sd3-5-large-v1:0", "Stable Diffusion 3.5 Large", "Stability AI", EMU_TEXT | EMU_IMAGE,
     EMU_IMAGE, 0, EMU_ON_DEMAND, 0, "ACTIVE", 0, ""},
    {"emulator.slow-v1:0", "Slow", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", EMU_SLOW,
     "Well, let me see: the capital of Italy would be Rome."},
};

/* What a fault answers with where it leaves room for an answer; in no list. */
static const struct emu_model emu_faulty = {
    "fault", "Fault", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", 0,
    "Rome is the capital of Italy.",
};

#define EMU_N_MODELS (sizeof emu_table / sizeof emu_table[0])

/* ---- ListFoundationModels ---- */

static void emu_list_bits(struct bedrock_writer *w, const char *name, const char *const names[],
                          unsigned bits)
{
    bedrock_write_name(w, name);
    bedrock_write_array(w);
    for (unsigned i = 0; names[i]; i++)
        if (bits >> i & 1)
            bedrock_write_string(w, names[i], strlen(names[i]));
    bedrock_write_array_end(w);
}

static void emu_list_text(struct bedrock_writer *w, const char *name, const char *text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text, strlen(text));
}

static void emu_list_model(const struct emu *e, struct bedrock_writer *w, const struct emu_model *m)
{
    char arn[256];

    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s::foundation-model/%s", e->region, m->id);
    bedrock_write_object(w);
    emu_list_text(w, "modelArn", arn);
    emu_list_text(w, "modelId", m->id);
    emu_list_text(w, "modelName", m->name);
    emu_list_text(w, "providerName", m->provider);
    emu_list_bits(w, "inputModalities", emu_modalities, m->input);
    emu_list_bits(w, "outputModalities", emu_modalities, m->output);
    bedrock_write_name(w, "responseStreamingSupported");
    bedrock_write_bool(w, m->streams);
    emu_list_bits(w, "customizationsSupported", emu_custom, m->custom);
    emu_list_bits(w, "inferenceTypesSupported", emu_inference, m->inference);
    bedrock_write_name(w, "modelLifecycle");
    bedrock_write_object(w);
    emu_list_text(w, "status", m->status);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

static int emu_list_has(const char *const names[], unsigned bits, struct bedrock_slice want)
{
    for (unsigned i = 0; names[i]; i++)
        if ((bits >> i & 1) && emu_slice_is(want, names[i]))
            return 1;
    return 0;
}

static int emu_list_passes(const struct emu_model *m, struct bedrock_slice name,
                           struct bedrock_slice value)
{
    if (emu_slice_is(name, "byProvider"))
        return emu_slice_is(value, m->provider);
    if (emu_slice_is(name, "byOutputModality"))
        return emu_list_has(emu_modalities, m->output, value);
    if (emu_slice_is(name, "byInferenceType"))
        return emu_list_has(emu_inference, m->inference, value);
    if (emu_slice_is(name, "byCustomizationType"))
        return emu_list_has(emu_custom, m->custom, value);
    return 1;
}

/* Every name=value of the query must let m pass. */
static int emu_list_wanted(const struct emu_model *m, struct bedrock_slice query)
{
    int passes = 1;

    while (query.len > 0 && passes) {
        const char *end = memchr(query.p, '&', query.len);
        struct bedrock_slice name = {query.p, end ? (size_t)(end - query.p) : query.len}, value;
        const char *equals = name.len ? memchr(name.p, '=', name.len) : NULL;
        struct bedrock_buffer plain = {0};

        query.p += name.len + (end != NULL);
        query.len -= name.len + (end != NULL);
        if (!equals)
            continue;
        value.p = equals + 1;
        value.len = name.len - (size_t)(value.p - name.p);
        name.len = (size_t)(equals - name.p);
        emu_percent_decode(&plain, value);
        value.p = plain.p;
        value.len = plain.len;
        passes = emu_list_passes(m, name, value);
        bedrock_buffer_free(&plain);
    }
    return passes;
}

void emu_models_list(const struct emu *e, struct bedrock_writer *w, struct bedrock_slice query)
{
    bedrock_write_object(w);
    bedrock_write_name(w, "modelSummaries");
    bedrock_write_array(w);
    for (size_t i = 0; i < EMU_N_MODELS; i++)
        if (emu_list_wanted(&emu_table[i], query))
            emu_list_model(e, w, &emu_table[i]);
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
}

/* ---- What a model says ---- */

/* Where the first n words end; *n becomes how many there were, n at most. */
static size_t emu_words_end(const struct bedrock_buffer *b, size_t *n)
{
    size_t end = 0, seen = 0, i = 0;

    while (i < b->len && seen < *n) {
        while (i < b->len && emu_is_blank(b->p[i]))
            i++;
        if (i == b->len)
            break;
        while (i < b->len && !emu_is_blank(b->p[i]))
            i++;
        seen++;
        end = i;
    }
    *n = seen;
    return end;
}

size_t emu_words(const struct bedrock_buffer *b)
{
    size_t n = SIZE_MAX;

    emu_words_end(b, &n);
    return n;
}

/* Leave the first n words of it all, reasoning included. */
static void emu_plan_limit(struct emu_plan *plan, size_t n)
{
    struct bedrock_buffer *parts[2] = {&plan->reasoning, &plan->text};

    for (int i = 0; i < 2; i++) {
        size_t had = emu_words(parts[i]), kept = n;
        size_t end = emu_words_end(parts[i], &kept);

        if (kept < had) {
            parts[i]->len = end;
            plan->stop_reason = "max_tokens";
        }
        n -= kept;
    }
}

static const char *emu_find(const struct bedrock_buffer *in, const struct bedrock_buffer *what)
{
    for (size_t i = 0; what->len > 0 && in->len >= what->len && i <= in->len - what->len; i++)
        if (memcmp(in->p + i, what->p, what->len) == 0)
            return in->p + i;
    return NULL;
}

/* End the text where the first of the stop sequences begins. */
static void emu_plan_stop(struct emu_plan *plan, struct bedrock_json sequences)
{
    struct bedrock_json_iter it = bedrock_json_iterate(sequences);
    struct bedrock_json one;

    while (bedrock_json_next(&it, NULL, &one)) {
        struct bedrock_buffer what = {0};
        const char *at;

        emu_append_json(&what, one);
        at = emu_find(&plan->text, &what);
        if (at) {
            plan->text.len = (size_t)(at - plan->text.p);
            plan->stop_reason = "stop_sequence";
        }
        bedrock_buffer_free(&what);
    }
}

static int emu_asks_for_rome(const struct bedrock_buffer *b)
{
    static const char phrase[] = "capital of italy";
    size_t k;

    for (size_t i = 0; i + sizeof phrase - 1 <= b->len; i++) {
        for (k = 0; phrase[k] && (b->p[i + k] | 0x20) == phrase[k]; k++)
            ;
        if (!phrase[k])
            return 1;
    }
    return 0;
}

/* Something of the right type for a tool's argument. */
static void emu_tool_argument(struct bedrock_writer *w, struct bedrock_json name,
                              struct bedrock_json schema, struct bedrock_json text)
{
    static const char *const samples[][2] = {
        {"integer", "1"}, {"number", "1"}, {"boolean", "true"}, {"array", "[]"}, {"object", "{}"},
    };
    struct bedrock_json type = bedrock_json_get(schema, "type");
    struct bedrock_json value = bedrock_json_get(schema, "enum[0]");

    for (size_t i = 0; value.type == BEDROCK_JSON_NONE && i < sizeof samples / sizeof samples[0]; i++)
        if (bedrock_json_equals(type, samples[i][0]))
            bedrock_json_parse(samples[i][1], strlen(samples[i][1]), &value, NULL);
    bedrock_write_member(w, name, value.type == BEDROCK_JSON_NONE ? text : value);
}

/* Use the first tool, with an argument for each property that its schema names. */
static void emu_plan_tool(struct emu_plan *plan, struct bedrock_json tool, const struct bedrock_buffer *last)
{
    struct bedrock_json_iter it =
        bedrock_json_iterate(bedrock_json_get(tool, "inputSchema.json.properties"));
    struct bedrock_writer w = {0}, quoted = {0};
    struct bedrock_json name, schema, text;

    bedrock_write_string(&quoted, last->p ? last->p : "", last->len);
    if (bedrock_json_parse(quoted.out.p, quoted.out.len, &text, NULL) == 0) {
        emu_append_json(&plan->tool, bedrock_json_get(tool, "name"));
        bedrock_write_object(&w);
        while (it.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &schema))
            emu_tool_argument(&w, name, schema, text);
        bedrock_write_object_end(&w);
        bedrock_buffer_append(&plan->tool_input, w.out.p, w.out.len);
        plan->text.len = 0;
        emu_text(&plan->text, "I will use a tool for this.");
        plan->stop_reason = "tool_use";
    }
    bedrock_write_free(&quoted);
    bedrock_write_free(&w);
}

static void emu_plan_text(struct emu_plan *plan, const struct emu_model *m, const struct emu_prompt *p)
{
    struct bedrock_json tool = bedrock_json_get(p->request, "toolConfig.tools[0].toolSpec");
    int rome = emu_asks_for_rome(&p->last);

    plan->stop_reason = "end_turn";
    plan->input_words = p->words;
    plan->streams = p->streams;
    plan->first_ms = m->behaviour & EMU_SLOW ? 300 : 0;
    plan->word_ms = m->behaviour & EMU_SLOW ? 20 : 0;
    if (m->behaviour & EMU_REASONS)
        emu_text(&plan->reasoning, rome ? "The user wants to know a capital. For Italy that is Rome."
                                        : "The user said something. I shall repeat it.");
    if (rome) {
        emu_text(&plan->text, m->rome);
    } else {
        emu_text(&plan->text, "You said: \"");
        bedrock_buffer_append(&plan->text, p->last.p, p->last.len);
        emu_text(&plan->text, "\".");
    }
    if ((m->behaviour & EMU_TOOLS) && tool.type == BEDROCK_JSON_OBJECT && !p->has_result)
        emu_plan_tool(plan, tool, &p->last);
    emu_plan_stop(plan, bedrock_json_get(p->request, "inferenceConfig.stopSequences"));
    if (p->max_tokens > 0)
        emu_plan_limit(plan, (size_t)p->max_tokens);
}

/* ---- Faults: whole answers ---- */

static void emu_fault_status(struct emu_answer *a)
{
    emu_service_error(a, (int)a->plan.number, a->plan.name,
                      "This is the error that the model id asks for.");
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

static void emu_third_exception(struct emu_answer *a)
{
    static const char message[] = "This is the exception that the model id asks for.";

    emu_event_send(a);
    emu_event_begin(a);
    bedrock_write_name(&a->w, "message");
    bedrock_write_string(&a->w, message, sizeof message - 1);
    emu_event_frame(a, "exception", a->plan.name);
    a->step = EMU_STEP_LAST_CHUNK;
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

/* The text is another than the prompt led to. */
static struct bedrock_buffer *emu_new_text(struct emu_plan *plan)
{
    plan->stop_reason = "end_turn";
    plan->text.len = 0;
    return &plan->text;
}

void emu_made_up(char out[EMU_DELTA_LEN], uint64_t n)
{
    memcpy(out, "delta 0000000 text. ", EMU_DELTA_LEN);
    for (char *digit = out + 12; n > 0 && digit > out + 5; n /= 10)
        *digit-- = (char)('0' + n % 10);
}

static void emu_fault_deltas(struct emu_answer *a)
{
    struct bedrock_buffer *text = emu_new_text(&a->plan);
    char one[EMU_DELTA_LEN];

    a->plan.n_deltas = (uint64_t)a->plan.number;
    for (uint64_t i = 0; i < a->plan.n_deltas && !a->plan.streams; i++) {
        emu_made_up(one, i);
        bedrock_buffer_append(text, one, sizeof one);
    }
}

static void emu_fault_slow(struct emu_answer *a)
{
    a->hold_ms = a->began_ms + a->plan.number;
}

static void emu_fault_big(struct emu_answer *a)
{
    static const char some[] = "abcdefghi bcdefghij cdefghijk defghijkl efghijklm fghijklmn ghijklmno ";
    struct bedrock_buffer *text = emu_new_text(&a->plan);

    a->plan.piece = 1000;
    for (size_t left = (size_t)a->plan.number, k; left > 0; left -= k) {
        k = left < sizeof some - 1 ? left : sizeof some - 1;
        bedrock_buffer_append(text, some, k);
    }
}

/* ESC, BEL, BS, DEL, CR, CSI and NEL in their C1 forms, and a right-to-left override. */
static void emu_fault_control(struct emu_answer *a)
{
    emu_text(emu_new_text(&a->plan),
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

/* ---- Faults: the table ---- */

struct emu_fault {
    const char *name;       /* the model id is fault.NAME, fault.NAME-N, ... */
    const char *args;       /* ... and this, for --help */
    long min, max;          /* of its number; max 0: it takes none */
    int named;              /* it takes a name */
    void (*apply)(struct emu_answer *a);    /* answers, or changes a->plan; may be NULL */
    void (*third)(struct emu_answer *a);    /* for streams alone: see struct emu_plan; may be NULL */
    const char *what;
};

static const struct emu_fault emu_faults[] = {
    {"status", "-STATUS-NAME", 400, 599, 1, emu_fault_status, NULL, "an error of the service, by its name"},
    {"html", "-STATUS", 200, 599, 0, emu_fault_html, NULL, "a page of HTML, as a proxy sends it"},
    {"empty", "-STATUS", 200, 599, 0, emu_fault_empty, NULL, "no body"},
    {"redirect", "-STATUS", 300, 399, 0, emu_fault_redirect, NULL, "to http://127.0.0.1:1/elsewhere"},
    {"wrong-type", "", 0, 0, 0, emu_fault_html, NULL, "200 and text/html"},
    {"not-json", "", 0, 0, 0, emu_fault_not_json, NULL, "the body, or the third frame of a stream"},
    {"close", "", 0, 0, 0, emu_fault_close, NULL, "the connection ends without an answer"},
    {"cut", "-N", 0, 1000000000, 0, emu_fault_cut, NULL, "closed after N bytes of the response"},
    {"reset", "-N", 0, 1000000000, 0, emu_fault_reset, NULL, "the same by a TCP reset"},
    {"stall", "", 0, 0, 0, emu_fault_stall, emu_third_stall, "silence after two deltas, or before the end"},
    {"slow", "-MS", 0, 3600000, 0, emu_fault_slow, NULL, "the head comes after MS milliseconds"},
    {"pieces", "", 0, 0, 0, emu_fault_pieces, NULL, "every byte in its own TCP write and TLS record"},
    {"garbage", "", 0, 0, 0, emu_fault_garbage, NULL, "bytes behind the end of the response"},
    {"keepalive-close", "", 0, 0, 0, emu_fault_last, NULL, "a good answer with Connection: close"},
    {"deltas", "-N", 0, 1000000, 0, emu_fault_deltas, NULL, "N deltas of 20 bytes"},
    {"big", "-N", 0, 100000000, 0, emu_fault_big, NULL, "a text of N bytes"},
    {"control", "", 0, 0, 0, emu_fault_control, NULL, "a text with ESC, BEL, C1 and other controls"},
    {"max-tokens", "", 0, 0, 0, emu_fault_max_tokens, NULL, "two words, then stopReason max_tokens"},
    {"bad-crc", "", 0, 0, 0, NULL, emu_third_bad_crc, "stream: the third frame's checksum is wrong"},
    {"bad-prelude", "", 0, 0, 0, NULL, emu_third_bad_prelude, "stream: its prelude's checksum is wrong"},
    {"big-frame", "", 0, 0, 0, NULL, emu_third_big, "stream: it says that it has 1 GiB"},
    {"unknown-event", "", 0, 0, 0, NULL, emu_third_unknown, "stream: an event that nobody knows"},
    {"exception", "-NAME", 0, 0, 1, NULL, emu_third_exception, "stream: two deltas, then an exception frame"},
    {"error-frame", "", 0, 0, 0, NULL, emu_third_error, "stream: two deltas, then an error frame"},
    {"no-stop", "", 0, 0, 0, NULL, emu_third_no_stop, "stream: ends before messageStop"},
};

#define EMU_N_FAULTS (sizeof emu_faults / sizeof emu_faults[0])

void emu_models_help(FILE *f)
{
    for (size_t i = 0; i < EMU_N_FAULTS; i++) {
        char id[64];

        snprintf(id, sizeof id, "fault.%s%s", emu_faults[i].name, emu_faults[i].args);
        fprintf(f, "  %-26s %s\n", id, emu_faults[i].what);
    }
}

/* Read what stands behind the fault's name. 0: it is as the table says. */
static int emu_fault_args(const struct emu_fault *f, const char *p, struct emu_plan *plan)
{
    size_t n;

    if (f->max > 0) {
        char *end;

        if (p[0] != '-' || p[1] < '0' || p[1] > '9')
            return -1;
        plan->number = strtol(p + 1, &end, 10);
        if (plan->number < f->min || plan->number > f->max)
            return -1;
        p = end;
    }
    if (f->named) {
        n = strspn(p + (*p == '-'), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        if (*p != '-' || n == 0 || n >= sizeof plan->name)
            return -1;
        memcpy(plan->name, p + 1, n);
        plan->name[n] = 0;
        p += n + 1;
    }
    return *p ? -1 : 0;
}

static void emu_fault(struct emu_answer *a, const char *id)
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
            emu_service_error(a, 400, "ValidationException",
                              "This is a fault of streams: ask for it with ConverseStream.");
        return;
    }
    emu_service_error(a, 400, "ValidationException",
                      "There is no such fault: bedrock-emulator --help lists them.");
}

/* ---- Which model ---- */

static const struct emu_model *emu_lookup(const char *id)
{
    for (size_t i = 0; i < EMU_N_MODELS; i++)
        if (strcmp(emu_table[i].id, id) == 0)
            return &emu_table[i];
    return NULL;
}

/* The id behind an ARN's last '/', the id itself, or NULL for an ARN of another kind. */
static const char *emu_bare_id(const char *id)
{
    if (strncmp(id, "arn:", 4) != 0)
        return id;
    if (!strstr(id, ":foundation-model/") && !strstr(id, ":inference-profile/"))
        return NULL;
    return strrchr(id, '/') + 1;
}

/* Behind the prefix of an inference profile, or NULL when it is none. */
static const char *emu_behind_prefix(const char *id)
{
    static const char *const prefixes[] = {"us.", "eu.", "apac.", "global."};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(id, prefixes[i], strlen(prefixes[i])) == 0)
            return id + strlen(prefixes[i]);
    return NULL;
}

/* NULL when this model may be called this way, else the message of a ValidationException. */
static const char *emu_objection(const struct emu_model *m, int by_profile, int streams)
{
    if (!m || (by_profile && !(m->inference & EMU_PROFILE)))
        return "The provided model identifier is invalid.";
    if (!(m->output & EMU_TEXT))
        return "This action doesn't support the model that you provided. Try again with a supported "
               "text or chat model.";
    if (streams && !m->streams)
        return "The model is unsupported for streaming";
    return NULL;
}

static void emu_model_plan(struct emu_answer *a, const char *id, const struct emu_prompt *p)
{
    const char *behind = emu_behind_prefix(id), *objection;
    const struct emu_model *m = emu_lookup(behind ? behind : id);
    char message[512];

    if (m && !behind && !(m->inference & EMU_ON_DEMAND)) {
        snprintf(message, sizeof message,
                 "Invocation of model ID %s with on-demand throughput isn\342\200\231t supported. Retry "
                 "your request with the ID or ARN of an inference profile that contains this model.", id);
        emu_service_error(a, 400, "ValidationException", message);
    } else if (m && (m->behaviour & EMU_NO_ACCESS)) {
        emu_service_error(a, 403, "AccessDeniedException",
                          "You don't have access to the model with the specified model ID.");
    } else if ((objection = emu_objection(m, behind != NULL, p->streams)) != NULL) {
        emu_service_error(a, 400, "ValidationException", objection);
    } else {
        emu_plan_text(&a->plan, m, p);
    }
}

void emu_models_plan(struct emu_answer *a, struct bedrock_slice label, const struct emu_prompt *p)
{
    struct bedrock_buffer id = {0};
    const char *bare = NULL;

    emu_percent_decode(&id, label);
    /* an id with a zero byte in it is none */
    if (bedrock_buffer_append(&id, "", 1) == 0 && strlen(id.p) == id.len - 1)
        bare = emu_bare_id(id.p);
    if (!bare) {
        emu_service_error(a, 400, "ValidationException", "The provided model identifier is invalid.");
    } else if (strncmp(bare, "fault.", 6) == 0) {
        emu_plan_text(&a->plan, &emu_faulty, p);
        emu_fault(a, bare + 6);
    } else {
        emu_model_plan(a, bare, p);
    }
    bedrock_buffer_free(&id);
}
