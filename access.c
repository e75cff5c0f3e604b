/* access.c - which models the account can call, and under which id: a walk over several calls at once.
 * Amazon Bedrock API reference, GetFoundationModelAvailability. Leaves out: proving it by a call to the
 * model, and getting access. */
#include "bedrock_int.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCESS_DEFAULT_CALLS 8
#define ACCESS_MAX_CALLS 64
#define ACCESS_MAX_CONNECTIONS 4
#define ACCESS_ATTEMPTS 3
#define ACCESS_LISTS 3

/* What a question is about. The lists come first, side by side. */
enum access_topic { ACCESS_MODELS, ACCESS_SYSTEM, ACCESS_APPLICATION, ACCESS_MODEL };

static const char *const access_queries[ACCESS_LISTS] = {
    [ACCESS_MODELS] = NULL,
    [ACCESS_SYSTEM] = "type=SYSTEM_DEFINED&maxResults=1000",
    [ACCESS_APPLICATION] = "type=APPLICATION&maxResults=1000",
};

/* A question under way. */
struct access_question {
    int busy;
    enum access_topic topic;
    struct bedrock_call *call;      /* NULL: waits until it is asked (again) */
    int attempts;
    int64_t wake_ms;                /* when to ask; 0: now */
    struct bedrock_buffer query;    /* of a list's page, zero-terminated; empty: the first one's */
    unsigned n_pages;
    struct bedrock_model model;
    int told;                       /* its answer was handed out: only its call has to be ended */
};

/* That a profile serves a model. */
struct access_way {
    struct bedrock_slice model; /* id, within a raw JSON string: ids have no escapes */
    struct bedrock_json profile;
    int rank;
};

struct bedrock_models {
    struct bedrock *b;
    struct bedrock_models_options opt;
    struct bedrock_error err, warning;
    struct bedrock_buffer list;         /* ListFoundationModels' answer */
    struct bedrock_json response;       /* the same, once all lists are there */
    struct bedrock_json_iter models;    /* not yet asked about */
    struct bedrock_writer profiles;     /* the summaries of all pages, one array */
    struct access_way *ways;            /* by model, the best first */
    size_t n_ways, cap_ways;
    int no_profiles;                    /* they could not be listed */
    int lists_left;
    uint64_t random;
    int timeout_ms;
    struct access_question *questions;
    size_t n_questions;
    char model_id[BDK_MAX_ARN + 1], call_as[BDK_MAX_ARN + 1];
};

/* ---- Small things ---- */

static int access_fail(struct bedrock_models *w, const struct bedrock_error *cause)
{
    if (w->err.code == 0)
        w->err = *cause;
    return w->err.code;
}

static int access_no_memory(struct bedrock_models *w, int code)
{
    return bdk_error_set(&w->err, code, "%s", bedrock_code_text(code));
}

static int64_t access_now(const struct bedrock_models *w)
{
    return w->b->opt.clock(w->b->opt.clock_ctx, 0);
}

/* Jitter: it has to differ between clients, not to be unpredictable. splitmix64 */
static uint32_t access_random(struct bedrock_models *w)
{
    uint64_t z = (w->random += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)((z ^ (z >> 27)) >> 16);
}

/* A JSON string as a zero-terminated text; 0 when it is none, is empty, too long or holds a zero byte. */
static int access_text(struct bedrock_json v, char out[BDK_MAX_ARN + 1])
{
    size_t n = bedrock_json_unescape(v, out, BDK_MAX_ARN);

    if (n > BDK_MAX_ARN)
        n = 0;
    out[n] = 0;
    return n > 0 && !memchr(out, 0, n);
}

/* ---- Ways to a model ---- */

static int access_by_model(const void *a, const void *b)
{
    const struct access_way *x = a, *y = b;
    size_t n = x->model.len < y->model.len ? x->model.len : y->model.len;
    int order = n > 0 ? memcmp(x->model.p, y->model.p, n) : 0;

    if (order == 0)
        order = (x->model.len > y->model.len) - (x->model.len < y->model.len);
    return order ? order : (y->rank > x->rank) - (y->rank < x->rank);
}

