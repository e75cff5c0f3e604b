/* profiles.c - the shared config and credentials files: where they are, which profile, which value.
 * AWS SDK reference guide, "Shared config and credentials files". Leaves out: the grammar (ini.c), what a
 * value means, and where a profile's credentials come from (plan.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROFILES_CONFIG "~/.aws/config"
#define PROFILES_CREDENTIALS "~/.aws/credentials"
#define PROFILES_MAX_LISTED 12  /* names in a message */

/* ---- Which files ------------------------------------------------------------------------------ */

/* A program that answers for the environment itself means to be alone: then passwd is not asked. */
static const char *profiles_home(const struct bdk_env *env, char *space, size_t size)
{
    const char *home = bdk_getenv(env, "HOME");
    struct passwd entry, *found = NULL;

    if (home || env->fn)
        return home;
    if (getpwuid_r(getuid(), &entry, space, size, &found) != 0 || !found)
        return NULL;
    return found->pw_dir;
}

int bdk_home_path(const struct bdk_env *env, const char *path, char out[BDK_MAX_PATH])
{
    char space[4096];
    const char *home = "";
    int n;

    out[0] = 0;
    if (strncmp(path, "~/", 2) == 0) {
        home = profiles_home(env, space, sizeof space);
        if (!home)
            return ENOENT;
        path++;
    }
    n = snprintf(out, BDK_MAX_PATH, "%s%s", home, path);
    if (n >= 0 && n < BDK_MAX_PATH)
        return 0;
    out[0] = 0;
    return ENAMETOOLONG;
}

static int profiles_locate(struct bdk_profile_file *f, const struct bdk_env *env, const char *variable,
                           const char *usual, struct bedrock_error *e)
{
    const char *named = bdk_getenv(env, variable);

    if (bdk_home_path(env, named ? named : usual, f->path) == ENAMETOOLONG)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: a path of more than %d bytes",
                             named ? variable : usual, BDK_MAX_PATH - 1);
    return 0;
}

static int profiles_select(struct bdk_profiles *p, const struct bdk_env *env, const char *option,
                           struct bedrock_error *e)
{
    static const char *const variables[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
    const char *name = option && option[0] ? option : NULL;

    p->named_by = name ? BDK_PROFILE_OPTION : NULL;
    for (size_t i = 0; !name && i < sizeof variables / sizeof variables[0]; i++) {
        name = bdk_getenv(env, variables[i]);
        p->named_by = name ? variables[i] : NULL;
    }
    if (!name)
        name = "default";
    if (strlen(name) >= sizeof p->name)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: a profile's name of more than %d bytes",
                             p->named_by, BDK_MAX_PROFILE_NAME - 1);
    strcpy(p->name, name);
    return 0;
}

/* ---- Sections --------------------------------------------------------------------------------- */

/* The AWS CLI writes names with blanks in quotes. */
static int profiles_is_quoted(const char *name)
{
    size_t n = strlen(name);

    return n > 2 && (name[0] == '"' || name[0] == '\'') && name[n - 1] == name[0] &&
           strcspn(name + 1, "\"'") == n - 2;
}

/* What a section of the config file is; *name becomes its name alone. */
static enum bdk_section profiles_config_section(char **name)
{
    static const struct {
        const char *word;
        enum bdk_section kind;
    } kinds[] = {
        {"profile", BDK_SECTION_PROFILE},
        {"sso-session", BDK_SECTION_SSO_SESSION},
        {"services", BDK_SECTION_SERVICES},
    };
    char *text = *name;
    size_t n = strcspn(text, " \t");

    *name = text + n + strspn(text + n, " \t");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].word) != n || memcmp(text, kinds[i].word, n) != 0)
            continue;
        if (profiles_is_quoted(*name)) {
            (*name)++;
            (*name)[strlen(*name) - 1] = 0;
            return kinds[i].kind;
        }
        return bdk_ini_is_name(*name) ? kinds[i].kind : BDK_SECTION_NONE;
    }
    return BDK_SECTION_NONE;
}

