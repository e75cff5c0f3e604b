/* accept.c - `bedrock access --accept`: choose an offer, ask, make the agreement, and wait for it.
 * Amazon Bedrock API reference, CreateFoundationModelAgreement. Leaves out: taking an agreement back. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ACCEPT_TIMEOUT_MS 300000
#define ACCEPT_FIRST_MS 300     /* until the first look, and between the others */
#define ACCEPT_NEXT_MS 1000
#define ACCEPT_STALE_MS 5000    /* how long the service may still tell of an earlier agreement's failure */

/* ---- Which offer ---- */

/* The offers' ids, for a message. */
static void accept_ids(struct bedrock_json offers, char *out, size_t cap)
{
    struct bedrock_json_iter it = bedrock_json_iterate(offers);
    struct bedrock_json offer;
    char id[128];
    size_t n = 0;

    out[0] = 0;
    while (n < cap && bedrock_json_next(&it, NULL, &offer))
        n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
                              cli_shown(bedrock_json_get(offer, "offerId"), id, sizeof id));
}

static int accept_choose(struct cli_access *v, struct bedrock_json *chosen)
{
    struct bedrock_json offers = bedrock_json_get(v->offers.json, "offers"), offer;
    struct bedrock_json_iter it = bedrock_json_iterate(offers);
    const char *want = cli_value(&v->c->args, CLI_OPT_OFFER);
    size_t n = 0, n_fit = 0;
    char ids[400];

    for (; bedrock_json_next(&it, NULL, &offer); n++)
        if (!want || bedrock_json_equals(bedrock_json_get(offer, "offerId"), want)) {
            *chosen = offer;
            n_fit++;
        }
    accept_ids(offers, ids, sizeof ids);
    if (n == 0)
        return cli_fail(&v->c->err, BEDROCK_ERR_SERVICE, "there is no offer for %s", v->model.p);
    if (n_fit == 0)
        return cli_fail(&v->c->err, BEDROCK_ERR_USAGE, "%s has no offer '%.100s'; there is %s", v->model.p,
                        want, ids);
    if (n_fit > 1)
        return cli_fail(&v->c->err, BEDROCK_ERR_USAGE, "%s has %zu offers, name one of them: --offer ID, "
                        "which is %s", v->model.p, n_fit, ids);
    return 0;
}

/* ---- The question ---- */

/* The terminal, even where standard input is something else; -1: there is none. */
static int accept_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    return fd < 0 && isatty(STDIN_FILENO) ? dup(STDIN_FILENO) : fd;
}

