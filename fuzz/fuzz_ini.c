/* fuzz_ini.c - any bytes as a config file: what is read stays inside and, written anew, reads the same; and
 * as both files of a program: profiles are found and planned for. Leaves out: files on disk, no memory. */
#include "fuzz.h"
#include <errno.h>

#define FUZZ_MAX_PLANS 8

struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

/* A copy with the newline at its end that the reader wants. */
static char *fuzz_text(const void *data, size_t size)
{
    char *text = malloc(size + 1);

    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\n';
    return text;
}

/* ---- The grammar ------------------------------------------------------------------------------ */

static void fuzz_inside(const char *s, const char *text, size_t len)
{
    must(s >= text && s < text + len && memchr(s, 0, (size_t)(text + len - s)) != NULL);
}

static void check_item(const struct bdk_ini_item *item, const char *text, size_t len, unsigned line)
{
    const char *v = item->value;
    size_t n = strlen(v);

    fuzz_inside(item->name, text, len);
    fuzz_inside(v, text, len);
    must(item->line > line);
    if (item->kind == BDK_INI_SECTION)
        must(n == 0);
    if (item->kind == BDK_INI_PROPERTY)
        must(bdk_ini_is_name(item->name) && strpbrk(item->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
    if (item->kind == BDK_INI_NESTED)
        must(item->name[0] && !strchr(v, '\n'));
    if (n > 0)
        must(!strchr(" \t\n", v[0]) && !strchr(" \t\n\r", v[n - 1]));
    must(strpbrk(v, "\r\x1B\x7F\x01") == NULL && strpbrk(item->name, "\r\n\x1B\x7F\x01") == NULL);
}

static void write_item(struct bedrock_buffer *out, const struct bdk_ini_item *item)
{
    if (item->kind == BDK_INI_SECTION)
        bdk_buffer_text(out, "[");
    if (item->kind == BDK_INI_NESTED)
        bdk_buffer_text(out, " ");
    bdk_buffer_text(out, item->name);
    bdk_buffer_text(out, item->kind == BDK_INI_SECTION ? "]" : "=");
    for (const char *p = item->value; *p; p++) {
        bedrock_buffer_append(out, p, 1);
        if (*p == '\n')
            bdk_buffer_text(out, "\t");
    }
    bdk_buffer_text(out, "\n");
}

/* Both readers give the same, item by item. */
static void check_same(char *a, size_t a_len, char *b, size_t b_len)
{
    struct bdk_ini x, y;
    struct bdk_ini_item i, k;
    int rc;

    bdk_ini_init(&x, a, a_len);
    bdk_ini_init(&y, b, b_len);
    do {
        rc = bdk_ini_next(&x, &i);
        must(bdk_ini_next(&y, &k) == rc);
        if (rc > 0)
            must(i.kind == k.kind && strcmp(i.name, k.name) == 0 && strcmp(i.value, k.value) == 0);
    } while (rc > 0);
    must(rc == 0);
}

static void check_grammar(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *again = fuzz_text(data, size);
    struct bedrock_buffer out = {0};
    struct bdk_ini_item item;
    struct bdk_ini it;
    unsigned line = 0;
    int rc;

    bdk_ini_init(&it, text, size + 1);
    while ((rc = bdk_ini_next(&it, &item)) > 0) {
        must(line > 0 || item.kind == BDK_INI_SECTION);
        check_item(&item, text, size + 1, line);
        line = item.line;
        write_item(&out, &item);
    }
    must(out.error == 0 && (rc == 0 ? !it.why : rc == BEDROCK_ERR_CONFIG && it.why && it.line > line));
    if (rc == 0 && out.len > 0)
        check_same(again, size + 1, out.p, out.len);
    bedrock_buffer_free(&out);
    free(again);
    free(text);
}

/* ---- Profiles --------------------------------------------------------------------------------- */

static const char *fuzz_getenv(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static int fuzz_read(void *ctx, const char *path, struct bedrock_buffer *out)
{
    const struct fuzz_input *in = ctx;

    (void)path;
    bedrock_buffer_append(out, in->data, in->size);
    return out->error ? EFBIG : 0;
}

static void check_error(int rc, const struct bedrock_error *e)
{
    must(rc == e->code && (rc == 0 || rc == BEDROCK_ERR_CONFIG));
    must(rc == 0 || (strncmp(e->message, "/h/.aws/", 8) == 0 && !strchr(e->message, '\n')));
}

static void check_profile(const struct bdk_profiles *p, const char *name)
{
    struct bedrock_error e = {0};
    struct bdk_plan plan;
    int rc = bdk_plan_make(&plan, p, name, &e);

    must(bdk_profile_find(p, BDK_SECTION_PROFILE, name, NULL, NULL).value != NULL);
    check_error(rc, &e);
    must(plan.n_roles <= BDK_PLAN_MAX_ROLES);
    for (size_t i = 0; i < plan.n_roles; i++)
        must(plan.role[i].role_arn[0] && plan.role[i].profile[0]);
    if (rc != 0)
        return;
    must(plan.n_roles == 0 || (plan.base != BDK_PLAN_NONE && plan.role[plan.n_roles - 1].profile == name));
    must((plan.base == BDK_PLAN_STATIC) == (plan.access_key_id && plan.secret_access_key));
    must((plan.base == BDK_PLAN_SSO) == (plan.sso_region && plan.sso_start_url));
}

static void check_profiles(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct bdk_env env = {fuzz_getenv, NULL, fuzz_read, &in};
    struct bedrock_error e = {0};
    struct bdk_profiles p;
    const char *name;
    size_t at = 0;
    int rc = bdk_profiles_load(&p, &env, NULL, 1, NULL, NULL, &e);

    check_error(rc, &e);
    for (int n = 0; rc == 0 && n < FUZZ_MAX_PLANS; n++) {
        name = bdk_profiles_next(&p, BDK_SECTION_PROFILE, &at);
        if (name)
            check_profile(&p, name);
    }
    bdk_profiles_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_grammar(data, size);
    check_profiles(data, size);
    return 0;
}
