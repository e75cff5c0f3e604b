/* cachefile.c - the token caches that AWS's tools share on disk: read, renewed, written whole or not at all.
 * AWS SDK reference guide, "IAM Identity Center" and "Login credentials provider"; RFC 6749 5.2 for refusals.
 * Leaves out: which members a cache has (sso.c, login.c). */
#undef _GNU_SOURCE /* its strerror_r() is another */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_TRIES 100         /* names of a temporary file; those of processes that died stay behind */
#define CACHE_EARLY_S 300       /* a token is renewed so long before its end, as in the other SDKs */
#define CACHE_PAUSE_S 30        /* and that is tried no more often */
#define CACHE_MAX_LIFE_S 31536000

/* ---- Writing ---------------------------------------------------------------------------------- */

/* A new file beside `path`, which nobody else can read. A descriptor, or -1 with errno. */
static int cache_temporary(const char *path, char name[BDK_MAX_PATH + 32])
{
    int fd = -1;

    for (int i = 0; i < CACHE_TRIES && fd < 0; i++) {
        snprintf(name, BDK_MAX_PATH + 32, "%s.%ld.%d", path, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* Root, with a user's HOME, must not lock the user out; and nobody else has to take over a file that is not
 * his. 0, or errno. */
static int cache_keep_owner(int fd, const char *path)
{
    struct stat old, own;

    if (lstat(path, &old) != 0)
        return errno == ENOENT ? 0 : errno;
    if (fstat(fd, &own) != 0)
        return errno;
    return old.st_uid == own.st_uid || fchown(fd, old.st_uid, old.st_gid) == 0 ? 0 : errno;
}

/* 0, or errno. */
static int cache_fill(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno != EINTR)
            return errno;
        p += put > 0 ? put : 0;
        n -= put > 0 ? (size_t)put : 0;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

int bdk_cache_write(const char *path, const char *p, size_t n)
{
    char name[BDK_MAX_PATH + 32];
    int fd, err;

    if (strlen(path) >= BDK_MAX_PATH)
        return ENAMETOOLONG;
    fd = cache_temporary(path, name);
    if (fd < 0)
        return errno;
    err = cache_keep_owner(fd, path);
    if (!err)
        err = cache_fill(fd, p, n);
    if (close(fd) != 0 && !err)
        err = errno;
    if (!err && rename(name, path) != 0)
        err = errno;
    if (err)
        unlink(name);
    return err;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

/* The same cache without content. */
static void cache_fresh(struct bdk_cache *fresh, const struct bdk_cache *c)
{
    struct bedrock_buffer empty = {.max = BDK_CACHE_MAX, .alloc = c->file.alloc,
                                   .alloc_ctx = c->file.alloc_ctx};

    *fresh = *c;
    fresh->unsaved = 0;
    fresh->file = fresh->text = empty;
    memset(fresh->value, 0, sizeof fresh->value);
}

int bdk_cache_open(struct bdk_cache *c, const struct bdk_cache_form *form, const struct bdk_env *env,
                   const char *folder, const unsigned char *digest, size_t n, bedrock_alloc_fn alloc,
                   void *alloc_ctx, struct bedrock_error *e)
{
    char hex[2 * BDK_SHA256_LEN], path[BDK_MAX_PATH];
    size_t len;
    int rc = bdk_home_path(env, folder, path);

    c->form = form;
    c->file.max = c->text.max = BDK_CACHE_MAX;
    c->file.alloc = c->text.alloc = alloc;
    c->file.alloc_ctx = c->text.alloc_ctx = alloc_ctx;
    if (rc == ENOENT)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: it stands in the home folder, and HOME is not set",
                             form->what);
    bdk_hex(hex, digest, n);
    len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = 0;
    if (rc == 0)
        rc = snprintf(c->path, sizeof c->path, "%s/%.*s.json", path, (int)(2 * n), hex) >= BDK_MAX_PATH;
    if (rc != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: a path of more than %d bytes", form->what,
                             BDK_MAX_PATH - 1);
    return 0;
}

/* Names with blanks are allowed in quotes, and hold none themselves. */
void bdk_cache_command(struct bdk_cache *c, const char *command, const char *option, const char *name)
{
    const char *quote = name && !bdk_ini_is_name(name) ? "'" : "";

    if (name)
        snprintf(c->login, sizeof c->login, "%s %s %s%s%s", command, option, quote, name, quote);
    else
        snprintf(c->login, sizeof c->login, "%s", command);
}

void bdk_cache_free(struct bdk_cache *c)
{
    bedrock_buffer_free(&c->file);
    bedrock_buffer_free(&c->text);
    memset(c->value, 0, sizeof c->value);
}

int bdk_cache_bad(const struct bdk_cache *c, const char *why, struct bedrock_error *e)
{
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s %s: %s; run %s", c->form->what, c->path, why, c->login);
}

static int cache_read(struct bdk_cache *c, const struct bdk_env *env, struct bedrock_error *e)
{
    char why[128];
    int err = bdk_read_file(env, c->path, &c->file);

    if (err == 0)
        return 0;
    if (err == ENOENT || err == ENOTDIR)
        return bdk_cache_bad(c, "there is no such file, so nobody has signed in", e);
    bdk_file_why(err, why);
    return bdk_error_set(e, err == ENOMEM ? BEDROCK_ERR_NOMEM : BEDROCK_ERR_CONFIG, "%s %s: %s",
                         c->form->what, c->path, why);
}

const char *bdk_cache_text(struct bedrock_buffer *b, struct bedrock_json root, const char *path)
{
    struct bedrock_json v = bedrock_json_get(root, path);
    char *at = b->p + b->len;
    size_t n;

    /* quotes included, v is two bytes longer than what it decodes to */
    if (v.type != BEDROCK_JSON_STRING || v.len > b->cap - b->len)
        return NULL;
    n = bedrock_json_unescape(v, at, v.len);
    if (n == 0)
        return NULL;
    if (memchr(at, 0, n)) {
        bdk_wipe(at, n); /* what stands behind b's length is not wiped with it */
        return NULL;
    }
    at[n] = 0;
    b->len += n + 1;
    return at;
}

int bdk_cache_time(const char *value, int64_t *epoch_s)
{
    size_t n = strlen(value);
    char text[64];

    if (n >= sizeof text)
        return BEDROCK_ERR_PROTOCOL;
    memcpy(text, value, n + 1);
    if (n > 3 && strcmp(text + n - 3, "UTC") == 0) {
        n -= 2;
        text[n - 1] = 'Z';
    }
    return bdk_date_iso((struct bedrock_slice){text, n}, epoch_s);
}

static int cache_values(struct bdk_cache *c, struct bedrock_json root, struct bedrock_error *e)
{
    char why[80];

    for (size_t i = 0; i < c->form->n_members; i++) {
        const struct bdk_cache_path *m = &c->form->members[i];

        c->value[i] = bdk_cache_text(&c->text, root, m->path);
        if (m->required && !c->value[i]) {
            snprintf(why, sizeof why, "it has no %s", m->path);
            return bdk_cache_bad(c, why, e);
        }
    }
    /* by convention the first one says how long it is good for */
    if (bdk_cache_time(c->value[0], &c->expires_s) == 0)
        return 0;
    snprintf(why, sizeof why, "its %s is no time", c->form->members[0].path);
    return bdk_cache_bad(c, why, e);
}

static int cache_parse(struct bdk_cache *c, struct bedrock_error *e)
{
    struct bedrock_json root;

    if (c->file.len == 0)
        return bdk_cache_bad(c, "it is empty", e);
    if (bedrock_json_parse(c->file.p, c->file.len, &root, NULL) != 0 || root.type != BEDROCK_JSON_OBJECT)
        return bdk_cache_bad(c, "it is no JSON object, perhaps half written", e);
    /* decoded strings and their zero bytes need no more than the file, and must not move */
    if (bdk_buffer_reserve(&c->text, c->file.len) != 0)
        return bdk_error_set(e, c->text.error, "%s %s: out of memory", c->form->what, c->path);
    return cache_values(c, root, e);
}

/* Take over what was read when it is whole, and not older than what nobody could save; else drop it. */
static int cache_take(struct bdk_cache *c, struct bdk_cache *fresh, struct bedrock_error *e)
{
    int rc = cache_parse(fresh, e), taken = rc == 0 && !(c->unsaved && c->expires_s >= fresh->expires_s);

    bdk_cache_free(taken ? c : fresh);
    if (taken)
        *c = *fresh;
    return rc;
}

int bdk_cache_load(struct bdk_cache *c, const struct bdk_env *env, struct bedrock_error *e)
{
    struct bdk_cache fresh;

    cache_fresh(&fresh, c);
    if (cache_read(&fresh, env, e) != 0) {
        bdk_cache_free(&fresh);
        return e->code;
    }
    return cache_take(c, &fresh, e);
}

/* ---- Renewing --------------------------------------------------------------------------------- */

int bdk_cache_next(const struct bdk_cache *c, int renewable, int64_t now_s, struct bedrock_error *e)
{
    char when[24], why[80];
    int64_t since_s = now_s - c->tried_s;

    if (c->expires_s > now_s + CACHE_EARLY_S)
        return 0;
    if (renewable && (c->tried_s == 0 || since_s < 0 || since_s >= CACHE_PAUSE_S))
        return BDK_MORE;
    if (c->expires_s > now_s)
        return 0;
    bdk_date_human(c->expires_s, when);
    snprintf(why, sizeof why, "it expired at %s", when);
    return bdk_cache_bad(c, why, e);
}

int bdk_cache_failed(struct bdk_cache *c, const struct bdk_env *env, int64_t now_s, struct bedrock_error *e)
{
    char when[24], cause[sizeof e->message];
    struct bedrock_error why = {0};
    struct bdk_cache theirs;
    int retryable = e->retryable;

    cache_fresh(&theirs, c);
    if (cache_read(&theirs, env, &why) == 0 && cache_parse(&theirs, &why) == 0 &&
        theirs.expires_s > c->expires_s) {
        bdk_cache_free(c);
        *c = theirs;
    } else {
        bdk_cache_free(&theirs);
    }
    if (c->expires_s > now_s) {
        memset(e, 0, sizeof *e);
        return 0;
    }
    if (strncmp(e->message, c->form->what, strlen(c->form->what)) == 0)
        return e->code; /* it says which file already, and what is to be done */
    bdk_date_human(c->expires_s, when);
    memcpy(cause, e->message, sizeof cause);
    e->code = 0; /* the first cause stays in the sentence; name, status and request id beside it */
    bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s %s: it expired at %s and could not be renewed: %s",
                  c->form->what, c->path, when, cause);
    e->retryable = retryable;
    return e->code;
}

void bdk_cache_pair(struct bedrock_writer *w, const char *name, const char *value)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, value, strlen(value));
}