int cli_can_ask(void)
{
    int fd = accept_terminal();

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void accept_question(const struct cli_access *v, struct bedrock_json offer, struct bedrock_buffer *b)
{
    char id[128], url[512], text[1024];

    /* what is to be agreed to has to be seen: on a terminal it has just been shown */
    if (!v->c->out.terminal || v->c->json)
        cli_offer_append(b, offer);
    snprintf(text, sizeof text, "Accept offer %s for %.200s, with the terms at %s? [y/N] ",
             cli_shown(bedrock_json_get(offer, "offerId"), id, sizeof id), v->model.p,
             cli_shown(bedrock_json_get(offer, CLI_OFFER_TERMS), url, sizeof url));
    cli_escape(b, text, strlen(text), 1);
}

/* 1: yes; 0: no; CLI_INTERRUPTED. */
static int accept_ask(const struct cli_access *v, struct bedrock_json offer)
{
    struct bedrock_buffer b = {0};
    char line[64] = "";
    int fd, came = 0;
    ssize_t n = 0;

    if (v->c->args.on[CLI_OPT_YES])
        return 1;
    fd = accept_terminal();
    accept_question(v, offer, &b);
    if (b.error || cli_write(fd, b.p, b.len) != 0)
        came = -1; /* nobody is agreeing to what was not shown */
    bedrock_buffer_free(&b);
    if (came == 0)
        came = cli_wait_input(v->c, fd, -1);
    if (came > 0)
        n = read(fd, line, sizeof line - 1);
    if (fd >= 0)
        close(fd);
    if (cli_signal())
        return CLI_INTERRUPTED;
    line[n > 0 ? n : 0] = 0;
    line[strcspn(line, "\r\n")] = 0;
    return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

/* ---- The agreement ---- */

static int accept_make(struct cli_access *v, struct bedrock_json offer)
{
    struct bedrock_json token = bedrock_json_get(offer, "offerToken");
    struct bedrock_request rq = {0};
    struct bedrock_writer w = {0};
    struct cli_fetched answer = {0};
    int rc;

    bedrock_write_object(&w);
    bedrock_write_name(&w, "modelId");
    bedrock_write_string(&w, v->model.p, strlen(v->model.p));
    bedrock_write_name(&w, "offerToken");
    bedrock_write_raw(&w, token.p, token.len);
    bedrock_write_object_end(&w);
    rq.operation = BEDROCK_CREATE_AGREEMENT;
    rq.body = w.out.p;
    rq.body_len = w.out.len;
    if (token.type != BEDROCK_JSON_STRING)
        rc = cli_fail(&v->c->err, BEDROCK_ERR_PROTOCOL, "the offer has no token");
    else if ((rc = bedrock_write_end(&w)) != 0)
        cli_fail(&v->c->err, rc, "%s", bedrock_code_text(rc));
    else
        rc = cli_fetch(v->c, &rq, &answer);
    if (rc == 0) {
        v->accepted.len = 0;
        cli_append_string(&v->accepted, bedrock_json_get(offer, "offerId"));
        bedrock_buffer_append(&v->accepted, "", 1);
    }
    cli_fetched_free(&answer);
    bedrock_write_free(&w);
    return rc;
}

/* ---- Waiting for it ---- */

struct accept_wait {
    struct cli_access *v;
    int64_t until_ms;
    int64_t stale_ms;       /* until then an error is the earlier agreement's; 0: there was none */
    char said[200];         /* the state that was last told */
};

/* 1: in force; 0: not yet; below zero: it will not be. */
static int accept_judge(struct accept_wait *w)
{
    struct bedrock_json answer = w->v->availability.json;
    struct bedrock_json agreement = bedrock_json_get(answer, CLI_AGREEMENT);
    struct bedrock_json authorization = bedrock_json_get(answer, CLI_AUTHORIZATION);
    char a[64], b[64], now[200], why[300];

    snprintf(now, sizeof now, "agreement %s, authorization %s", cli_shown(agreement, a, sizeof a),
             cli_shown(authorization, b, sizeof b));
    if (strcmp(now, w->said) != 0)
        cli_remark(w->v->c, "bedrock: %s: %s", w->v->model.p, now);
    memcpy(w->said, now, sizeof now);
    if (bedrock_json_equals(agreement, "AVAILABLE"))
        return bedrock_json_equals(authorization, "AUTHORIZED");
    if (!bedrock_json_equals(agreement, "ERROR")) {
        w->stale_ms = 0;
        return 0;
    }
    if (cli_now_ms() < w->stale_ms)
        return 0;
    return cli_fail(&w->v->c->err, BEDROCK_ERR_SERVICE, "the agreement for %s failed: %s", w->v->model.p,
                    cli_shown(bedrock_json_get(answer, CLI_AGREEMENT_ERROR), why, sizeof why));
}

/* Look once: as above. What may pass by itself is no reason to give up. */
static int accept_look(struct accept_wait *w, int64_t left_ms)
{
    struct cli *c = w->v->c;
    struct bedrock_request rq = {0};
    struct cli_fetched fresh = {0};
    int rc;

    rq.operation = BEDROCK_GET_MODEL_AVAILABILITY;
    rq.model = w->v->model.p;
    rq.deadline_ms = w->until_ms == INT64_MAX ? 0 : (int)left_ms;
    rc = cli_fetch(c, &rq, &fresh);
    if (rc == 0) {
        cli_fetched_free(&w->v->availability);
        w->v->availability = fresh;
        return accept_judge(w);
    }
    cli_fetched_free(&fresh);
    if (rc == CLI_INTERRUPTED || (!c->err.retryable && c->err.code != BEDROCK_ERR_TIMEOUT))
        return rc;
    memset(&c->err, 0, sizeof c->err);
    return 0;
}

static int accept_wait(struct cli_access *v)
{
    long limit = cli_number(&v->c->args, CLI_OPT_TIMEOUT);
    struct accept_wait w = {v, INT64_MAX, 0, ""};
    int64_t pause = ACCEPT_FIRST_MS, left = INT64_MAX;
    int rc = 0;

    if (bedrock_json_equals(bedrock_json_get(v->availability.json, CLI_AGREEMENT), "ERROR"))
        w.stale_ms = cli_now_ms() + ACCEPT_STALE_MS;
    limit = limit < 0 ? ACCEPT_TIMEOUT_MS : limit;
    if (limit > 0)
        w.until_ms = cli_now_ms() + limit;
    while (rc == 0) {
        left = w.until_ms == INT64_MAX ? INT64_MAX : w.until_ms - cli_now_ms();
        if (left <= 0)
            return cli_fail(&v->c->err, BEDROCK_ERR_TIMEOUT, "%s cannot be called yet after %ld.%03ld s: %s; "
                            "`bedrock access` shows how it goes on", v->model.p, limit / 1000, limit % 1000,
                            w.said[0] ? w.said : "the service did not say why");
        if (cli_wait_input(v->c, -1, (int)(pause < left ? pause : left)) < 0)
            return CLI_INTERRUPTED;
        left = w.until_ms == INT64_MAX ? INT64_MAX : w.until_ms - cli_now_ms();
        rc = left > 0 ? accept_look(&w, left) : 0;
        pause = ACCEPT_NEXT_MS;
    }
    return rc == 1 ? 0 : rc;
}

/* ---- All of it ---- */

static int accept_agree(struct cli_access *v)
{
    struct bedrock_json offer = {BEDROCK_JSON_NONE, NULL, 0};
    int rc = accept_choose(v, &offer);

    if (rc != 0)
        return rc;
    rc = accept_ask(v, offer);
    if (rc == 0)
        cli_remark(v->c, "bedrock: not accepted; nothing was changed");
    return rc == 1 ? accept_make(v, offer) : rc == 0 ? BEDROCK_ERR_CANCELLED : rc;
}

int cli_accept(struct cli_access *v)
{
    struct bedrock_json state = bedrock_json_get(v->availability.json, CLI_AGREEMENT);
    int rc = 0;

    if (bedrock_json_equals(state, "AVAILABLE")) {
        cli_remark(v->c, "bedrock: there is nothing to accept for %s", v->model.p);
        return 0;
    }
    if (!bedrock_json_equals(state, "PENDING"))
        rc = accept_agree(v);
    if (rc == 0)
        rc = accept_wait(v);
    if (rc == 0)
        rc = cli_access_look(v);
    if (rc != 1)
        return rc;
    if (v->accessible == 1)
        cli_remark(v->c, "bedrock: %s can be called: -m %s", v->model.p, v->call_as.p);
    else
        cli_remark(v->c, "bedrock: %s: %s", v->model.p, v->reason);
    return 0;
}