/* Sections that are none of ours are left out, and what stands in them. */
static enum bdk_section profiles_section(const struct bdk_profiles *p, const struct bdk_profile_file *f,
                                         char **name)
{
    if (f == &p->file[BDK_FILE_CREDENTIALS])
        return bdk_ini_is_name(*name) ? BDK_SECTION_PROFILE : BDK_SECTION_NONE;
    return strcmp(*name, "default") == 0 ? BDK_SECTION_DEFAULT : profiles_config_section(name);
}

static struct bdk_profile_entry *profiles_entries(const struct bdk_profile_file *f, size_t *n)
{
    *n = f->entries.len / sizeof(struct bdk_profile_entry);
    return (struct bdk_profile_entry *)(void *)f->entries.p;
}

/* [profile default] goes before [default], wherever it stands: then nothing of the latter counts. */
static void profiles_settle_default(struct bdk_profile_file *f)
{
    size_t n;
    struct bdk_profile_entry *entry = profiles_entries(f, &n);
    int prefixed = 0;

    for (size_t i = 0; i < n; i++)
        if (entry[i].section == BDK_SECTION_PROFILE && strcmp(entry[i].name, "default") == 0)
            prefixed = 1;
    for (size_t i = 0; i < n; i++)
        if (entry[i].section == BDK_SECTION_DEFAULT)
            entry[i].section = prefixed ? BDK_SECTION_NONE : BDK_SECTION_PROFILE;
}

/* ---- Loading ---------------------------------------------------------------------------------- */

static int profiles_no_memory(struct bedrock_error *e)
{
    return bdk_error_set(e, BEDROCK_ERR_NOMEM, "no memory for the config files");
}

/* 0, or the errno that says why not. Beyond the file there is room for a last newline. */
static int profiles_read(struct bdk_profile_file *f, const struct bdk_env *env)
{
    int err;

    if (!f->path[0] || strcmp(f->path, "/dev/null") == 0)
        return 0;
    f->text.max = BDK_INI_MAX_FILE;
    err = bdk_read_file(env, f->path, &f->text);
    if (err == ENOENT || err == ENOTDIR)
        return 0;
    if (err)
        return err;
    f->text.max = BDK_INI_MAX_FILE + 1;
    if (bedrock_buffer_append(&f->text, "\n", 1) == 0)
        return 0;
    return f->text.error == BEDROCK_ERR_NOMEM ? ENOMEM : EFBIG;
}

/* Take the file's items over into its entries. */
static int profiles_parse(const struct bdk_profiles *p, struct bdk_profile_file *f,
                          struct bedrock_error *e)
{
    enum bdk_section section = BDK_SECTION_NONE;
    struct bdk_ini_item item;
    struct bdk_ini it;
    int rc;

