/* access.c - `bedrock access`: why a model cannot be called, and what its provider offers.
 * Amazon Bedrock API reference, GetFoundationModelAvailability, ListFoundationModelAgreementOffers,
 * GetUseCaseForModelAccess. Leaves out: making the agreement (accept.c). */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *title, *path, *good;
} access_states[] = {
    {"agreement", CLI_AGREEMENT, "AVAILABLE"},
    {"authorization", CLI_AUTHORIZATION, "AUTHORIZED"},
    {"entitlement", "entitlementAvailability", "AVAILABLE"},
    {"region", "regionAvailability", "AVAILABLE"},
};

/* What a word of the service means to who reads it. */
static const struct {
    const char *path, *word, *text;
} access_words[] = {
    {CLI_AGREEMENT, "NOT_AVAILABLE", "not accepted yet"},
    {CLI_AGREEMENT, "PENDING", "accepted, and being processed"},
    {CLI_AGREEMENT, "ERROR", "it could not be made"},
    {CLI_AUTHORIZATION, "NOT_AUTHORIZED", "the account is not authorised for it in this Region"},
    {"entitlementAvailability", "NOT_AVAILABLE", "the account has no entitlement to it"},
    {"regionAvailability", "NOT_AVAILABLE", "not to be had in this Region"},
};

#define ACCESS_FORM_MISSING \
    "not submitted; Anthropic wants its use-case form once an account: AWS console, Amazon Bedrock, Model " \
    "catalog, any Anthropic model; or `aws bedrock put-use-case-for-model-access`"

/* ---- Finding out ---- */

