/* test_plan.c - where a profile's credentials come from: bases, chains of roles, and what is wrong with some.
 * Cases of our own; assume-role-tests.json is read by vectors_profiles.c. Leaves out: fetching. */
#include "bedrock_int.h"
#include "files.h"
#include "t.h"
#include <errno.h>
#include <string.h>

static const char *const home_only[] = {"HOME", "/h", NULL};

static const char *const base_names[] = {"NONE", "STATIC", "WEB_IDENTITY", "SSO", "LOGIN", "PROCESS",
                                         "ENVIRONMENT", "INSTANCE", "CONTAINER"};

struct plan_text {
    char *out;
    size_t used, cap;
};

static void put(struct plan_text *t, const char *name, const char *value)
{
    if (value)
        t->used += (size_t)snprintf(t->out + t->used, t->cap - t->used, "%s%s%s", name, name[1] ? "=" : "",
                                    value);
}

static void put_role(struct plan_text *t, const struct bdk_plan_role *r)
{
    char seconds[16];

    put(t, ":", r->profile);
    put(t, " role", r->role_arn);
    put(t, " session", r->session_name);
    put(t, " id", r->external_id);
    put(t, " mfa", r->mfa_serial);
    put(t, " region", r->region);
    snprintf(seconds, sizeof seconds, "%d", r->duration_s);
    put(t, " seconds", r->duration_s ? seconds : NULL);
}

/* "BASE:profile what it has >:profile role=... >:profile role=..." */
static void render(const struct bdk_plan *plan, char *out, size_t cap)
{
    struct plan_text t = {out, 0, cap};

    out[0] = 0;
    t.used = (size_t)snprintf(out, cap, "%s", base_names[plan->base]);
    put(&t, ":", plan->profile);
    put(&t, " region", plan->region);
    put(&t, " key", plan->access_key_id);
    put(&t, " secret", plan->secret_access_key);
    put(&t, " token", plan->session_token);
    put(&t, " account", plan->account_id);
    put(&t, " file", plan->token_file);
    if (plan->web.role_arn)
        put_role(&t, &plan->web);
    put(&t, " sso", plan->sso_session);
    put(&t, " sso_region", plan->sso_region);
    put(&t, " url", plan->sso_start_url);
    put(&t, " account", plan->sso_account_id);
    put(&t, " name", plan->sso_role_name);
    put(&t, " login", plan->login_session);
    put(&t, " process", plan->process);
    for (size_t i = 0; i < plan->n_roles; i++) {
        put(&t, ">", "");
        put_role(&t, &plan->role[i]);
    }
}

static void check_plan(const char *config, const char *credentials, const char *profile, const char *want)
{
    struct files_file file[] = {{"/h/.aws/config", config, 0, ENOENT},
                                {"/h/.aws/credentials", credentials, 0, ENOENT}, {NULL, NULL, 0, 0}};
    struct files f = {home_only, file, ""};
    struct bdk_env env = files_env(&f);
    struct bedrock_error e = {0};
    struct bdk_profiles p;
    struct bdk_plan plan;
    char got[1024];
    int rc;

    CHECKF(bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e) == 0, "%s", e.message);
    rc = bdk_plan_make(&plan, &p, profile, &e);
    render(&plan, got, sizeof got);
    CHECK(rc == e.code && (rc == 0 || rc == BEDROCK_ERR_CONFIG));
    if (rc == 0)
        CHECK_TEXT(got, strlen(got), want);
    else
        CHECK_TEXT(e.message, strlen(e.message), want);
    bdk_profiles_free(&p);
}

#define KEYS "aws_access_key_id=AK\naws_secret_access_key=SK\n"
#define C "/h/.aws/config"

