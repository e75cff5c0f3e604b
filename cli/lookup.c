/* lookup.c - the inference profiles of the Region, looked up when a model turns out to need one.
 * Amazon Bedrock API reference, ListInferenceProfiles. Leaves out: showing them (profiles.c), and which of
 * them serves best, which the library knows. */
#include "cli.h"
#include <string.h>

static const char *const lookup_first_page[] = {
    "type=SYSTEM_DEFINED&maxResults=1000",
    "type=APPLICATION&maxResults=1000",
};

#define LOOKUP_N_TYPES (sizeof lookup_first_page / sizeof lookup_first_page[0])

void cli_lookup_begin(struct cli_lookup *p, struct cli *c, int limit_ms)
{
    if (p->begun)
        return;
    p->begun = 1;
    p->c = c;
    p->until_ms = limit_ms ? cli_now_ms() + limit_ms : INT64_MAX;
    bedrock_write_array(&p->all);
}

/* What was listed so far stays: it may be enough. Only who relies on the profiles hears of it. */
static void lookup_fail(struct cli_lookup *p, const struct bedrock_error *e)
{
    if (p->err.code == 0 && p->until_ms == INT64_MAX)
        cli_remark(p->c, "bedrock: the inference profiles are not all known: %s: %s", cli_error_name(e),
                   e->message);
    if (p->err.code == 0)
        p->err = *e;
    bedrock_buffer_free(&p->query);
}

/* Ask for the next page. */
static void lookup_ask(struct cli_lookup *p)
{
    int64_t left = p->until_ms == INT64_MAX ? 0 : p->until_ms - cli_now_ms(); /* 0: no limit */
    const char *first = lookup_first_page[p->type];
    struct bedrock_request rq = {0};
    struct bedrock_error late;

    if (p->query.len == 0 && p->n_pages == 0)
        bedrock_buffer_append(&p->query, first, strlen(first) + 1);
    rq.operation = BEDROCK_LIST_INFERENCE_PROFILES;
    rq.query = p->query.p;
    rq.deadline_ms = (int)left;
    if (left <= 0 && p->until_ms != INT64_MAX) {
        cli_fail(&late, BEDROCK_ERR_TIMEOUT, "there was no time left for it");
        lookup_fail(p, &late);
    } else if (p->query.error || bedrock_start(p->c->b, &rq, &p->call) != 0) {
        lookup_fail(p, bedrock_error(p->query.error ? NULL : p->c->b));
    }
}

/* Keep what a page holds, and how to ask for the one behind it; p->query is empty when there is none. */
static void lookup_take(struct cli_lookup *p, struct bedrock_json page)
{
    struct bedrock_json_iter it = bedrock_profile_list(page);
    struct bedrock_buffer next = {0};
    struct bedrock_profile one;
    struct bedrock_error e;
    int rc;

    while (bedrock_profile_next(&it, &one))
        bedrock_write_raw(&p->all, one.json.p, one.json.len);
    rc = bedrock_next_page(page, p->query.p, ++p->n_pages, &next);
    bedrock_buffer_free(&p->query);
    if (rc == 1) {
        p->query = next;
        return;
    }
    bedrock_buffer_free(&next);
    if (rc < 0) {
        cli_fail(&e, rc, "%s", rc == BEDROCK_ERR_PROTOCOL ? "the pages do not end" : bedrock_code_text(rc));
        lookup_fail(p, &e);
    }
}

/* No page is left of this type, or none can be had. Where nobody answers, the other type is not tried. */
static void lookup_next_type(struct cli_lookup *p)
{
    int answers = p->err.code == 0 || p->err.code == BEDROCK_ERR_SERVICE ||
                  p->err.code == BEDROCK_ERR_PROTOCOL;

    p->n_pages = 0;
    if ((size_t)++p->type < LOOKUP_N_TYPES && answers)
        return;
    p->over = 1;
    bedrock_write_array_end(&p->all);
}

int cli_lookup_step(struct cli_lookup *p)
{
    struct bedrock_event ev;

    while (!p->over) {
        int rc = BEDROCK_DONE;

        if (!p->call)
            lookup_ask(p);
        if (p->call)
            rc = bedrock_step(p->call, &ev);
        if (rc > BEDROCK_EVENT)
            return 1;
        if (rc == BEDROCK_EVENT) {
            lookup_take(p, ev.json);
            continue;
        }
        if (rc < 0)
            lookup_fail(p, bedrock_call_error(p->call));
        bedrock_end(p->call);
        p->call = NULL;
        if (p->query.len == 0)
            lookup_next_type(p);
    }
    return 0;
}

/* The id of a foundation model that is perhaps given as its ARN. */
static const char *lookup_model_id(const char *model)
{
    static const char kind[] = ":foundation-model/";
    const char *at = strstr(model, kind);

    return strncmp(model, "arn:", 4) == 0 && at ? at + sizeof kind - 1 : model;
}

int cli_lookup_find(const struct cli_lookup *p, const char *model, struct bedrock_buffer *id)
{
    struct bedrock_json all, best = {BEDROCK_JSON_NONE, NULL, 0};
    struct bedrock_json_iter it;
    struct bedrock_profile one;
    int best_rank = 0;

    if (bedrock_json_parse(p->all.out.p, p->all.out.len, &all, NULL) != 0)
        return 0;
    it = bedrock_json_iterate(all);
    while (bedrock_profile_next(&it, &one)) {
        int rank = bedrock_profile_rank(&one, lookup_model_id(model), bedrock_region(p->c->b));

        if (rank > best_rank) {
            best_rank = rank;
            best = one.id;
        }
    }
    if (best_rank == 0 || cli_append_string(id, best) != 0 || bedrock_buffer_append(id, "", 1) != 0 ||
        strlen(id->p) + 1 != id->len || id->len == 1) {
        bedrock_buffer_free(id);
        return 0;
    }
    return 1;
}

int cli_lookup_wait(struct cli_lookup *p, struct cli *c, const char *model, int patient,
                    struct bedrock_buffer *id)
{
    unsigned char ready;

    cli_lookup_begin(p, c, patient ? 0 : CLI_LOOKUP_HINT_MS);
    while (cli_lookup_step(p))
        if (cli_wait(&p->call, 1, &ready, -1, -1) < 0)
            return 0;
    return cli_lookup_find(p, model, id);
}

void cli_lookup_hint(const struct cli_lookup *p, const struct bedrock_error *e, const char *model,
                     const struct bedrock_buffer *profile, const char *region, char *out, size_t cap)
{
    if (cli_wants_profile(e) && p->over && (profile->len > 0 || p->err.code == 0))
        cli_hint_profile(out, cap, profile->p, region);
    else
        cli_hint(out, cap, e, model, region);
}

void cli_lookup_free(struct cli_lookup *p)
{
    bedrock_end(p->call);
    bedrock_buffer_free(&p->query);
    bedrock_write_free(&p->all);
}
