/* emu_guard.c - guardrails: which there are, what they make of a text, and their part in an answer.
 * Amazon Bedrock API reference, GuardrailAssessment, GuardrailTraceAssessment, ListGuardrails. Leaves out:
 * policies other than words and e-mail addresses. */
#include "emu.h"
#include <string.h>

/* ---- Which there are ---- */

static const struct emu_guardrail {
    const char *id, *name, *about;
    const char *word;       /* blocked; NULL: none */
    int in, out;            /* whether it looks at what goes in, and at what comes out */
    const char *version;    /* the newest; there is DRAFT too */
    const char *verdict;    /* of ApplyGuardrail, whatever the text; NULL: as it is */
} emu_guardrails[] = {
    {"emublock", "block-a-word", "Blocks the word \"forbidden\" in what goes in and in what comes out.",
     "forbidden", 1, 1, "2", NULL},
    {"emuoutput", "block-an-answer", "Blocks the word \"unspeakable\" in what comes out.",
     "unspeakable", 0, 1, "1", NULL},
    {"emumask", "mask-addresses", "Replaces e-mail addresses.", NULL, 1, 1, "1", NULL},
    {"emuodd", "answer-oddly", "Gives a verdict that nobody knows.", "forbidden", 0, 0, "1",
     "GUARDRAIL_PONDERED"},
};

#define EMU_N_GUARDRAILS (sizeof emu_guardrails / sizeof emu_guardrails[0])

const struct emu_guardrail *emu_guard_find(const char *id, const char *version)
{
    const char *slash = strncmp(id, "arn:", 4) == 0 ? strstr(id, ":guardrail/") : NULL;

    id = slash ? slash + sizeof ":guardrail/" - 1 : id;
    for (size_t i = 0; i < EMU_N_GUARDRAILS; i++) {
        const struct emu_guardrail *g = &emu_guardrails[i];

        if (strcmp(g->id, id) != 0)
            continue;
        if (strcmp(version, "DRAFT") == 0 ||
            (strlen(version) == 1 && *version >= '1' && *version <= *g->version))
            return g;
    }
    return NULL;
}

void emu_guard_help(FILE *f)
{
    for (size_t i = 0; i < EMU_N_GUARDRAILS; i++)
        fprintf(f, "  %-29s %s\n", emu_guardrails[i].id, emu_guardrails[i].about);
}

/* ---- What they make of a text ---- */

static size_t emu_find_word(const struct bedrock_buffer *text, const char *word)
{
    size_t n = strlen(word), i = 0;

    while (i + n <= text->len && memcmp(text->p + i, word, n) != 0)
        i++;
    return i + n <= text->len ? i : SIZE_MAX;
}

static int emu_is_of_address(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("._-+", c));
}

size_t emu_guard_address(const struct bedrock_buffer *text, size_t *at)
{
    for (size_t i = *at; i < text->len; i++) {
        size_t first = i, end = i + 1;

        if (text->p[i] != '@')
            continue;
        while (first > *at && emu_is_of_address(text->p[first - 1]))
            first--;
        while (end < text->len && emu_is_of_address(text->p[end]))
            end++;
        while (text->p[end - 1] == '.')
            end--;
        if (first == i || end == i + 1)
            continue;
        *at = first;
        return end - first;
    }
    return 0;
}

/* An element of a policy's list. */
static void emu_put_match(struct bedrock_writer *w, const char *match, size_t len, const char *type,
                          const char *action)
{
    bedrock_write_object(w);
    bedrock_write_name(w, "match");
    bedrock_write_string(w, match, len);
    if (type)
        emu_put_text(w, "type", type);
    emu_put_text(w, "action", action);
    bedrock_write_name(w, "detected");
    bedrock_write_bool(w, 1);
    bedrock_write_object_end(w);
}

static void emu_put_empty(struct bedrock_writer *w, const char *name)
{
    emu_put_array(w, name);
    bedrock_write_array_end(w);
}

/* Blocked: the text becomes what the guardrail says instead. */
static enum emu_action emu_guard_word(const char *word, struct bedrock_buffer *text, struct bedrock_writer *w)
{
    if (emu_find_word(text, word) == SIZE_MAX)
        return EMU_PASSED;
    emu_put_object(w, "wordPolicy");
    emu_put_array(w, "customWords");
    emu_put_match(w, word, strlen(word), NULL, "BLOCKED");
    bedrock_write_array_end(w);
    emu_put_empty(w, "managedWordLists");
    bedrock_write_object_end(w);
    text->len = 0;
    emu_text(text, "Sorry, the model cannot answer this question.");
    return EMU_BLOCKED;
}

