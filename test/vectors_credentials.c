/* vectors_credentials.c - credential-chain-tests.json of the folder argv[1]: whole ways from environment,
 * files and answers of services to keys. Leaves out: the texts of other SDKs' errors; tokens as bearers for
 * services other than Bedrock, skipped by name. */
#include "bedrock_int.h"
#include "exchange.h"
#include "files.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define MAX_PAIRS 32
#define NOW_MS 1234000000000 /* February 2009: before the first expiry in the suite */

/* ---- Texts ------------------------------------------------------------------------------------------- */

/* Texts live until the case is over. */
struct texts {
    char *at[256];
    size_t n;
};

/* A string, zero-terminated, with room for more. The suite has http:// endpoints on other machines, which are
 * refused here: as https:// they serve as well. */
static const char *text_of(struct texts *t, struct bedrock_json v)
{
    char *text = calloc(1, v.len * 2 + 2), *p = text;

    if (!text || t->n == sizeof t->at / sizeof t->at[0])
        abort();
    bedrock_json_unescape(v, text, v.len);
    while ((p = strstr(p, "http://aws.")) != NULL) {
        memmove(p + 5, p + 4, strlen(p + 4) + 1);
        p[4] = 's';
    }
    return t->at[t->n++] = text;
}

static void texts_free(struct texts *t)
{
    while (t->n > 0)
        free(t->at[--t->n]);
}

/* ---- A case ---- */

struct chain {
    struct texts texts;
    const char *env[MAX_PAIRS * 2 + 1];
    struct files_file file[MAX_PAIRS + 1];
    struct exchange list[MAX_PAIRS + 1];
    struct files files;
    struct exchanges x;
};

static int64_t chain_clock(void *ctx, int wall)
{
    int64_t *ms = ctx;

    *ms += 5;
    return wall ? NOW_MS + *ms : *ms;
}

/* One group is about profiles alone: no instance shall be asked when they have nothing. */
static void chain_env(struct chain *c, const char *group, struct bedrock_json env)
{
    struct bedrock_json_iter it = bedrock_json_iterate(env);
    struct bedrock_json name, value;
    size_t n = 0;

    if (strcmp(group, "profile-provider") == 0) {
        c->env[n++] = "AWS_EC2_METADATA_DISABLED";
        c->env[n++] = "true";
    }
    while (n < MAX_PAIRS * 2 && bedrock_json_next(&it, &name, &value)) {
        c->env[n++] = text_of(&c->texts, name);
        c->env[n++] = text_of(&c->texts, value);
    }
}

/* "fs/home/.aws/config" is /home/.aws/config. */
static void chain_files(struct chain *c, struct bedrock_json files)
{
    struct bedrock_json_iter it = bedrock_json_iterate(files);
    struct bedrock_json name, value;

    for (size_t n = 0; n < MAX_PAIRS && bedrock_json_next(&it, &name, &value); n++) {
        c->file[n].path = text_of(&c->texts, name) + 2;
        c->file[n].text = text_of(&c->texts, value);
    }
}

/* What the requests of the suite begin with; what follows holds session names with the time in them. */
static const char *chain_body(struct chain *c, struct bedrock_json body)
{
    char *text = (char *)(uintptr_t)text_of(&c->texts, body), *end = strstr(text, "&Version");

    if (end)
        *end = 0;
    return text;
}

static void chain_exchanges(struct chain *c, struct bedrock_json exchanges)
{
    struct bedrock_json_iter it = bedrock_json_iterate(exchanges);
    struct bedrock_json one;

    for (size_t n = 0; n < MAX_PAIRS && bedrock_json_next(&it, NULL, &one); n++) {
        int64_t status = 0;

        bedrock_json_int(bedrock_json_get(one, "response.status"), &status);
        c->list[n].method = text_of(&c->texts, bedrock_json_get(one, "method"));
        c->list[n].url = text_of(&c->texts, bedrock_json_get(one, "uri"));
        c->list[n].body = chain_body(c, bedrock_json_get(one, "body"));
        c->list[n].status = (int)status;
        c->list[n].headers = strstr(c->list[n].url, "/api/token")
                                 ? "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n" : NULL;
        c->list[n].reply = text_of(&c->texts, bedrock_json_get(one, "response.body"));
    }
    exchanges_init(&c->x, c->list);
}

/* One call, which needs keys. */
static int chain_ask(struct bedrock *b)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc;

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rc = bedrock_start(b, &rq, &call);
    while (rc == 0 && (rc = bedrock_next(call, &ev)) == BEDROCK_EVENT)
        rc = 0;
    if (call && rc < 0)
        bdk_client_take_error(b, call);
    bedrock_end(call);
    return rc;
}

static void check_member(struct chain *c, struct bedrock_json want, const char *name, const char *got)
{
    struct bedrock_json v = bedrock_json_get(want, name);

    if (v.type == BEDROCK_JSON_STRING)
        CHECKF(got && strcmp(got, text_of(&c->texts, v)) == 0, "%s is %s", name, got ? got : "not there");
}

