/* t.h - the small frame that every test program here stands in. See t.c. */
#ifndef T_H
#define T_H

#include "bedrock.h"
#include <stdio.h>

/* Begin a case; it passes unless a check in it fails or t_skip() says why it was left out. */
void t_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
int t_check_at(int ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void t_skip(const char *why, ...) __attribute__((format(printf, 1, 2)));

/* CHECK(condition) or CHECKF(condition, "what was seen: %d", x); both give the condition back. */
#define CHECK(cond) t_check_at((cond) ? 1 : 0, __FILE__, __LINE__, "%s", #cond)
#define CHECKF(cond, ...) t_check_at((cond) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)

/* Compare bytes with a zero-terminated text, showing both when they differ. */
int t_text_at(const char *file, int line, const char *got, size_t len, const char *want);
#define CHECK_TEXT(got, len, want) t_text_at(__FILE__, __LINE__, got, len, want)

/* Does the text stand anywhere in it? */
int t_holds(const struct bedrock_buffer *b, const char *text);

/* Print "NAME: N passed, N failed, N skipped" and give main()'s exit status. */
int t_end(const char *name);

/* A copy of p[0..n) that ends where an unmapped page begins. Kept until t_guard_free(). */
char *t_guard(const void *p, size_t n);
void t_guard_free(char *copy, size_t n);

/*
 * An allocator for bedrock_alloc_fn that counts, checks `old`, poisons what it frees, and fails:
 * allocation fail_at (counted from 1) alone, or with `onward` that one and all behind it.
 */
struct t_heap {
    size_t fail_at;
    int onward;
    size_t calls;   /* allocations and growths so far */
    size_t live;    /* blocks not yet freed */
    size_t bytes;   /* bytes not yet freed */
    size_t peak;
    const char *never;  /* a secret that no block may still hold when it is freed; NULL: not looked for */
};
void *t_heap_alloc(void *heap, void *p, size_t old, size_t n);

/*
 * Run something with a heap of which allocation 1, 2, 3, ... fails, that one alone and then with all behind
 * it, until none did: run() must give BEDROCK_ERR_NOMEM, and 0 in the end, and leave no block. Returns how
 * many allocations a good run takes.
 */
size_t t_no_memory(int (*run)(void *ctx, struct t_heap *heap), void *ctx);

/* A whole file, zero-terminated beyond its length; NULL when it cannot be read. free() it. */
char *t_read_file(const char *path, size_t *len);

/* A path in a folder of this run's own, which t_end() removes with its files. Good until the next call. */
const char *t_path(const char *name);

/* Write a file there, and give its path. */
const char *t_write_file(const char *name, const void *p, size_t n);

/* Decode hex digits; returns the number of bytes, or (size_t)-1. out may be NULL to count. */
size_t t_unhex(const char *hex, size_t len, unsigned char *out);

/* A reproducible random number; start with a seed of your own. */
uint32_t t_rand(uint64_t *state);

#endif