/* ---- Answers of a token endpoint, and what becomes of them ------------------------------------ */

int bdk_cache_answer(const struct bdk_fetch *f, struct bedrock_slice body, struct bedrock_json *root,
                     int64_t now_s, char expires[24], struct bedrock_error *e)
{
    int64_t seconds;

    if (body.len == 0 || body.len > BDK_CACHE_MAX || bedrock_json_parse(body.p, body.len, root, NULL) != 0 ||
        root->type != BEDROCK_JSON_OBJECT)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer is not a JSON object", f->what);
    if (bedrock_json_int(bedrock_json_get(*root, "expiresIn"), &seconds) != 0 || seconds < 1 ||
        seconds > CACHE_MAX_LIFE_S)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "%s: the answer does not say in how many seconds it expires", f->what);
    /* a JSON string as well */
    expires[0] = '"';
    bdk_date_rfc3339(now_s + seconds, expires + 1);
    strcat(expires, "\"");
    return 0;
}

int bdk_cache_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      char code[64], struct bedrock_error *e)
{
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0};
    struct bedrock_slice type = bdk_http_field(h, "x-amzn-errortype");
    char text[400];

    if (e->code != 0)
        return e->code;
    if (bedrock_json_parse(body.p, body.len, &root, NULL) != 0)
        root.type = BEDROCK_JSON_NONE;
    bdk_error_string(code, 64, bdk_error_member(root, "error"));
    bdk_error_string(text, sizeof text, bdk_error_member(root, "error_description"));
    if (!text[0])
        bdk_error_string(text, sizeof text, bdk_error_member(root, "message"));
    for (size_t i = 0; i < type.len; i++)
        if (type.p[i] == ':' || type.p[i] == ',')
            type.len = i;
    bdk_error_text(e->name, sizeof e->name, type);
    bdk_error_text(e->request_id, sizeof e->request_id, bdk_http_field(h, "x-amzn-requestid"));
    bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s answered HTTP %d%s%s%s%s", f->what, h->status,
                  code[0] || e->name[0] ? ": " : "", code[0] ? code : e->name, text[0] ? ": " : "", text);
    e->http_status = h->status;
    e->retryable = bdk_retryable(e);
    return e->code;
}

