/* emu_profiles.c - the inference profiles: those that the service has in this Region, and two of the account.
 * Amazon Bedrock API reference, ListInferenceProfiles, GetInferenceProfile. Leaves out: making and deleting
 * profiles. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

#define EMU_MAX_REGIONS 4

/* ---- Which there are ---- */

static const struct emu_geography {
    const char *regions_begin, *prefix, *name;
    const char *regions[EMU_MAX_REGIONS + 1];   /* where a profile sends its calls */
} emu_geographies[] = {
    {"us-", "us", "US", {"us-east-1", "us-east-2", "us-west-2", NULL}},
    {"eu-", "eu", "EU", {"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3", NULL}},
    {"ap-", "apac", "APAC", {"ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", NULL}},
};

/* of the account: copied from a profile, or from a model */
static const struct {
    const char *id, *model, *name;
    int routes;     /* to the Regions of the geography, where there is one */
} emu_own_profiles[] = {
    {"a1b2c3d4e5f6", "anthropic.claude-3-7-sonnet-20250219-v1:0", "team-sonnet", 1},
    {"f6e5d4c3b2a1", "amazon.nova-lite-v1:0", "team-nova", 0},
};

#define EMU_N_OWN (sizeof emu_own_profiles / sizeof emu_own_profiles[0])

struct emu_profile {
    struct emu_entry *m;
    const struct emu_geography *geography;  /* NULL: this Region alone */
    int everywhere;                         /* "global." */
    const char *own_name;                   /* of the account; NULL: of the service */
    char id[80];
};

static const struct emu_geography *emu_geography(const char *region)
{
    for (size_t i = 0; i < sizeof emu_geographies / sizeof emu_geographies[0]; i++)
        if (strncmp(region, emu_geographies[i].regions_begin, 3) == 0)
            return &emu_geographies[i];
    return NULL;
}

static struct emu_profile *emu_profile_add(struct emu *e, struct emu_entry *m, const char *prefix)
{
    struct emu_profile *p = &e->profiles[e->n_profiles++];

    p->m = m;
    snprintf(p->id, sizeof p->id, "%s.%s", prefix, m->m.id);
    return p;
}

int emu_profiles_open(struct emu *e)
{
    const struct emu_geography *here = emu_geography(e->region);
    size_t n = EMU_N_OWN;

    for (size_t i = 0; i < e->n_entries; i++)
        n += e->entries[i].m.inference & EMU_PROFILE ? 3 : 0;
    e->profiles = calloc(n, sizeof *e->profiles);
    if (!e->profiles)
        return -1;
    for (size_t i = 0; i < e->n_entries; i++) {
        struct emu_entry *m = &e->entries[i];

        if (!(m->m.inference & EMU_PROFILE))
            continue;
        if (here)
            emu_profile_add(e, m, here->prefix)->geography = here;
        if (m->m.behaviour & EMU_GLOBAL)
            emu_profile_add(e, m, "global")->everywhere = 1;
        if (m->m.behaviour & EMU_LOCAL)
            emu_profile_add(e, m, e->region);
    }
    for (size_t i = 0; i < EMU_N_OWN; i++) {
        struct emu_profile *p = emu_profile_add(e, emu_models_find(e, emu_own_profiles[i].model), "");

        snprintf(p->id, sizeof p->id, "%s", emu_own_profiles[i].id);
        p->own_name = emu_own_profiles[i].name;
        p->geography = emu_own_profiles[i].routes ? here : NULL;
    }
    return 0;
}

void emu_profiles_close(struct emu *e)
{
    free(e->profiles);
}

static const struct emu_profile *emu_profile_of(const struct emu *e, const char *id)
{
    for (size_t i = 0; id && i < e->n_profiles; i++)
        if (strcmp(e->profiles[i].id, id) == 0)
            return &e->profiles[i];
    return NULL;
}

struct emu_entry *emu_profiles_find(const struct emu *e, const char *id)
{
    const struct emu_profile *p = emu_profile_of(e, id);

    return p ? p->m : NULL;
}

/* ---- A profile as JSON ---- */

static void emu_profile_model(struct bedrock_writer *w, const struct emu_profile *p, const char *region)
{
    char arn[256];

    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s::foundation-model/%s", region, p->m->m.id);
    bedrock_write_object(w);
    emu_put_text(w, "modelArn", arn);
    bedrock_write_object_end(w);
}