    bdk_ini_init(&it, f->text.p, f->text.len);
    while ((rc = bdk_ini_next(&it, &item)) > 0) {
        struct bdk_profile_entry entry = {item.kind, BDK_SECTION_NONE, item.line, NULL, NULL};

        if (item.kind == BDK_INI_SECTION)
            section = entry.section = profiles_section(p, f, &item.name);
        if (section == BDK_SECTION_NONE)
            continue;
        entry.name = item.name;
        entry.value = item.kind == BDK_INI_SECTION ? item.name : item.value;
        if (bedrock_buffer_append(&f->entries, &entry, sizeof entry) != 0)
            return profiles_no_memory(e);
    }
    if (rc < 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%.700s:%u: %s", f->path, it.line, it.why);
    profiles_settle_default(f);
    return 0;
}

static int profiles_load_file(const struct bdk_profiles *p, struct bdk_profile_file *f,
                              const struct bdk_env *env, struct bedrock_error *e)
{
    char why[128];
    int err;

    f->loaded = 1;
    err = profiles_read(f, env);
    if (err == ENOMEM)
        return profiles_no_memory(e);
    if (err) {
        bdk_file_why(err, why);
        bdk_error_set(e, BEDROCK_ERR_CONFIG, "%.700s: %s", f->path, why);
        e->sys_errno = err;
        return BEDROCK_ERR_CONFIG;
    }
    return profiles_parse(p, f, e);
}

/* ---- Looking up ------------------------------------------------------------------------------- */

static const struct bdk_profile_entry *profiles_find(const struct bdk_profile_file *f,
                                                     enum bdk_section kind, const char *name,
                                                     const char *key, const char *nested)
{
    const struct bdk_profile_entry *found = NULL, *entry;
    int inside = 0, below = 0;
    size_t n;

    for (entry = profiles_entries(f, &n); n > 0; n--, entry++) {
        if (entry->kind == BDK_INI_SECTION) {
            inside = entry->section == kind && strcmp(entry->name, name) == 0;
            if (inside && !key)
                return entry;
        } else if (!inside || !key) {
            continue;
        } else if (entry->kind == BDK_INI_PROPERTY) {
            below = strcmp(entry->name, key) == 0;
            if (below)
                found = nested ? NULL : entry; /* it takes the place of an earlier one and of its block */
        } else if (below && nested && strcmp(entry->name, nested) == 0) {
            found = entry;
        }
    }
    return found;
}

/* In the file `first`, or else in the other one. */
static struct bdk_setting profiles_look(const struct bdk_profiles *p, enum bdk_profile_which first,
                                        enum bdk_section kind, const char *name, const char *key,
                                        const char *nested)
{
    struct bdk_setting s = {NULL, NULL, 0};

    for (int i = 0; i < 2 && !s.value; i++) {
        const struct bdk_profile_file *f = &p->file[i ? 1 - (int)first : (int)first];
        const struct bdk_profile_entry *entry = profiles_find(f, kind, name, key, nested);

        if (entry) {
            s.value = entry->value;
            s.file = f->path;
            s.line = entry->line;
        }
    }
    return s;
}

static int profiles_is_set(const char *value)
{
    return value && value[strspn(value, " \t\n")] != 0;
}

struct bdk_setting bdk_profile_find(const struct bdk_profiles *p, enum bdk_section kind, const char *name,
                                    const char *key, const char *nested)
{
    return profiles_look(p, BDK_FILE_CREDENTIALS, kind, name, key, nested);
}

const char *bdk_profile_value(const struct bdk_profiles *p, const char *profile, const char *key)
{
    struct bdk_setting s = bdk_profile_find(p, BDK_SECTION_PROFILE, profile, key, NULL);

    return profiles_is_set(s.value) ? s.value : NULL;
}

struct bdk_setting bdk_profile_setting(const struct bdk_profiles *p, const char *key)
{
    static const struct bdk_setting none = {NULL, NULL, 0};
    struct bdk_setting s = profiles_look(p, BDK_FILE_CONFIG, BDK_SECTION_PROFILE, p->name, key, NULL);

