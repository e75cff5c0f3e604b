/* emu_apply.c - ApplyGuardrail and InvokeGuardrailChecks: texts judged without a model.
 * Amazon Bedrock API reference, both. Leaves out: images, which no guardrail here looks at. */
#include "emu.h"
#include <string.h>

/* ---- ApplyGuardrail ---- */

/* What is judged, and what was found so far. */
struct emu_applied {
    const struct emu_guardrail *g;
    int output;
    enum emu_action action;
    size_t characters;
    struct bedrock_writer outputs, assessment;
};

/* The guardrail of a label ID/version/VERSION; NULL: there is none. */
static const struct emu_guardrail *emu_apply_label(struct bedrock_slice label)
{
    static const char middle[] = "/version/";
    struct bedrock_buffer id = {0}, version = {0};
    struct bedrock_slice part = label;
    const struct emu_guardrail *g = NULL;

    part.len = 0;
    while (part.p[part.len] != '/') /* the route has it */
        part.len++;
    emu_percent_decode(&id, part);
    part.p += part.len + sizeof middle - 1;
    part.len = label.len - part.len - (sizeof middle - 1);
    emu_percent_decode(&version, part);
    if (bedrock_buffer_append(&id, "", 1) == 0 && bedrock_buffer_append(&version, "", 1) == 0)
        g = emu_guard_find(id.p, version.p);
    bedrock_buffer_free(&id);
    bedrock_buffer_free(&version);
    return g;
}

/* Judge one text. What was masked comes out; what a block says instead comes out alone. */
static void emu_apply_text(struct emu_applied *p, struct bedrock_json v)
{
    struct bedrock_buffer text = {0};
    enum emu_action action;
    size_t had;

    text.max = EMU_MAX_OUT;
    emu_append_json(&text, v);
    had = text.len;
    p->characters += had;
    bedrock_write_object(&p->assessment);
    action = emu_guard_judge(p->g, p->output, &text, &p->assessment);
    emu_guard_metrics(&p->assessment, p->g, had);
    bedrock_write_object_end(&p->assessment);
    p->action = action > p->action ? action : p->action;
    if (action == EMU_BLOCKED) {
        bedrock_write_free(&p->outputs);
        bedrock_write_array(&p->outputs);
    }
    bedrock_write_object(&p->outputs);
    bedrock_write_name(&p->outputs, "text");
    bedrock_write_string(&p->outputs, text.p ? text.p : "", text.len);
    bedrock_write_object_end(&p->outputs);
    bedrock_buffer_free(&text);
}

/* 0, or the refusal was written. */
static int emu_apply_content(struct emu_answer *a, struct emu_applied *p, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block, kind, v;
    int n = 0;

    for (; content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block); n++) {
        if (!emu_json_only(block, &kind, &v) || v.type != BEDROCK_JSON_OBJECT)
            return emu_refuse(a, "The block at content.%d must have exactly one member.", n);
        if (bedrock_json_equals(kind, "image"))
            continue;
        v = bedrock_json_get(v, "text");
        if (v.type != BEDROCK_JSON_STRING)
            return emu_refuse(a, "The block at content.%d has no text.", n);
        if (p->action != EMU_BLOCKED)
            emu_apply_text(p, v);
    }
    if (content.type == BEDROCK_JSON_ARRAY)
        return 0;
    return emu_refuse(a, "1 validation error detected: Value at 'content' failed to satisfy constraint: "
                      "Member must not be null");
}

static void emu_apply_answer(struct emu_answer *a, struct emu_applied *p)
{
    struct bedrock_writer *w = &a->w;
    int intervened = p->action != EMU_PASSED;

    bedrock_write_object(w);
    emu_guard_usage(w, p->g, p->characters);
    emu_put_text(w, "action", emu_guard_verdict(p->g, p->action));
    emu_put_text(w, "actionReason", emu_guard_reason(p->action));
    bedrock_write_name(w, "outputs");
    if (intervened)
        bedrock_write_raw(w, p->outputs.out.p, p->outputs.out.len);
    else
        bedrock_write_raw(w, "[]", 2);
    bedrock_write_name(w, "assessments");
    bedrock_write_raw(w, p->assessment.out.p, p->assessment.out.len);
    emu_guard_coverage(w, p->characters);
    bedrock_write_object_end(w);
    emu_service_answer(a);
}

