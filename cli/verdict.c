/* verdict.c - what `bedrock access` found out, and offers: for people, and as JSON.
 * Amazon Bedrock API reference, GetFoundationModelAvailability, Offer. Leaves out: finding it out. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *title, *path, *good;
} verdict_states[] = {
    {"agreement", CLI_AGREEMENT, "AVAILABLE"},
    {"authorization", CLI_AUTHORIZATION, "AUTHORIZED"},
    {"entitlement", "entitlementAvailability", "AVAILABLE"},
    {"region", "regionAvailability", "AVAILABLE"},
};

/* What a word of the service means to who reads it. */
static const struct {
    const char *path, *word, *text;
} verdict_words[] = {
    {CLI_AGREEMENT, "NOT_AVAILABLE", "not accepted yet"},
    {CLI_AGREEMENT, "PENDING", "accepted, and being processed"},
    {CLI_AGREEMENT, "ERROR", "it could not be made"},
    {CLI_AUTHORIZATION, "NOT_AUTHORIZED", "the account is not authorised for it in this Region"},
    {"entitlementAvailability", "NOT_AVAILABLE", "the account has no entitlement to it"},
    {"regionAvailability", "NOT_AVAILABLE", "not to be had in this Region"},
};

#define VERDICT_NO_WAY "nothing: no on-demand calls, and no inference profile for it in this Region"
#define VERDICT_FORM_MISSING \
    "not submitted; Anthropic wants its use-case form once an account: AWS console, Amazon Bedrock, " \
    "Model catalog, any Anthropic model; or `aws bedrock put-use-case-for-model-access`"

/* ---- As text ---- */

static void verdict_row(struct cli_table *t, const char *title, const char *text)
{
    cli_table_text(t, title);
    cli_table_text(t, text);
}

/* What a word of the service means, or "". */
static const char *verdict_meaning(const char *path, struct bedrock_json word)
{
    for (size_t i = 0; i < sizeof verdict_words / sizeof verdict_words[0]; i++)
        if (strcmp(verdict_words[i].path, path) == 0 && bedrock_json_equals(word, verdict_words[i].word))
            return verdict_words[i].text;
    return "";
}

static void verdict_show_state(const struct cli_access *v, struct cli_table *t, size_t i)
{
    const char *path = verdict_states[i].path, *meaning;
    struct bedrock_json state = bedrock_json_get(v->availability.json, path);
    struct bedrock_json more = {BEDROCK_JSON_NONE, NULL, 0};
    char text[512], word[64], why[300] = "";

    if (strcmp(path, CLI_AGREEMENT) == 0)
        more = bedrock_json_get(v->availability.json, CLI_AGREEMENT_ERROR);
    if (more.type == BEDROCK_JSON_STRING)
        cli_shown(more, why, sizeof why);
    meaning = verdict_meaning(path, state);
    snprintf(text, sizeof text, "%s%s%s%s%s", cli_shown(state, word, sizeof word), meaning[0] ? ": " : "",
             meaning, why[0] ? ": " : "", why);
    if (state.type == BEDROCK_JSON_NONE)
        verdict_row(t, verdict_states[i].title, "not told");
    else if (bedrock_json_equals(state, verdict_states[i].good))
        verdict_row(t, verdict_states[i].title, "OK");
    else
        verdict_row(t, verdict_states[i].title, text);
}

/* Has this time come? Both are ISO 8601 in UTC, as the service writes it, which sorts as text. */
static int verdict_is_past(const char *when)
{
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    char text[32];

    return utc && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", utc) > 0 && strcmp(when, text) <= 0;
}

static void verdict_show_lifecycle(const struct cli_access *v, struct cli_table *t)
{
    struct bedrock_json status = bedrock_json_get(v->summary.json, "modelLifecycle.status");
    struct bedrock_json end = bedrock_json_get(v->summary.json, "modelLifecycle.endOfLifeTime");
    int plain = status.type == BEDROCK_JSON_NONE || bedrock_json_equals(status, "ACTIVE");
    int ends = end.type == BEDROCK_JSON_STRING;
    char word[64], day[64], text[200];

    cli_shown(status, word, sizeof word);
    cli_shown(end, day, sizeof day);
    if (ends && verdict_is_past(day))
        snprintf(text, sizeof text, "%s: ended %.10s", word, day);
    else
        snprintf(text, sizeof text, "OK%s%s%s%.10s", plain ? "" : ", ", plain ? "" : word,
                 ends ? ", ends " : "", ends ? day : "");
    verdict_row(t, "lifecycle", text);
}

static void verdict_show_form(const struct cli_access *v, struct cli_table *t)
{
    char text[400];

    snprintf(text, sizeof text, "not known: %s", v->form_error);
    if (v->form == CLI_FORM_SUBMITTED)
        verdict_row(t, "use case", "OK");
    else if (v->form != CLI_FORM_NONE)
        verdict_row(t, "use case", v->form == CLI_FORM_MISSING ? VERDICT_FORM_MISSING : text);
}

