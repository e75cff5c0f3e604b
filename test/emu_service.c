/* emu_service.c - the operations of the service by method and path, who may ask for them, and its errors.
 * Amazon Bedrock API reference. Leaves out: every operation that is not in the table of routes. */
#include "emu.h"
#include <string.h>

/* ---- Answers ---- */

void emu_service_error(struct emu_answer *a, int status, const char *name, const char *message)
{
    struct bedrock_writer w = {0};
    char type[160];

    snprintf(type, sizeof type,
             "x-amzn-ErrorType: %s:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n", name);
    snprintf(a->why, sizeof a->why, "%s: %s", name, message);
    bedrock_write_object(&w);
    emu_put_text(&w, "message", message);
    bedrock_write_object_end(&w);
    emu_http_head(a, status, "application/json", (int64_t)w.out.len, type);
    bedrock_buffer_append(&a->out, w.out.p, w.out.len);
    bedrock_write_free(&w);
}

void emu_invalid(struct emu_answer *a, const char *message)
{
    emu_service_error(a, 400, "ValidationException", message);
}

void emu_service_answer(struct emu_answer *a)
{
    emu_http_answer(a, 200, "application/json", a->w.out.p, a->w.out.len);
}

/* ---- Operations ---- */

/* The path is before, a label without '/', and after; no label when after is NULL. A label with two
 * variable parts has between between them. */
static const struct emu_route {
    const char *operation, *action;     /* what IAM calls it */
    const char *method, *before, *after;
    emu_operation *serve;
    const char *between;                /* NULL: one part */
} emu_routes[] = {
    {"ListFoundationModels", "ListFoundationModels", "GET", "/foundation-models", NULL, emu_list_models,
     NULL},
    {"ListInferenceProfiles", "ListInferenceProfiles", "GET", "/inference-profiles", NULL,
     emu_list_profiles, NULL},
    {"GetFoundationModelAvailability", "GetFoundationModelAvailability", "GET",
     "/foundation-model-availability/", "", emu_get_availability, NULL},
    {"ListFoundationModelAgreementOffers", "ListFoundationModelAgreementOffers", "GET",
     "/list-foundation-model-agreement-offers/", "", emu_list_offers, NULL},
    {"CreateFoundationModelAgreement", "CreateFoundationModelAgreement", "POST",
     "/create-foundation-model-agreement", NULL, emu_create_agreement, NULL},
    {"GetUseCaseForModelAccess", "GetUseCaseForModelAccess", "GET", "/use-case-for-model-access", NULL,
     emu_get_use_case, NULL},
    {"Converse", "InvokeModel", "POST", "/model/", "/converse", emu_converse, NULL},
    {"ConverseStream", "InvokeModelWithResponseStream", "POST", "/model/", "/converse-stream",
     emu_converse_stream, NULL},
    {"InvokeModel", "InvokeModel", "POST", "/model/", "/invoke", emu_invoke, NULL},
    {"InvokeModelWithResponseStream", "InvokeModelWithResponseStream", "POST", "/model/",
     "/invoke-with-response-stream", emu_invoke_stream, NULL},
    {"CountTokens", "CountTokens", "POST", "/model/", "/count-tokens", emu_count_tokens, NULL},
    {"ApplyGuardrail", "ApplyGuardrail", "POST", "/guardrail/", "/apply", emu_apply_guardrail, "/version/"},
    {"InvokeGuardrailChecks", "InvokeGuardrailChecks", "POST", "/guardrail-checks/invoke", NULL,
     emu_invoke_checks, NULL},
    {"GetFoundationModel", "GetFoundationModel", "GET", "/foundation-models/", "", emu_get_model, NULL},
    {"GetInferenceProfile", "GetInferenceProfile", "GET", "/inference-profiles/", "", emu_get_profile, NULL},
    {"ListGuardrails", "ListGuardrails", "GET", "/guardrails", NULL, emu_list_guardrails, NULL},
    {"ListCustomModels", "ListCustomModels", "GET", "/custom-models", NULL, emu_list_custom, NULL},
};

#define EMU_N_ROUTES (sizeof emu_routes / sizeof emu_routes[0])

int emu_service_knows(struct bedrock_slice operation)
{
    for (size_t i = 0; i < EMU_N_ROUTES; i++)
        if (emu_slice_is(operation, emu_routes[i].operation))
            return 1;
    return 0;
}

