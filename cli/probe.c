/* probe.c - `bedrock whoami --check`: the way to the services, step by step: names, TCP, TLS, the clock, and
 * two signed calls. Leaves out: what is known without asking (whoami.c). */
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define PROBE_SKEW_S 240    /* AWS SDKs correct the clock from four minutes on; services take five */

enum probe_state { PROBE_OK, PROBE_WARNING, PROBE_FAILED, PROBE_SKIPPED };

static const char *const probe_states[] = {"OK", "WARNING", "FAILED", "SKIPPED"};

struct probe {
    struct cli *c;
    struct bedrock_writer *json;    /* NULL: lines */
};

/* One step. What is not set is not told, but ms: -1 for none. */
struct probe_step {
    const char *name;
    enum probe_state state;
    int64_t ms;
    const char *detail;
    const struct bedrock_probe *shown;  /* whose certificates belong to it */
    const struct bedrock_error *error;
};

/* ---- Telling ---- */

static void probe_json_chain(struct bedrock_writer *w, const struct bedrock_probe *shown)
{
    char end[CLI_TIME];

    bedrock_write_name(w, "certificates");
    bedrock_write_array(w);
    for (int i = 0; i < shown->n_certificates; i++) {
        bedrock_write_object(w);
        cli_write_text(w, "subject", shown->chain[i].subject);
        cli_write_text(w, "expires", cli_time_iso(end, shown->chain[i].expires_s));
        bedrock_write_object_end(w);
    }
    bedrock_write_array_end(w);
}

static void probe_json(const struct probe *p, const struct probe_step *s)
{
    struct bedrock_writer *w = p->json;
    char hint[1024];

    bedrock_write_object(w);
    cli_write_text(w, "step", s->name);
    cli_write_text(w, "state", probe_states[s->state]);
    bedrock_write_name(w, "ms");
    if (s->ms >= 0)
        bedrock_write_int(w, s->ms);
    else
        bedrock_write_null(w);
    cli_write_text(w, "detail", s->detail ? s->detail : "");
    if (s->shown)
        probe_json_chain(w, s->shown);
    if (s->error) {
        cli_hint(hint, sizeof hint, s->error, NULL, bedrock_region(p->c->b));
        bedrock_write_name(w, "error");
        cli_write_error(w, s->error, hint);
    }
    bedrock_write_object_end(w);
}

static void probe_line(const struct probe *p, const struct probe_step *s)
{
    char line[2048], took[24] = "", end[CLI_TIME];

    if (s->ms >= 0)
        snprintf(took, sizeof took, "%lld ms", (long long)s->ms);
    snprintf(line, sizeof line, "%-15s %-7s %8s%s%s", s->name, probe_states[s->state], took,
             s->detail && s->detail[0] ? "  " : "", s->detail ? s->detail : "");
    cli_out_line(&p->c->out, line);
    for (int i = 0; s->shown && i < s->shown->n_certificates; i++) {
        snprintf(line, sizeof line, "%34scertificate %d: %s, good until %s", "", i + 1,
                 s->shown->chain[i].subject, cli_time(end, s->shown->chain[i].expires_s));
        cli_out_line(&p->c->out, line);
    }
}

static void probe_tell(const struct probe *p, const struct probe_step *s)
{
    if (p->json)
        probe_json(p, s);
    else
        probe_line(p, s);
}

static void probe_tell_skipped(const struct probe *p, const char *name, const char *why)
{
    const struct probe_step s = {name, PROBE_SKIPPED, -1, why, NULL, NULL};

    probe_tell(p, &s);
}

/* The first failure is the command's own. */
static void probe_tell_error(const struct probe *p, struct probe_step *s, const struct bedrock_error *e)
{
    char detail[1200];

    snprintf(detail, sizeof detail, "%s: %s", cli_error_name(e), e->message);
    s->state = PROBE_FAILED;
    s->detail = detail;
    s->error = e;
    probe_tell(p, s);
    if (p->c->err.code == 0)
        p->c->err = *e;
}

/* ---- The way to a service ---- */

static const struct {
    const char *name;
    enum bedrock_service service;
} probe_services[] = {{"runtime", BEDROCK_RUNTIME}, {"control", BEDROCK_CONTROL}};

static void probe_clock(const struct probe *p, const char *name, const struct bedrock_probe *seen)
{
    char step[32], detail[160], span[CLI_SPAN];
    struct probe_step s = {step, PROBE_OK, -1, "as the service's", NULL, NULL};
    int off = seen->clock_skew_s;
    long by = off < 0 ? -(long)off : off;

    snprintf(step, sizeof step, "%s clock", name);
    cli_span(span, by);
    snprintf(detail, sizeof detail, "%s %s the service's", span, off > 0 ? "behind" : "ahead of");
    if (by > 1)
        s.detail = detail;
    if (by > PROBE_SKEW_S)
        s.state = PROBE_WARNING;
    if (seen->has_date)
        probe_tell(p, &s);
    else
        probe_tell_skipped(p, step, "the answer has no Date");
}

