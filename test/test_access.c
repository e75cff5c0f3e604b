/* test_access.c - the walk that finds out which models can be called, against a service of the test's own.
 * Amazon Bedrock API reference, GetFoundationModelAvailability. Leaves out: sockets and TLS; what the
 * command makes of it (cli_access.sh). */
#include "bedrock_int.h"
#include "service.h"
#include <stdlib.h>
#include <string.h>

/* ---- What a walk came to ---- */

struct seen {
    int code, n;
    char lines[6000];   /* "id accessible call-as reason\n" for each, sorted */
    char warning[200];
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void see(struct seen *s, char rows[][400], const struct bedrock_access *a)
{
    char id[100] = "-", call_as[100] = "-";
    size_t n = bedrock_json_unescape(a->model.id, id, sizeof id - 1);

    if (a->model.id.type == BEDROCK_JSON_STRING)
        id[n < sizeof id ? n : 0] = 0;
    if (a->call_as.len > 0 && a->call_as.len < sizeof call_as) {
        memcpy(call_as, a->call_as.p, a->call_as.len);
        call_as[a->call_as.len] = 0;
    }
    snprintf(rows[s->n++], 400, "%.99s %d %.99s %.150s\n", id, a->accessible, call_as, a->reason);
}

static struct seen walk(struct bedrock *b, const struct bedrock_models_options *o)
{
    static char rows[64][400];
    struct bedrock_models *w;
    struct bedrock_access a;
    struct seen s;
    int patience = 100000;

