/* files.h - an environment and files that a test makes up, for struct bdk_env. See files.c. */
#ifndef FILES_H
#define FILES_H

#include "bedrock_int.h"

struct files_file {
    const char *path;   /* NULL: no more */
    const char *text;   /* NULL: reading fails with err */
    size_t len;         /* 0: zero-terminated */
    int err;
};

struct files {
    const char *const *env;             /* name, value, name, value, NULL */
    const struct files_file *file;
    char opened[512];                   /* the paths asked for, each with a space behind it */
};

/* Files that are not in the list do not exist. f must live as long as env is used. */
struct bdk_env files_env(struct files *f);

#endif