/* Masked: each address becomes {EMAIL}. */
static enum emu_action emu_guard_addresses(struct bedrock_buffer *text, struct bedrock_writer *w)
{
    struct bedrock_buffer masked = {0};
    size_t from = 0, at = 0, n = emu_guard_address(text, &at);

    if (n == 0)
        return EMU_PASSED;
    masked.max = EMU_MAX_OUT;
    emu_put_object(w, "sensitiveInformationPolicy");
    emu_put_array(w, "piiEntities");
    for (; n > 0; n = emu_guard_address(text, &at)) {
        bedrock_buffer_append(&masked, text->p + from, at - from);
        emu_text(&masked, "{EMAIL}");
        emu_put_match(w, text->p + at, n, "EMAIL", "ANONYMIZED");
        from = at += n;
    }
    bedrock_write_array_end(w);
    emu_put_empty(w, "regexes");
    bedrock_write_object_end(w);
    bedrock_buffer_append(&masked, text->p + from, text->len - from);
    text->len = 0;
    bedrock_buffer_append(text, masked.p, masked.len);
    bedrock_buffer_free(&masked);
    return EMU_MASKED;
}

enum emu_action emu_guard_judge(const struct emu_guardrail *g, int output, struct bedrock_buffer *text,
                                struct bedrock_writer *w)
{
    if (output ? !g->out : !g->in)
        return EMU_PASSED;
    return g->word ? emu_guard_word(g->word, text, w) : emu_guard_addresses(text, w);
}

const char *emu_guard_reason(enum emu_action action)
{
    static const char *const reasons[] = {"No action.", "Guardrail masked.", "Guardrail blocked."};

    return reasons[action];
}

const char *emu_guard_verdict(const struct emu_guardrail *g, enum emu_action action)
{
    return g->verdict ? g->verdict : action == EMU_PASSED ? "NONE" : "GUARDRAIL_INTERVENED";
}

/* A thousand characters are a unit. */
void emu_guard_usage(struct bedrock_writer *w, const struct emu_guardrail *g, size_t characters)
{
    int64_t units = (int64_t)(characters + 999) / 1000;

    emu_put_object(w, "usage");
    emu_put_int(w, "topicPolicyUnits", 0);
    emu_put_int(w, "contentPolicyUnits", 0);
    emu_put_int(w, "wordPolicyUnits", g->word ? units : 0);
    emu_put_int(w, "sensitiveInformationPolicyUnits", g->word ? 0 : units);
    emu_put_int(w, "sensitiveInformationPolicyFreeUnits", 0);
    emu_put_int(w, "contextualGroundingPolicyUnits", 0);
    bedrock_write_object_end(w);
}