static int access_keep(struct cli_access *v, const struct bedrock_access *a)
{
    const char *call_as = v->profile.len ? v->profile.p : a->call_as.p;
    size_t len = v->profile.len ? v->profile.len - 1 : a->call_as.len;

    if (a->accessible < 0 && a->error) {
        v->c->err = *a->error;
        return v->c->err.code;
    }
    v->accessible = a->accessible;
    snprintf(v->reason, sizeof v->reason, "%s", a->reason);
    v->call_as.len = 0;
    bedrock_buffer_append(&v->call_as, call_as, len);
    if (bedrock_buffer_append(&v->call_as, "", 1) != 0)
        return cli_fail(&v->c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
    cli_fetched_copy(v->c, &v->summary, a->model.json);
    cli_fetched_copy(v->c, &v->availability, a->availability);
    return v->c->err.code;
}

int cli_access_look(struct cli_access *v)
{
    struct cli *c = v->c;
    struct bedrock_models_options o = {0};
    struct bedrock_models *walk;
    struct bedrock_access a;
    int rc, known;

    o.model = v->model.p;
    rc = bedrock_models_start(c->b, &o, &walk);
    if (rc == 0)
        rc = cli_next_access(walk, &a);
    known = rc == BEDROCK_EVENT;
    if (known)
        rc = access_keep(v, &a);
    else if (rc < 0)
        c->err = walk ? *bedrock_models_error(walk) : *bedrock_error(c->b);
    bedrock_models_end(walk);
    return rc ? rc : known;
}

static int access_set(struct cli *c, struct bedrock_buffer *b, struct bedrock_slice text)
{
    b->len = 0;
    bedrock_buffer_append(b, text.p, text.len);
    if (bedrock_buffer_append(b, "", 1) != 0)
        return cli_fail(&c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
    return 0;
}

/* Find the model behind a profile: 1, 0 when there is no such profile, or as cli_fetch(). */
static int access_find_profile(struct cli_access *v, const char *asked)
{
    struct bedrock_slice whole = {asked, strlen(asked)}, arn, region, name;
    struct bedrock_buffer text = {0};
    struct bedrock_json_iter it;
    struct bedrock_profile p;
    struct bedrock_json all;
    struct cli_lookup lookup;
    int found = 0, rc;

    memset(&lookup, 0, sizeof lookup);
    rc = cli_fetch_profiles(v->c, &lookup, &all);
    if (rc == 0)
        it = bedrock_json_iterate(all);
    while (rc == 0 && !found && bedrock_profile_next(&it, &p))
        found = bedrock_json_equals(p.id, asked) || bedrock_json_equals(p.arn, asked);
    if (found && cli_append_string(&text, bedrock_json_get(p.json, "models[0].modelArn")) == 0 && text.len > 0) {
        arn.p = text.p;
        arn.len = text.len;
        cli_arn(arn, &region, &name);
        rc = access_set(v->c, &v->model, name);
        rc = rc ? rc : access_set(v->c, &v->profile, whole);
    }
    bedrock_buffer_free(&text);
    cli_lookup_free(&lookup);
    return rc ? rc : found;
}

/* What was asked about may be a model or a profile, an id or an ARN. */
static int access_find(struct cli_access *v)
{
    const char *asked = v->c->args.words[0];
    struct bedrock_slice whole = {asked, strlen(asked)}, region, name;
    int rc;

    cli_arn(whole, &region, &name);
    rc = access_set(v->c, &v->model, name);
    rc = rc ? rc : cli_access_look(v);
    if (rc == 0 && (rc = access_find_profile(v, asked)) == 1)
        rc = cli_access_look(v);
    if (rc == 0 && v->profile.len)
        return cli_fail(&v->c->err, BEDROCK_ERR_SERVICE, "%s does not list %.200s, which '%.200s' stands for",
                        bedrock_region(v->c->b), v->model.p, asked);
    if (rc == 0)
        return cli_fail(&v->c->err, BEDROCK_ERR_SERVICE, "%s has no model and no inference profile '%.200s'",
                        bedrock_region(v->c->b), asked);
    return rc == 1 ? 0 : rc;
}

/* Of the providers, Anthropic alone asks for a form. */
static int access_find_form(struct cli_access *v)
{
    struct cli *c = v->c;
    struct bedrock_request rq = {0};
    struct cli_fetched form = {0};
    int rc;

    if (!bedrock_json_equals(bedrock_json_get(v->summary.json, "providerName"), "Anthropic"))
        return 0;
    rq.operation = BEDROCK_GET_USE_CASE;
    rc = cli_fetch(c, &rq, &form);
    cli_fetched_free(&form);
    if (rc == CLI_INTERRUPTED)
        return rc;
    v->form = rc == 0 ? CLI_FORM_SUBMITTED : c->err.http_status == 404 ? CLI_FORM_MISSING : CLI_FORM_UNKNOWN;
    if (v->form == CLI_FORM_UNKNOWN)
        snprintf(v->form_error, sizeof v->form_error, "%s: %.200s", cli_error_name(&c->err), c->err.message);
    memset(&c->err, 0, sizeof c->err);
    return 0;
}

/* Offers matter where there is no agreement, in force or on its way. */
static int access_find_offers(struct cli_access *v)
{
    struct bedrock_json state = bedrock_json_get(v->availability.json, CLI_AGREEMENT);
    struct bedrock_request rq = {0};

    if (bedrock_json_equals(state, "AVAILABLE") || bedrock_json_equals(state, "PENDING"))
        return 0;
    rq.operation = BEDROCK_LIST_AGREEMENT_OFFERS;
    rq.model = v->model.p;
    rq.query = "offerType=ALL";
    return cli_fetch(v->c, &rq, &v->offers);
}

/* ---- As text ---- */

static void access_row(struct cli_table *t, const char *title, const char *text)
{
    cli_table_text(t, title);
    cli_table_text(t, text);
}

static void access_show_state(const struct cli_access *v, struct cli_table *t, size_t i)
{
    struct bedrock_json answer = v->availability.json, state = bedrock_json_get(answer, access_states[i].path);
    char word[64], text[512], why[300] = "";
    size_t n = 0;

    cli_shown(state, word, sizeof word);
    if (strcmp(access_states[i].path, CLI_AGREEMENT) == 0)
        cli_shown(bedrock_json_get(answer, "agreementAvailability.errorMessage"), why, sizeof why);
    while (n < sizeof access_words / sizeof access_words[0] &&
           (strcmp(access_words[n].path, access_states[i].path) != 0 ||
            !bedrock_json_equals(state, access_words[n].word)))
        n++;
    snprintf(text, sizeof text, "%s%s%s%s%s", word, n < sizeof access_words / sizeof access_words[0] ? ": " : "",
             n < sizeof access_words / sizeof access_words[0] ? access_words[n].text : "",
             strlen(why) > 1 ? ": " : "", strlen(why) > 1 ? why : "");
    access_row(t, access_states[i].title,
               state.type == BEDROCK_JSON_NONE                     ? "not told"
               : bedrock_json_equals(state, access_states[i].good) ? "OK"
                                                                   : text);
}

static void access_show_lifecycle(const struct cli_access *v, struct cli_table *t)
{
    struct bedrock_json status = bedrock_json_get(v->summary.json, "modelLifecycle.status");
    struct bedrock_json end = bedrock_json_get(v->summary.json, "modelLifecycle.endOfLifeTime");
    char word[64], day[64], today[32] = "", text[200];
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    int plain = status.type == BEDROCK_JSON_NONE || bedrock_json_equals(status, "ACTIVE");

    cli_shown(status, word, sizeof word);
    cli_shown(end, day, sizeof day);
    if (utc)
        strftime(today, sizeof today, "%Y-%m-%dT%H:%M:%SZ", utc);
    /* both are ISO 8601 in UTC, which sorts as text */
    snprintf(text, sizeof text, "%s%s%s%s%.10s", plain ? "OK" : word, plain ? "" : ": to be replaced",
             end.type == BEDROCK_JSON_NONE ? "" : ", ", end.type == BEDROCK_JSON_NONE ? "" : "ends ",
             end.type == BEDROCK_JSON_NONE ? "" : day);
    if (end.type != BEDROCK_JSON_NONE && strcmp(day, today) <= 0)
        snprintf(text, sizeof text, "%s: ended %.10s", word, day);
    access_row(t, "lifecycle", text);
}

static void access_show_form(const struct cli_access *v, struct cli_table *t)
{
    char text[400];

    snprintf(text, sizeof text, "not known: %s", v->form_error);
    if (v->form != CLI_FORM_NONE)
        access_row(t, "use case",
                   v->form == CLI_FORM_SUBMITTED ? "OK" : v->form == CLI_FORM_MISSING ? ACCESS_FORM_MISSING : text);
}

static void access_show_model(const struct cli_access *v, struct bedrock_buffer *b)
{
    const char *title[2] = {"model", v->model.p};
    struct cli_table t;
    char text[300];

    cli_table_start(&t, title, 2, 0);
    if (v->profile.len)
        access_row(&t, "profile", v->profile.p);
    for (size_t i = 0; i < sizeof access_states / sizeof access_states[0]; i++)
        access_show_state(v, &t, i);
    access_show_lifecycle(v, &t);
    access_show_form(v, &t);
    access_row(&t, "call as", v->call_as.p[0] ? v->call_as.p : "nothing: no on-demand calls, and no inference "
               "profile for it in this Region");
    snprintf(text, sizeof text, "%s%s%s",
             v->accessible < 0             ? "not known"
             : v->accessible == 0          ? "no"
             : v->form == CLI_FORM_MISSING ? "yes, unless the form is asked for"
                                           : "yes",
             v->reason[0] ? ": " : "", v->reason);
    access_row(&t, "accessible", text);
    cli_table_append(&t, b);
    cli_table_free(&t);
}

static void access_show_prices(struct bedrock_json card, struct bedrock_buffer *b)
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
    access_show_prices(bedrock_json_get(offer, "termDetails.usageBasedPricingTerm.rateCard"), b);
}

static void access_show(const struct cli_access *v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(v->offers.json, "offers"));
    struct bedrock_json offer;
    struct bedrock_buffer b = {0};

    access_show_model(v, &b);
    while (bedrock_json_next(&it, NULL, &offer)) {
        bedrock_buffer_append(&b, "\n", 1);
        cli_offer_append(&b, offer);
    }
    cli_out_buffer(v->c, &b);
}