static int emu_apply_read(struct emu_answer *a, struct emu_applied *p, struct bedrock_slice body)
{
    static const char *const sources[] = {"INPUT", "OUTPUT", NULL};
    static const char *const scopes[] = {"INTERVENTIONS", "FULL", NULL};
    struct bedrock_json v, source, scope;

    if (bedrock_json_parse(body.p, body.len, &v, NULL) != 0 || v.type != BEDROCK_JSON_OBJECT)
        return emu_refuse(a, "The request body is not a JSON object.");
    source = bedrock_json_get(v, "source");
    scope = bedrock_json_get(v, "outputScope");
    if (!emu_json_one_of(source, sources))
        return emu_refuse(a, "1 validation error detected: Value at 'source' failed to satisfy "
                          "constraint: Member must satisfy enum value set: [INPUT, OUTPUT]");
    if (scope.type != BEDROCK_JSON_NONE && !emu_json_one_of(scope, scopes))
        return emu_refuse(a, "1 validation error detected: Value at 'outputScope' failed to satisfy "
                          "constraint: Member must satisfy enum value set: [INTERVENTIONS, FULL]");
    p->output = bedrock_json_equals(source, "OUTPUT");
    bedrock_write_array(&p->outputs);
    bedrock_write_array(&p->assessment);
    if (emu_apply_content(a, p, bedrock_json_get(v, "content")) != 0)
        return -1;
    bedrock_write_array_end(&p->outputs);
    bedrock_write_array_end(&p->assessment);
    return 0;
}

void emu_apply_guardrail(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct emu_applied p = {0};

    p.g = emu_apply_label(label);
    if (!p.g)
        emu_service_error(a, 404, "ResourceNotFoundException",
                          "The guardrail identifier or version provided in the request does not exist.");
    else if (emu_apply_read(a, &p, rq->body) == 0)
        emu_apply_answer(a, &p);
    bedrock_write_free(&p.outputs);
    bedrock_write_free(&p.assessment);
}

/* ---- InvokeGuardrailChecks ---- */

/* A score is high when a text of the messages has this word. */
static const struct {
    const char *check, *list, *member;
    const char *word;
} emu_checks[] = {
    {"contentFilter", "categories", "category", "forbidden"},
    {"promptAttack", "categories", "category", "ignore"},
    {"sensitiveInformation", "entities", "type", NULL},     /* addresses */
};

#define EMU_N_CHECKS (sizeof emu_checks / sizeof emu_checks[0])

static int emu_checks_find(struct bedrock_json messages, const char *word)
{
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    struct bedrock_json m, block;
    int found = 0;

    while (!found && bedrock_json_next(&it, NULL, &m)) {
        struct bedrock_json_iter in = bedrock_json_iterate(bedrock_json_get(m, "content"));

        while (!found && bedrock_json_next(&in, NULL, &block)) {
            struct bedrock_buffer text = {0};

            text.max = EMU_MAX_OUT;
            emu_append_json(&text, bedrock_json_get(block, "text"));
            found = bedrock_buffer_append(&text, "", 1) == 0 && strstr(text.p, word) != NULL;
            bedrock_buffer_free(&text);
        }
    }
    return found;
}

/* Each category that was asked for, with its score. */
static void emu_checks_scores(struct bedrock_writer *w, struct bedrock_json wanted, const char *member,
                              int found)
{
    struct bedrock_json_iter it = bedrock_json_iterate(wanted);
    struct bedrock_json one, v;

    emu_put_array(w, "results");
    while (bedrock_json_next(&it, NULL, &one)) {
        v = bedrock_json_get(one, member);
        bedrock_write_object(w);
        bedrock_write_name(w, member);
        bedrock_write_raw(w, v.p, v.len);
        bedrock_write_name(w, "severityScore");
        bedrock_write_raw(w, found ? "0.9" : "0.0", 3);
        bedrock_write_object_end(w);
    }
    bedrock_write_array_end(w);
}

/* The e-mail addresses of one text. */
static void emu_checks_addresses(struct bedrock_writer *w, struct bedrock_json v, int message, int content)
{
    struct bedrock_buffer text = {0};
    size_t at = 0, n;

    text.max = EMU_MAX_OUT;
    emu_append_json(&text, v);
    for (n = emu_guard_address(&text, &at); n > 0; n = emu_guard_address(&text, &at)) {
        bedrock_write_object(w);
        emu_put_text(w, "type", "EMAIL");
        bedrock_write_name(w, "confidenceScore");
        bedrock_write_raw(w, "1.0", 3);
        emu_put_int(w, "beginOffset", (int64_t)at);
        emu_put_int(w, "endOffset", (int64_t)(at + n));
        emu_put_int(w, "messageIndex", message);
        emu_put_int(w, "contentIndex", content);
        bedrock_write_object_end(w);
        at += n;
    }
    bedrock_buffer_free(&text);
}

