/* vectors_profiles.c - profile-parser-, file-location- and assume-role-tests.json of the folder argv[1]: the
 * AWS SDKs' suites for the config files. Leaves out: the locations on Windows, skipped by name. */
#include "bedrock_int.h"
#include "files.h"
#include "vectors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_TEXT 4096

/* A string, zero-terminated; "" when it is none. */
static const char *text_of(struct bedrock_json v, char out[MAX_TEXT])
{
    size_t n = bedrock_json_unescape(v, out, MAX_TEXT - 1);

    CHECK(n < MAX_TEXT);
    out[n < MAX_TEXT ? n : 0] = 0;
    return out;
}

/* Does `text` hold `part`, in any case? */
static int holds(const char *text, const char *part)
{
    size_t n = strlen(part);

    for (; *text; text++)
        if (strncasecmp(text, part, n) == 0)
            return 1;
    return n == 0;
}

static size_t count(struct bedrock_json object)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json name, value;
    size_t n = 0;

    while (bedrock_json_next(&it, &name, &value))
        n++;
    return n;
}

/* ---- The grammar ------------------------------------------------------------------------------ */

/* The suite writes a block of nested properties as one value: their lines, each behind a newline. */
static void value_of(const struct bdk_profiles *p, struct bdk_setting s, char out[MAX_TEXT])
{
    size_t used = (size_t)snprintf(out, MAX_TEXT, "%s", s.value);

    for (int f = 0; f < 2; f++) {
        const struct bdk_profile_entry *e = (const void *)p->file[f].entries.p;
        size_t n = p->file[f].entries.len / sizeof *e, i = 0;

        while (i < n && e[i].value != s.value)
            i++;
        for (i++; i < n && e[i].kind == BDK_INI_NESTED; i++)
            used += (size_t)snprintf(out + used, MAX_TEXT - used, "\n%s =%s%s", e[i].name,
                                     e[i].value[0] ? " " : "", e[i].value);
    }
}

/* All the names of properties that stand in a section somewhere, so that none is more than wanted. */
static size_t count_keys(const struct bdk_profiles *p, enum bdk_section kind, const char *section)
{
    size_t keys = 0;

    for (int f = 0; f < 2; f++) {
        const struct bdk_profile_entry *e = (const void *)p->file[f].entries.p;
        int inside = 0;

        for (size_t n = p->file[f].entries.len / sizeof *e; n > 0; n--, e++) {
            if (e->kind == BDK_INI_SECTION)
                inside = e->section == kind && strcmp(e->name, section) == 0;
            else if (inside && e->kind == BDK_INI_PROPERTY) /* the one that counts, of several */
                keys += bdk_profile_find(p, kind, section, e->name, NULL).value == e->value;
        }
    }
    return keys;
}

static void check_sections(const struct bdk_profiles *p, enum bdk_section kind, struct bedrock_json want)
{
    struct bedrock_json_iter it = bedrock_json_iterate(want), keys;
    struct bedrock_json name, properties, key, value;
    char section[MAX_TEXT], text[MAX_TEXT], got[MAX_TEXT];
    size_t at = 0, n = 0;

    while (bdk_profiles_next(p, kind, &at))
        n++;
    CHECKF(n == count(want), "%zu sections", n);
    while (bedrock_json_next(&it, &name, &properties)) {
        text_of(name, section);
        CHECKF(bdk_profile_find(p, kind, section, NULL, NULL).value != NULL, "no section %s", section);
        CHECKF(count_keys(p, kind, section) == count(properties), "%s has other properties", section);
        keys = bedrock_json_iterate(properties);
        while (bedrock_json_next(&keys, &key, &value)) {
            struct bdk_setting s = bdk_profile_find(p, kind, section, text_of(key, text), NULL);

            if (!CHECKF(s.value != NULL, "%s has no %s", section, text))
                continue;
            value_of(p, s, got);
            CHECK_TEXT(got, strlen(got), text_of(value, text));
        }
    }
}

static void test_parser(struct bedrock_json vector)
{
    struct bedrock_json output = bedrock_json_get(vector, "output");
    struct bedrock_json error = bedrock_json_get(output, "errorContaining");
    static const char *const env_list[] = {"HOME", "/h", NULL};
    static const char *const members[] = {"input.configFile", "input.credentialsFile"};
    char name[MAX_TEXT], texts[2][MAX_TEXT];
    struct files_file file[3] = {{"/h/.aws/config", NULL, 0, ENOENT},
                                 {"/h/.aws/credentials", NULL, 0, ENOENT}, {NULL, NULL, 0, 0}};
    struct files f = {env_list, file, ""};
    struct bdk_env env = files_env(&f);
    struct bedrock_error e = {0};
    struct bdk_profiles p;
    int rc;

    t_case("profile-parser-tests.json: %s", text_of(bedrock_json_get(vector, "name"), name));
    for (int i = 0; i < 2; i++) {
        struct bedrock_json v = bedrock_json_get(vector, members[i]);

        if (v.type == BEDROCK_JSON_STRING)
            file[i].text = text_of(v, texts[i]);
    }
    rc = bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e);
    if (error.type == BEDROCK_JSON_STRING) {
        CHECKF(rc == BEDROCK_ERR_CONFIG && holds(e.message, text_of(error, name)), "%d: %s", rc, e.message);
    } else if (CHECKF(rc == 0, "%s", e.message)) {
        check_sections(&p, BDK_SECTION_PROFILE, bedrock_json_get(output, "config.profiles"));
        check_sections(&p, BDK_SECTION_SSO_SESSION, bedrock_json_get(output, "config.sso_sessions"));
    }
    bdk_profiles_free(&p);
}