static int access_add_way(struct bedrock_models *w, const struct access_way *way)
{
    if (w->n_ways == w->cap_ways) {
        size_t cap = w->cap_ways ? w->cap_ways * 2 : 64;
        void *p = bdk_resize(w->b->opt.alloc, w->b->opt.alloc_ctx, w->ways, w->cap_ways * sizeof *way,
                             cap * sizeof *way);

        if (!p)
            return access_no_memory(w, BEDROCK_ERR_NOMEM);
        w->ways = p;
        w->cap_ways = cap;
    }
    w->ways[w->n_ways++] = *way;
    return 0;
}

/* A profile names a model once for each Region; one way for each model is enough. */
static int access_add_profile(struct bedrock_models *w, const struct bedrock_profile *p)
{
    struct bedrock_json_iter it = bedrock_json_iterate(p->models);
    struct bedrock_json entry;
    size_t first = w->n_ways;
    int rc = 0;

    while (rc == 0 && p->models.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &entry)) {
        struct bedrock_json arn = bedrock_json_get(entry, "modelArn");
        struct access_way way = {{NULL, 0}, p->id, 0};
        struct bedrock_slice region;
        char text[BDK_MAX_ARN], id[BDK_MAX_ARN + 1];
        size_t i = first;

        if (!bdk_arn_model(arn, text, &region, &way.model) || way.model.len + 2 > arn.len)
            continue;
        memcpy(id, way.model.p, way.model.len);
        id[way.model.len] = 0;
        way.model.p = arn.p + arn.len - 1 - way.model.len; /* the ARN's end, which outlives text */
        while (i < w->n_ways && !bdk_slice_is(w->ways[i].model, id))
            i++;
        way.rank = bedrock_profile_rank(p, id, bedrock_region(w->b));
        if (i == w->n_ways && way.rank > 0)
            rc = access_add_way(w, &way);
    }
    return rc;
}

static int access_index_profiles(struct bedrock_models *w)
{
    struct bedrock_json all;
    struct bedrock_json_iter it;
    struct bedrock_profile p;
    int rc = 0;

    bedrock_write_array_end(&w->profiles);
    if (bedrock_write_end(&w->profiles) != 0)
        return access_no_memory(w, w->profiles.out.error);
    bedrock_json_parse(w->profiles.out.p, w->profiles.out.len, &all, NULL);
    it = bedrock_json_iterate(all);
    while (rc == 0 && bedrock_profile_next(&it, &p))
        rc = access_add_profile(w, &p);
    if (rc == 0 && w->n_ways > 1)
        qsort(w->ways, w->n_ways, sizeof *w->ways, access_by_model);
    return rc;
}

