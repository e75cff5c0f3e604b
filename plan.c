/* plan.c - where a profile's credentials come from: its base, and the roles to assume on top of it.
 * AWS SDK reference guide, "Assume role credentials" and the other providers' pages; the order of kinds is
 * the JavaScript SDK's. Leaves out: fetching anything, and whether values are any good. */
#include "bedrock_int.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The profile that is looked at now. */
struct plan_walk {
    struct bdk_plan *plan;
    const struct bdk_profiles *p;
    const char *profile;
    int self;                   /* it named itself: its role is taken already */
    struct bedrock_error *e;
};

static const char *plan_get(const struct plan_walk *w, const char *key)
{
    return bdk_profile_value(w->p, w->profile, key);
}

static int plan_exists(const struct plan_walk *w, const char *profile)
{
    return bdk_profile_find(w->p, BDK_SECTION_PROFILE, profile, NULL, NULL).value != NULL;
}

/* "FILE:LINE: profile 'P': ..."; the line is the key's, or the section's when the key is what is missing. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int plan_fail(const struct plan_walk *w, const char *key, const char *format, ...)
{
    struct bdk_setting at = bdk_profile_find(w->p, BDK_SECTION_PROFILE, w->profile, key, NULL);
    char text[512];
    va_list ap;

    if (!at.value)
        at = bdk_profile_find(w->p, BDK_SECTION_PROFILE, w->profile, NULL, NULL);
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return bdk_error_set(w->e, BEDROCK_ERR_CONFIG, "%.300s:%u: profile '%.80s': %s", at.file, at.line,
                         w->profile, text);
}

/* ---- Roles ------------------------------------------------------------------------------------ */

/* STS takes 15 minutes to 12 hours. */
static int plan_duration(const struct plan_walk *w, int *seconds)
{
    const char *text = plan_get(w, "duration_seconds");
    size_t n = text ? strlen(text) : 0;

    *seconds = 0;
    if (!text)
        return 0;
    if (n <= 5 && strspn(text, "0123456789") == n)
        for (size_t i = 0; i < n; i++)
            *seconds = *seconds * 10 + (text[i] - '0');
    if (*seconds < 900 || *seconds > 43200)
        return plan_fail(w, "duration_seconds", "duration_seconds must be a number from 900 to 43200");
    return 0;
}

static int plan_role(const struct plan_walk *w, struct bdk_plan_role *role)
{
    memset(role, 0, sizeof *role);
    role->profile = w->profile;
    role->role_arn = plan_get(w, "role_arn");
    role->session_name = plan_get(w, "role_session_name");
    role->external_id = plan_get(w, "external_id");
    role->mfa_serial = plan_get(w, "mfa_serial");
    role->region = plan_get(w, "region");
    return plan_duration(w, &role->duration_s);
}

/* They were found from the last one to assume to the first. */
static void plan_turn(struct bdk_plan *plan)
{
    for (size_t i = 0, k = plan->n_roles; i + 1 < k; i++) {
        struct bdk_plan_role role = plan->role[i];

        plan->role[i] = plan->role[--k];
        plan->role[k] = role;
    }
}

/* ---- Bases ------------------------------------------------------------------------------------ */

static int plan_base(struct plan_walk *w, enum bdk_plan_base base)
{
    w->plan->base = base;
    w->plan->profile = w->profile;
    w->plan->region = plan_get(w, "region");
    return 0;
}

static int plan_named(struct plan_walk *w, const char *source)
{
    static const struct {
        const char *name;
        enum bdk_plan_base base;
    } sources[] = {
        {"Environment", BDK_PLAN_ENVIRONMENT},
        {"Ec2InstanceMetadata", BDK_PLAN_INSTANCE},
        {"EcsContainer", BDK_PLAN_CONTAINER},
    };

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (strcmp(sources[i].name, source) == 0)
            return plan_base(w, sources[i].base);
    return plan_fail(w, "credential_source", "credential_source is '%.80s', and can be Environment, "
                     "Ec2InstanceMetadata or EcsContainer", source);
}

