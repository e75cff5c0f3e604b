/* names.c - names of documents: such as the service takes, each unlike the others of its request.
 * Amazon Bedrock API reference, DocumentBlock. Leaves out: the documents (body.c). */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define NAMES_CHAINS 1024u  /* of a hash table: a request may hold many thousand documents */

/* What stands before each name in the buffer, behind the heads of the chains. */
struct names_entry {
    uint32_t next;      /* where the next one of the chain is; 0: there is none */
    uint32_t number;    /* the last that was put behind this name to make another */
};

static size_t names_chain(const char *name)
{
    return bdk_crc32(0, name, strlen(name), 0) % NAMES_CHAINS * sizeof(uint32_t);
}

/* Where the entry of that name is, or 0. */
static size_t names_find(const struct bedrock_buffer *names, const char *name)
{
    struct names_entry e;
    uint32_t at = 0;

    if (names->len > 0)
        memcpy(&at, names->p + names_chain(name), sizeof at);
    while (at > 0 && strcmp(names->p + at + sizeof e, name) != 0) {
        memcpy(&e, names->p + at, sizeof e);
        at = e.next;
    }
    return at;
}

static int names_begin(struct bedrock_buffer *names)
{
    size_t n = NAMES_CHAINS * sizeof(uint32_t);

    if (names->len > 0 || bdk_buffer_reserve(names, n) != 0)
        return names->error;
    memset(names->p, 0, n);
    names->len = n;
    return 0;
}

int bdk_names_take(struct bedrock_buffer *names, const char *name)
{
    size_t chain = names_chain(name), n = strlen(name) + 1;
    struct names_entry e = {0, 1};
    uint32_t at;

    if (names_begin(names) != 0 || bdk_buffer_reserve(names, sizeof e + n) != 0)
        return names->error;
    at = (uint32_t)names->len; /* its ceiling is 64 MiB */
    memcpy(&e.next, names->p + chain, sizeof e.next);
    memcpy(names->p + chain, &at, sizeof at);
    bedrock_buffer_append(names, &e, sizeof e);
    return bedrock_buffer_append(names, name, n);
}

/* The file's name without folder and extension, in letters, digits, single spaces, hyphens, parentheses
 * and brackets. The service takes no other white space and no letters outside of ASCII. */
static size_t names_clean(const char *path, char out[BDK_MAX_DOCUMENT_NAME + 1])
{
    const char *slash = strrchr(path, '/'), *p = slash ? slash + 1 : path, *dot = strrchr(p, '.');
    size_t n = 0;

    for (; *p && p != dot && n < BDK_MAX_DOCUMENT_NAME; p++) {
        char c = *p == '_' ? '-' : *p;

        if (bdk_is_alnum(c) || strchr("-()[]", c))
            out[n++] = c;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    if (n == 0) {
        memcpy(out, "document", 8);
        n = 8;
    }
    out[n] = 0;
    return n;
}

int bdk_names_document(struct bedrock_buffer *names, const char *path, char out[BDK_MAX_DOCUMENT_NAME + 1])
{
    size_t len = names_clean(path, out), like = names_find(names, out);
    struct names_entry e;

    if (like == 0)
        return bdk_names_take(names, out);
    memcpy(&e, names->p + like, sizeof e);
    do {
        char number[16];
        size_t n = (size_t)snprintf(number, sizeof number, " (%u)", (unsigned)++e.number);

        len = len + n > BDK_MAX_DOCUMENT_NAME ? BDK_MAX_DOCUMENT_NAME - n : len;
        while (out[len - 1] == ' ')
            len--;
        memcpy(out + len, number, n + 1);
    } while (names_find(names, out) > 0);
    memcpy(names->p + like, &e, sizeof e);
    return bdk_names_take(names, out);
}
