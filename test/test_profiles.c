/* test_profiles.c - the shared config files: which are read, which profile and which value is found, and what
 * is said of files that cannot be read. Cases of our own. Leaves out: the grammar (test_ini.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "files.h"
#include "t.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "/h/.aws/config"
#define CREDENTIALS "/h/.aws/credentials"

static const char *const home_only[] = {"HOME", "/h", NULL};

/* Load from these two texts; NULL: there is no such file. */
static int load(struct bdk_profiles *p, const char *config, const char *credentials, const char *option,
                int with_credentials, struct bedrock_error *e)
{
    struct files_file file[3] = {{CONFIG, config, 0, ENOENT}, {CREDENTIALS, credentials, 0, ENOENT},
                                 {NULL, NULL, 0, 0}};
    struct files f = {home_only, file, ""};
    struct bdk_env env = files_env(&f);

    memset(e, 0, sizeof *e);
    return bdk_profiles_load(p, &env, option, with_credentials, NULL, NULL, e);
}

static void test_paths(void)
{
    static char long_home[BDK_MAX_PATH + 1];
    static const struct {
        const char *name, *env[7], *config, *credentials;
    } cases[] = {
        {"home", {"HOME", "/h"}, CONFIG, CREDENTIALS},
        {"no home", {NULL}, "", ""},
        {"a blank home", {"HOME", " "}, "", ""},
        {"named files", {"AWS_CONFIG_FILE", "/x/c", "AWS_SHARED_CREDENTIALS_FILE", "y"}, "/x/c", "y"},
        {"named files below home", {"HOME", "/h", "AWS_CONFIG_FILE", "~/c",
         "AWS_SHARED_CREDENTIALS_FILE", "~y/d"}, "/h/c", "~y/d"},
        {"below a home that is not there", {"AWS_CONFIG_FILE", "~/c"}, "", ""},
        {"a blank name is none", {"AWS_CONFIG_FILE", "\t", "HOME", "/h"}, CONFIG, CREDENTIALS},
    };
    const char *long_env[] = {"AWS_CONFIG_FILE", long_home, NULL};
    struct files f = {long_env, NULL, ""};
    struct bdk_env env = files_env(&f), real = {NULL, NULL, NULL, NULL};
    struct bdk_profiles p;
    struct bedrock_error e = {0};
    char path[BDK_MAX_PATH];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f.env = cases[i].env;
        t_case("files: %s", cases[i].name);
        memset(&e, 0, sizeof e);
        CHECKF(bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e) == 0, "%s", e.message);
        CHECK_TEXT(p.file[0].path, strlen(p.file[0].path), cases[i].config);
        CHECK_TEXT(p.file[1].path, strlen(p.file[1].path), cases[i].credentials);
        bdk_profiles_free(&p);
    }
    f.env = long_env;
    memset(long_home, 'x', BDK_MAX_PATH);
    for (size_t n = BDK_MAX_PATH; n >= BDK_MAX_PATH - 1; n--) {
        t_case("a path of %zu bytes", n);
        long_home[n] = 0;
        memset(&e, 0, sizeof e);
        CHECK((bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e) == 0) == (n < BDK_MAX_PATH));
        CHECK(!e.code || (e.code == BEDROCK_ERR_CONFIG && strstr(e.message, "AWS_CONFIG_FILE")));
        bdk_profiles_free(&p);
    }
    t_case("without HOME passwd says where home is, unless the program answers for the environment");
    unsetenv("HOME");
    if (bdk_home_path(&real, "~/x", path) == 0)
        CHECKF(path[0] == '/' && strcmp(path + strlen(path) - 2, "/x") == 0, "%s", path);
    f.env = NULL;
    CHECK(bdk_home_path(&env, "~/x", path) == ENOENT && !path[0]);
    CHECK(bdk_home_path(&env, "~x", path) == 0 && strcmp(path, "~x") == 0);
}