/* ---- Where the files are ---------------------------------------------------------------------- */

static void test_location(struct bedrock_json vector)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(vector, "environment"));
    struct bedrock_json key, value, profile = bedrock_json_get(vector, "profile");
    static const char other[] = "[profile other]\n"; /* a profile that is named must be there */
    char space[9][MAX_TEXT], name[MAX_TEXT], want[MAX_TEXT];
    const char *env_list[9] = {NULL};
    struct files_file file[2] = {{NULL, other, 0, 0}, {NULL, NULL, 0, 0}};
    struct files f = {env_list, file, ""};
    struct bdk_env env = files_env(&f);
    struct bedrock_error e = {0};
    struct bdk_profiles p;

    t_case("file-location-tests.json: %s", text_of(bedrock_json_get(vector, "name"), name));
    if (!bedrock_json_equals(bedrock_json_get(vector, "platform"), "linux")) {
        t_skip("Windows is not built for");
        return;
    }
    for (int i = 0; i < 8 && bedrock_json_next(&it, &key, &value); i += 2) {
        env_list[i] = text_of(key, space[i]);
        env_list[i + 1] = text_of(value, space[i + 1]);
    }
    file[0].path = text_of(bedrock_json_get(vector, "configLocation"), name);
    CHECKF(bdk_profiles_load(&p, &env, NULL, 0, NULL, NULL, &e) == 0, "%s", e.message);
    CHECK_TEXT(p.file[0].path, strlen(p.file[0].path), name);
    text_of(bedrock_json_get(vector, "credentialsLocation"), want);
    CHECK_TEXT(p.file[1].path, strlen(p.file[1].path), want);
    CHECK(profile.type == BEDROCK_JSON_NONE || bedrock_json_equals(profile, p.name));
    bdk_profiles_free(&p);
}

/* ---- Chains of profiles ----------------------------------------------------------------------- */

/* The suite's profiles as a config file. */
static void write_sections(struct bedrock_buffer *out, const char *word, struct bedrock_json sections)
{
    struct bedrock_json_iter it = bedrock_json_iterate(sections), keys;
    struct bedrock_json name, properties, key, value;
    char a[MAX_TEXT], b[MAX_TEXT], line[2 * MAX_TEXT + 8];

    while (bedrock_json_next(&it, &name, &properties)) {
        snprintf(line, sizeof line, "[%s %s]\n", word, text_of(name, a));
        bdk_buffer_text(out, line);
        keys = bedrock_json_iterate(properties);
        while (bedrock_json_next(&keys, &key, &value)) {
            snprintf(line, sizeof line, "%s = %s\n", text_of(key, a), text_of(value, b));
            bdk_buffer_text(out, line);
        }
    }
}

/* What the suite may say of a part of a chain; a member it does not say must not be there. */
struct part {
    const char *name, *value;
};

static void check_part(struct bedrock_json got, const struct part *parts)
{
    size_t said = 0;

    for (; parts->name; parts++) {
        struct bedrock_json want = bedrock_json_get(got, parts->name);

        said += want.type == BEDROCK_JSON_STRING;
        CHECKF(want.type == BEDROCK_JSON_STRING ? parts->value && bedrock_json_equals(want, parts->value)
                                                : !parts->value,
               "%s is %s", parts->name, parts->value ? parts->value : "not there");
    }
    CHECKF(said == count(got), "the vector says more than was looked at");
}

static void check_role(struct bedrock_json want, const struct bdk_plan_role *r, const char *token_file)
{
    struct part parts[] = {{"role_arn", r->role_arn}, {"external_id", r->external_id},
                           {"role_session_name", r->session_name},
                           {"web_identity_token_file", token_file}, {NULL, NULL}};

    check_part(want, parts);
}

static void check_base(struct bedrock_json want, const struct bdk_plan *plan)
{
    struct part keys[] = {{"access_key_id", plan->access_key_id},
                          {"secret_access_key", plan->secret_access_key},
                          {"session_token", plan->session_token}, {"account_id", plan->account_id},
                           {NULL, NULL}};
    struct part sso[] = {{"sso_session", plan->sso_session}, {"sso_region", plan->sso_region},
                         {"sso_start_url", plan->sso_start_url}, {"sso_account_id", plan->sso_account_id},
                         {"sso_role_name", plan->sso_role_name}, {NULL, NULL}};

    switch (plan->base) {
    case BDK_PLAN_STATIC:
        check_part(bedrock_json_get(want, "AccessKey"), keys);
        break;
    case BDK_PLAN_WEB_IDENTITY:
        check_role(bedrock_json_get(want, "WebIdentityToken"), &plan->web, plan->token_file);
        break;
    case BDK_PLAN_SSO:
        check_part(bedrock_json_get(want, "Sso"), sso);
        break;
    default:
        CHECKF(plan->base == BDK_PLAN_INSTANCE &&
               bedrock_json_equals(bedrock_json_get(want, "NamedSource"), "Ec2InstanceMetadata"),
               "base %d", plan->base);
    }
}

