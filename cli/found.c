/* found.c - the models of a Region and whether each can be called now, in the service's order.
 * The library's bedrock_models_* finds it out. Leaves out: showing them (accessible.c), and asking them
 * (targets.c). */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

static struct cli_found *found_new(struct cli_found_all *all)
{
    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 64;
        struct cli_found *p = realloc(all->at, cap * sizeof *p);

        if (!p)
            return NULL;
        all->at = p;
        all->cap = cap;
    }
    memset(&all->at[all->n], 0, sizeof *all->at);
    return &all->at[all->n++];
}

static int found_keep(struct cli *c, struct cli_found_all *all, const struct bedrock_access *a)
{
    struct cli_found *f = found_new(all);

    if (!f)
        return cli_fail(&c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
    f->model = a->model;
    f->accessible = a->accessible;
    f->latency_ms = -1;
    /* nobody may ask about any model: that is told once */
    f->in_warning = a->accessible < 0 && a->error &&
                    (a->error->http_status == 403 || a->error == bedrock_models_warning(all->walk));
    cli_escape(&f->reason, a->reason, strlen(a->reason), 1);
    bedrock_buffer_append(&f->reason, "", 1);
    bedrock_buffer_append(&f->call_as, a->call_as.p, a->call_as.len);
    bedrock_buffer_append(&f->call_as, "", 1);
    if (f->reason.error || f->call_as.error)
        return cli_fail(&c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
    return 0;
}

/* Models become known in any order; their summaries stand in one text, in the service's. */
static int found_by_place(const void *a, const void *b)
{
    const struct cli_found *x = a, *y = b;

    return (x->model.json.p > y->model.json.p) - (x->model.json.p < y->model.json.p);
}

int cli_find_models(struct cli *c, int (*want)(void *ctx, const struct bedrock_model *m), void *ctx,
                    struct cli_found_all *all)
{
    struct bedrock_models_options o = {0};
    struct bedrock_access a;
    int rc;

    o.want = want;
    o.want_ctx = ctx;
    rc = bedrock_models_start(c->b, &o, &all->walk);
    while (rc == 0 && (rc = cli_next_access(all->walk, &a)) == BEDROCK_EVENT)
        rc = found_keep(c, all, &a);
    if (rc < 0 && c->err.code == 0)
        c->err = all->walk ? *bedrock_models_error(all->walk) : *bedrock_error(c->b);
    if (all->n > 1)
        qsort(all->at, all->n, sizeof *all->at, found_by_place);
    return rc;
}

void cli_found_free(struct cli_found_all *all)
{
    for (size_t i = 0; i < all->n; i++) {
        bedrock_buffer_free(&all->at[i].reason);
        bedrock_buffer_free(&all->at[i].call_as);
        free(all->at[i].error);
    }
    free(all->at);
    bedrock_models_end(all->walk);
}