/* What the stages came to; the one that failed has no time, and e says why. */
static void probe_stages(const struct probe *p, const char *name, const struct bedrock_way *way,
                         const struct bedrock_probe *seen, const struct bedrock_error *e, int64_t left_ms)
{
    const struct bedrock_probe *shown = seen->n_certificates > 0 ? seen : NULL;
    const struct probe_step stages[] = {
        {"DNS", PROBE_OK, seen->resolve_ms, way->proxy[0] ? "of the proxy" : NULL, NULL, NULL},
        {"TCP", PROBE_OK, seen->connect_ms, seen->address, NULL, NULL},
        {"TLS", PROBE_OK, seen->tls_ms, seen->tls, shown, NULL},
        {"HTTP", PROBE_OK, seen->answer_ms, NULL, NULL, NULL},
    };
    char step[32];

    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        struct probe_step s = stages[i];

        if (strcmp(s.name, "TLS") == 0 && strncmp(way->url, "https:", 6) != 0)
            continue;
        snprintf(step, sizeof step, "%s %s", name, s.name);
        s.name = step;
        if (s.ms < 0) {
            s.ms = left_ms;
            probe_tell_error(p, &s, e);
            return;
        }
        probe_tell(p, &s);
        left_ms -= s.ms;
    }
    probe_clock(p, name, seen);
}

/* 1: it can be reached; 0: it cannot; CLI_INTERRUPTED. */
static int probe_service(const struct probe *p, int i, const struct bedrock_way *way)
{
    struct bedrock_call *call;
    struct bedrock_event ev;
    int64_t began_ms = cli_now_ms();
    int rc = bedrock_probe(p->c->b, probe_services[i].service, &call);

    if (rc != 0) {
        probe_tell_skipped(p, probe_services[i].name, bedrock_error(p->c->b)->message);
        return 0;
    }
    rc = cli_next(call, &ev);
    if (rc != CLI_INTERRUPTED)
        probe_stages(p, probe_services[i].name, way, bedrock_probe_seen(call), bedrock_call_error(call),
                     cli_now_ms() - began_ms);
    bedrock_end(call);
    return rc == CLI_INTERRUPTED ? rc : rc == 0;
}

/* ---- Signed calls ---- */

static int probe_identity(const struct probe *p)
{
    char arn[600] = "";
    struct probe_step s = {"STS identity", PROBE_OK, 0, arn, NULL, NULL};
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int64_t began_ms = cli_now_ms();
    int rc = bedrock_identity(p->c->b, &call);

    while (rc == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT) {
        cli_shown(bedrock_json_get(ev.json, "Arn"), arn, sizeof arn);
        rc = 0; /* and once more, for the end */
    }
    s.ms = cli_now_ms() - began_ms;
    if (rc < 0)
        probe_tell_error(p, &s, call ? bedrock_call_error(call) : bedrock_error(p->c->b));
    else if (rc != CLI_INTERRUPTED)
        probe_tell(p, &s);
    bedrock_end(call);
    return rc;
}

static int probe_models(const struct probe *p)
{
    char detail[64];
    struct probe_step s = {"list of models", PROBE_OK, 0, detail, NULL, NULL};
    struct bedrock_error before = p->c->err, now;
    struct bedrock_request rq = {0};
    struct cli_fetched a = {0};
    struct bedrock_json_iter it;
    struct bedrock_model m;
    int64_t began_ms = cli_now_ms();
    int n = 0, rc;

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rc = cli_fetch(p->c, &rq, &a);
    now = p->c->err;
    p->c->err = before;
    s.ms = cli_now_ms() - began_ms;
    it = bedrock_model_list(a.json);
    while (rc == 0 && bedrock_model_next(&it, &m))
        n++;
    snprintf(detail, sizeof detail, "%d models", n);
    if (rc < 0)
        probe_tell_error(p, &s, &now);
    else if (rc != CLI_INTERRUPTED)
        probe_tell(p, &s);
    cli_fetched_free(&a);
    return rc;
}

/* Who signs, and what for. */
static int probe_calls(const struct probe *p, const struct bedrock_where *w, int control)
{
    int rc = 0;

    if (w->bearer_token)
        probe_tell_skipped(p, "STS identity", "a bearer token is for Bedrock alone");
    else
        rc = probe_identity(p);
    if (rc == CLI_INTERRUPTED)
        return rc;
    if (control)
        return probe_models(p);
    probe_tell_skipped(p, "list of models", "there is no way to the service");
    return 0;
}

int cli_probe(struct cli *c, const struct bedrock_where *w, int64_t took_ms, struct bedrock_writer *json)
{
    struct probe p = {c, json};
    struct probe_step s = {"credentials", PROBE_OK, took_ms, w->source, NULL, NULL};
    const struct bedrock_error found = c->err;
    int reached[2] = {0, 0}, rc = 0;

    if (json) {
        bedrock_write_name(json, "check");
        bedrock_write_array(json);
    } else {
        cli_out_line(&c->out, "");
    }
    if (found.code)
        probe_tell_error(&p, &s, &found);
    else
        probe_tell(&p, &s);
    for (int i = 0; i < 2 && rc != CLI_INTERRUPTED; i++)
        rc = reached[i] = probe_service(&p, i, &w->way[i]);
    if (rc != CLI_INTERRUPTED && found.code)
        probe_tell_skipped(&p, "signed calls", "there are no credentials");
    else if (rc != CLI_INTERRUPTED)
        rc = probe_calls(&p, w, reached[1]);
    if (json)
        bedrock_write_array_end(json);
    return rc == CLI_INTERRUPTED ? rc : 0;
}
