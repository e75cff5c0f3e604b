/* t.c - counting cases, memory that tells on its users, guard pages.
 * POSIX mmap for the guard pages. Leaves out: threads, timing. */
#define _GNU_SOURCE
#include "t.h"
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    char name[200];
    int open, bad, skipped;
    unsigned passed, failed, skips, shown;
} t_now;

static void t_close_case(void)
{
    if (!t_now.open)
        return;
    if (t_now.bad)
        t_now.failed++;
    else if (t_now.skipped)
        t_now.skips++;
    else
        t_now.passed++;
    t_now.open = t_now.bad = t_now.skipped = 0;
}

void t_case(const char *format, ...)
{
    va_list ap;

    t_close_case();
    va_start(ap, format);
    vsnprintf(t_now.name, sizeof t_now.name, format, ap);
    va_end(ap);
    t_now.open = 1;
}

int t_check_at(int ok, const char *file, int line, const char *format, ...)
{
    va_list ap;

    if (ok)
        return 1;
    /* the first failure of a case tells; ten thousand more would not */
    if (!t_now.bad && t_now.shown++ < 50) {
        printf("FAIL %s\n  %s:%d: ", t_now.name, file, line);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        printf("\n");
        fflush(stdout);
    }
    t_now.bad = 1;
    return 0;
}

void t_skip(const char *why, ...)
{
    va_list ap;

    t_now.skipped = 1;
    printf("SKIP %s: ", t_now.name);
    va_start(ap, why);
    vprintf(why, ap);
    va_end(ap);
    printf("\n");
}

int t_text_at(const char *file, int line, const char *got, size_t len, const char *want)
{
    if (len == strlen(want) && (len == 0 || memcmp(got, want, len) == 0))
        return 1;
    return t_check_at(0, file, line, "got  [%.*s]\n  want [%s]", (int)len, got ? got : "", want);
}

static int t_find(const char *p, size_t n, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= n; i++)
        if (p[i] == text[0] && memcmp(p + i, text, len) == 0)
            return 1;
    return 0;
}

int t_holds(const struct bedrock_buffer *b, const char *text)
{
    return t_find(b->p, b->len, text);
}

/* ---- Files ---- */

static char t_folder[32];

const char *t_path(const char *name)
{
    static char path[400];

    if (!t_folder[0]) {
        strcpy(t_folder, "/tmp/bedrock-test.XXXXXX");
        if (!mkdtemp(t_folder)) {
            perror("mkdtemp");
            exit(2);
        }
    }
    snprintf(path, sizeof path, "%s/%s", t_folder, name);
    return path;
}

const char *t_write_file(const char *name, const void *p, size_t n)
{
    const char *path = t_path(name);
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        exit(2);
    }
    return path;
}

static void t_remove_folder(void)
{
    DIR *d = t_folder[0] ? opendir(t_folder) : NULL;
    struct dirent *entry;

    while (d && (entry = readdir(d)) != NULL)
        unlink(t_path(entry->d_name));
    if (d)
        closedir(d);
    if (t_folder[0])
        rmdir(t_folder);
}

/* ---- The end ---- */

int t_end(const char *name)
{
    t_close_case();
    t_remove_folder();
    printf("%s: %u passed, %u failed, %u skipped\n", name, t_now.passed, t_now.failed, t_now.skips);
    return t_now.failed ? 1 : 0;
}

static size_t t_pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (n + page - 1) / page * page;
}

char *t_guard(const void *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = t_pages(n);
    char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0) {
        perror("t_guard");
        exit(2);
    }
    if (n > 0)
        memcpy(map + room - n, p, n);
    return map + room - n;
}

void t_guard_free(char *copy, size_t n)
{
    size_t room = t_pages(n);

    munmap(copy + n - room, room + (size_t)sysconf(_SC_PAGESIZE));
}

/* Each block carries its size in front; 16 bytes keep the alignment. */
void *t_heap_alloc(void *heap, void *p, size_t old, size_t n)
{
    struct t_heap *h = heap;
    unsigned char *block = p ? (unsigned char *)p - 16 : NULL;
    unsigned char *fresh = NULL;
    size_t size = 0;

    if (block)
        memcpy(&size, block, sizeof size);
    CHECKF(size == old, "allocator was told %zu for a block of %zu", old, size);
    if (n > 0) {
        h->calls++;
        if (h->fail_at && (h->calls == h->fail_at || (h->onward && h->calls > h->fail_at)))
            return NULL;
        fresh = malloc(n + 16);
        if (!fresh)
            return NULL;
        memcpy(fresh, &n, sizeof n);
        memset(fresh + 16, 0xA5, n);
        if (block)
            memcpy(fresh + 16, block + 16, size < n ? size : n);
        h->live++;
        h->bytes += n;
    }
    if (block) {
        CHECKF(!h->never || !t_find((const char *)block + 16, size, h->never),
               "a block of %zu bytes is freed with the secret in it", size);
        h->live--;
        h->bytes -= size;
        memset(block, 0x5A, size + 16);
        free(block);
    }
    if (h->bytes > h->peak)
        h->peak = h->bytes;
    return fresh ? fresh + 16 : NULL;
}

size_t t_no_memory(int (*run)(void *ctx, struct t_heap *heap), void *ctx)
{
    size_t n = 0;

    for (int onward = 0; onward < 2; onward++) {
        int failed = 1;

        for (n = 1; failed && n < 1000; n++) {
            struct t_heap heap = {.fail_at = n, .onward = onward};
            int rc = run(ctx, &heap);

            failed = heap.calls >= n;
            CHECKF(rc == (failed ? BEDROCK_ERR_NOMEM : 0), "allocation %zu%s: %d", n, onward ? " and on" : "",
                   rc);
            CHECKF(heap.live == 0, "allocation %zu%s: %zu blocks leak", n, onward ? " and on" : "",
                   heap.live);
        }
        CHECKF(!failed && n > 2, "%zu runs", n - 1);
    }
    return n - 2;
}

char *t_read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0, cap = 0, got;

    if (!f)
        return NULL;
    do {
        if (n + 65537 > cap) {
            cap = cap * 2 + 131072;
            text = realloc(text, cap);
            if (!text)
                exit(2);
        }
        got = fread(text + n, 1, 65536, f);
        n += got;
    } while (got > 0);
    fclose(f);
    text[n] = 0;
    if (len)
        *len = n;
    return text;
}

static int t_nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t t_unhex(const char *hex, size_t len, unsigned char *out)
{
    if (len % 2 != 0)
        return (size_t)-1;
    for (size_t i = 0; i < len; i += 2) {
        int hi = t_nibble(hex[i]), lo = t_nibble(hex[i + 1]);

        if (hi < 0 || lo < 0)
            return (size_t)-1;
        if (out)
            out[i / 2] = (unsigned char)(hi << 4 | lo);
    }
    return len / 2;
}

/* splitmix64, the top half */
uint32_t t_rand(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}