static int plan_has_keys(const struct plan_walk *w)
{
    return plan_get(w, "aws_access_key_id") && plan_get(w, "aws_secret_access_key");
}

static int plan_static(struct plan_walk *w)
{
    w->plan->access_key_id = plan_get(w, "aws_access_key_id");
    w->plan->secret_access_key = plan_get(w, "aws_secret_access_key");
    w->plan->session_token = plan_get(w, "aws_session_token");
    w->plan->account_id = plan_get(w, "aws_account_id");
    return plan_base(w, BDK_PLAN_STATIC);
}

static int plan_web_identity(struct plan_walk *w)
{
    w->plan->token_file = plan_get(w, "web_identity_token_file");
    if (!plan_get(w, "role_arn"))
        return plan_fail(w, "web_identity_token_file", "web_identity_token_file needs a role_arn beside it");
    if (plan_role(w, &w->plan->web) != 0)
        return BEDROCK_ERR_CONFIG;
    w->plan->web.external_id = w->plan->web.mfa_serial = NULL; /* the call has neither */
    return plan_base(w, BDK_PLAN_WEB_IDENTITY);
}

static int plan_is_sso(const struct plan_walk *w)
{
    return plan_get(w, "sso_session") || plan_get(w, "sso_start_url") || plan_get(w, "sso_region") ||
           plan_get(w, "sso_account_id") || plan_get(w, "sso_role_name");
}

/* A value of the session, which the profile may repeat but not contradict. */
static int plan_sso_value(const struct plan_walk *w, const char *session, const char *key,
                          const char **value)
{
    struct bdk_setting s = bdk_profile_find(w->p, BDK_SECTION_SSO_SESSION, session, key, NULL);
    const char *own = plan_get(w, key);

    if (!s.value || !s.value[0])
        return plan_fail(w, "sso_session", "[sso-session %.80s] has no %s", session, key);
    if (own && strcmp(own, s.value) != 0)
        return plan_fail(w, key, "%s is another one than in [sso-session %.80s]", key, session);
    *value = s.value;
    return 0;
}

static int plan_sso_session(struct plan_walk *w, const char *session)
{
    if (!bdk_profile_find(w->p, BDK_SECTION_SSO_SESSION, session, NULL, NULL).value)
        return plan_fail(w, "sso_session", "sso_session names '%.80s', and there is no [sso-session %.80s] "
                         "in the config file", session, session);
    if (plan_sso_value(w, session, "sso_region", &w->plan->sso_region) != 0)
        return BEDROCK_ERR_CONFIG;
    return plan_sso_value(w, session, "sso_start_url", &w->plan->sso_start_url);
}

/* All four are needed, but for a session: without account and role it is good for a bearer token. */
static int plan_sso(struct plan_walk *w)
{
    static const char *const keys[] = {"sso_account_id", "sso_role_name", "sso_region", "sso_start_url"};
    struct bdk_plan *plan = w->plan;
    size_t needed = sizeof keys / sizeof keys[0];

    plan->sso_session = plan_get(w, "sso_session");
    plan->sso_account_id = plan_get(w, "sso_account_id");
    plan->sso_role_name = plan_get(w, "sso_role_name");
    plan->sso_region = plan_get(w, "sso_region");
    plan->sso_start_url = plan_get(w, "sso_start_url");
    if (plan->sso_session && plan_sso_session(w, plan->sso_session) != 0)
        return BEDROCK_ERR_CONFIG;
    if (plan->sso_session)
        needed = plan->sso_account_id || plan->sso_role_name || plan->n_roles > 0 ? 2 : 0;
    for (size_t i = 0; i < needed; i++)
        if (!plan_get(w, keys[i]))
            return plan_fail(w, keys[i], "%s is missing; SSO needs it", keys[i]);
    return plan_base(w, BDK_PLAN_SSO);
}

