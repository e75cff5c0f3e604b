/* file.c - whole files into memory: the only file of the library that opens one for reading.
 * POSIX open(2). Leaves out: what is in them, and files that are sent as attachments. */
#undef _GNU_SOURCE /* its strerror_r() is another */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing but a regular file: a FIFO would hang, a device never end. 0, or errno. */
static int file_check(int fd, const struct bedrock_buffer *b, size_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EINVAL;
    if (st.st_size < 0 || (b->max && (uintmax_t)st.st_size > b->max))
        return EFBIG;
    *size = (size_t)st.st_size;
    return 0;
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
    size_t size = 0;
    int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    (void)ctx;
    if (fd < 0)
        return errno;
    err = file_check(fd, out, &size);
    if (!err)
        err = file_drain(fd, out, size);
    close(fd);
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
