/* files.c - an environment and files that a test makes up, and a list of what was opened.
 * struct bdk_env of bedrock_int.h. Leaves out: writing. */
#include "files.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *files_getenv(void *ctx, const char *name)
{
    const struct files *f = ctx;

    for (const char *const *p = f->env; p && p[0]; p += 2)
        if (strcmp(p[0], name) == 0)
            return p[1];
    return NULL;
}

static int files_read(void *ctx, const char *path, struct bedrock_buffer *out)
{
    struct files *f = ctx;
    size_t used = strlen(f->opened);

    snprintf(f->opened + used, sizeof f->opened - used, "%s ", path);
    for (const struct files_file *file = f->file; file && file->path; file++) {
        if (strcmp(file->path, path) != 0)
            continue;
        if (!file->text)
            return file->err;
        bedrock_buffer_append(out, file->text, file->len ? file->len : strlen(file->text));
        return out->error == BEDROCK_ERR_NOMEM ? ENOMEM : out->error ? EFBIG : 0;
    }
    return ENOENT;
}

struct bdk_env files_env(struct files *f)
{
    struct bdk_env env = {files_getenv, f, files_read, f};

    return env;
}
