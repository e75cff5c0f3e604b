/* profiles.c - `bedrock models --profiles`: the inference profiles, the service's and the account's own.
 * Amazon Bedrock API reference, InferenceProfileSummary. Leaves out: asking for all pages (lookup.c). */
#include "cli.h"
#include <limits.h>
#include <string.h>

static const char *const profiles_titles[] = {"ID", "NAME", "TYPE", "MODELS", "REGIONS"};

int cli_fetch_profiles(struct cli *c, struct cli_lookup *p, struct bedrock_json *all)
{
    unsigned char ready;
    int rc;

    /* with a limit the look-up keeps its remarks to itself: what is wrong is told here */
    cli_lookup_begin(p, c, INT_MAX);
    while (cli_lookup_step(p))
        if (cli_wait(&p->call, 1, &ready, -1, -1) < 0)
            return CLI_INTERRUPTED;
    if (p->err.code == BEDROCK_ERR_PROTOCOL && p->err.http_status == 0) /* not said by the wire: the pages */
        return cli_fail(&c->err, BEDROCK_ERR_PROTOCOL, "ListInferenceProfiles: %s", p->err.message);
    c->err = p->err;
    if (c->err.code)
        return c->err.code;
    rc = bedrock_write_end(&p->all);
    if (rc == 0)
        rc = bedrock_json_parse(p->all.out.p, p->all.out.len, all, NULL);
    return rc ? cli_fail(&c->err, rc, "%s", bedrock_code_text(rc)) : 0;
}

/* ---- Models and Regions ---- */

void cli_arn(struct bedrock_slice arn, struct bedrock_slice *region, struct bedrock_slice *name)
{
    const char *p = arn.p, *end = arn.p + arn.len;

    region->p = arn.p;
    region->len = 0;
    *name = arn;
    /* arn:PARTITION:bedrock:REGION:ACCOUNT:foundation-model/ID */
    for (int i = 0; i < 3 && p; i++) {
        p = memchr(p, ':', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    if (!p || arn.len < 4 || memcmp(arn.p, "arn:", 4) != 0)
        return;
    region->p = p;
    p = memchr(p, ':', (size_t)(end - p));
    if (!p)
        return;
    region->len = (size_t)(p - region->p);
    p = memchr(p, '/', (size_t)(end - p));
    if (p) {
        name->p = p + 1;
        name->len = (size_t)(end - name->p);
    }
}

/* Append to a list with commas what is not in it yet. */
static void profiles_add(struct bedrock_buffer *list, struct bedrock_slice s)
{
    size_t n;

    for (size_t i = 0; i < list->len; i += n + 1) {
        const char *comma = memchr(list->p + i, ',', list->len - i);

        n = comma ? (size_t)(comma - list->p) - i : list->len - i;
        if (n == s.len && memcmp(list->p + i, s.p, n) == 0)
            return;
    }
    if (s.len == 0)
        return;
    bedrock_buffer_append(list, ",", list->len > 0);
    bedrock_buffer_append(list, s.p, s.len);
}

/* A profile's models, most often one in several Regions: each of them once. */
static void profiles_reach(const struct bedrock_profile *p, struct bedrock_buffer *models,
                           struct bedrock_buffer *regions)
{
    struct bedrock_json_iter it = bedrock_json_iterate(p->models);
    struct bedrock_json entry;
    struct bedrock_buffer text = {0};

    while (p->models.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &entry)) {
        struct bedrock_slice arn, region, name;

        text.len = 0;
        if (cli_append_string(&text, bedrock_json_get(entry, "modelArn")) != 0 || text.len == 0)
            continue;
        arn.p = text.p;
        arn.len = text.len;
        cli_arn(arn, &region, &name);
        profiles_add(models, name);
        profiles_add(regions, region);
    }
    bedrock_buffer_free(&text);
}

/* ---- Showing ---- */

static void profiles_row(struct cli_table *t, const struct bedrock_profile *p)
{
    struct bedrock_buffer models = {0}, regions = {0};

    profiles_reach(p, &models, &regions);
    cli_table_json(t, p->id);
    cli_table_json(t, p->name);
    cli_table_json(t, p->type);
    cli_table_bytes(t, models.p, models.len);
    cli_table_bytes(t, regions.p, regions.len);
    bedrock_buffer_free(&models);
    bedrock_buffer_free(&regions);
}

/* Rows, or with -1 ids. Returns how many. */
static size_t profiles_list(const struct cli *c, struct bedrock_json all, struct bedrock_buffer *b)
{
    struct bedrock_json_iter it = bedrock_json_iterate(all);
    struct bedrock_profile p;
    struct cli_table t;
    size_t n = 0;

    cli_table_start(&t, profiles_titles, sizeof profiles_titles / sizeof profiles_titles[0], 0);
    for (; bedrock_profile_next(&it, &p); n++) {
        if (!c->args.on[CLI_OPT_ONE]) {
            profiles_row(&t, &p);
            continue;
        }
        cli_append_shown(b, p.id);
        bedrock_buffer_append(b, "\n", 1);
    }
    if (n > 0 && !c->args.on[CLI_OPT_ONE])
        cli_table_append(&t, b);
    cli_table_free(&t);
    return n;
}

static void profiles_show(struct cli *c, struct bedrock_json all)
{
    static const char before[] = "{\"inferenceProfileSummaries\":", after[] = "}";
    struct bedrock_slice parts[3] = {{before, sizeof before - 1}, {all.p, all.len}, {after, 1}};
    struct bedrock_buffer b = {0};

    if (c->json) {
        cli_out_json(&c->out, parts, 3);
        return;
    }
    if (profiles_list(c, all, &b) == 0)
        cli_remark(c, "bedrock: there is no inference profile in %s", bedrock_region(c->b));
    cli_out_buffer(c, &b);
}

int cli_profiles(struct cli *c)
{
    struct cli_lookup p;
    struct bedrock_json all;

    memset(&p, 0, sizeof p);
    if (cli_fetch_profiles(c, &p, &all) == 0)
        profiles_show(c, all);
    cli_lookup_free(&p);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}
