/* world.c - a client among files and services of the test's own; its memory and trace are watched for
 * secrets. Leaves out: what is asked and answered, which each test lists (exchange.c). */
#include "world.h"
#include <string.h>

const char world_config[] =
    "[profile keys]\n" KEYS
    "[profile one]\nrole_arn = " ARN "one\nsource_profile = keys\n"
    "[profile two]\nrole_arn = " ARN
    "two\nsource_profile = one\nexternal_id = outside\nduration_seconds = 900\n"
    "[profile self]\nrole_arn = " ARN "one\nsource_profile = self\n" KEYS
    "[profile mfa]\nrole_arn = " ARN
    "one\nsource_profile = keys\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    "[profile env]\nrole_arn = " ARN "one\ncredential_source = Environment\n"
    "[profile ecs]\nrole_arn = " ARN "one\ncredential_source = EcsContainer\n"
    "[profile ec2]\nrole_arn = " ARN "one\ncredential_source = Ec2InstanceMetadata\n"
    "[profile loop]\nrole_arn = " ARN "one\nsource_profile = pool\n"
    "[profile pool]\nrole_arn = " ARN "one\nsource_profile = loop\n"
    "[profile web]\nrole_arn = " ARN "web\nweb_identity_token_file = ~/token\nrole_session_name = me\n"
    "[profile process]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PROCESSKEY\","
    "\"SecretAccessKey\":\"printed-secret\",\"Expiration\":\"" LATER "\"}'\n"
    "[profile garbage]\ncredential_process = echo printed-secret\n"
    "[profile nothing]\ncredential_process = :\n"
    "[profile endless]\ncredential_process = yes printed-secret\n"
    "[profile fails]\ncredential_process = echo printed-secret; echo nobody is logged in >&2; exit 3\n"
    "[profile hangs]\ncredential_process = exec sleep 600\n"
    "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = " START_URL "\n"
    "[profile old]\nsso_region = eu-west-1\nsso_start_url = " START_URL "\n"
    "sso_account_id = 123456789012\nsso_role_name = Reader\n"
    "[profile login]\nlogin_session = arn:aws:iam::123456789012:user/me\n"
    "[profile fips]\nuse_fips_endpoint = true\nregion = cn-north-1\n"
    "[profile dual]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n";

static int64_t world_clock(void *ctx, int wall)
{
    struct world *w = ctx;

    w->ms += w->tick;
    return wall ? NOW_S * INT64_C(1000) + w->ms : 1000000 + w->ms;
}

static void world_trace(void *ctx, const char *line)
{
    struct world *w = ctx;

    bedrock_buffer_append(&w->trace, line, strlen(line));
    bedrock_buffer_append(&w->trace, "\n", 1);
}

void world_init(struct world *w, const char *const *env, const struct files_file *file,
                const struct exchange *list)
{
    struct bdk_env hooks;

    memset(w, 0, sizeof *w);
    w->files.env = env;
    w->files.file = file;
    exchanges_init(&w->x, list);
    hooks = files_env(&w->files);
    w->o.region = "us-east-1";
    w->o.getenv = hooks.fn;
    w->o.getenv_ctx = hooks.ctx;
    w->o.read_file = hooks.read_file;
    w->o.read_file_ctx = hooks.read_file_ctx;
    w->o.io = &w->x.io;
    w->o.clock = world_clock;
    w->o.clock_ctx = w;
    w->o.alloc = t_heap_alloc;
    w->o.alloc_ctx = &w->heap;
    w->heap.never = SECRET;
    w->o.trace = world_trace;
    w->o.trace_ctx = w;
}

void world_end(struct world *w)
{
    static const char *const secrets[] = {"static-secret", "printed-secret", SECRET, "fetched-token",
                                          "imds-token", "container-token", "web.identity", "sso-access",
                                          "sso-refresh", "sso-client-secret", "login-refresh", "renewed-",
                                          "123321"};

    bedrock_close(w->b);
    w->b = NULL;
    CHECKF(w->x.open == 0, "%d connections left", w->x.open);
    CHECKF(w->heap.live == 0, "%zu blocks left", w->heap.live);
    bedrock_buffer_append(&w->trace, w->err.message, strlen(w->err.message) + 1);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        CHECKF(!strstr(w->trace.p, secrets[i]), "%s is shown: %s", secrets[i], w->trace.p);
    bedrock_buffer_free(&w->trace);
    exchanges_free(&w->x);
}

int world_start(struct world *w, int deadline_ms, struct bedrock_call **c)
{
    struct bedrock_request rq = {0};
    int rc;

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rq.deadline_ms = deadline_ms;
    rc = bedrock_start(w->b, &rq, c);
    if (rc != 0)
        w->err = *bedrock_error(w->b);
    return rc;
}

int world_finish(struct world *w, struct bedrock_call *c)
{
    struct bedrock_event ev;
    int rc = BEDROCK_EVENT, steps = 0;

    while (rc == BEDROCK_EVENT && steps++ < MAX_STEPS)
        rc = bedrock_next(c, &ev);
    w->err = *bedrock_call_error(c);
    bedrock_end(c);
    return rc;
}

int world_ask(struct world *w)
{
    struct bedrock_call *c = NULL;
    int rc = world_start(w, 0, &c);

    return rc ? rc : world_finish(w, c);
}

int world_open_and_ask(struct world *w)
{
    int rc = bedrock_open(&w->b, &w->o);

    if (rc == 0)
        return world_ask(w);
    if (w->b)
        w->err = *bedrock_error(w->b);
    return rc;
}

int world_signed_by(const struct world *w, const char *id)
{
    char text[80];

    snprintf(text, sizeof text, "Credential=%s/", id);
    return w->x.bedrock.len > 0 && strstr(w->x.bedrock.p, text) != NULL;
}

void world_check_list(const struct world *w)
{
    CHECKF(!w->x.wrong[0], "asked %s", w->x.wrong);
    CHECKF(!w->x.list[w->x.at].method, "only %zu requests were made", w->x.at);
}