static void check_ok(struct chain *c, struct bedrock *b, struct bedrock_json want)
{
    const struct bdk_keys *keys = &b->creds.keys;
    int64_t expiry;

    check_member(c, want, "access_key_id", keys->access_key_id);
    check_member(c, want, "secret_access_key", keys->secret_access_key);
    check_member(c, want, "session_token", keys->session_token);
    check_member(c, want, "account_id", keys->account_id);
    if (bedrock_json_int(bedrock_json_get(want, "expiry"), &expiry) == 0)
        CHECKF(keys->expires_s == expiry, "expires %lld", (long long)keys->expires_s);
    CHECKF(!c->list[c->x.at].method, "only %zu requests were made", c->x.at);
}

/* In every place where a Region may stand; where the suite has none, its clients are given one in code. */
static int chain_has_region(const struct chain *c)
{
    for (size_t i = 0; c->env[i]; i += 2)
        if (strcmp(c->env[i], "AWS_REGION") == 0)
            return 1;
    return 0;
}

static void run(const char *group, struct bedrock_json test, struct chain *c)
{
    struct bedrock_json want = bedrock_json_get(test, "result");
    struct bedrock_json secret = bedrock_json_get(want, "Ok.secret_access_key");
    struct bedrock_options o = {0};
    struct t_heap heap = {0};
    struct bdk_env env;
    struct bedrock *b;
    int64_t ms = 0;
    int rc;

    c->files.env = c->env;
    c->files.file = c->file;
    env = files_env(&c->files);
    o.region = chain_has_region(c) ? NULL : "us-east-1";
    /* and a profile that is named goes before keys in the environment */
    o.profile = strcmp(group, "profile-provider") == 0 ? "default" : NULL;
    o.getenv = env.fn;
    o.getenv_ctx = env.ctx;
    o.read_file = env.read_file;
    o.read_file_ctx = env.read_file_ctx;
    if (secret.type == BEDROCK_JSON_STRING)
        heap.never = text_of(&c->texts, secret);
    o.alloc = t_heap_alloc;
    o.alloc_ctx = &heap;
    o.io = &c->x.io;
    o.clock = chain_clock;
    o.clock_ctx = &ms;
    rc = bedrock_open(&b, &o);
    if (rc == 0)
        rc = chain_ask(b);
    CHECKF(!c->x.wrong[0], "asked %s", c->x.wrong);
    if (bedrock_json_get(want, "Ok").type == BEDROCK_JSON_OBJECT) {
        CHECKF(rc == 0, "%d: %s", rc, bedrock_error(b)->message);
        check_ok(c, b, bedrock_json_get(want, "Ok"));
    } else {
        CHECKF(rc == BEDROCK_ERR_CONFIG && bedrock_error(b)->message[0], "%d: %s", rc,
               bedrock_error(b)->message);
    }
    bedrock_close(b);
    CHECKF(c->x.open == 0, "%d connections left", c->x.open);
    CHECKF(heap.live == 0, "%zu blocks leak", heap.live);
}

/* Our order is another one than that of the SDK which the suite comes from, or it is about something else. */
static const char *reason_to_skip(const char *group, const char *name)
{
    static const struct {
        const char *name, *why;
    } others[] = {
        {"profile_overrides_web_identity",
         "web identity from the environment goes before the profile here, as in botocore"},
    };

    if (strcmp(group, "default-token-provider-chain") == 0)
        return "an SSO token as a bearer token is of no use for Bedrock";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i].name) == 0)
            return others[i].why;
    return NULL;
}

static void run_case(const char *group, struct bedrock_json name, struct bedrock_json v)
{
    struct chain *c = calloc(1, sizeof *c);
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json member, value, test = {BEDROCK_JSON_NONE, NULL, 0}, env = test;
    const char *title, *why;

    if (!c)
        abort();
    title = text_of(&c->texts, name);
    while (bedrock_json_next(&it, &member, &value)) {
        if (bedrock_json_equals(member, "test-case.json"))
            test = value;
        if (bedrock_json_equals(member, "env.json"))
            env = value;
    }
    t_case("%s: %s", group, title);
    why = reason_to_skip(group, title);
    if (why) {
        t_skip("%s", why);
    } else {
        chain_env(c, group, env);
        chain_files(c, bedrock_json_get(v, "files"));
        chain_exchanges(c, bedrock_json_get(v, "http_exchanges"));
        run(group, test, c);
        exchanges_free(&c->x);
    }
    texts_free(&c->texts);
    free(c);
}

static void run_all(const char *folder)
{
    struct bedrock_json all, cases, name, one;
    char group[64], *text = vectors_load(folder, "credential-chain-tests.json", &all);
    struct bedrock_json_iter groups, it;

    if (!text)
        return;
    groups = bedrock_json_iterate(all);
    while (bedrock_json_next(&groups, &name, &cases)) {
        group[bedrock_json_unescape(name, group, sizeof group - 1)] = 0;
        it = bedrock_json_iterate(cases);
        while (bedrock_json_next(&it, &name, &one))
            run_case(group, name, one);
    }
    free(text);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_credentials", argc, argv, run_all);
}