static void emu_checks_sensitive(struct bedrock_writer *w, struct bedrock_json messages)
{
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    struct bedrock_json m, block;

    emu_put_object(w, "sensitiveInformation");
    emu_put_array(w, "results");
    for (int i = 0; bedrock_json_next(&it, NULL, &m); i++) {
        struct bedrock_json_iter in = bedrock_json_iterate(bedrock_json_get(m, "content"));

        for (int k = 0; bedrock_json_next(&in, NULL, &block); k++)
            emu_checks_addresses(w, bedrock_json_get(block, "text"), i, k);
    }
    bedrock_write_array_end(w);
    bedrock_write_name(w, "truncated");
    bedrock_write_bool(w, 0);
    bedrock_write_object_end(w);
}

/* Every element must have its member. */
static int emu_checks_valid(struct bedrock_json wanted, const char *member)
{
    struct bedrock_json_iter it = bedrock_json_iterate(wanted);
    struct bedrock_json one;
    int n = 0;

    for (; wanted.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &one); n++)
        if (bedrock_json_get(one, member).type != BEDROCK_JSON_STRING)
            return 0;
    return n > 0;
}

static int emu_checks_read(struct emu_answer *a, struct bedrock_json messages, struct bedrock_json checks)
{
    if (messages.type != BEDROCK_JSON_ARRAY || bedrock_json_get(messages, "[0]").type != BEDROCK_JSON_OBJECT)
        return emu_refuse(a, "1 validation error detected: Value at 'messages' failed to satisfy "
                          "constraint: Member must have length greater than or equal to 1");
    if (checks.type != BEDROCK_JSON_OBJECT)
        return emu_refuse(a, "1 validation error detected: Value at 'checks' failed to satisfy "
                          "constraint: Member must not be null");
    for (size_t i = 0; i < EMU_N_CHECKS; i++) {
        struct bedrock_json check = bedrock_json_get(checks, emu_checks[i].check);

        if (check.type != BEDROCK_JSON_NONE &&
            !emu_checks_valid(bedrock_json_get(check, emu_checks[i].list), emu_checks[i].member))
            return emu_refuse(a, "1 validation error detected: Value at 'checks.%s' failed to satisfy "
                              "constraint: Member must have %s", emu_checks[i].check, emu_checks[i].list);
    }
    return 0;
}

void emu_invoke_checks(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct bedrock_json v, messages = {0}, checks = {0};
    struct bedrock_writer usage = {0};

    (void)label;
    if (bedrock_json_parse(rq->body.p, rq->body.len, &v, NULL) == 0) {
        messages = bedrock_json_get(v, "messages");
        checks = bedrock_json_get(v, "checks");
    }
    if (emu_checks_read(a, messages, checks) != 0)
        return;
    bedrock_write_object(&usage);
    bedrock_write_object(&a->w);
    emu_put_object(&a->w, "results");
    for (size_t i = 0; i < EMU_N_CHECKS; i++) {
        struct bedrock_json check = bedrock_json_get(checks, emu_checks[i].check);

        if (check.type == BEDROCK_JSON_NONE)
            continue;
        if (emu_checks[i].word) {
            emu_put_object(&a->w, emu_checks[i].check);
            emu_checks_scores(&a->w, bedrock_json_get(check, emu_checks[i].list), emu_checks[i].member,
                              emu_checks_find(messages, emu_checks[i].word));
            bedrock_write_object_end(&a->w);
        } else {
            emu_checks_sensitive(&a->w, messages);
        }
        emu_put_object(&usage, emu_checks[i].check);
        emu_put_int(&usage, "textUnits", 1);
        bedrock_write_object_end(&usage);
    }
    bedrock_write_object_end(&a->w);
    bedrock_write_object_end(&usage);
    bedrock_write_name(&a->w, "usage");
    bedrock_write_raw(&a->w, usage.out.p, usage.out.len);
    bedrock_write_free(&usage);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}