    memset(&s, 0, sizeof s);
    s.code = bedrock_models_start(b, o, &w);
    if (s.code != 0)
        return s;
    while ((s.code = bedrock_models_step(w, &a)) > 0 && --patience > 0)
        if (s.code == BEDROCK_EVENT && s.n < 64)
            see(&s, rows, &a);
    CHECKF(patience > 0, "the walk does not end");
    CHECK(bedrock_models_step(w, &a) == s.code);
    CHECK(bedrock_models_error(w)->code == s.code);
    qsort(rows, (size_t)s.n, sizeof rows[0], by_text);
    for (int i = 0; i < s.n; i++)
        strncat(s.lines, rows[i], sizeof s.lines - strlen(s.lines) - 1);
    snprintf(s.warning, sizeof s.warning, "%.199s", bedrock_models_warning(w)->message);
    bedrock_models_end(w);
    return s;
}

#define MODEL(id, types) "{\"modelId\":\"" id "\",\"inferenceTypesSupported\":[" types "]}"
#define STATES(region, entitlement, agreement, authorization)                                      \
    "{\"regionAvailability\":\"" region "\",\"entitlementAvailability\":\"" entitlement            \
    "\",\"agreementAvailability\":{\"status\":\"" agreement "\"},\"authorizationStatus\":\""       \
    authorization "\"}"
#define GOOD STATES("AVAILABLE", "AVAILABLE", "AVAILABLE", "AUTHORIZED")
#define ARN(region, id) "{\"modelArn\":\"arn:aws:bedrock:" region "::foundation-model/" id "\"}"
#define OD "\"ON_DEMAND\""
#define IP "\"INFERENCE_PROFILE\""
#define LIST "GET /foundation-models"
#define PROFILES "GET /inference-profiles?type=SYSTEM"
#define OWN "GET /inference-profiles?type=APPLICATION"
#define ASK "GET /foundation-model-availability/"
#define NONE "{\"inferenceProfileSummaries\":[]}"

static const struct rule whole[] = {
    {LIST, "200 OK",
     "{\"modelSummaries\":[" MODEL("m.ok", OD) "," MODEL("m.profile", IP) "," MODEL("m.noprofile", IP) ","
     MODEL("m.provisioned", "\"PROVISIONED\"") "," MODEL("m.region", OD) "," MODEL("m.title", OD) ","
     MODEL("m.agree", OD) "," MODEL("m.pending", OD) "," MODEL("m.error", OD) "," MODEL("m.auth", OD) ","
     MODEL("m.new", OD) "," MODEL("m.silent", OD) ",{\"modelId\":\"m.untyped\"},{\"modelName\":\"x\"},"
     "{\"modelId\":\"m.over\",\"modelLifecycle\":{\"status\":\"LEGACY\",\"endOfLifeTime\":"
     "\"2025-12-31T00:00:00Z\"}},{\"modelId\":\"m.later\",\"modelLifecycle\":{\"endOfLifeTime\":"
     "\"2026-12-31T00:00:00Z\"}}]}", 0},
    {"nextToken=P2", "200 OK",
     "{\"inferenceProfileSummaries\":[{\"inferenceProfileId\":\"us.m.profile\",\"type\":\"SYSTEM_DEFINED\","
     "\"models\":[" ARN("us-east-1", "m.profile") "," ARN("us-west-2", "m.profile") "]}]}", 0},
    {PROFILES, "200 OK",
     "{\"nextToken\":\"P2\",\"inferenceProfileSummaries\":[{\"inferenceProfileId\":\"global.m.profile\","
     "\"type\":\"SYSTEM_DEFINED\",\"models\":[" ARN("", "m.profile") "]}]}", 0},
    {OWN, "200 OK",
     "{\"inferenceProfileSummaries\":[{\"inferenceProfileId\":\"own\",\"type\":\"APPLICATION\",\"models\":["
     ARN("us-east-1", "m.profile") "]}]}", 0},
    {ASK "m.region", "200 OK", STATES("NOT_AVAILABLE", "AVAILABLE", "AVAILABLE", "AUTHORIZED"), 0},
    {ASK "m.title", "200 OK", STATES("AVAILABLE", "NOT_AVAILABLE", "NOT_AVAILABLE", "AUTHORIZED"), 0},
    {ASK "m.agree", "200 OK", STATES("AVAILABLE", "AVAILABLE", "NOT_AVAILABLE", "NOT_AUTHORIZED"), 0},
    {ASK "m.pending", "200 OK", STATES("AVAILABLE", "AVAILABLE", "PENDING", "AUTHORIZED"), 0},
    {ASK "m.error", "200 OK",
     STATES("AVAILABLE", "AVAILABLE", "ERROR\",\"errorMessage\":\"no\\ncard", "AUTHORIZED"), 0},
    {ASK "m.auth", "200 OK", STATES("AVAILABLE", "AVAILABLE", "AVAILABLE", "NOT_AUTHORIZED"), 0},
    {ASK "m.new", "200 OK", STATES("AVAILABLE", "AVAILABLE", "SOON", "AUTHORIZED"), 0},
    {ASK "m.silent", "200 OK", "{\"regionAvailability\":\"AVAILABLE\"}", 0},
    {ASK, "200 OK", GOOD, 0},
    {NULL, NULL, NULL, 0},
};

static void test_whole(void)
{
    for (int slow = 0; slow < 9; slow++) {
        struct bedrock_models_options o = {0};
        struct service s;
        struct bedrock *b;
        struct seen seen;
        int64_t ms = 0;

        t_case("every state, answers at every read number %d", slow);
        service_init(&s, whole);
        s.slow = slow;
        CHECK(service_client(&b, &s, NULL, &ms) == 0);
        o.max_calls = slow * 3;
        seen = walk(b, &o);
        CHECKF(seen.code == 0, "code %d", seen.code);
        CHECK_TEXT(seen.lines, strlen(seen.lines),
                   "- -1 - the service lists it without an id\n"
                   "m.agree 0 m.agree agreement not accepted\n"
                   "m.auth 0 m.auth not authorised in this Region\n"
                   "m.error 0 m.error agreement failed: no card\n"
                   "m.later 1 m.later \n"
                   "m.new 0 m.new agreementAvailability.status is SOON\n"
                   "m.noprofile 0 - no inference profile for it in this Region\n"
                   "m.ok 1 m.ok \n"
                   "m.over 0 m.over end of life since 2025-12-31\n"
                   "m.pending 0 m.pending agreement is being processed\n"
                   "m.profile 1 us.m.profile \n"
                   "m.provisioned 0 - takes no on-demand calls (provisioned throughput only)\n"
                   "m.region 0 m.region not available in this Region\n"
                   "m.silent -1 m.silent entitlementAvailability is not told\n"
                   "m.title 0 m.title no entitlement\n"
                   "m.untyped 1 m.untyped \n");
        CHECK_TEXT(seen.warning, strlen(seen.warning), "");
        CHECKF(s.most_open <= 4 && s.opens <= 4, "%d connections, %d at once", s.opens, s.most_open);
        CHECKF(s.requests == 4 + 15, "%d requests", s.requests);
        bedrock_close(b);
        CHECK(s.open == 0);
    }
}

#define TWO "{\"modelSummaries\":[" MODEL("m.a", OD) "," MODEL("m.b", IP) "]}"
#define ONE_PROFILE                                                                                \
    "{\"inferenceProfileSummaries\":[{\"inferenceProfileId\":\"us.m.b\",\"models\":["              \
    ARN("us-east-1", "m.b") "]}]}"
#define DENIED "403 Forbidden", "{\"__type\":\"AccessDeniedException\",\"message\":\"no right\"}"
#define THROTTLED "429 Slow", "{\"__type\":\"ThrottlingException\",\"message\":\"slow down\"}"

static void test_refusals(void)
{
    static const struct {
        const char *name;
        struct rule rules[8];
        int code;
        const char *lines, *warning;
        int requests;
    } cases[] = {
        {"availability is refused",
         {{LIST, "200 OK", TWO, 0}, {PROFILES, "200 OK", ONE_PROFILE, 0}, {OWN, "200 OK", NONE, 0},
          {ASK, DENIED, 0}}, 0,
         "m.a -1 m.a the account may not ask (bedrock:GetFoundationModelAvailability)\n"
         "m.b -1 us.m.b the account may not ask (bedrock:GetFoundationModelAvailability)\n", "no right", 5},
        {"profiles are refused",
         {{LIST, "200 OK", TWO, 0}, {PROFILES, DENIED, 0}, {OWN, DENIED, 0}, {ASK, "200 OK", GOOD, 0}}, 0,
         "m.a 1 m.a \n"
         "m.b -1 - takes no on-demand calls, and the inference profiles are not known\n", "no right", 5},
        {"the list is refused", {{LIST, DENIED, 0}, {PROFILES, "200 OK", NONE, 0}, {OWN, "200 OK", NONE, 0}},
         BEDROCK_ERR_SERVICE, "", "", -1},
        {"throttled twice, then answered",
         {{LIST, THROTTLED, 2}, {LIST, "200 OK", TWO, 0}, {PROFILES, THROTTLED, 2},
          {PROFILES, "200 OK", ONE_PROFILE, 0}, {OWN, "200 OK", NONE, 0}, {ASK "m.a", THROTTLED, 2},
          {ASK, "200 OK", GOOD, 0}}, 0, "m.a 1 m.a \nm.b 1 us.m.b \n", "", 11},
        {"one is throttled for ever",
         {{LIST, "200 OK", TWO, 0}, {PROFILES, "200 OK", ONE_PROFILE, 0}, {OWN, "200 OK", NONE, 0},
          {ASK "m.a", THROTTLED, 0}, {ASK, "200 OK", GOOD, 0}}, 0,
         "m.a -1 m.a ThrottlingException: slow down\nm.b 1 us.m.b \n", "", 7},
        {"the service does not know one",
         {{LIST, "200 OK", TWO, 0}, {PROFILES, "200 OK", ONE_PROFILE, 0}, {OWN, "200 OK", NONE, 0},
          {ASK "m.b", "404 Not Found", "{\"__type\":\"ResourceNotFoundException\",\"message\":\"who?\"}", 0},
          {ASK, "200 OK", GOOD, 0}}, 0,
         "m.a 1 m.a \nm.b -1 us.m.b ResourceNotFoundException: who?\n", "", 5},
        {"pages repeat a token",
         {{LIST, "200 OK", TWO, 0}, {PROFILES, "200 OK", "{\"nextToken\":\"T\"}", 0},
          {OWN, "200 OK", NONE, 0}, {ASK, "200 OK", GOOD, 0}}, 0,
         "m.a 1 m.a \nm.b -1 - takes no on-demand calls, and the inference profiles are not known\n",
         "ListInferenceProfiles: the pages do not end", 6},
        {"no list in the answer", {{LIST, "200 OK", "{}", 0}, {PROFILES, "200 OK", NONE, 0},
                                   {OWN, "200 OK", NONE, 0}}, BEDROCK_ERR_PROTOCOL, "", "", -1},
        {"an empty list", {{LIST, "200 OK", "{\"modelSummaries\":[]}", 0}, {PROFILES, "200 OK", NONE, 0},
                           {OWN, "200 OK", NONE, 0}}, 0, "", "", 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct service s;
        struct bedrock *b;
        struct seen seen;
        int64_t ms = 0;

        t_case("walk: %s", cases[i].name);
        service_init(&s, cases[i].rules);
        CHECK(service_client(&b, &s, NULL, &ms) == 0);
        seen = walk(b, NULL);
        CHECKF(seen.code == cases[i].code, "code %d", seen.code);
        CHECK_TEXT(seen.lines, strlen(seen.lines), cases[i].lines);
        CHECK_TEXT(seen.warning, strlen(seen.warning), cases[i].warning);
        CHECKF(cases[i].requests < 0 || s.requests == cases[i].requests, "%d requests", s.requests);
        bedrock_close(b);
        CHECK(s.open == 0);
    }
}

static int only_profiles(void *ctx, const struct bedrock_model *m)
{
    ++*(int *)ctx;
    return bedrock_json_contains(m->inference, "INFERENCE_PROFILE");
}

static void test_choices(void)
{
    struct bedrock_models_options o = {0};
    struct service s;
    struct bedrock *b;
    struct seen seen;
    int64_t ms = 0;
    int asked = 0;

    t_case("only one model");
    service_init(&s, whole);
    CHECK(service_client(&b, &s, NULL, &ms) == 0);
    o.model = "m.profile";
    seen = walk(b, &o);
    CHECK_TEXT(seen.lines, strlen(seen.lines), "m.profile 1 us.m.profile \n");
    CHECKF(s.requests == 5, "%d requests", s.requests);
    t_case("a model that is not listed");
    o.model = "m.nobody";
    seen = walk(b, &o);
    CHECK(seen.code == 0 && seen.n == 0);
    t_case("only those that the program wants");
    memset(&o, 0, sizeof o);
    o.want = only_profiles;
    o.want_ctx = &asked;
    seen = walk(b, &o);
    CHECK_TEXT(seen.lines, strlen(seen.lines), "m.noprofile 0 - no inference profile for it in this Region\n"
                                               "m.profile 1 us.m.profile \n");
    CHECK(asked == 16);
    bedrock_close(b);
}

static void test_no_memory(void)
{
    for (int onward = 0; onward < 2; onward++) {
        int done = 0;

        for (size_t n = 1; !done && n < 5000; n++) {
            struct t_heap heap = {0};
            struct service s;
            struct bedrock *b;
            struct seen seen = {0};
            int64_t ms = 0;

            t_case("walk, allocation %zu fails%s", n, onward ? " and all behind it" : "");
            service_init(&s, whole);
            s.slow = 2;
            heap.fail_at = n;
            heap.onward = onward;
            seen.code = service_client(&b, &s, &heap, &ms);
            if (seen.code == 0)
                seen = walk(b, NULL);
            bedrock_close(b);
            done = heap.calls < n;
            CHECKF(seen.code == (done ? 0 : BEDROCK_ERR_NOMEM), "code %d", seen.code);
            CHECKF(heap.live == 0 && s.open == 0, "%zu blocks, %d connections", heap.live, s.open);
        }
        CHECK(done);
    }
}

static void test_stopped(void)
{
    for (int steps = 0; steps < 60; steps++) {
        struct t_heap heap = {0};
        struct bedrock_models *w;
        struct bedrock_access a;
        struct service s;
        struct bedrock *b;
        int64_t ms = 0;

        t_case("walk stopped after %d steps", steps);
        service_init(&s, whole);
        s.slow = 3;
        CHECK(service_client(&b, &s, &heap, &ms) == 0);
        CHECK(bedrock_models_start(b, NULL, &w) == 0);
        for (int i = 0; i < steps; i++)
            bedrock_models_step(w, &a);
        bedrock_models_end(w);
        bedrock_close(b);
        CHECKF(heap.live == 0 && s.open == 0, "%zu blocks, %d connections", heap.live, s.open);
    }
    bedrock_models_end(NULL);
}

int main(void)
{
    test_whole();
    test_refusals();
    test_choices();
    test_no_memory();
    test_stopped();
    return t_end("test_access");
}