/* The best profile's id for the model, or type NONE. */
static struct bedrock_json access_find_way(const struct bedrock_models *w, const char *model_id)
{
    struct access_way want = {bdk_slice(model_id), {BEDROCK_JSON_NONE, NULL, 0}, INT_MAX};
    size_t low = 0, high = w->n_ways;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (access_by_model(&w->ways[middle], &want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < w->n_ways && bdk_slice_is(w->ways[low].model, model_id))
        return w->ways[low].profile;
    return want.profile;
}

/* ---- Judging ---- */

static const struct {
    const char *path, *good, *bad, *text;
} access_words[] = {
    {"regionAvailability", "AVAILABLE", "NOT_AVAILABLE", "not available in this Region"},
    {"entitlementAvailability", "AVAILABLE", "NOT_AVAILABLE", "no entitlement"},
    {"agreementAvailability.status", "AVAILABLE", "NOT_AVAILABLE", "agreement not accepted"},
    {"agreementAvailability.status", "AVAILABLE", "PENDING", "agreement is being processed"},
    {"agreementAvailability.status", "AVAILABLE", "ERROR", "agreement failed"},
    {"authorizationStatus", "AUTHORIZED", "NOT_AUTHORIZED", "not authorised in this Region"},
};

static void access_say(struct bedrock_access *a, int accessible, const char *text)
{
    a->accessible = accessible;
    snprintf(a->reason, sizeof a->reason, "%s", text);
}

/* Our words for a state, and the service's own about it where it has some. */
static void access_say_bad(struct bedrock_access *a, size_t row)
{
    struct bedrock_json more = bedrock_json_get(a->availability, "agreementAvailability.errorMessage");
    char text[BDK_MAX_ARN + 1], line[128];

    access_say(a, 0, access_words[row].text);
    if (strcmp(access_words[row].bad, "ERROR") != 0 || !access_text(more, text))
        return;
    bdk_error_text(line, sizeof line, bdk_slice(text));
    snprintf(a->reason, sizeof a->reason, "%.60s: %.127s", access_words[row].text, line);
}

/* A state that we have a word for, or the service's own. */
static void access_say_state(struct bedrock_access *a, size_t row, struct bedrock_json state)
{
    char text[BDK_MAX_ARN + 1], word[64];

    for (size_t i = 0; i < sizeof access_words / sizeof access_words[0]; i++)
        if (strcmp(access_words[i].path, access_words[row].path) == 0 &&
            bedrock_json_equals(state, access_words[i].bad)) {
            access_say_bad(a, i);
            return;
        }
    bdk_error_text(word, sizeof word, access_text(state, text) ? bdk_slice(text) : bdk_slice("no word"));
    snprintf(a->reason, sizeof a->reason, "%.60s is %s", access_words[row].path,
             state.type == BEDROCK_JSON_NONE ? "not told" : word);
    a->accessible = state.type == BEDROCK_JSON_NONE ? -1 : 0;
}

static void access_judge_answer(struct bedrock_access *a)
{
    for (size_t i = 0; i < sizeof access_words / sizeof access_words[0]; i++) {
        struct bedrock_json state = bedrock_json_get(a->availability, access_words[i].path);

        if (!bedrock_json_equals(state, access_words[i].good)) {
            access_say_state(a, i, state);
            return;
        }
    }
    a->accessible = 1;
}

static void access_judge_lifecycle(const struct bedrock_models *w, struct bedrock_access *a)
{
    struct bedrock_json end = bedrock_json_get(a->model.json, "modelLifecycle.endOfLifeTime");
    char text[BDK_MAX_ARN + 1], human[24];
    int64_t end_s;

    if (!access_text(end, text) || bdk_date_iso(bdk_slice(text), &end_s) != 0 ||
        end_s > w->b->opt.clock(w->b->opt.clock_ctx, 1) / 1000)
        return;
    bdk_date_human(end_s, human);
    human[10] = 0; /* the day is enough */
    a->accessible = 0;
    snprintf(a->reason, sizeof a->reason, "end of life since %s", human);
}

/* The model's own id where it takes calls on demand (or nobody says what it takes), else a profile's. */
static void access_find_id(struct bedrock_models *w, struct bedrock_access *a)
{
    struct bedrock_json id = a->model.id;

    if (a->model.inference.type == BEDROCK_JSON_ARRAY &&
        !bedrock_json_contains(a->model.inference, "ON_DEMAND"))
        id = access_find_way(w, w->model_id);
    if (access_text(id, w->call_as))
        a->call_as = bdk_slice(w->call_as);
    else if (a->accessible == 1 && w->no_profiles)
        access_say(a, -1, "takes no on-demand calls, and the inference profiles are not known");
    else if (a->accessible == 1)
        access_say(a, 0, bedrock_json_contains(a->model.inference, "INFERENCE_PROFILE")
                             ? "no inference profile for it in this Region"
                         : bedrock_json_contains(a->model.inference, "PROVISIONED")
                             ? "takes no on-demand calls (provisioned throughput only)"
                             : "takes no on-demand calls");
}

static void access_say_error(struct bedrock_access *a, const struct bedrock_error *e)
{
    char line[140]; /* cut at a character */

    bdk_error_text(line, sizeof line, bdk_slice(e->message));
    snprintf(a->reason, sizeof a->reason, "%.40s%s%s", e->name, e->name[0] ? ": " : "", line);
}

/* Fill in everything about a model whose question is answered (a->availability) or failed. */
static int access_tell(struct bedrock_models *w, const struct bedrock_model *m,
                       const struct bedrock_error *error, struct bedrock_access *a)
{
    a->model = *m;
    a->error = error;
    a->accessible = -1;
    a->reason[0] = 0;
    a->call_as = bdk_slice("");
    if (!access_text(m->id, w->model_id)) {
        access_say(a, -1, "the service lists it without an id");
        return BEDROCK_EVENT;
    }
    if (a->availability.type != BEDROCK_JSON_NONE)
        access_judge_answer(a);
    else if (error->http_status == 403)
        access_say(a, -1, "the account may not ask (bedrock:GetFoundationModelAvailability)");
    else
        access_say_error(a, error);
    access_judge_lifecycle(w, a);
    access_find_id(w, a);
    return BEDROCK_EVENT;
}

/* ---- Asking ---- */

static int access_ask(struct bedrock_models *w, struct access_question *q)
{
    struct bedrock_request rq = {0};
    int rc;

    rq.max_connections = ACCESS_MAX_CONNECTIONS;
    if (q->topic == ACCESS_MODEL) {
        access_text(q->model.id, w->model_id);
        rq.operation = BEDROCK_GET_MODEL_AVAILABILITY;
        rq.model = w->model_id;
    } else {
        rq.operation = q->topic == ACCESS_MODELS ? BEDROCK_LIST_FOUNDATION_MODELS
                                                 : BEDROCK_LIST_INFERENCE_PROFILES;
        rq.query = q->query.len > 0 ? q->query.p : access_queries[q->topic];
    }
    q->attempts++;
    q->wake_ms = 0;
    rc = bedrock_start(w->b, &rq, &q->call);
    return rc < 0 ? access_fail(w, bedrock_error(w->b)) : 0;
}

static void access_release(struct access_question *q)
{
    bedrock_end(q->call);
    q->call = NULL;
    q->busy = q->told = q->attempts = 0;
    q->wake_ms = 0;
}

/* A list has come, or has not: with the last of them the asking about models begins. */
static int access_list_done(struct bedrock_models *w, struct access_question *q)
{
    access_release(q);
    if (--w->lists_left > 0)
        return 0;
    if (access_index_profiles(w) != 0)
        return w->err.code;
    if (bedrock_json_parse(w->list.p, w->list.len, &w->response, NULL) == 0)
        w->models = bedrock_model_list(w->response);
    return 0;
}

static int access_take_page(struct bedrock_models *w, struct access_question *q, struct bedrock_json page)
{
    struct bedrock_json_iter it = bedrock_profile_list(page);
    struct bedrock_profile p;
    struct bedrock_buffer next = {0};
    int rc;

    while (bedrock_profile_next(&it, &p))
        bedrock_write_raw(&w->profiles, p.json.p, p.json.len);
    if (w->profiles.out.error)
        return access_no_memory(w, w->profiles.out.error);
    bdk_client_buffer(w->b, &next);
    rc = bedrock_next_page(page, q->query.len > 0 ? q->query.p : access_queries[q->topic], ++q->n_pages,
                           &next);
    bedrock_buffer_free(&q->query);
    if (rc == 1)
        q->query = next;
    else
        bedrock_buffer_free(&next);
    if (rc == BEDROCK_ERR_PROTOCOL && w->warning.code == 0)
        bdk_error_set(&w->warning, rc, "ListInferenceProfiles: the pages do not end");
    w->no_profiles |= rc == BEDROCK_ERR_PROTOCOL;
    return rc == BEDROCK_ERR_NOMEM ? access_no_memory(w, rc) : 0;
}

/* An answer has come: BEDROCK_EVENT when it is one about a model. */
static int access_answered(struct bedrock_models *w, struct access_question *q,
                           const struct bedrock_event *ev, struct bedrock_access *a)
{
    q->told = 1;
    if (q->topic == ACCESS_MODEL) {
        a->availability = ev->json;
        return access_tell(w, &q->model, NULL, a);
    }
    if (q->topic != ACCESS_MODELS)
        return access_take_page(w, q, ev->json);
    if (bedrock_json_get(ev->json, "modelSummaries").type != BEDROCK_JSON_ARRAY)
        return bdk_error_set(&w->err, BEDROCK_ERR_PROTOCOL, "ListFoundationModels: no list of models came");
    if (bedrock_buffer_append(&w->list, ev->json.p, ev->json.len) != 0)
        return access_no_memory(w, w->list.error);
    return 0;
}

/* A question failed for good: what that means depends on what it was about. */
static int access_gave_up(struct bedrock_models *w, struct access_question *q, struct bedrock_access *a)
{
    const struct bedrock_error *e = bedrock_call_error(q->call);

    if (q->topic == ACCESS_MODELS || e->code == BEDROCK_ERR_NOMEM)
        return access_fail(w, e);
    if (q->topic == ACCESS_MODEL) {
        if (e->http_status == 403 && w->warning.code == 0)
            w->warning = *e;
        q->told = 1;
        a->availability.type = BEDROCK_JSON_NONE;
        return access_tell(w, &q->model, e, a);
    }
    if (w->warning.code == 0)
        w->warning = *e;
    w->no_profiles = 1;
    return access_list_done(w, q);
}

static int access_failed(struct bedrock_models *w, struct access_question *q, struct bedrock_access *a)
{
    const struct bedrock_error *e = bedrock_call_error(q->call);

    if (!e->retryable || q->attempts >= ACCESS_ATTEMPTS)
        return access_gave_up(w, q, a);
    q->wake_ms = access_now(w) + bdk_retry_delay_ms(e, q->attempts, access_random(w));
    bedrock_end(q->call);
    q->call = NULL;
    return 0;
}

/* The call is over; of a list there may be another page. */
static int access_over(struct bedrock_models *w, struct access_question *q)
{
    if (q->topic == ACCESS_MODEL) {
        access_release(q);
        return 0;
    }
    if (q->topic == ACCESS_MODELS || q->query.len == 0)
        return access_list_done(w, q);
    bedrock_end(q->call);
    q->call = NULL;
    q->told = q->attempts = 0;
    return 0;
}

/* Move one question: BEDROCK_EVENT, 0: it moved, WANT_*: it has to wait, below zero: the walk failed. */
static int access_move(struct bedrock_models *w, struct access_question *q, struct bedrock_access *a)
{
    struct bedrock_event ev;
    int rc;

    if (!q->call)
        return q->wake_ms > access_now(w) ? BEDROCK_WANT_TIME : access_ask(w, q);
    rc = bedrock_step(q->call, &ev);
    if (rc == BEDROCK_EVENT && !q->told)
        return access_answered(w, q, &ev, a);
    if (rc == BEDROCK_DONE || (rc < 0 && q->told))
        return access_over(w, q);
    if (rc < 0)
        return access_failed(w, q, a);
    return rc;
}

/* The next model that is wanted: 1, or 0 when there are no more. */
static int access_next_model(struct bedrock_models *w, struct access_question *q)
{
    const struct bedrock_models_options *o = &w->opt;

    while (bedrock_model_next(&w->models, &q->model)) {
        if (o->model && !bedrock_json_equals(q->model.id, o->model))
            continue;
        if (!o->want || o->want(o->want_ctx, &q->model))
            return 1;
    }
    return 0;
}

/* Fill a free place: BEDROCK_EVENT when the next model needs no question, 0 else. */
static int access_begin(struct bedrock_models *w, struct access_question *q, struct bedrock_access *a)
{
    if (w->lists_left > 0 || !access_next_model(w, q))
        return 0;
    if (!access_text(q->model.id, w->model_id)) {
        a->availability.type = BEDROCK_JSON_NONE;
        return access_tell(w, &q->model, NULL, a);
    }
    q->busy = 1;
    q->topic = ACCESS_MODEL;
    return 0;
}

static void access_note_time(struct bedrock_models *w, const struct access_question *q)
{
    int64_t left = q->wake_ms - access_now(w);
    int ms = left > 0 ? (int)left : 0;

    if (!q->call && (w->timeout_ms < 0 || ms < w->timeout_ms))
        w->timeout_ms = ms;
}

/* ---- The walk ---- */

int bedrock_models_start(struct bedrock *b, const struct bedrock_models_options *o,
                         struct bedrock_models **out)
{
    struct bedrock_models *w = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, sizeof *w);

