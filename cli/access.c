/* access.c - `bedrock access`: why a model cannot be called, and what its provider offers.
 * Amazon Bedrock API reference, GetFoundationModelAvailability, ListFoundationModelAgreementOffers,
 * GetUseCaseForModelAccess. Leaves out: what it looks like (verdict.c), making the agreement (accept.c). */
#include "cli.h"
#include <stdio.h>
#include <string.h>

/* ---- Finding out ---- */

static int access_keep(struct cli_access *v, const struct bedrock_access *a)
{
    const char *call_as = v->profile.len ? v->profile.p : a->call_as.p;
    size_t len = v->profile.len ? v->profile.len - 1 : a->call_as.len;

    v->accessible = a->accessible;
    snprintf(v->reason, sizeof v->reason, "%s", a->reason);
    v->call_as.len = 0;
    bedrock_buffer_append(&v->call_as, call_as, len);
    if (bedrock_buffer_append(&v->call_as, "", 1) != 0)
        return cli_fail(&v->c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
    cli_fetched_copy(v->c, &v->summary, a->model.json);
    cli_fetched_copy(v->c, &v->availability, a->availability);
    if (a->accessible < 0 && a->error && v->c->err.code == 0)
        v->c->err = *a->error; /* what is known without an answer is shown all the same */
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
    if (found)
        cli_append_string(&text, bedrock_json_get(p.json, "models[0].modelArn"));
    if (text.error == 0 && text.len > 0) {
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

/* ---- The command ---- */

static int access_check_usage(struct cli *c)
{
    const struct cli_args *a = &c->args;
    const char *alone = cli_value(a, CLI_OPT_OFFER)     ? "--offer"
                        : cli_value(a, CLI_OPT_TIMEOUT) ? "--timeout"
                        : a->on[CLI_OPT_YES]            ? "--yes"
                                                        : NULL;

    if (a->n_words == 0)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no model: bedrock access MODEL");
    if (a->n_words != 1)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "access takes one model, not %zu words", a->n_words);
    if (!a->words[0][0])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "the model is empty");
    if (strlen(a->words[0]) > CLI_MAX_MODEL)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "the model is longer than %d bytes", CLI_MAX_MODEL);
    if (alone && !a->on[CLI_OPT_ACCEPT])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s belongs to --accept", alone);
    if (a->on[CLI_OPT_ACCEPT] && !a->on[CLI_OPT_YES] && !cli_can_ask())
        return cli_fail(&c->err, BEDROCK_ERR_USAGE,
                        "--accept asks for a confirmation, and there is no terminal; --yes goes without");
    return 0;
}

/* Offers were shown, and nobody has taken one: what to do about it. */
static void access_say_next(const struct cli_access *v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(v->offers.json, "offers"));
    struct bedrock_json offer;
    int n = 0;

    while (bedrock_json_next(&it, NULL, &offer))
        n++;
    if (n > 0 && !v->c->args.on[CLI_OPT_ACCEPT])
        cli_remark(v->c, "hint: `bedrock access %s --accept%s` accepts %s", v->model.p,
                   n > 1 ? " --offer ID" : "", n > 1 ? "one of the offers" : "the offer");
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
    if (v.summary.json.p && rc != CLI_INTERRUPTED && !c->json)
        cli_verdict_text(&v);
    if (rc == 0 && !c->json)
        access_say_next(&v);
    if (rc == 0 && c->args.on[CLI_OPT_ACCEPT])
        rc = cli_accept(&v);
    if (v.summary.json.p && rc != CLI_INTERRUPTED && c->json)
        cli_verdict_json(&v);
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