/* ---- As JSON ---- */

static void access_write(struct bedrock_writer *w, const char *name, struct bedrock_json v)
{
    bedrock_write_name(w, name);
    if (v.type == BEDROCK_JSON_NONE)
        bedrock_write_null(w);
    else
        bedrock_write_raw(w, v.p, v.len);
}

static void access_write_text(struct bedrock_writer *w, const char *name, const struct bedrock_buffer *text)
{
    bedrock_write_name(w, name);
    if (text->len > 1)
        bedrock_write_string(w, text->p, text->len - 1);
    else
        bedrock_write_null(w);
}

static void access_write_form(struct bedrock_writer *w, enum cli_form form)
{
    bedrock_write_name(w, "useCaseSubmitted");
    if (form == CLI_FORM_SUBMITTED || form == CLI_FORM_MISSING)
        bedrock_write_bool(w, form == CLI_FORM_SUBMITTED);
    else
        bedrock_write_null(w);
}

static void access_json(const struct cli_access *v)
{
    struct bedrock_writer w = {0};

    bedrock_write_object(&w);
    access_write_text(&w, "modelId", &v->model);
    access_write_text(&w, "inferenceProfileId", &v->profile);
    cli_write_access(&w, v->accessible, v->reason, v->call_as.p);
    access_write(&w, "availability", v->availability.json);
    access_write(&w, "modelLifecycle", bedrock_json_get(v->summary.json, "modelLifecycle"));
    access_write_form(&w, v->form);
    access_write(&w, "offers", bedrock_json_get(v->offers.json, "offers"));
    access_write_text(&w, "acceptedOfferId", &v->accepted);
    bedrock_write_object_end(&w);
    cli_out_written(v->c, &w);
}