    *out = NULL;
    if (!w)
        return bdk_client_fail(b, BEDROCK_ERR_NOMEM, "out of memory");
    memset(w, 0, sizeof *w);
    w->b = b;
    if (o)
        w->opt = *o;
    w->n_questions = ACCESS_DEFAULT_CALLS;
    if (w->opt.max_calls > 0)
        w->n_questions = w->opt.max_calls < ACCESS_MAX_CALLS ? (size_t)w->opt.max_calls : ACCESS_MAX_CALLS;
    if (w->n_questions < ACCESS_LISTS)
        w->n_questions = ACCESS_LISTS;
    w->random = (uint64_t)b->opt.clock(b->opt.clock_ctx, 1) ^ (uint64_t)(uintptr_t)w << 16;
    bdk_client_buffer(b, &w->list);
    bdk_client_buffer(b, &w->profiles.out);
    bedrock_write_array(&w->profiles);
    w->questions = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0,
                              w->n_questions * sizeof *w->questions);
    if (w->questions)
        memset(w->questions, 0, w->n_questions * sizeof *w->questions);
    if (!w->questions || w->profiles.out.error) {
        bedrock_models_end(w);
        return bdk_client_fail(b, BEDROCK_ERR_NOMEM, "out of memory");
    }
    for (w->lists_left = 0; w->lists_left < ACCESS_LISTS; w->lists_left++) {
        w->questions[w->lists_left].busy = 1;
        w->questions[w->lists_left].topic = (enum access_topic)w->lists_left;
    }
    *out = w;
    return 0;
}

