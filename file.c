/* file.c - files into memory, whole or in pieces: the only file of the library that opens one for reading.
 * POSIX open(2). Leaves out: what is in them. */
#undef _GNU_SOURCE /* its strerror_r() is another */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing but a regular file: a FIFO would hang, a device never end. */
static int file_check(struct bdk_file *f)
{
    struct stat st;

    if (fstat(f->fd, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EINVAL;
    f->size = (uint64_t)st.st_size;
    return st.st_size < 0 ? EFBIG : 0;
}

int bdk_file_open(struct bdk_file *f, const char *path)
{
    int err;

    do
        f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (f->fd < 0 && errno == EINTR);
    if (f->fd < 0)
        return errno;
    err = file_check(f);
    if (err)
        close(f->fd);
    return err;
}

int bdk_file_piece(struct bdk_file *f, void *p, size_t cap, size_t *n)
{
    *n = 0;
    while (*n < cap) {
        ssize_t got = read(f->fd, (char *)p + *n, cap - *n);

        if (got < 0 && errno != EINTR)
            return errno;
        if (got == 0)
            return 0;
        *n += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

void bdk_file_close(struct bdk_file *f)
{
    close(f->fd);
}

/* Its size is only where to begin: a file of /proc has none, and one may grow meanwhile. */
static int file_drain(int fd, struct bedrock_buffer *b, size_t size)
{
    size_t room = size + 1;

    while (bdk_buffer_reserve(b, room) == 0) {
        ssize_t got = read(fd, b->p + b->len, b->cap - b->len);

        if (got < 0 && errno != EINTR)
            return errno;
        if (got == 0)
            return 0;
        b->len += got > 0 ? (size_t)got : 0;
        if (b->max && b->len > b->max)
            return EFBIG;
        room = b->len == b->cap ? 4096 : 1;
    }
    return b->error == BEDROCK_ERR_NOMEM ? ENOMEM : EFBIG;
}

int bdk_file_read(void *ctx, const char *path, struct bedrock_buffer *out)
{
    struct bdk_file f = {-1, 0};
    int err = bdk_file_open(&f, path);

    (void)ctx;
    if (err)
        return err;
    err = f.size > (out->max ? out->max : SIZE_MAX - 1) ? EFBIG : file_drain(f.fd, out, (size_t)f.size);
    bdk_file_close(&f);
    return err;
}

int bdk_read_file(const struct bdk_env *env, const char *path, struct bedrock_buffer *out)
{
    return env->read_file ? env->read_file(env->read_file_ctx, path, out) : bdk_file_read(NULL, path, out);
}

void bdk_file_why(int err, char out[128])
{
    if (err == EINVAL)
        strcpy(out, "not a regular file");
    else if (err == EFBIG)
        strcpy(out, "too large");
    else if (strerror_r(err, out, 128) != 0)
        strcpy(out, "cannot be read");
}
