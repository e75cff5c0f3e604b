/* test_cachefile.c - token caches on disk: written whole or not at all, read in every state, renewed with all
 * that is unknown kept. In a folder of its own. Leaves out: what SSO and login make of it. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "files.h"
#include "t.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1767323045
#define PATH "/home/me/.aws/sso/cache/0102.json"

static char folder[64];

/* ---- Writing ---- */

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* How many entries the folder has. */
static int entries(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int n = 0;

    while (dir && (entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

static void check_content(const char *path, const char *want)
{
    size_t len = 0;
    char *text = t_read_file(path, &len);

    if (CHECK(text != NULL))
        CHECK_TEXT(text, len, want);
    free(text);
}

static void test_write(void)
{
    const char *path = in_folder("token.json");
    char squatter[160];
    struct stat st;
    FILE *f;

    t_case("a new file is the owner's alone");
    CHECK(bdk_cache_write(path, "{\"a\":1}", 7) == 0);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    check_content(path, "{\"a\":1}");
    t_case("a file is replaced, and nothing stays beside it");
    CHECK(chmod(path, 0644) == 0);
    CHECK(bdk_cache_write(path, "{\"a\":22}", 8) == 0);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    check_content(path, "{\"a\":22}");
    CHECK(entries() == 1);
    t_case("a temporary file that somebody left behind is not used");
    snprintf(squatter, sizeof squatter, "%s.%ld.0", path, (long)getpid());
    f = fopen(squatter, "w");
    CHECK(f && fputs("mine", f) >= 0 && fclose(f) == 0);
    CHECK(bdk_cache_write(path, "new", 3) == 0);
    check_content(path, "new");
    check_content(squatter, "mine");
    CHECK(unlink(squatter) == 0);
    t_case("nor is a link that points elsewhere");
    CHECK(symlink(in_folder("elsewhere"), squatter) == 0);
    path = in_folder("token.json");
    CHECK(bdk_cache_write(path, "newer", 5) == 0);
    check_content(path, "newer");
    CHECK(access(in_folder("elsewhere"), F_OK) != 0 && unlink(squatter) == 0);
}

/* As root, with the HOME of somebody else: the file stays his. Then as him in a folder where all may write: a
 * file of root's stays root's. */
static void test_owner(void)
{
    const char *path = in_folder("owned.json");
    struct stat st;

    t_case("a file of another owner");
    if (geteuid() != 0) {
        t_skip("only root can give files away");
        return;
    }
    CHECK(bdk_cache_write(path, "old", 3) == 0 && chown(path, 1234, 2345) == 0);
    CHECK(bdk_cache_write(path, "new", 3) == 0);
    CHECK(stat(path, &st) == 0 && st.st_uid == 1234 && st.st_gid == 2345 && (st.st_mode & 0777) == 0600);
    check_content(path, "new");
    CHECK(chown(path, 0, 0) == 0 && chmod(folder, 0777) == 0 && seteuid(1234) == 0);
    CHECK(bdk_cache_write(path, "newer", 5) == EPERM);
    CHECK(seteuid(0) == 0 && chmod(folder, 0700) == 0);
    CHECK(stat(path, &st) == 0 && st.st_uid == 0);
    check_content(path, "new");
    CHECK(unlink(path) == 0 && entries() == 1);
}

static void test_write_fails(void)
{
    char path[BDK_MAX_PATH + 1];

    t_case("no such folder");
    CHECK(bdk_cache_write(in_folder("none/token.json"), "x", 1) == ENOENT);
    t_case("what stands there cannot be replaced, and nothing stays beside it");
    CHECK(mkdir(in_folder("dir.json"), 0700) == 0);
    CHECK(bdk_cache_write(in_folder("dir.json"), "x", 1) == EISDIR);
    CHECK(entries() == 2);
    CHECK(rmdir(in_folder("dir.json")) == 0);
    t_case("a path that is too long");
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = 0;
    CHECK(bdk_cache_write(path, "x", 1) == ENAMETOOLONG);
}

/* ---- Reading ---- */

static const struct bdk_cache_path members[] = {{"expiresAt", 1}, {"in.key", 1}, {"maybe", 0}};
static const struct bdk_cache_form form = {"a test's token file", members, 3};
static const char *const home[] = {"HOME", "/home/me", NULL};

static void start(struct bdk_cache *c, const struct bdk_env *env, struct t_heap *heap)
{
    static const unsigned char digest[] = {1, 2};
    struct bedrock_error e = {0};

    memset(c, 0, sizeof *c);
    strcpy(c->login, "aws x login --profile p");
    CHECK(bdk_cache_open(c, &form, env, "~/.aws/sso/cache/", digest, sizeof digest,
                         heap ? t_heap_alloc : NULL, heap, &e) == 0);
    CHECK(strcmp(c->path, PATH) == 0);
}

static const struct {
    const char *name, *text, *word; /* word NULL: it is good, until NOW + 60 */
    int err;
} read_cases[] = {
    {"whole", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":\"k\"},\"maybe\":\"m\"}", NULL, 0},
    {"with an offset", "{\"expiresAt\":\"2026-01-02T04:05:05.25+01:00\",\"in\":{\"key\":\"k\"}}", NULL, 0},
    {"as AWS CLI 1 wrote it", " {\"in\":{\"key\":\"\\u006b\"},\"expiresAt\":\"2026-01-02T03:05:05UTC\"}\n",
     NULL, 0},
    {"what may be missing is empty", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":\"k\"},"
     "\"maybe\":\"\"}",
     NULL, 0},
    {"there is none", NULL, "nobody has signed in; run aws x login --profile p", ENOENT},
    {"no folder", NULL, "nobody has signed in; run aws x login --profile p", ENOTDIR},
    {"not ours to read", NULL, "Permission denied", EACCES},
    {"a directory", NULL, "s a directory", EISDIR},
    {"10 MiB", NULL, "too large", EFBIG},
    {"empty", "", "it is empty; run aws x login", 0},
    {"half written", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":\"SECRET",
     "half written; run aws x", 0},
    {"binary", "\x01\x02\xFF", "half written", 0},
    {"an array", "[]", "it is no JSON object", 0},
    {"a member is missing", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{}}",
     "it has no in.key; run aws x", 0},
    {"a member is empty", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":\"\"}}",
     "it has no in.key", 0},
    {"a member is no string", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":7}}",
     "it has no in.key", 0},
    {"a zero byte", "{\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"key\":\"SECRET\\u0000\"}}",
     "no in.key", 0},
    {"no time", "{\"in\":{\"key\":\"SECRET\"}}", "it has no expiresAt", 0},
    {"a time that is none", "{\"expiresAt\":\"soon\",\"in\":{\"key\":\"SECRET\"}}",
     "its expiresAt is no time", 0},
    {"a time with a tail", "{\"expiresAt\":\"2026-01-02T03:05:05Z, or a bit later, perhaps, as it "
     "may be, who is to know\",\"in\":{\"key\":\"SECRET\"}}", "its expiresAt is no time", 0},
};

static void test_read(void)
{
    for (size_t i = 0; i < sizeof read_cases / sizeof read_cases[0]; i++) {
        struct files_file list[] = {{PATH, read_cases[i].text, 0, read_cases[i].err}, {NULL, NULL, 0, 0}};
        struct files disk = {home, list, ""};
        struct bdk_env env = files_env(&disk);
        struct t_heap heap = {.never = "SECRET"};
        struct bedrock_error e = {0};
        struct bdk_cache c;
        int rc;

        t_case("a file: %s", read_cases[i].name);
        start(&c, &env, &heap);
        rc = bdk_cache_load(&c, &env, &e);
        if (read_cases[i].word) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, read_cases[i].word), "%d: %s", rc,
                   e.message);
            CHECK(strncmp(e.message, "a test's token file " PATH ": ", 54) == 0);
            CHECK(!strstr(e.message, "SECRET"));
            CHECK(!c.value[0] && !c.value[1] && !c.file.p);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK(strcmp(c.value[1], "k") == 0 && c.expires_s == NOW + 60);
            CHECK(i == 0 ? strcmp(c.value[2], "m") == 0 : !c.value[2]);
        }
        bdk_cache_free(&c);
    }
}

