/* models.c - which models and inference profiles there are, and which profile serves a model.
 * Amazon Bedrock API reference, FoundationModelSummary and InferenceProfileSummary. Leaves out: which of
 * the models the account may call (access.c). */
#include "bedrock_int.h"
#include <string.h>

#define MODELS_MAX_PAGES 1000   /* nobody has as many; a service that goes on is broken */

/* ---- Lists ---- */

struct bedrock_json_iter bedrock_model_list(struct bedrock_json response)
{
    return bedrock_json_iterate(bedrock_json_get(response, "modelSummaries"));
}

int bedrock_model_next(struct bedrock_json_iter *it, struct bedrock_model *m)
{
    struct bedrock_json streaming;

    if (!bedrock_json_next(it, NULL, &m->json))
        return 0;
    m->id = bedrock_json_get(m->json, "modelId");
    m->arn = bedrock_json_get(m->json, "modelArn");
    m->name = bedrock_json_get(m->json, "modelName");
    m->provider = bedrock_json_get(m->json, "providerName");
    m->input = bedrock_json_get(m->json, "inputModalities");
    m->output = bedrock_json_get(m->json, "outputModalities");
    m->inference = bedrock_json_get(m->json, "inferenceTypesSupported");
    m->status = bedrock_json_get(m->json, "modelLifecycle.status");
    streaming = bedrock_json_get(m->json, "responseStreamingSupported");
    m->streaming = streaming.type == BEDROCK_JSON_TRUE    ? 1
                   : streaming.type == BEDROCK_JSON_FALSE ? 0
                                                          : -1;
    return 1;
}

struct bedrock_json_iter bedrock_profile_list(struct bedrock_json response)
{
    return bedrock_json_iterate(bedrock_json_get(response, "inferenceProfileSummaries"));
}

int bedrock_profile_next(struct bedrock_json_iter *it, struct bedrock_profile *p)
{
    if (!bedrock_json_next(it, NULL, &p->json))
        return 0;
    p->id = bedrock_json_get(p->json, "inferenceProfileId");
    p->arn = bedrock_json_get(p->json, "inferenceProfileArn");
    p->name = bedrock_json_get(p->json, "inferenceProfileName");
    p->type = bedrock_json_get(p->json, "type");
    p->status = bedrock_json_get(p->json, "status");
    p->models = bedrock_json_get(p->json, "models");
    return 1;
}

/* ---- Which profile serves ---- */

int bdk_arn_model(struct bedrock_json arn, char text[BDK_MAX_ARN], struct bedrock_slice *region,
                  struct bedrock_slice *model)
{
    size_t n = bedrock_json_unescape(arn, text, BDK_MAX_ARN);
    const char *p = text, *end = text + n, *slash;

    if (n > BDK_MAX_ARN)
        return 0;
    /* arn:PARTITION:bedrock:REGION:ACCOUNT:foundation-model/ID */
    for (int i = 0; i < 3 && p; i++) {
        p = memchr(p, ':', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    if (!p)
        return 0;
    region->p = p;
    p = memchr(p, ':', (size_t)(end - p));
    if (!p)
        return 0;
    region->len = (size_t)(p - region->p);
    slash = memchr(p, '/', (size_t)(end - p));
    if (!slash)
        return 0;
    model->p = slash + 1;
    model->len = (size_t)(end - model->p);
    return 1;
}

/* What a profile's model ARNs say about one model and one Region. */
struct models_reach {
    int n;          /* ARNs of the model */
    int here;       /* of them within the Region */
    int anywhere;   /* of them without a Region */
};

static struct models_reach models_reach(const struct bedrock_profile *p, const char *model_id,
                                        const char *region)
{
    struct bedrock_json_iter it = bedrock_json_iterate(p->models);
    struct models_reach reach = {0, 0, 0};
    struct bedrock_slice where, model;
    struct bedrock_json entry;
    char text[BDK_MAX_ARN];

    while (p->models.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &entry)) {
        if (!bdk_arn_model(bedrock_json_get(entry, "modelArn"), text, &where, &model) ||
            !bdk_slice_is(model, model_id))
            continue;
        reach.n++;
        reach.here += bdk_slice_is(where, region);
        reach.anywhere += where.len == 0;
    }
    return reach;
}

static int models_is_global(const struct bedrock_profile *p)
{
    static const char prefix[] = "\"global.";

    return p->id.type == BEDROCK_JSON_STRING && p->id.len >= sizeof prefix - 1 &&
           memcmp(p->id.p, prefix, sizeof prefix - 1) == 0;
}

int bedrock_profile_rank(const struct bedrock_profile *p, const char *model_id, const char *region)
{
    struct models_reach reach = models_reach(p, model_id, region);
    int rank = reach.n < 90 ? 100 - reach.n : 10; /* the fewer Regions the better */

    if (reach.n == 0 || p->id.type != BEDROCK_JSON_STRING)
        return 0;
    if (reach.here == reach.n)
        rank += 300;
    else if (!models_is_global(p) && reach.anywhere == 0)
        rank += reach.here > 0 ? 200 : 100;
    return bedrock_json_equals(p->type, "APPLICATION") ? rank : rank + 1000;
}

/* ---- Pages ---- */

/* Copy a query without its nextToken parameter. */
static void models_copy_query(const char *query, struct bedrock_buffer *out)
{
    static const char name[] = "nextToken=";

    while (query && *query) {
        size_t n = strcspn(query, "&");

        if (n > 0 && strncmp(query, name, sizeof name - 1) != 0) {
            if (out->len > 0)
                bdk_buffer_text(out, "&");
            bedrock_buffer_append(out, query, n);
        }
        query += n + (query[n] == '&');
    }
}

/* Is exactly this NAME=VALUE one of the query's parameters? */
static int models_query_holds(const char *query, const char *parameter)
{
    size_t want = strlen(parameter);

    while (query && *query) {
        size_t n = strcspn(query, "&");

        if (n == want && memcmp(query, parameter, n) == 0)
            return 1;
        query += n + (query[n] == '&');
    }
    return 0;
}

int bedrock_next_page(struct bedrock_json page, const char *query, unsigned n_pages,
                      struct bedrock_buffer *out)
{
    struct bedrock_json token = bedrock_json_get(page, "nextToken");
    struct bedrock_buffer text = {0};
    size_t at;
    int rc;

    if (token.type != BEDROCK_JSON_STRING || token.len <= 2)
        return 0;
    if (n_pages >= MODELS_MAX_PAGES)
        return BEDROCK_ERR_PROTOCOL;
    out->len = 0;
    models_copy_query(query, out);
    bdk_buffer_text(out, out->len > 0 ? "&" : "");
    at = out->len;
    bdk_buffer_text(out, "nextToken=");
    text.alloc = out->alloc;
    text.alloc_ctx = out->alloc_ctx;
    rc = bdk_buffer_reserve(&text, token.len);
    if (rc == 0)
        bdk_uri_encode(out, text.p, bedrock_json_unescape(token, text.p, text.cap), 0);
    bedrock_buffer_free(&text);
    bedrock_buffer_append(out, "", 1);
    if (rc != 0 || out->error)
        return rc ? rc : out->error;
    /* the same token again would give the same page for ever */
    return models_query_holds(query, out->p + at) ? BEDROCK_ERR_PROTOCOL : 1;
}
