/* exchange.h - a transport for credentials' tests: services on any host, asked in an order that is known
 * beforehand. See exchange.c. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "t.h"

struct exchange {
    const char *method, *url;   /* NULL: no more */
    const char *body;           /* what the request's body must begin with; NULL: anything */
    int status;                 /* 0: the connection breaks without an answer; -1: there never is one */
    const char *headers;        /* field lines with their CRLF; NULL: none */
    const char *reply;
};

/* ListFoundationModels is answered with {} and is none of the list's; the last of the list, where it is a
 * server's failure, may be asked for more than once. */
struct exchanges {
    struct bedrock_io io;
    const struct exchange *list;
    size_t at;                  /* how many have been made */
    char wrong[900];            /* the first request that was not the next of the list; "" */
    struct bedrock_buffer last; /* the last request of the list, whole */
    struct bedrock_buffer bedrock;  /* what Bedrock was sent */
    int open, opens;
    int step_wants;             /* so many steps until a connection stands */
    size_t piece;               /* at most this many bytes a read or write; 0: all */
    int stutter;                /* "not now" before every read and write */
};

void exchanges_init(struct exchanges *x, const struct exchange *list);
void exchanges_free(struct exchanges *x);

#endif