/* Half a key pair is a mistake to name when there is nothing else, and so is a source without anything. */
static int plan_nothing(struct plan_walk *w)
{
    int id = plan_get(w, "aws_access_key_id") != NULL, secret = plan_get(w, "aws_secret_access_key") != NULL;

    if (id != secret)
        return plan_fail(w, id ? "aws_access_key_id" : "aws_secret_access_key", "%s is missing beside %s",
                         id ? "aws_secret_access_key" : "aws_access_key_id",
                         id ? "aws_access_key_id" : "aws_secret_access_key");
    if (w->self)
        return plan_fail(w, "source_profile", "source_profile names the profile itself, which holds no other "
                         "credentials");
    if (w->plan->n_roles > 0)
        return plan_fail(w, NULL, "it holds no credentials, and source_profile of '%.80s' names it",
                         w->plan->role[w->plan->n_roles - 1].profile);
    return plan_base(w, BDK_PLAN_NONE);
}

/* What the profile has beside a role with a source. */
static int plan_end(struct plan_walk *w)
{
    const char *source = plan_get(w, "credential_source");

    if (plan_has_keys(w))
        return plan_static(w);
    if (source && !plan_get(w, "role_arn"))
        return plan_named(w, source);
    if (plan_get(w, "web_identity_token_file"))
        return plan_web_identity(w);
    if (plan_is_sso(w))
        return plan_sso(w);
    w->plan->login_session = plan_get(w, "login_session");
    if (w->plan->login_session)
        return plan_base(w, BDK_PLAN_LOGIN);
    w->plan->process = plan_get(w, "credential_process");
    if (w->plan->process)
        return plan_base(w, BDK_PLAN_PROCESS);
    return plan_nothing(w);
}

/* ---- The chain -------------------------------------------------------------------------------- */

static int plan_has_role(const struct plan_walk *w)
{
    return !w->self && plan_get(w, "role_arn") && !plan_get(w, "web_identity_token_file");
}

/* On to the profile whose credentials assume the role. A profile that was left gave a role, so those are the
 * ones that were visited. */
static int plan_follow(struct plan_walk *w, const char *source)
{
    w->self = strcmp(source, w->profile) == 0;
    if (w->self)
        return 0;
    for (size_t i = 0; i < w->plan->n_roles; i++)
        if (strcmp(w->plan->role[i].profile, source) == 0)
            return plan_fail(w, "source_profile", "source_profile goes round in a loop, back to '%.80s'",
                             source);
    if (!plan_exists(w, source))
        return plan_fail(w, "source_profile", "source_profile names '%.80s', which is in neither file",
                         source);
    w->profile = source;
    return 0;
}

/* Take the profile's role, and go on to its source: 1; or name the base: 0. */
static int plan_step(struct plan_walk *w)
{
    const char *source = plan_get(w, "source_profile"), *named = plan_get(w, "credential_source");

    if (source && named)
        return plan_fail(w, "credential_source", "both source_profile and credential_source are set; "
                         "role_arn takes one of them");
    if (!source && !named)
        return plan_fail(w, "role_arn", "role_arn needs source_profile or credential_source beside it");
    if (w->plan->n_roles == BDK_PLAN_MAX_ROLES)
        return plan_fail(w, "role_arn", "more than %d roles, each assumed with the one before",
                         BDK_PLAN_MAX_ROLES);
    if (plan_role(w, &w->plan->role[w->plan->n_roles]) != 0)
        return BEDROCK_ERR_CONFIG;
    w->plan->n_roles++;
    if (named)
        return plan_named(w, named);
    return plan_follow(w, source) == 0 ? 1 : BEDROCK_ERR_CONFIG;
}

int bdk_plan_make(struct bdk_plan *plan, const struct bdk_profiles *p, const char *profile,
                  struct bedrock_error *e)
{
    struct plan_walk w = {plan, p, profile, 0, e};
    int rc = 1;

    memset(plan, 0, sizeof *plan);
    while (rc == 1) {
        if (plan->n_roles > 0 && plan_has_keys(&w))
            rc = plan_static(&w);
        else
            rc = plan_has_role(&w) ? plan_step(&w) : plan_end(&w);
    }
    plan_turn(plan);
    return rc;
}