static void test_bases(void)
{
    static const struct {
        const char *name, *config, *want;
    } cases[] = {
        {"nothing", NULL, "NONE:default"},
        {"settings only", "[default]\nregion=r\n", "NONE:default region=r"},
        {"static keys", "[default]\n" KEYS, "STATIC:default key=AK secret=SK"},
        {"all of them", "[default]\n" KEYS "aws_session_token=T\naws_account_id=1\nregion=r\n",
         "STATIC:default region=r key=AK secret=SK token=T account=1"},
        {"blank is unset", "[default]\n" KEYS "aws_session_token=\nrole_arn = \n",
         "STATIC:default key=AK secret=SK"},
        {"web identity", "[default]\nrole_arn=R\nweb_identity_token_file=~/t\nrole_session_name=S\n"
         "duration_seconds=900\nexternal_id=no\nmfa_serial=no\n",
         "WEB_IDENTITY:default file=~/t:default role=R session=S seconds=900"},
        {"web identity before a source", "[default]\nrole_arn=R\nweb_identity_token_file=t\n"
         "source_profile=x\ncredential_source=Environment\n", "WEB_IDENTITY:default file=t:default role=R"},
        {"legacy SSO", "[default]\nsso_start_url=U\nsso_region=R\nsso_account_id=A\nsso_role_name=N\n",
         "SSO:default sso_region=R url=U account=A name=N"},
        {"SSO with a session", "[default]\nsso_session=s\nsso_account_id=A\nsso_role_name=N\n"
         "[sso-session s]\nsso_region=R\nsso_start_url=U\n",
         "SSO:default sso=s sso_region=R url=U account=A name=N"},
        {"a session that the profile repeats", "[default]\nsso_session=s\nsso_region=R\nsso_start_url=U\n"
         "sso_account_id=A\nsso_role_name=N\n[sso-session s]\nsso_region=R\nsso_start_url=U\n",
         "SSO:default sso=s sso_region=R url=U account=A name=N"},
        {"a session for a token", "[default]\nsso_session=s\n[sso-session s]\nsso_region=R\n"
         "sso_start_url=U\n",
         "SSO:default sso=s sso_region=R url=U"},
        {"login", "[default]\nlogin_session=L\nregion=r\n", "LOGIN:default region=r login=L"},
        {"process", "[default]\ncredential_process=/bin/x \"y z\"\n",
         "PROCESS:default process=/bin/x \"y z\""},
        {"the environment", "[default]\ncredential_source=Environment\n", "ENVIRONMENT:default"},
        {"the instance", "[default]\ncredential_source=Ec2InstanceMetadata\n", "INSTANCE:default"},
        {"the container", "[default]\ncredential_source=EcsContainer\n", "CONTAINER:default"},
        /* of several the first in order */
        {"keys before the rest", "[default]\ncredential_process=P\nlogin_session=L\nsso_session=s\n"
         "web_identity_token_file=t\ncredential_source=Environment\n" KEYS,
         "STATIC:default key=AK secret=SK"},
        {"web identity before SSO", "[default]\nrole_arn=R\nweb_identity_token_file=t\nsso_session=s\n",
         "WEB_IDENTITY:default file=t:default role=R"},
        {"SSO before login", "[default]\nlogin_session=L\ncredential_process=P\nsso_start_url=U\n"
         "sso_region=R\nsso_account_id=A\nsso_role_name=N\n",
         "SSO:default sso_region=R url=U account=A name=N"},
        {"login before a process", "[default]\ncredential_process=P\nlogin_session=L\n",
         "LOGIN:default login=L"},
        {"half a pair beside a process", "[default]\naws_access_key_id=AK\ncredential_process=P\n",
         "PROCESS:default process=P"},
        /* mistakes */
        {"no secret", "[default]\naws_access_key_id=AK\n",
         C ":2: profile 'default': aws_secret_access_key is missing beside aws_access_key_id"},
        {"no key id", "[default]\nregion=x\naws_secret_access_key=SK\n",
         C ":3: profile 'default': aws_access_key_id is missing beside aws_secret_access_key"},
        {"another case", "[default]\ncredential_source=environment\n",
         C ":2: profile 'default': credential_source is 'environment', and can be Environment, "
         "Ec2InstanceMetadata or EcsContainer"},
        {"no role for the token", "[default]\nweb_identity_token_file=t\n",
         C ":2: profile 'default': web_identity_token_file needs a role_arn beside it"},
        {"no account", "\n[default]\nsso_start_url=U\nsso_region=R\nsso_role_name=N\n",
         C ":2: profile 'default': sso_account_id is missing; SSO needs it"},
        {"no role name", "[default]\nsso_session=s\nsso_account_id=A\n[sso-session s]\nsso_region=R\n"
         "sso_start_url=U\n", C ":1: profile 'default': sso_role_name is missing; SSO needs it"},
        {"no start URL", "[default]\nsso_region=R\nsso_account_id=A\nsso_role_name=N\n",
         C ":1: profile 'default': sso_start_url is missing; SSO needs it"},
        {"no such session", "[default]\nsso_session=s\n[sso-session t]\n",
         C ":2: profile 'default': sso_session "
         "names 's', and there is no [sso-session s] in the config file"},
        {"a session without a Region", "[default]\nsso_session=s\n[sso-session s]\nsso_start_url=U\n",
         C ":2: profile 'default': [sso-session s] has no sso_region"},
        {"a session without a URL", "[default]\nsso_session=s\n[sso-session s]\nsso_region=R\n"
         "sso_start_url=\n",
         C ":2: profile 'default': [sso-session s] has no sso_start_url"},
        {"a session that the profile contradicts", "[default]\nsso_session=s\nsso_region=Q\n[sso-session s]\n"
         "sso_region=R\nsso_start_url=U\n",
         C ":3: profile 'default': sso_region is another one than in [sso-session s]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("base: %s", cases[i].name);
        check_plan(cases[i].config, NULL, "default", cases[i].want);
    }
    t_case("base: keys in the credentials file, and a role from both");
    check_plan("[profile a]\nrole_arn=R\nsource_profile=b\nregion=r\n[profile b]\nregion=s\n", "[b]\n" KEYS,
               "a",
               "STATIC:b region=s key=AK secret=SK>:a role=R region=r");
    check_plan(NULL, "[b]\naws_access_key_id=AK\n", "b", "/h/.aws/credentials:2: profile 'b': "
               "aws_secret_access_key is missing beside aws_access_key_id");
}

static void test_chains(void)
{
    static const struct {
        const char *name, *config, *want;
    } cases[] = {
        {"a role with everything", "[profile a]\nrole_arn=R\nsource_profile=b\nrole_session_name=S\n"
         "external_id=E\nmfa_serial=M\nduration_seconds=43200\nregion=r\n[profile b]\n" KEYS,
         "STATIC:b key=AK secret=SK>:a role=R session=S id=E mfa=M region=r seconds=43200"},
        {"roles in the order of assuming", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\n"
         "role_arn=B\nsource_profile=c\n[profile c]\nrole_arn=C\ncredential_source=EcsContainer\nregion=r\n",
         "CONTAINER:c region=r>:c role=C region=r>:b role=B>:a role=A"},
        {"a source's keys before its role", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\n"
         "role_arn=B\nsource_profile=c\n" KEYS, "STATIC:b key=AK secret=SK>:a role=A"},
        {"its own keys", "[profile a]\nrole_arn=A\nsource_profile=a\n" KEYS,
         "STATIC:a key=AK secret=SK>:a role=A"},
        {"its own process", "[profile a]\nrole_arn=A\nsource_profile=a\ncredential_process=P\n",
         "PROCESS:a process=P>:a role=A"},
        {"a source that names itself", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\n"
         "source_profile=b\nlogin_session=L\n", "LOGIN:b login=L>:b role=B>:a role=A"},
        {"SSO below a role", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nsso_session=s\n"
         "sso_account_id=1\nsso_role_name=N\n[sso-session s]\nsso_region=R\nsso_start_url=U\n",
         "SSO:b sso=s sso_region=R url=U account=1 name=N>:a role=A"},
        {"web identity below a role", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\n"
         "web_identity_token_file=t\n", "WEB_IDENTITY:b file=t:b role=B>:a role=A"},
        {"source_profile without a role means nothing", "[profile a]\nsource_profile=b\n", "NONE:a"},
        /* mistakes */
        {"a token is no key", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nsso_session=s\n"
         "[sso-session s]\nsso_region=R\nsso_start_url=U\n",
         C ":4: profile 'b': sso_account_id is missing; SSO needs it"},
        {"no source", "[profile a]\nregion=r\nrole_arn=A\n",
         C ":3: profile 'a': role_arn needs source_profile or credential_source beside it"},
        {"two sources", "[profile a]\nrole_arn=A\nsource_profile=b\ncredential_source=Environment\n",
         C ":4: profile 'a': both source_profile and credential_source are set; role_arn takes one of them"},
        {"no such source", "[profile a]\nrole_arn=A\nsource_profile=b\n[b]\n" KEYS,
         C ":3: profile 'a': source_profile names 'b', which is in neither file"},
        {"an empty source", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nregion=r\n",
         C ":4: profile 'b': it holds no credentials, and source_profile of 'a' names it"},
        {"itself and nothing else", "[profile a]\nrole_arn=A\nsource_profile=a\n", C ":3: profile 'a': "
         "source_profile names the profile itself, which holds no other credentials"},
        {"half a pair as a source", "[profile a]\nrole_arn=A\nsource_profile=a\naws_access_key_id=AK\n",
         C ":4: profile 'a': aws_secret_access_key is missing beside aws_access_key_id"},
        {"a loop of two", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\n"
         "source_profile=a\n",
         C ":6: profile 'b': source_profile goes round in a loop, back to 'a'"},
        {"a loop behind the first", "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\n"
         "source_profile=c\n[profile c]\nrole_arn=C\nsource_profile=b\n",
         C ":9: profile 'c': source_profile goes round in a loop, back to 'b'"},
        {"a loop through keys that do not count", "[profile a]\nrole_arn=A\nsource_profile=b\n" KEYS
         "[profile b]\nrole_arn=B\nsource_profile=a\n",
         C ":8: profile 'b': source_profile goes round in a loop, back to 'a'"},
        {"too short a time", "[profile a]\nrole_arn=A\nsource_profile=a\nduration_seconds=899\n" KEYS,
         C ":4: profile 'a': duration_seconds must be a number from 900 to 43200"},
        {"too long a time", "[profile a]\nrole_arn=A\nsource_profile=a\nduration_seconds=43201\n" KEYS,
         C ":4: profile 'a': duration_seconds must be a number from 900 to 43200"},
        {"no time at all", "[profile a]\nrole_arn=A\nsource_profile=a\nduration_seconds=1h\n" KEYS,
         C ":4: profile 'a': duration_seconds must be a number from 900 to 43200"},
        {"a number that would wrap", "[profile a]\nrole_arn=A\nweb_identity_token_file=t\n"
         "duration_seconds=4294968196\n",
         C ":4: profile 'a': duration_seconds must be a number from 900 to 43200"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("chain: %s", cases[i].name);
        check_plan(cases[i].config, NULL, "a", cases[i].want);
    }
}

/* Profiles p0, p1 ... each on top of the next; the last has keys. */
static void test_long_chains(void)
{
    for (int roles = BDK_PLAN_MAX_ROLES; roles <= BDK_PLAN_MAX_ROLES + 1; roles++) {
        char config[2048], want[1024];
        size_t n = 0, m;

        for (int i = 0; i < roles; i++)
            n += (size_t)snprintf(config + n, sizeof config - n,
                                  "[profile p%d]\nrole_arn=R%d\nsource_profile=p%d\n", i, i, i + 1);
        snprintf(config + n, sizeof config - n, "[profile p%d]\n" KEYS, roles);
        m = (size_t)snprintf(want, sizeof want, "STATIC:p%d key=AK secret=SK", roles);
        for (int i = roles - 1; i >= 0; i--)
            m += (size_t)snprintf(want + m, sizeof want - m, ">:p%d role=R%d", i, i);
        if (roles > BDK_PLAN_MAX_ROLES)
            snprintf(want, sizeof want,
                     C ":26: profile 'p8': more than 8 roles, each assumed with the one before");
        t_case("a chain of %d roles", roles);
        check_plan(config, NULL, "p0", want);
    }
}

/* What is wrong is told without what is secret. */
static void test_no_secret(void)
{
    t_case("no secret in a message");
    check_plan("[profile a]\naws_secret_access_key=TOPSECRET\nsso_session=x\n"
               "sso_account_id=TOPSECRET\n", NULL, "a",
               C ":3: profile 'a': sso_session names 'x', and there is no [sso-session x] in the config "
               "file");
}

int main(void)
{
    test_bases();
    test_chains();
    test_long_chains();
    test_no_secret();
    return t_end("test_plan");
}