/* Move every question once: BEDROCK_EVENT, below zero, or 0 with *moved and *busy counted. */
static int access_round(struct bedrock_models *w, struct bedrock_access *a, int *moved, int *busy)
{
    *moved = *busy = 0;
    w->timeout_ms = -1;
    for (size_t i = 0; i < w->n_questions; i++) {
        struct access_question *q = &w->questions[i];
        int was_busy = q->busy, rc = was_busy ? access_move(w, q, a) : access_begin(w, q, a);

        if (rc == BEDROCK_EVENT || rc < 0)
            return rc;
        *moved += rc == 0 && (was_busy || q->busy);
        *busy += q->busy;
        if (q->busy)
            access_note_time(w, q);
    }
    return 0;
}

int bedrock_models_step(struct bedrock_models *w, struct bedrock_access *a)
{
    int rc = w->err.code, moved = 1, busy = 1;

    while (rc == 0 && moved)
        rc = access_round(w, a, &moved, &busy);
    if (rc != 0)
        return rc;
    return busy ? BEDROCK_WANT_READ : BEDROCK_DONE;
}

int bedrock_models_next(struct bedrock_models *w, struct bedrock_access *a)
{
    struct bedrock_call *calls[ACCESS_MAX_CALLS];
    int rc;

    while ((rc = bedrock_models_step(w, a)) > BEDROCK_EVENT) {
        size_t n = bedrock_models_calls(w, calls, ACCESS_MAX_CALLS);
        int ms = bedrock_models_timeout_ms(w);

        if (n > 0 ? bedrock_wait(calls, n, NULL, ms) < 0 : bdk_poll(NULL, 0, ms) < 0)
            return bdk_error_set(&w->err, BEDROCK_ERR_IO, "poll failed");
    }
    return rc;
}