static void test_names(void)
{
    static const struct {
        const char *option, *env[5], *name, *by;
    } cases[] = {
        {NULL, {NULL}, "default", ""},
        {"", {NULL}, "default", ""},
        {"a", {"AWS_PROFILE", "b"}, "a", "the profile option"},
        {NULL, {"AWS_DEFAULT_PROFILE", "c", "AWS_PROFILE", "b"}, "b", "AWS_PROFILE"},
        {"", {"AWS_DEFAULT_PROFILE", "c", "AWS_PROFILE", ""}, "c", "AWS_DEFAULT_PROFILE"},
        {NULL, {"AWS_PROFILE", "default"}, "default", "AWS_PROFILE"},
    };
    static const struct files_file file[] = {
        {"/dev/c", "[profile a]\n[profile b]\n[profile c]\n", 0, 0}, {NULL, NULL, 0, 0}};
    char long_name[BDK_MAX_PROFILE_NAME + 1];
    struct bdk_profiles p;
    struct bedrock_error e;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env_list[] = {"AWS_CONFIG_FILE", "/dev/c", cases[i].env[0], cases[i].env[1],
                                  cases[i].env[2], cases[i].env[3], NULL};
        struct files f = {env_list, file, ""};
        struct bdk_env env = files_env(&f);

        t_case("the profile %s", cases[i].name);
        memset(&e, 0, sizeof e);
        CHECKF(bdk_profiles_load(&p, &env, cases[i].option, 0, NULL, NULL, &e) == 0, "%s", e.message);
        CHECK_TEXT(p.name, strlen(p.name), cases[i].name);
        CHECK_TEXT(p.named_by ? p.named_by : "", p.named_by ? strlen(p.named_by) : 0, cases[i].by);
        bdk_profiles_free(&p);
    }
    t_case("a name that is too long");
    memset(long_name, 'n', sizeof long_name);
    long_name[BDK_MAX_PROFILE_NAME] = 0;
    CHECK(load(&p, NULL, NULL, long_name, 0, &e) == BEDROCK_ERR_CONFIG && strstr(e.message, "255"));
    bdk_profiles_free(&p);
}