static void verdict_show_model(const struct cli_access *v, struct bedrock_buffer *b)
{
    const char *title[2] = {"model", v->model.p};
    struct cli_table t;
    char text[300];

    cli_table_start(&t, title, 2, 0);
    if (v->profile.len)
        verdict_row(&t, "profile", v->profile.p);
    for (size_t i = 0; i < sizeof verdict_states / sizeof verdict_states[0]; i++)
        verdict_show_state(v, &t, i);
    verdict_show_lifecycle(v, &t);
    verdict_show_form(v, &t);
    verdict_row(&t, "call as", v->call_as.p[0] ? v->call_as.p : VERDICT_NO_WAY);
    snprintf(text, sizeof text, "%s%s%s",
             v->accessible < 0             ? "not known"
             : v->accessible == 0          ? "no"
             : v->form == CLI_FORM_MISSING ? "yes, unless the form is asked for"
                                           : "yes",
             v->reason[0] ? ": " : "", v->reason);
    verdict_row(&t, "accessible", text);
    cli_table_append(&t, b);
    cli_table_free(&t);
}

static void verdict_show_prices(struct bedrock_json card, struct bedrock_buffer *b)
{
    static const char *const titles[] = {"DIMENSION", "PRICE", "UNIT", "DESCRIPTION"};
    struct bedrock_json_iter it = bedrock_json_iterate(card);
    struct bedrock_json price;
    struct cli_table t;

    cli_table_start(&t, titles, 4, 1u << 1);
    for (size_t n = 0; card.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &price); n++) {
        cli_table_json(&t, bedrock_json_get(price, "dimension"));
        cli_table_json(&t, bedrock_json_get(price, "price"));
        cli_table_json(&t, bedrock_json_get(price, "unit"));
        cli_table_json(&t, bedrock_json_get(price, "description"));
    }
    cli_table_append(&t, b);
    cli_table_free(&t);
}

void cli_offer_append(struct bedrock_buffer *b, struct bedrock_json offer)
{
    static const struct {
        const char *title, *path;
    } rows[] = {
        {"terms", CLI_OFFER_TERMS},
        {"refund", "termDetails.supportTerm.refundPolicyDescription"},
        {"period", "termDetails.validityTerm.agreementDuration"},
    };
    char id[128];
    const char *title[2] = {"offer", cli_shown(bedrock_json_get(offer, "offerId"), id, sizeof id)};
    struct cli_table t;

    cli_table_start(&t, title, 2, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_table_text(&t, rows[i].title);
        cli_table_json(&t, bedrock_json_get(offer, rows[i].path));
    }
    cli_table_append(&t, b);
    cli_table_free(&t);
    verdict_show_prices(bedrock_json_get(offer, "termDetails.usageBasedPricingTerm.rateCard"), b);
}

void cli_verdict_text(const struct cli_access *v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(v->offers.json, "offers"));
    struct bedrock_json offer;
    struct bedrock_buffer b = {0};

    verdict_show_model(v, &b);
    while (bedrock_json_next(&it, NULL, &offer)) {
        bedrock_buffer_append(&b, "\n", 1);
        cli_offer_append(&b, offer);
    }
    cli_out_buffer(v->c, &b);
}

/* ---- As JSON ---- */

static void verdict_write(struct bedrock_writer *w, const char *name, struct bedrock_json v)
{
    bedrock_write_name(w, name);
    if (v.type == BEDROCK_JSON_NONE)
        bedrock_write_null(w);
    else
        bedrock_write_raw(w, v.p, v.len);
}

static void verdict_write_text(struct bedrock_writer *w, const char *name, const struct bedrock_buffer *text)
{
    bedrock_write_name(w, name);
    if (text->len > 1)
        bedrock_write_string(w, text->p, text->len - 1);
    else
        bedrock_write_null(w);
}

static void verdict_write_form(struct bedrock_writer *w, enum cli_form form)
{
    bedrock_write_name(w, "useCaseSubmitted");
    if (form == CLI_FORM_SUBMITTED || form == CLI_FORM_MISSING)
        bedrock_write_bool(w, form == CLI_FORM_SUBMITTED);
    else
        bedrock_write_null(w);
}

void cli_verdict_json(const struct cli_access *v)
{
    struct bedrock_writer w = {0};

    bedrock_write_object(&w);
    verdict_write_text(&w, "modelId", &v->model);
    verdict_write_text(&w, "inferenceProfileId", &v->profile);
    cli_write_access(&w, v->accessible, v->reason, v->call_as.p);
    verdict_write(&w, "availability", v->availability.json);
    verdict_write(&w, "modelLifecycle", bedrock_json_get(v->summary.json, "modelLifecycle"));
    verdict_write_form(&w, v->form);
    verdict_write(&w, "offers", bedrock_json_get(v->offers.json, "offers"));
    verdict_write_text(&w, "acceptedOfferId", &v->accepted);
    bedrock_write_object_end(&w);
    cli_out_written(v->c, &w);
}