static void emu_profile_models(struct bedrock_writer *w, const struct emu *e, const struct emu_profile *p)
{
    emu_put_array(w, "models");
    if (p->geography)
        for (size_t i = 0; p->geography->regions[i]; i++)
            emu_profile_model(w, p, p->geography->regions[i]);
    else
        emu_profile_model(w, p, e->region);
    if (p->everywhere)
        emu_profile_model(w, p, ""); /* an ARN without a Region: any that there is */
    bedrock_write_array_end(w);
}

static void emu_profile_write(struct bedrock_writer *w, const struct emu *e, const struct emu_profile *p)
{
    const char *where = p->geography ? p->geography->name : p->everywhere ? "Global" : e->region;
    char name[128], about[256], arn[256];

    snprintf(name, sizeof name, "%s %s", where, p->m->m.name);
    snprintf(about, sizeof about, "Routes requests to %s in %s.", p->m->m.name,
             p->geography ? "several Regions" : p->everywhere ? "any Region" : e->region);
    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s:" EMU_ACCOUNT ":%s/%s", e->region,
             p->own_name ? "application-inference-profile" : "inference-profile", p->id);
    bedrock_write_object(w);
    emu_put_text(w, "inferenceProfileName", p->own_name ? p->own_name : name);
    emu_put_text(w, "description", about);
    emu_put_text(w, "createdAt", p->own_name ? "2026-03-02T09:30:15.250Z" : "2025-02-24T00:00:00Z");
    emu_put_text(w, "updatedAt", p->own_name ? "2026-03-02T09:30:15.250Z" : "2025-11-07T18:25:51.431Z");
    emu_put_text(w, "inferenceProfileArn", arn);
    emu_profile_models(w, e, p);
    emu_put_text(w, "inferenceProfileId", p->id);
    emu_put_text(w, "status", "ACTIVE");
    emu_put_text(w, "type", p->own_name ? "APPLICATION" : "SYSTEM_DEFINED");
    bedrock_write_object_end(w);
}

/* ---- Pages ---- */

/* The account's profiles or the service's: never both, as the service has it. */
static const char *emu_profile_parameter(const struct emu *e, struct emu_page *page,
                                         struct bedrock_slice name, const char *value)
{
    if (!emu_slice_is(name, "type"))
        return emu_page_take(e, page, name, value);
    page->own = strcmp(value, "APPLICATION") == 0;
    if (page->own || strcmp(value, "SYSTEM_DEFINED") == 0)
        return NULL;
    return "1 validation error detected: Value at 'typeEquals' failed to satisfy constraint: Member must "
           "satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]";
}

/* Write the page; returns where the next one begins, or 0 behind the last. */
static size_t emu_page_write(struct bedrock_writer *w, const struct emu *e, const struct emu_page *page)
{
    size_t n = 0;

    for (size_t i = page->first; i < e->n_profiles; i++) {
        if (page->own != (e->profiles[i].own_name != NULL))
            continue;
        if (n++ == page->max)
            return i;
        emu_profile_write(w, e, &e->profiles[i]);
    }
    return 0;
}

void emu_list_profiles(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct emu_page page = {0};
    size_t next;

    (void)label;
    if (emu_page_read(a, &page, rq->query, emu_profile_parameter) != 0)
        return;
    if (a->e->page_loop)
        page.first = 0;
    bedrock_write_object(&a->w);
    emu_put_array(&a->w, "inferenceProfileSummaries");
    next = emu_page_write(&a->w, a->e, &page);
    bedrock_write_array_end(&a->w);
    if (a->e->page_loop)
        next = 1;
    else if (a->e->page_endless && next == 0)
        next = (page.first > a->e->n_profiles ? page.first : a->e->n_profiles) + 1;
    emu_page_next(a, next);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

void emu_get_profile(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct bedrock_buffer id = {0};
    const struct emu_profile *p = NULL;

    (void)rq;
    emu_percent_decode(&id, label);
    if (bedrock_buffer_append(&id, "", 1) == 0)
        p = emu_profile_of(a->e, emu_bare_id(id.p));
    bedrock_buffer_free(&id);
    if (!p) {
        emu_service_error(a, 404, "ResourceNotFoundException",
                          "The inference profile that you requested doesn't exist.");
        return;
    }
    emu_profile_write(&a->w, a->e, p);
    emu_service_answer(a);
}