static size_t cache_find(const struct bdk_cache_member *m, size_t n, struct bedrock_json name)
{
    size_t i = 0;

    while (i < n && !bedrock_json_equals(name, m[i].name))
        i++;
    return i;
}

static void cache_object(struct bedrock_writer *w, struct bedrock_json old, const struct bdk_cache_member *m,
                         size_t n)
{
    struct bedrock_json_iter it = bedrock_json_iterate(old);
    struct bedrock_json name, v;

    bedrock_write_object(w);
    while (old.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &v))
        if (cache_find(m, n, name) == n)
            bedrock_write_member(w, name, v);
    for (size_t i = 0; i < n; i++) {
        v = m[i].value.type != BEDROCK_JSON_NONE ? m[i].value : bedrock_json_get(old, m[i].name);
        if (v.type == BEDROCK_JSON_NONE)
            continue;
        bedrock_write_name(w, m[i].name);
        bedrock_write_raw(w, v.p, v.len);
    }
    bedrock_write_object_end(w);
    bedrock_write_end(w);
}

int bdk_cache_object(struct bedrock_buffer *out, const struct bdk_cache *c, const char *inside,
                     const struct bdk_cache_member *m, size_t n)
{
    struct bedrock_writer w = {0};
    struct bedrock_json old;

    bedrock_json_parse(c->file.p, c->file.len, &old, NULL); /* as it was once already */
    w.out.max = BDK_CACHE_MAX;
    w.out.alloc = c->file.alloc;
    w.out.alloc_ctx = c->file.alloc_ctx;
    cache_object(&w, inside ? bedrock_json_get(old, inside) : old, m, n);
    *out = w.out;
    return out->error;
}

int bdk_cache_renew(struct bdk_cache *c, const struct bdk_cache_member *m, size_t n, struct bedrock_error *e)
{
    struct bdk_cache fresh;
    int rc;

    cache_fresh(&fresh, c);
    c->unsaved = 0;
    rc = bdk_cache_object(&fresh.file, c, NULL, m, n);
    if (rc != 0) {
        bdk_cache_free(&fresh);
        return bdk_error_set(e, rc, "%s %s: no room for what renews it", c->form->what, c->path);
    }
    return cache_take(c, &fresh, e);
}