    return profiles_is_set(s.value) ? s : none;
}

/* An entry is a name's first one when looking for the name finds it. */
const char *bdk_profiles_next(const struct bdk_profiles *p, enum bdk_section kind, size_t *at)
{
    size_t before = 0;

    for (int i = 0; i < 2; i++) {
        size_t n;
        const struct bdk_profile_entry *entry = profiles_entries(&p->file[i], &n);

        for (; *at < before + n; (*at)++) {
            const struct bdk_profile_entry *here = entry + (*at - before);
            struct bdk_setting first;

            if (here->kind != BDK_INI_SECTION || here->section != kind)
                continue;
            first = profiles_look(p, BDK_FILE_CONFIG, kind, here->name, NULL, NULL);
            if (first.value == here->value) {
                (*at)++;
                return here->name;
            }
        }
        before += n;
    }
    return NULL;
}

/* ---- Entry points ------------------------------------------------------------------------------- */

/* "a, b and c"; "a, b and more"; "none". */
static void profiles_names(const struct bdk_profiles *p, char *out, size_t cap)
{
    const char *name, *next;
    size_t at = 0, used = 0;

    name = bdk_profiles_next(p, BDK_SECTION_PROFILE, &at);
    snprintf(out, cap, "none");
    for (int shown = 0; name; shown++, name = next) {
        next = bdk_profiles_next(p, BDK_SECTION_PROFILE, &at);
        if (shown == PROFILES_MAX_LISTED || used + strlen(name) + 32 > cap) {
            snprintf(out + used, cap - used, "%smore", shown ? " and " : "");
            return;
        }
        used += (size_t)snprintf(out + used, cap - used, "%s%s", !shown ? "" : next ? ", " : " and ", name);
    }
}

static int profiles_exists(const struct bdk_profiles *p)
{
    return bdk_profile_find(p, BDK_SECTION_PROFILE, p->name, NULL, NULL).value != NULL;
}

static int profiles_missing(const struct bdk_profiles *p, struct bedrock_error *e)
{
    const char *config = p->file[BDK_FILE_CONFIG].path;
    const char *credentials = p->file[BDK_FILE_CREDENTIALS].path;
    char names[320];

    profiles_names(p, names, sizeof names);
    return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                         "%s names the profile '%.80s', which is neither in %.200s nor in %.200s; "
                         "profiles found there: %s", p->named_by, p->name,
                         config[0] ? config : PROFILES_CONFIG,
                         credentials[0] ? credentials : PROFILES_CREDENTIALS, names);
}

int bdk_profiles_load_credentials(struct bdk_profiles *p, const struct bdk_env *env,
                                  struct bedrock_error *e)
{
    struct bdk_profile_file *f = &p->file[BDK_FILE_CREDENTIALS];

    return f->loaded ? 0 : profiles_load_file(p, f, env, e);
}

int bdk_profiles_load(struct bdk_profiles *p, const struct bdk_env *env, const char *profile_option,
                      int with_credentials, bedrock_alloc_fn alloc, void *alloc_ctx,
                      struct bedrock_error *e)
{
    int rc, named;

    memset(p, 0, sizeof *p);
    for (int i = 0; i < 2; i++) {
        struct bdk_profile_file *f = &p->file[i];

        f->text.alloc = f->entries.alloc = alloc;
        f->text.alloc_ctx = f->entries.alloc_ctx = alloc_ctx;
        f->entries.max = BDK_INI_MAX_ITEMS * sizeof(struct bdk_profile_entry);
    }
    rc = profiles_select(p, env, profile_option, e);
    if (rc == 0)
        rc = profiles_locate(&p->file[BDK_FILE_CONFIG], env, "AWS_CONFIG_FILE", PROFILES_CONFIG, e);
    if (rc == 0)
        rc = profiles_locate(&p->file[BDK_FILE_CREDENTIALS], env, "AWS_SHARED_CREDENTIALS_FILE",
                             PROFILES_CREDENTIALS, e);
    if (rc == 0)
        rc = profiles_load_file(p, &p->file[BDK_FILE_CONFIG], env, e);
    named = rc == 0 && strcmp(p->name, "default") != 0;
    if (rc == 0 && (with_credentials || (named && !profiles_exists(p))))
        rc = bdk_profiles_load_credentials(p, env, e);
    if (rc == 0 && named && !profiles_exists(p))
        rc = profiles_missing(p, e);
    return rc;
}

void bdk_profiles_free(struct bdk_profiles *p)
{
    for (int i = 0; p && i < 2; i++) {
        bedrock_buffer_free(&p->file[i].text);
        bedrock_buffer_free(&p->file[i].entries);
        p->file[i].loaded = 0;
    }
}