/* ---- The command ---- */

static int access_check_usage(struct cli *c)
{
    const struct cli_args *a = &c->args;
    const char *alone = cli_value(a, CLI_OPT_OFFER)     ? "--offer"
                        : cli_value(a, CLI_OPT_TIMEOUT) ? "--timeout"
                        : a->on[CLI_OPT_YES]            ? "--yes"
                                                        : NULL;

    if (a->n_words != 1)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "access takes one model, not %zu words", a->n_words);
    if (!a->words[0][0])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "the model is empty");
    if (strlen(a->words[0]) > CLI_MAX_MODEL)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "the model is longer than %d bytes", CLI_MAX_MODEL);
    if (alone && !a->on[CLI_OPT_ACCEPT])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s belongs to --accept", alone);
    if (a->on[CLI_OPT_ACCEPT] && !a->on[CLI_OPT_YES] && !cli_can_ask())
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--accept asks for a confirmation, and there is no terminal; "
                        "--yes goes without");
    return 0;
}

static int access_find_out(struct cli_access *v)
{
    int rc = access_find(v);

    if (rc == 0)
        rc = access_find_form(v);
    return rc ? rc : access_find_offers(v);
}

int cli_access(struct cli *c)
{
    struct cli_access v;
    int rc, status;

    if (access_check_usage(c) != 0 || cli_open(c) != 0)
        return cli_report(c, &c->err, NULL);
    memset(&v, 0, sizeof v);
    v.c = c;
    rc = access_find_out(&v);
    if (v.summary.json.p && !c->json)
        access_show(&v);
    if (rc == 0 && c->args.on[CLI_OPT_ACCEPT])
        cli_accept(&v);
    if (v.summary.json.p && c->json)
        access_json(&v);
    status = c->err.code ? cli_report(c, &c->err, v.model.p) : v.accessible == 1 ? CLI_OK : CLI_SOME_FAILED;
    bedrock_buffer_free(&v.model);
    bedrock_buffer_free(&v.profile);
    bedrock_buffer_free(&v.call_as);
    bedrock_buffer_free(&v.accepted);
    cli_fetched_free(&v.summary);
    cli_fetched_free(&v.availability);
    cli_fetched_free(&v.offers);
    return status;
}
