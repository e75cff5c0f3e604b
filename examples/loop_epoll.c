/* loop_epoll.c - many calls inside of a host's own epoll loop: bedrock_fd(), _events(), _timeout_ms().
 * Usage: loop_epoll PROMPT MODEL...; Region and credentials come from the environment. Linux. */
#define _GNU_SOURCE
#include "bedrock.h"
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_MODELS 64

struct task {
    struct bedrock_call *call;  /* NULL: over */
    const char *model;
    int fd;                     /* what epoll watches for it; -1: nothing */
    int ready;
};

/*
 * Tell epoll what the call now waits for. Its descriptor may be another one after each step: addresses are
 * tried in turn, a kept connection that broke is replaced. A closed one has left the set by itself, and
 * its number may be in use again.
 */
static void watch(int epoll, struct task *t)
{
    int fd = t->call ? bedrock_fd(t->call) : -1, bits = t->call ? bedrock_events(t->call) : 0;
    struct epoll_event e = {.data.ptr = t};

    e.events = (bits & POLLIN ? (uint32_t)EPOLLIN : 0) | (bits & POLLOUT ? (uint32_t)EPOLLOUT : 0);
    if (t->fd >= 0 && t->fd != fd)
        epoll_ctl(epoll, EPOLL_CTL_DEL, t->fd, NULL);
    if (fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e) != 0)
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
    t->fd = fd;
}

/* Step until the call has to wait or is over; returns 1 when it failed. */
static int run(struct task *t)
{
    struct bedrock_event ev;
    int rc;

    t->ready = 0;
    while ((rc = bedrock_step(t->call, &ev)) == BEDROCK_EVENT)
        if (ev.kind == BEDROCK_TEXT)
            printf("[%s] %.*s\n", t->model, (int)ev.text.len, ev.text.p);
    if (rc > 0)
        return 0;
    printf("[%s] %s\n", t->model, rc == BEDROCK_DONE ? "done" : bedrock_call_error(t->call)->message);
    bedrock_end(t->call);
    t->call = NULL;
    return rc < 0;
}

/* How many are not over, and how soon one wants to be stepped in any case (-1: none does). */
static size_t count(const struct task *tasks, size_t n, int *timeout_ms)
{
    size_t left = 0;

    *timeout_ms = -1;
    for (size_t i = 0; i < n; i++) {
        int ms = tasks[i].call ? bedrock_timeout_ms(tasks[i].call) : -1;

        left += tasks[i].call != NULL;
        if (ms >= 0 && (*timeout_ms < 0 || ms < *timeout_ms))
            *timeout_ms = ms;
    }
    return left;
}

static int loop(int epoll, struct task *tasks, size_t n)
{
    struct epoll_event got[MAX_MODELS];
    int failed = 0, timeout_ms;

    while (count(tasks, n, &timeout_ms) > 0) {
        int k = epoll_wait(epoll, got, MAX_MODELS, timeout_ms);

        for (int i = 0; i < k; i++)
            ((struct task *)got[i].data.ptr)->ready = 1;
        for (size_t i = 0; i < n; i++) {
            struct task *t = &tasks[i];

            if (!t->call || (!t->ready && bedrock_timeout_ms(t->call) != 0))
                continue;
            failed += run(t);
            watch(epoll, t);
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct task tasks[MAX_MODELS] = {{NULL, NULL, -1, 0}};
    struct bedrock_prompt p = {.text = argc > 1 ? argv[1] : ""};
    struct bedrock_request rq = {.operation = BEDROCK_CONVERSE_STREAM};
    struct bedrock_writer body = {0};
    struct bedrock *b;
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    int rc, epoll = epoll_create1(EPOLL_CLOEXEC);

    if (n == 0 || n > MAX_MODELS || epoll < 0) {
        fprintf(stderr, "usage: loop_epoll PROMPT MODEL...\n");
        return 2;
    }
    rc = bedrock_open(&b, NULL);
    if (rc == 0)
        rc = bedrock_prompt_body(&p, &body);
    rq.body = body.out.p; /* borrowed by all of them until they end */
    rq.body_len = body.out.len;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rq.model = tasks[i].model = argv[i + 2];
        tasks[i].fd = -1;
        rc = bedrock_start(b, &rq, &tasks[i].call);
    }
    if (rc == 0)
        rc = loop(epoll, tasks, n);
    else
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
    bedrock_close(b); /* ends what is left */
    bedrock_write_free(&body);
    close(epoll);
    return rc != 0;
}
