/* service.c - a service of the test's own, over the transport that struct bedrock_io describes.
 * Leaves out: TLS; request bodies longer than one write. */
#include "service.h"
#include <stdlib.h>
#include <string.h>

struct line {
    struct service *s;
    struct bedrock_buffer in, out;
    size_t at;
    int reads, steps, requests;
};

static int line_open(void *ctx, const char *host, int port, int tls, void **conn)
{
    struct service *s = ctx;
    struct line *l = calloc(1, sizeof *l);

    (void)host;
    (void)port;
    (void)tls;
    l->s = s;
    s->opens++;
    if (++s->open > s->most_open)
        s->most_open = s->open;
    *conn = l;
    return 0;
}

static int line_step(void *conn)
{
    struct line *l = conn;

    return l->steps++ < l->s->step_wants ? BEDROCK_WANT_TIME : 0;
}

/* A head without Content-Length, or one with its body behind it: what our tests send ends in '}'. */
static int line_is_whole(const struct line *l)
{
    const char *end = l->in.p + l->in.len;

    return l->in.len >= 4 && (memcmp(end - 4, "\r\n\r\n", 4) == 0 ? memcmp(l->in.p, "GET ", 4) == 0
                                                                   : end[-1] == '}');
}

static void line_answer(struct line *l)
{
    struct service *s = l->s;
    const struct rule *r = s->rules;
    size_t i = 0;

    bedrock_buffer_append(&l->in, "", 1);
    l->in.p[strcspn(l->in.p, "\r")] = 0;
    while (r[i].path && (!strstr(l->in.p, r[i].path) || (r[i].times && s->used[i] >= r[i].times)))
        i++;
    s->used[i]++;
    s->requests++;
    mock_reply(&l->out, r[i].path ? r[i].status : "404 Not Found", "application/json",
               r[i].path ? r[i].body : "{\"message\":\"no rule\"}");
    l->in.len = 0;
}

static int line_read(void *conn, void *buf, size_t cap, size_t *n)
{
    struct line *l = conn;
    size_t left = l->out.len - l->at;

    *n = 0;
    if (left == 0 && l->requests > 0 && (l->s->closes_idle || (l->s->drops_reused && l->requests > 1)))
        return 0;
    if (left == 0 || (l->s->slow && ++l->reads % l->s->slow != 0))
        return BEDROCK_WANT_READ;
    *n = left < cap ? left : cap;
    memcpy(buf, l->out.p + l->at, *n);
    l->at += *n;
    return 0;
}

static int line_write(void *conn, const void *buf, size_t len, size_t *n)
{
    struct line *l = conn;

    bedrock_buffer_append(&l->in, buf, len);
    *n = len;
    if (line_is_whole(l) && (++l->requests == 1 || !l->s->drops_reused))
        line_answer(l);
    return 0;
}

static void line_close(void *conn)
{
    struct line *l = conn;

    l->s->open--;
    bedrock_buffer_free(&l->in);
    bedrock_buffer_free(&l->out);
    free(l);
}

void service_init(struct service *s, const struct rule *rules)
{
    memset(s, 0, sizeof *s);
    s->rules = rules;
    s->io.ctx = s;
    s->io.open = line_open;
    s->io.step = line_step;
    s->io.read = line_read;
    s->io.write = line_write;
    s->io.close = line_close;
    mock_no_fd(&s->io);
}

/* A clock that runs by itself, so that waiting ends. */
static int64_t run_clock(void *ctx, int wall)
{
    int64_t *ms = ctx;

    *ms += 7;
    return (wall ? 1767323045000 : 0) + *ms;
}

void service_options(struct bedrock_options *o, struct service *s, struct t_heap *heap, int64_t *ms)
{
    struct mock m;

    mock_init(&m, "", 0);
    mock_options(o, &m, heap);
    o->io = &s->io;
    o->clock = run_clock;
    o->clock_ctx = ms;
}

int service_client(struct bedrock **b, struct service *s, struct t_heap *heap, int64_t *ms)
{
    struct bedrock_options o;

    service_options(&o, s, heap, ms);
    return bedrock_open(b, &o);
}
