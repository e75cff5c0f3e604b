/* service.h - a service of the test's own: replies by path, over connections that know nothing of each
 * other. See service.c. */
#ifndef SERVICE_H
#define SERVICE_H

#include "mock.h"

struct rule {
    const char *path;   /* a part of the request line */
    const char *status, *body;
    int times;          /* how often it applies; 0: always */
};

struct service {
    struct bedrock_io io;
    const struct rule *rules;   /* ended by one without a path */
    int slow;           /* answers come only at every so many reads */
    int step_wants;     /* a connection stands only after so many steps */
    int closes_idle;    /* every connection is found closed after its answer */
    int drops_reused;   /* a second request on a connection is not answered, but closed upon */

    /* what happened */
    int used[32];       /* how often each rule was applied */
    int open, most_open, opens, requests;
};

void service_init(struct service *s, const struct rule *rules);

/* A client of it with fixed keys; its clock runs by 7 ms at each look and starts at *ms. */
int service_client(struct bedrock **b, struct service *s, struct t_heap *heap, int64_t *ms);
void service_options(struct bedrock_options *o, struct service *s, struct t_heap *heap, int64_t *ms);

#endif
