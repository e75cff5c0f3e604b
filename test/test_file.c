/* test_file.c - reading files: what is none, sizes that do not hold, ceilings.
 * POSIX open(2), mkfifo(3). Leaves out: file systems that fail while reading. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_whole(void)
{
    struct bedrock_buffer b = {0};

    t_case("a whole file, behind what is there");
    bdk_buffer_text(&b, "before ");
    CHECK(bdk_file_read(NULL, t_write_file("whole", "bytes\0and more", 14), &b) == 0);
    CHECK(b.len == 21 && memcmp(b.p, "before bytes\0and more", 21) == 0);
    bedrock_buffer_free(&b);
    t_case("an empty file");
    CHECK(bdk_file_read(NULL, t_write_file("empty", "", 0), &b) == 0);
    CHECK(b.len == 0);
    bedrock_buffer_free(&b);
    t_case("a ceiling that just fits, and one that does not");
    b.max = 6;
    CHECK(bdk_file_read(NULL, t_write_file("whole", "12345", 5), &b) == 0);
    CHECK_TEXT(b.p, b.len, "12345");
    bedrock_buffer_free(&b);
    b.max = 4;
    CHECK(bdk_file_read(NULL, t_path("whole"), &b) == EFBIG);
    bedrock_buffer_free(&b);
}

static void test_not_regular(void)
{
    struct bedrock_buffer b = {0};
    struct bdk_file f;
    char why[128];

    t_case("no such file, a folder, a FIFO that would hang, a device");
    CHECK(bdk_file_read(NULL, t_path("none"), &b) == ENOENT);
    CHECK(bdk_file_open(&f, t_path("none")) == ENOENT);
    CHECK(bdk_file_read(NULL, t_path("."), &b) == EISDIR);
    if (CHECK(mkfifo(t_path("fifo"), 0600) == 0))
        CHECK(bdk_file_read(NULL, t_path("fifo"), &b) == EINVAL);
    CHECK(bdk_file_read(NULL, "/dev/zero", &b) == EINVAL);
    CHECK(b.len == 0);
    bedrock_buffer_free(&b);
    t_case("a file that may not be read");
    t_write_file("secret", "x", 1);
    chmod(t_path("secret"), 0);
    if (geteuid() == 0)
        t_skip("root may read everything");
    else
        CHECK(bdk_file_read(NULL, t_path("secret"), &b) == EACCES);
    t_case("why, in words");
    bdk_file_why(EINVAL, why);
    CHECK(strcmp(why, "not a regular file") == 0);
    bdk_file_why(EFBIG, why);
    CHECK(strcmp(why, "too large") == 0);
    bdk_file_why(ENOENT, why);
    CHECK(strcmp(why, strerror(ENOENT)) == 0);
    bdk_file_why(-12345, why);
    CHECK(why[0] != 0 && strlen(why) < sizeof why);
}

/* A file of /proc has no size and yet something in it. */
static void test_proc(void)
{
    struct bedrock_buffer b = {0};

    t_case("a file of /proc");
    if (access("/proc/self/status", R_OK) != 0) {
        t_skip("there is no /proc");
        return;
    }
    CHECK(bdk_file_read(NULL, "/proc/self/status", &b) == 0);
    CHECKF(b.len > 20 && memcmp(b.p, "Name:", 5) == 0, "%zu bytes", b.len);
    bedrock_buffer_free(&b);
    t_case("a file of /proc above a ceiling");
    b.max = 16;
    CHECK(bdk_file_read(NULL, "/proc/self/status", &b) == EFBIG);
    bedrock_buffer_free(&b);
}

/* All of it in pieces of a size; what comes behind the file's end must be nothing. */
static void read_pieces(const char *path, size_t size, const char *want)
{
    char got[64], *piece = t_guard("", 0);
    struct bdk_file f;
    size_t n = size, total = 0;

    t_guard_free(piece, 0);
    if (!CHECK(bdk_file_open(&f, path) == 0))
        return;
    CHECK(f.size == strlen(want));
    while (n == size && total + size <= sizeof got) {
        CHECK(bdk_file_piece(&f, got + total, size, &n) == 0);
        CHECKF(n == size || total + n == strlen(want), "a piece of %zu is not full", n);
        total += n;
    }
    CHECK_TEXT(got, total, want);
    CHECK(bdk_file_piece(&f, got, size, &n) == 0 && n == 0);
    bdk_file_close(&f);
}

static void test_pieces(void)
{
    const char *path = t_write_file("pieces", "a file in pieces", 16);
    struct bdk_file f;
    char got[64];
    size_t n = 0;

    for (size_t size = 1; size <= 18; size++) {
        t_case("pieces of %zu", size);
        read_pieces(path, size, "a file in pieces");
    }
    t_case("a file that shrinks and one that grows after it was opened");
    CHECK(bdk_file_open(&f, path) == 0);
    CHECK(truncate(path, 3) == 0);
    CHECK(f.size == 16 && bdk_file_piece(&f, got, sizeof got, &n) == 0);
    CHECK_TEXT(got, n, "a f");
    t_write_file("pieces", "grown again: longer than it was", 31);
    CHECK(bdk_file_piece(&f, got, sizeof got, &n) == 0 && n == 28);
    bdk_file_close(&f);
}

static void test_memory(void)
{
    const char *path = t_write_file("memory", "some text", 9);
    size_t n = 0;
    int err = ENOMEM;

    t_case("no memory for a file, the first time, the second, ...");
    while (err == ENOMEM && n++ < 20) {
        struct bedrock_buffer b = {0};
        struct t_heap heap = {0};

        heap.fail_at = n;
        b.alloc = t_heap_alloc;
        b.alloc_ctx = &heap;
        err = bdk_file_read(NULL, path, &b);
        CHECK(err == 0 || err == ENOMEM);
        bedrock_buffer_free(&b);
        CHECK(heap.live == 0);
    }
    CHECKF(err == 0 && n > 1, "after %zu runs: %d", n, err);
}

/* A hook of the program's is asked in place of the file system. */
static int read_hook(void *ctx, const char *path, struct bedrock_buffer *out)
{
    bdk_buffer_text(out, path);
    return *(int *)ctx;
}

static void test_hook(void)
{
    struct bedrock_buffer b = {0};
    int answer = EIO;
    struct bdk_env env = {NULL, NULL, read_hook, &answer};

    t_case("the program's own reader");
    CHECK(bdk_read_file(&env, "/nowhere", &b) == EIO);
    CHECK_TEXT(b.p, b.len, "/nowhere");
    bedrock_buffer_free(&b);
    env.read_file = NULL;
    CHECK(bdk_read_file(&env, t_path("none"), &b) == ENOENT);
    bedrock_buffer_free(&b);
}

int main(void)
{
    test_whole();
    test_not_regular();
    test_proc();
    test_pieces();
    test_memory();
    test_hook();
    return t_end("test_file");
}