static void test_open(void)
{
    static const char *const nothing[] = {NULL};
    static const unsigned char digest[32];
    struct files disk = {nothing, NULL, ""};
    struct bdk_env env = files_env(&disk);
    struct bedrock_error e = {0};
    struct bdk_cache c = {0};
    char longest[BDK_MAX_PATH];

    t_case("no home folder");
    CHECK(bdk_cache_open(&c, &form, &env, "~/x", digest, 32, NULL, NULL, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "HOME is not set"), "%s", e.message);
    t_case("a folder that needs none");
    memset(&e, 0, sizeof e);
    CHECK(bdk_cache_open(&c, &form, &env, "/x//", digest, 2, NULL, NULL, &e) == 0);
    CHECK_TEXT(c.path, strlen(c.path), "/x/0000.json");
    t_case("a path that is too long");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    CHECK(bdk_cache_open(&c, &form, &env, longest, digest, 32, NULL, NULL, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "more than 1023 bytes"), "%s", e.message);
}

/* ---- Renewing ---- */

static void test_next(void)
{
    static const struct {
        int64_t left_s, since_s; /* since_s -1: never tried */
        int renewable, want;
    } cases[] = {
        {301, -1, 1, 0}, {300, -1, 1, BDK_MORE}, {300, -1, 0, 0}, {1, -1, 0, 0},
        {0, -1, 0, BEDROCK_ERR_CONFIG}, {0, -1, 1, BDK_MORE}, {-9999999, -1, 1, BDK_MORE},
        {-1, -1, 0, BEDROCK_ERR_CONFIG},
        {200, 29, 1, 0}, {200, 30, 1, BDK_MORE}, {-5, 29, 1, BEDROCK_ERR_CONFIG}, {-5, 30, 1, BDK_MORE},
        {-5, -3600, 1, BDK_MORE}, /* the clock was set back */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_cache c = {.form = &form, .path = PATH, .login = "aws x login"};
        struct bedrock_error e = {0};

        t_case("%d s left, tried %d s ago, %d", (int)cases[i].left_s, (int)cases[i].since_s,
               cases[i].renewable);
        c.expires_s = NOW + cases[i].left_s;
        c.tried_s = cases[i].since_s == -1 ? 0 : NOW - cases[i].since_s;
        CHECK(bdk_cache_next(&c, cases[i].renewable, NOW, &e) == cases[i].want);
        if (cases[i].want < 0)
            CHECKF(strstr(e.message, PATH ": it expired at 2026-01-02 03:04:0") &&
                   strstr(e.message, " UTC; run aws x login"), "%s", e.message);
    }
}