/* Which files are read: no more than needed. */
static void test_reads(void)
{
    static const struct {
        const char *name, *config, *option;
        int with_credentials, code;
        const char *opened, *word;
    } cases[] = {
        {"the config file alone", "[default]\n", NULL, 0, 0, CONFIG " ", ""},
        {"no files", NULL, NULL, 0, 0, CONFIG " ", ""},
        {"both where both are asked for", "[default]\n", NULL, 1, 0, CONFIG " " CREDENTIALS " ", ""},
        {"a named profile in the config file", "[profile a]\n", "a", 0, 0, CONFIG " ", ""},
        {"a named profile in the credentials file", "[default]\n", "in-credentials", 0, 0,
         CONFIG " " CREDENTIALS " ", ""},
        {"a named profile in neither", "[profile a]\n[profile b]\n[b]\n[profile a]\n", "x", 0,
         BEDROCK_ERR_CONFIG, CONFIG " " CREDENTIALS " ", "the profile option names the profile 'x', "
         "which is neither in " CONFIG " nor in " CREDENTIALS
         "; profiles found there: a, b and in-credentials"},
        {"default need not be there, even by name", "[profile a]\n", "default", 1, 0,
         CONFIG " " CREDENTIALS " ", ""},
        {"a section without its word is no profile", "[a]\n", "a", 0, BEDROCK_ERR_CONFIG,
         CONFIG " " CREDENTIALS " ", "found there: in-credentials"},
        {"a long list is cut", "[profile a]\n[profile b]\n[profile c]\n[profile d]\n[profile e]\n"
         "[profile f]\n[profile g]\n[profile h]\n[profile i]\n[profile j]\n[profile k]\n[profile l]\n"
         "[profile m]\n", "x", 0, BEDROCK_ERR_CONFIG, CONFIG " " CREDENTIALS " ",
         "there: a, b, c, d, e, f, g, h, i, j, k, l and more"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct files_file file[] = {{CONFIG, cases[i].config, 0, ENOENT},
                                    {CREDENTIALS, "[in-credentials]\n", 0, 0}, {NULL, NULL, 0, 0}};
        struct files f = {home_only, file, ""};
        struct bdk_env env = files_env(&f);
        struct bedrock_error e = {0};
        struct bdk_profiles p;
        int rc;

        t_case("read: %s", cases[i].name);
        rc = bdk_profiles_load(&p, &env, cases[i].option, cases[i].with_credentials, NULL, NULL, &e);
        CHECKF(rc == cases[i].code, "%d: %s", rc, e.message);
        CHECK_TEXT(f.opened, strlen(f.opened), cases[i].opened);
        CHECKF(strstr(e.message, cases[i].word) != NULL, "%s", e.message);
        if (rc == 0) {
            CHECK(bdk_profiles_load_credentials(&p, &env, &e) == 0);
            CHECK(bdk_profiles_load_credentials(&p, &env, &e) == 0);
            CHECK_TEXT(f.opened, strlen(f.opened), CONFIG " " CREDENTIALS " ");
        }
        bdk_profiles_free(&p);
    }
    {
        struct bedrock_error e;
        struct bdk_profiles p;

        t_case("no file has any profile");
        CHECK(load(&p, NULL, NULL, "x", 0, &e) == BEDROCK_ERR_CONFIG && strstr(e.message, "there: none"));
        bdk_profiles_free(&p);
    }
}

/* ---- Values ----------------------------------------------------------------------------------- */

static const char both_config[] =
    "[default]\n"                       /* dropped: the other one is there */
    "region = dropped\n"
    "only = dropped\n"
    "[profile default]\n"
    "region = one\n"
    "output = text\n"
    "[profile a]\n"
    "s3 =\n"
    "  x = 1\n"
    "  y = 2\n"
    "role_arn = r\n"                    /* 11 */
    "empty =\n"
    "[sso-session s]\n"
    "sso_region = sr\n"
    "[services s]\n"
    "bedrock_runtime =\n"
    "  endpoint_url = https://one\n"
    "bedrock =\n"
    "  endpoint_url = https://two\n"
    "  endpoint_url = https://three\n"  /* 20 */
    "[a]\n"
    "region = no section\n"
    "[profile \"b c\"]\n"
    "region = quoted\n"
    "[profile 'd']\n"
    "region = single\n"
    "[profile e f]\n"
    "region = invalid\n"
    "[profilex]\n[profile]\n[sso-session]\n[default x]\n[profile \"\"]\n[profile \"g]\n[profile \"g']\n"
    "region = invalid\n"
    "[profile a]\n"                     /* 37 */
    "s3 =\n"
    "  x = 3\n"
    "region = late\n"
    "multi = m\n"
    "  n\n";

static const char both_credentials[] =
    "[default]\n"
    "region = two\n"
    "aws_access_key_id = AK\n"
    "[a]\n"
    "output = json\n"
    "[profile a]\n"
    "output = no section\n"
    "[sso-session s]\n"
    "sso_region = no section\n"
    "[services]\n"
    "x = a profile of that name\n";

static void test_values(void)
{
    static const struct {
        enum bdk_section kind;
        const char *name, *key, *nested, *value;
        int credentials;
        unsigned line;
    } cases[] = {
        {BDK_SECTION_PROFILE, "default", "region", NULL, "two", 1, 2},
        {BDK_SECTION_PROFILE, "default", "output", NULL, "text", 0, 6},
        {BDK_SECTION_PROFILE, "default", "only", NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "default", "aws_access_key_id", NULL, "AK", 1, 3},
        {BDK_SECTION_PROFILE, "default", NULL, NULL, "default", 1, 1},
        {BDK_SECTION_PROFILE, "a", NULL, NULL, "a", 1, 4},
        {BDK_SECTION_PROFILE, "a", "region", NULL, "late", 0, 40},
        {BDK_SECTION_PROFILE, "a", "role_arn", NULL, "r", 0, 11},
        {BDK_SECTION_PROFILE, "a", "output", NULL, "json", 1, 5},
        {BDK_SECTION_PROFILE, "a", "empty", NULL, "", 0, 12},
        {BDK_SECTION_PROFILE, "a", "multi", NULL, "m\nn", 0, 41},
        {BDK_SECTION_PROFILE, "a", "s3", NULL, "", 0, 38},
        {BDK_SECTION_PROFILE, "a", "s3", "x", "3", 0, 39},
        {BDK_SECTION_PROFILE, "a", "s3", "y", NULL, 0, 0}, /* the later block takes the place of the first */
        {BDK_SECTION_PROFILE, "a", "x", NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "a", "role_arn", "x", NULL, 0, 0},
        {BDK_SECTION_PROFILE, "A", "region", NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "b c", "region", NULL, "quoted", 0, 24},
        {BDK_SECTION_PROFILE, "d", "region", NULL, "single", 0, 26},
        {BDK_SECTION_PROFILE, "e f", "region", NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "", NULL, NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "x", NULL, NULL, NULL, 0, 0},
        {BDK_SECTION_PROFILE, "services", "x", NULL, "a profile of that name", 1, 11},
        {BDK_SECTION_SSO_SESSION, "s", "sso_region", NULL, "sr", 0, 14},
        {BDK_SECTION_SSO_SESSION, "t", NULL, NULL, NULL, 0, 0},
        {BDK_SECTION_SERVICES, "s", "bedrock_runtime", "endpoint_url", "https://one", 0, 17},
        {BDK_SECTION_SERVICES, "s", "bedrock", "endpoint_url", "https://three", 0, 20},
        {BDK_SECTION_SERVICES, "s", "bedrock", "region", NULL, 0, 0},
        {BDK_SECTION_SERVICES, "s", NULL, NULL, "s", 0, 15},
    };
    struct bedrock_error e;
    struct bdk_profiles p;

    t_case("both files are loaded");
    CHECKF(load(&p, both_config, both_credentials, NULL, 1, &e) == 0, "%s", e.message);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_setting s = bdk_profile_find(&p, cases[i].kind, cases[i].name, cases[i].key,
                                                cases[i].nested);

        t_case("value %s %s %s", cases[i].name, cases[i].key ? cases[i].key : "-",
               cases[i].nested ? cases[i].nested : "-");
        if (!cases[i].value) {
            CHECKF(!s.value && !s.file && !s.line, "%s", s.value);
            continue;
        }
        if (!CHECK(s.value != NULL))
            continue;
        CHECK_TEXT(s.value, strlen(s.value), cases[i].value);
        CHECK_TEXT(s.file, strlen(s.file), cases[i].credentials ? CREDENTIALS : CONFIG);
        CHECKF(s.line == cases[i].line, "line %u", s.line);
    }
    t_case("a value of a profile; blank is unset");
    CHECK(strcmp(bdk_profile_value(&p, "a", "role_arn"), "r") == 0);
    CHECK(!bdk_profile_value(&p, "a", "empty") && !bdk_profile_value(&p, "a", "none"));
    bdk_profiles_free(&p);
}