static void check_chain(struct bedrock_json chain, const struct bdk_plan *plan)
{
    struct bedrock_json_iter it = bedrock_json_iterate(chain);
    struct bedrock_json want;
    size_t i = 0;

    if (CHECK(bedrock_json_next(&it, NULL, &want)))
        check_base(want, plan);
    for (; bedrock_json_next(&it, NULL, &want); i++)
        if (CHECKF(i < plan->n_roles, "%zu roles", plan->n_roles))
            check_role(bedrock_json_get(want, "AssumeRole"), &plan->role[i], NULL);
    CHECKF(i == plan->n_roles, "%zu roles", plan->n_roles);
}

/* Our word for each error of the suite's; NULL: none, since a profile without credentials is no mistake and
 * the next provider's turn. */
static void check_chain_error(struct bedrock_json error, int rc, enum bdk_plan_base base, const char *message)
{
    static const struct {
        const char *theirs, *ours;
    } errors[] = {
        {"profile must contain `source_profile`", "role_arn needs source_profile"},
        {"profile contained both source_profile and credential_source", "both source_profile and"},
        {"profile missing aws_secret_access_key", "aws_secret_access_key is missing"},
        {"profile missing aws_access_key_id", "aws_access_key_id is missing"},
        {"profile `B` did not contain credential information", "profile 'B': it holds no credentials"},
        {"profile `A` did not contain credential information", NULL},
        {"could not find source profile B referenced from A", "source_profile names 'B'"},
        {"No profiles were defined", NULL},
        {"profile formed an infinite loop", "a loop"},
        {"`role_arn` was missing", "needs a role_arn"},
        {"if `sso_role_name` is set, then `sso_account_id` must also be set", "sso_account_id is missing"},
        {"if `sso_account_id` is set, then `sso_role_name` must also be set", "sso_role_name is missing"},
        {"`sso_region` can only be specified in the [sso-session] config when a session name is given",
         "[sso-session A] has no sso_region"},
        {"sso-session named `oops` (referenced by profile `A`) was not found",
         "there is no [sso-session oops]"},
    };
    size_t i = 0, n = sizeof errors / sizeof errors[0];

    while (i < n && !bedrock_json_equals(error, errors[i].theirs))
        i++;
    if (!CHECKF(i < n, "an error that is not in the list"))
        return;
    if (errors[i].ours)
        CHECKF(rc == BEDROCK_ERR_CONFIG && holds(message, errors[i].ours), "%d: %s", rc, message);
    else
        CHECKF(rc == 0 && base == BDK_PLAN_NONE, "%d: %s", rc, message);
}

static void test_chain(struct bedrock_json vector)
{
    static const char *const env_list[] = {"HOME", "/h", NULL};
    struct bedrock_json error = bedrock_json_get(vector, "output.Error");
    struct files_file file[2] = {{"/h/.aws/config", NULL, 0, 0}, {NULL, NULL, 0, 0}};
    struct files f = {env_list, file, ""};
    struct bdk_env env = files_env(&f);
    struct bedrock_buffer config = {0};
    struct bedrock_error e = {0};
    struct bdk_profiles p;
    struct bdk_plan plan;
    char name[MAX_TEXT];
    int rc;

    t_case("assume-role-tests.json: %s", text_of(bedrock_json_get(vector, "docs"), name));
    write_sections(&config, "profile", bedrock_json_get(vector, "input.profiles"));
    write_sections(&config, "sso-session", bedrock_json_get(vector, "input.sso_sessions"));
    bedrock_buffer_append(&config, "", 1);
    file[0].text = config.p;
    if (CHECKF(bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e) == 0, "%s", e.message)) {
        text_of(bedrock_json_get(vector, "input.selected_profile"), name);
        rc = bdk_plan_make(&plan, &p, name, &e);
        if (error.type == BEDROCK_JSON_STRING)
            check_chain_error(error, rc, plan.base, e.message);
        else if (CHECKF(rc == 0, "%s", e.message))
            check_chain(bedrock_json_get(vector, "output.ProfileChain"), &plan);
    }
    bdk_profiles_free(&p);
    bedrock_buffer_free(&config);
}

/* ---- Files of vectors --------------------------------------------------------------------------- */

static void run(const char *folder)
{
    vectors_each(folder, "profile-parser-tests.json", "tests", test_parser);
    vectors_each(folder, "file-location-tests.json", "tests", test_location);
    vectors_each(folder, "assume-role-tests.json", "", test_chain);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_profiles", argc, argv, run);
}