#define OLD \
    "{\"x\":[1, 2],\"expiresAt\":\"2026-01-02T03:05:05Z\",\"in\":{\"y\":\"\\u00e9\",\"key\":\"old\"}," \
    "\"maybe\":\"m\",\"maybe\":\"n\"}"

static int renew(struct bdk_cache *c, struct bedrock_error *e)
{
    struct bdk_cache_member inner[] = {{"key", {BEDROCK_JSON_STRING, "\"new\"", 5}},
                                       {"more", {BEDROCK_JSON_STRING, "\"\"", 2}}};
    struct bdk_cache_member outer[] = {{"expiresAt", {BEDROCK_JSON_STRING, "\"2026-01-02T04:04:05Z\"", 22}},
                                       {"in", {BEDROCK_JSON_OBJECT, NULL, 0}},
                                       {"maybe", {BEDROCK_JSON_NONE, NULL, 0}},
                                       {"never", {BEDROCK_JSON_NONE, NULL, 0}}};
    struct bedrock_buffer in;
    int rc = bdk_cache_object(&in, c, "in", inner, 2);

    outer[1].value.p = in.p;
    outer[1].value.len = in.len;
    if (rc == 0)
        rc = bdk_cache_renew(c, outer, 4, e);
    bedrock_buffer_free(&in);
    return rc;
}