/* The same answer before and after the credentials file is loaded. */
static void test_settings(void)
{
    static const struct files_file file[] = {{CONFIG, both_config, 0, 0},
                                             {CREDENTIALS, both_credentials, 0, 0}, {NULL, NULL, 0, 0}};
    struct files f = {home_only, file, ""};
    struct bdk_env env = files_env(&f);
    struct bedrock_error e = {0};
    struct bdk_profiles p;

    t_case("settings do not depend on what is loaded");
    CHECK(bdk_profiles_load(&p, &env, NULL, 0, NULL, NULL, &e) == 0);
    for (int i = 0; i < 2; i++) {
        struct bdk_setting s = bdk_profile_setting(&p, "region");

        CHECKF(s.value && strcmp(s.value, "one") == 0 && strcmp(s.file, CONFIG) == 0 && s.line == 5,
               "%s", s.value);
        s = bdk_profile_setting(&p, "aws_access_key_id");
        CHECK(i == 0 ? !s.value : s.value && strcmp(s.file, CREDENTIALS) == 0);
        CHECK(bdk_profiles_load_credentials(&p, &env, &e) == 0);
    }
    bdk_profiles_free(&p);
}

static void test_listing(void)
{
    static const char *const want[] = {"default", "a", "b c", "d", "services"};
    struct bedrock_error e;
    struct bdk_profiles p;
    const char *name;
    size_t at = 0, n = 0;

    t_case("each profile once");
    CHECK(load(&p, both_config, both_credentials, NULL, 1, &e) == 0);
    for (; (name = bdk_profiles_next(&p, BDK_SECTION_PROFILE, &at)) != NULL; n++)
        CHECKF(n < 5 && strcmp(name, want[n]) == 0, "%zu: %s", n, name);
    CHECKF(n == 5 && !bdk_profiles_next(&p, BDK_SECTION_PROFILE, &at), "%zu profiles", n);
    at = 0;
    CHECK(bdk_profiles_next(&p, BDK_SECTION_SSO_SESSION, &at) != NULL);
    CHECK(bdk_profiles_next(&p, BDK_SECTION_SSO_SESSION, &at) == NULL);
    bdk_profiles_free(&p);
}

/* ---- Failures --------------------------------------------------------------------------------- */