size_t bedrock_models_calls(const struct bedrock_models *w, struct bedrock_call *calls[], size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_questions && n < cap; i++)
        if (w->questions[i].busy && w->questions[i].call)
            calls[n++] = w->questions[i].call;
    return n;
}

int bedrock_models_timeout_ms(const struct bedrock_models *w)
{
    return w->timeout_ms;
}

const struct bedrock_error *bedrock_models_error(const struct bedrock_models *w)
{
    return &w->err;
}

const struct bedrock_error *bedrock_models_warning(const struct bedrock_models *w)
{
    return &w->warning;
}

struct bedrock_json bedrock_models_response(const struct bedrock_models *w)
{
    return w->response;
}

void bedrock_models_end(struct bedrock_models *w)
{
    struct bedrock *b;

    if (!w)
        return;
    b = w->b;
    for (size_t i = 0; w->questions && i < w->n_questions; i++) {
        bedrock_end(w->questions[i].call);
        bedrock_buffer_free(&w->questions[i].query);
    }
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, w->questions,
               w->questions ? w->n_questions * sizeof *w->questions : 0, 0);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, w->ways, w->cap_ways * sizeof *w->ways, 0);
    bedrock_buffer_free(&w->list);
    bedrock_write_free(&w->profiles);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, w, sizeof *w, 0);
}