static void test_renew(void)
{
    struct files_file list[] = {{PATH, OLD, 0, 0}, {NULL, NULL, 0, 0}};
    struct files disk = {home, list, ""};
    struct bdk_env env = files_env(&disk);
    struct bedrock_error e = {0};
    struct bdk_cache c;
    int rc = -1;

    t_case("what is unknown stays");
    start(&c, &env, NULL);
    CHECK(bdk_cache_load(&c, &env, &e) == 0 && strcmp(c.value[1], "old") == 0);
    CHECKF(renew(&c, &e) == 0, "%s", e.message);
    CHECK_TEXT(c.file.p, c.file.len, "{\"x\":[1, 2],\"expiresAt\":\"2026-01-02T04:04:05Z\",\"in\":{\"y\":"
               "\"\\u00e9\","
               "\"key\":\"new\",\"more\":\"\"},\"maybe\":\"n\"}");
    CHECK(strcmp(c.value[1], "new") == 0 && strcmp(c.value[2], "n") == 0 && c.expires_s == NOW + 3600);
    bdk_cache_free(&c);
    t_case("no memory, at any point: the old one stays whole");
    for (size_t n = 1; rc != 0 && n < 100; n++) {
        struct t_heap heap = {.fail_at = n};

        memset(&e, 0, sizeof e);
        start(&c, &env, &heap);
        rc = bdk_cache_load(&c, &env, &e);
        CHECKF(rc == 0 || rc == BEDROCK_ERR_NOMEM, "%d: %s", rc, e.message);
        if (rc == 0) {
            rc = renew(&c, &e);
            CHECKF(rc == 0 || rc == BEDROCK_ERR_NOMEM, "%d: %s", rc, e.message);
            CHECK(strcmp(c.value[1], rc == 0 ? "new" : "old") == 0);
        }
        bdk_cache_free(&c);
        CHECK(heap.live == 0);
    }
    CHECK(rc == 0);
}

static void test_failed(void)
{
    static const struct {
        const char *name, *disk;
        int64_t at_s;   /* NOW + that; the old one is good until NOW + 60 */
        int rc;
        const char *key;
    } cases[] = {
        {"the old one is still good", OLD, 59, 0, "old"},
        {"it is not", OLD, 60, BEDROCK_ERR_CONFIG, "old"},
        {"another process has done it", "{\"expiresAt\":\"2026-01-02T04:04:05Z\",\"in\":{\"key\":"
         "\"theirs\"}}", 60, 0,
         "theirs"},
        {"another process is writing it", "{\"expiresAt\":\"2026-01-02T04:04:05Z\",\"in\":{\"ke", 59, 0,
         "old"},
        {"somebody has signed out", NULL, 60, BEDROCK_ERR_CONFIG, "old"},
        {"theirs is older", "{\"expiresAt\":\"2026-01-02T03:05:04Z\",\"in\":{\"key\":\"theirs\"}}", 0, 0,
         "old"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct files_file list[] = {{PATH, OLD, 0, 0}, {NULL, NULL, 0, 0}};
        struct files disk = {home, list, ""};
        struct bdk_env env = files_env(&disk);
        struct bedrock_error e = {0};
        struct bdk_cache c;

        t_case("renewing failed, but %s", cases[i].name);
        start(&c, &env, NULL);
        CHECK(bdk_cache_load(&c, &env, &e) == 0);
        list[0].text = cases[i].disk;
        list[0].err = cases[i].disk ? 0 : ENOENT;
        bdk_error_set(&e, BEDROCK_ERR_CONNECT, "connect x: refused");
        CHECK(bdk_cache_failed(&c, &env, NOW + cases[i].at_s, &e) == cases[i].rc);
        CHECK(strcmp(c.value[1], cases[i].key) == 0);
        if (cases[i].rc == 0) {
            CHECK(e.code == 0 && !e.message[0]);
        } else {
            CHECK(e.retryable == 1);
            CHECK_TEXT(e.message, strlen(e.message), "a test's token file " PATH
                       ": it expired at 2026-01-02 03:05:05 UTC "
                       "and could not be renewed: connect x: refused");
        }
        bdk_cache_free(&c);
    }
}

int main(void)
{
    strcpy(folder, "/tmp/bedrock_cache_XXXXXX");
    t_case("a folder to write in");
    if (CHECK(mkdtemp(folder) != NULL)) {
        test_write();
        test_owner();
        test_write_fails();
        t_case("the folder is gone");
        CHECK(unlink(in_folder("token.json")) == 0 && rmdir(folder) == 0);
    }
    test_open();
    test_read();
    test_next();
    test_renew();
    test_failed();
    return t_end("test_cachefile");
}