static void test_bad_files(void)
{
    static char big[BDK_INI_MAX_FILE + 2];
    static const struct {
        const char *name, *text;
        size_t len;
        int err;
        const char *message;    /* NULL: it is fine */
    } cases[] = {
        {"missing", NULL, 0, ENOENT, NULL},
        {"below a file", NULL, 0, ENOTDIR, NULL},
        {"unreadable", NULL, 0, EACCES, "Permission denied"},
        {"a directory", NULL, 0, EISDIR, "Is a directory"},
        {"a FIFO", NULL, 0, EINVAL, "not a regular file"},
        {"empty", "", 0, 0, NULL},
        {"without a last newline", "[default]\nregion = r", 0, 0, NULL},
        {"as large as may be", big, sizeof big - 2, 0, NULL},
        {"too large", big, sizeof big - 1, 0, "too large"},
        {"binary", "\x7F" "ELF\x02\x01", 0, 0, "1: a control character: this is no text file"},
        {"UTF-16", "\xFF\xFE[\0a\0]\0\n\0", 10, 0, "1: a control character: this is no text file"},
        {"a broken line", "[default]\nregion = r\nsecretkeyhere\n", 0, 0,
         "3: expected an '=' sign defining a property"},
    };

    memset(big, '\n', sizeof big);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int which = 0; which < 2; which++) {
            struct files_file file[2] = {{which ? CREDENTIALS : CONFIG, cases[i].text, cases[i].len,
                                          cases[i].err}, {NULL, NULL, 0, 0}};
            struct files f = {home_only, file, ""};
            struct bdk_env env = files_env(&f);
            struct bedrock_error e = {0};
            struct t_heap heap = {0};
            struct bdk_profiles p;
            char want[200] = "";
            int rc;

            t_case("%s file: %s", which ? "credentials" : "config", cases[i].name);
            if (cases[i].message)
                snprintf(want, sizeof want, "%s:%s%s", file[0].path, cases[i].message[0] < 'A' ? "" : " ",
                         cases[i].message);
            rc = bdk_profiles_load(&p, &env, NULL, 1, t_heap_alloc, &heap, &e);
            CHECKF(rc == (cases[i].message ? BEDROCK_ERR_CONFIG : 0) && rc == e.code, "%d", rc);
            CHECK_TEXT(e.message, strlen(e.message), want);
            CHECK(rc == 0 || cases[i].text || e.sys_errno == cases[i].err);
            bdk_profiles_free(&p);
            CHECK(heap.live == 0);
        }
}

/* Through open(2): no hooks for files. */
static void test_real_files(void)
{
    static const struct {
        const char *path, *word;
    } cases[] = {{"/dev/null", NULL}, {"/nowhere/config", NULL}, {".", "Is a directory"},
                 {"/dev/zero", "/dev/zero: not a regular file"},
                 {"/etc/passwd", "/etc/passwd:1: expected a profile definition"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const env_list[] = {"AWS_CONFIG_FILE", cases[i].path, NULL};
        int code = cases[i].word ? BEDROCK_ERR_CONFIG : 0;
        struct files f = {env_list, NULL, ""};
        struct bdk_env env = files_env(&f);
        struct bedrock_error e = {0};
        struct bdk_profiles p;

        t_case("on disk: %s", cases[i].path);
        env.read_file = NULL;
        CHECK(bdk_profiles_load(&p, &env, NULL, 0, NULL, NULL, &e) == code);
        CHECKF(!cases[i].word || strstr(e.message, cases[i].word), "%s", e.message);
        bdk_profiles_free(&p);
    }
}

static int load_in(void *env, struct t_heap *heap)
{
    struct bedrock_error e = {0};
    struct bdk_profiles p;
    int rc = bdk_profiles_load(&p, env, NULL, 1, t_heap_alloc, heap, &e);

    CHECK(rc == e.code);
    bdk_profiles_free(&p);
    return rc;
}

static void test_no_memory(void)
{
    static const struct files_file file[] = {{CONFIG, both_config, 0, 0},
                                             {CREDENTIALS, both_credentials, 0, 0}, {NULL, NULL, 0, 0}};
    struct files f = {home_only, file, ""};
    struct bdk_env env = files_env(&f);

    t_case("each allocation fails once");
    t_no_memory(load_in, &env);
}

int main(void)
{
    test_paths();
    test_names();
    test_reads();
    test_values();
    test_settings();
    test_listing();
    test_bad_files();
    test_real_files();
    test_no_memory();
    return t_end("test_profiles");
}