/* A part without '/', between, and another one, neither of them empty. */
static int emu_label_has(struct bedrock_slice label, const char *between)
{
    const char *at = memchr(label.p, '/', label.len);
    size_t n = strlen(between), left = at ? label.len - (size_t)(at - label.p) : 0;

    return left > n && at > label.p && memcmp(at, between, n) == 0 && !memchr(at + n, '/', left - n);
}

static int emu_route_fits(const struct emu_route *r, const struct emu_request *rq,
                          struct bedrock_slice *label)
{
    size_t before = strlen(r->before), after = r->after ? strlen(r->after) : 0;

    *label = rq->path;
    if (!emu_slice_is(rq->method, r->method) || !emu_slice_begins(*label, r->before))
        return 0;
    label->p += before;
    label->len -= before;
    if (!r->after)
        return label->len == 0;
    if (label->len <= after || memcmp(label->p + label->len - after, r->after, after) != 0)
        return 0;
    label->len -= after;
    return r->between ? emu_label_has(*label, r->between) : !memchr(label->p, '/', label->len);
}

/* ---- What the account may not do ---- */

static void emu_deny(struct emu_answer *a, const struct emu_route *r, struct bedrock_slice model)
{
    char message[800], resource[300] = "*";

    if (model.len > 0)
        snprintf(resource, sizeof resource, "arn:aws:bedrock:%s::foundation-model/%.*s", a->e->region,
                 (int)(model.len < 200 ? model.len : 200), model.p);
    snprintf(message, sizeof message,
             "User: arn:aws:iam::" EMU_ACCOUNT ":user/emulator is not authorized to perform: bedrock:%s on "
             "resource: %s because no identity-based policy allows the bedrock:%s action", r->action,
             resource, r->action);
    emu_service_error(a, 403, "AccessDeniedException", message);
}

/* The first rule that has something against this request answers it. */
static void emu_apply_rules(struct emu_answer *a, const struct emu_route *route, struct bedrock_slice label)
{
    struct bedrock_buffer plain = {0};
    struct bedrock_slice model;

    emu_percent_decode(&plain, label);
    model.p = plain.p;
    model.len = plain.len;
    for (size_t i = 0; i < a->e->n_rules && !a->status; i++) {
        struct emu_rule *r = &a->e->rules[i];

        if (!emu_slice_is(r->operation, route->operation) ||
            (r->model.len > 0 && (r->model.len != model.len || memcmp(r->model.p, model.p, model.len) != 0)))
            continue;
        if (r->denies) {
            emu_deny(a, route, model);
        } else if (r->left != 0) {
            r->left -= r->left > 0;
            emu_service_error(a, 429, "ThrottlingException", "Rate exceeded");
        }
    }
    bedrock_buffer_free(&plain);
}

/* ---- Serving ---- */

/* Not of the control plane. */
static int emu_is_runtime(const struct emu_route *route)
{
    return strcmp(route->before, "/model/") == 0 || strcmp(route->before, "/guardrail/") == 0 ||
           strcmp(route->before, "/guardrail-checks/invoke") == 0;
}

void emu_service(const struct emu_request *rq, struct emu_answer *a)
{
    const struct emu_route *route = NULL;
    struct bedrock_slice label = {NULL, 0};
    struct emu_verdict v;

    /* nobody here answers HEAD, so its answer may as well have a body, if nothing follows */
    if (!rq->keep_alive || emu_slice_is(rq->method, "HEAD"))
        a->closes = 1;
    if (emu_give(rq, a))
        return;
    for (size_t i = 0; !route && i < EMU_N_ROUTES; i++)
        if (emu_route_fits(&emu_routes[i], rq, &label))
            route = &emu_routes[i];
    if (!route) {
        emu_service_error(a, 404, "UnknownOperationException",
                          "The requested operation is not recognized by the service.");
        return;
    }
    if (a->e->slow_control_ms && !emu_is_runtime(route))
        a->hold_ms = a->began_ms + a->e->slow_control_ms;
    emu_authenticate(a->e, "bedrock", rq, &v);
    if (v.error)
        emu_service_error(a, 403, v.error, v.message);
    else
        emu_apply_rules(a, route, label);
    if (!a->status)
        route->serve(rq, a, label);
}