void emu_guard_coverage(struct bedrock_writer *w, size_t characters)
{
    emu_put_object(w, "guardrailCoverage");
    emu_put_object(w, "textCharacters");
    emu_put_int(w, "guarded", (int64_t)characters);
    emu_put_int(w, "total", (int64_t)characters);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

void emu_guard_metrics(struct bedrock_writer *w, const struct emu_guardrail *g, size_t characters)
{
    emu_put_object(w, "invocationMetrics");
    emu_put_int(w, "guardrailProcessingLatency", 1);
    emu_guard_usage(w, g, characters);
    emu_guard_coverage(w, characters);
    bedrock_write_object_end(w);
}

/* ---- Their part in an answer ---- */

/* What goes in. When it is blocked, that is all the answer there is. */
static enum emu_action emu_guard_input(struct emu_plan *plan, const struct emu_guardrail *g,
                                       const struct bedrock_buffer *last)
{
    struct bedrock_buffer text = {0};
    enum emu_action action;

    text.max = EMU_MAX_OUT;
    bedrock_buffer_append(&text, last->p, last->len);
    emu_put_object(&plan->in_guard, "inputAssessment");
    emu_put_object(&plan->in_guard, g->id);
    action = emu_guard_judge(g, 0, &text, &plan->in_guard);
    emu_guard_metrics(&plan->in_guard, g, last->len);
    bedrock_write_object_end(&plan->in_guard);
    bedrock_write_object_end(&plan->in_guard);
    if (action == EMU_BLOCKED) {
        emu_blocks_keep(plan, 0);
        bedrock_buffer_append(&emu_block_add(plan, EMU_SAYS_TEXT)->text, text.p, text.len);
    }
    bedrock_buffer_free(&text);
    return action == EMU_BLOCKED ? action : EMU_PASSED; /* what is masked here, the model alone would see */
}

/* What comes out: each text. A blocked one leaves nothing else of the answer. */
static enum emu_action emu_guard_output(struct emu_plan *plan, const struct emu_guardrail *g)
{
    enum emu_action all = EMU_PASSED;

    emu_put_object(&plan->in_guard, "outputAssessments");
    emu_put_array(&plan->in_guard, g->id);
    for (size_t i = 0; i < plan->n_blocks && all != EMU_BLOCKED; i++) {
        struct bedrock_buffer *text = &plan->blocks[i].text;
        enum emu_action action;
        size_t had = text->len;

        if (!emu_block_is_text(&plan->blocks[i]))
            continue;
        bedrock_write_object(&plan->in_guard);
        action = emu_guard_judge(g, 1, text, &plan->in_guard);
        emu_guard_metrics(&plan->in_guard, g, had);
        bedrock_write_object_end(&plan->in_guard);
        if (action == EMU_BLOCKED) {
            struct emu_block kept = plan->blocks[i];

            memset(&plan->blocks[i], 0, sizeof kept);
            emu_blocks_keep(plan, 0);
            kept.kind = EMU_SAYS_TEXT;
            plan->blocks[plan->n_blocks++] = kept;
        }
        all = action > all ? action : all;
    }
    bedrock_write_array_end(&plan->in_guard);
    bedrock_write_object_end(&plan->in_guard);
    return all;
}

static void emu_guard_apply(struct emu_answer *a, const struct emu_guardrail *g, const struct emu_prompt *p,
                            int traced)
{
    struct emu_plan *plan = &a->plan;
    enum emu_action action;

    bedrock_write_object(&plan->in_guard);
    action = emu_guard_input(plan, g, &p->last);
    if (action != EMU_BLOCKED)
        action = emu_guard_output(plan, g);
    if (action != EMU_PASSED) {
        emu_put_text(&plan->in_guard, "actionReason", emu_guard_reason(action));
        plan->stop_reason = "guardrail_intervened";
    }
    bedrock_write_object_end(&plan->in_guard);
    if (!traced || bedrock_write_end(&plan->in_guard) != 0)
        return;
    bedrock_write_name(&plan->in_trace, "guardrail");
    bedrock_write_raw(&plan->in_trace, plan->in_guard.out.p, plan->in_guard.out.len);
}

int emu_guard_plan(struct emu_answer *a, const struct emu_prompt *p)
{
    static const char *const traced[] = {"enabled", "enabled_full", "ENABLED", "ENABLED_FULL", NULL};
    struct bedrock_json config = p->in[EMU_IN_GUARDRAIL];
    struct bedrock_buffer id = {0}, version = {0};
    const struct emu_guardrail *g = NULL;

    if (config.type == BEDROCK_JSON_NONE)
        return 0;
    emu_append_json(&id, bedrock_json_get(config, "guardrailIdentifier"));
    emu_append_json(&version, bedrock_json_get(config, "guardrailVersion"));
    if (bedrock_buffer_append(&id, "", 1) == 0 && bedrock_buffer_append(&version, "", 1) == 0)
        g = emu_guard_find(id.p, version.p);
    bedrock_buffer_free(&id);
    bedrock_buffer_free(&version);
    if (!g)
        return emu_refuse(a, "The guardrail identifier or version provided in the request does not exist.");
    emu_guard_apply(a, g, p, emu_json_one_of(bedrock_json_get(config, "trace"), traced));
    return 0;
}

/* ---- ListGuardrails ---- */


static void emu_guard_write(struct bedrock_writer *w, const struct emu *e, size_t i)
{
    const struct emu_guardrail *g = &emu_guardrails[i];
    char arn[128];

    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s:" EMU_ACCOUNT ":guardrail/%s", e->region, g->id);
    bedrock_write_object(w);
    emu_put_text(w, "id", g->id);
    emu_put_text(w, "arn", arn);
    emu_put_text(w, "status", "READY");
    emu_put_text(w, "name", g->name);
    emu_put_text(w, "description", g->about);
    emu_put_text(w, "version", "DRAFT");
    emu_put_text(w, "createdAt", "2026-02-03T04:05:06Z");
    emu_put_text(w, "updatedAt", "2026-02-03T04:05:06.789Z");
    bedrock_write_object_end(w);
}

void emu_list_guardrails(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    (void)label;
    emu_page_list(a, rq->query, "guardrails", EMU_N_GUARDRAILS, emu_guard_write);
}
