/* whoami.c - `bedrock whoami`: which Region, endpoints and credentials there are, and who says so.
 * Leaves out: trying them (probe.c). No secret is shown: none is known here. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t cli_now_s(void)
{
    return (int64_t)time(NULL);
}

static const char *whoami_time(char out[CLI_TIME], int64_t epoch_s, const char *form)
{
    time_t t = (time_t)epoch_s;
    struct tm utc;

    if (!gmtime_r(&t, &utc) || strftime(out, CLI_TIME, form, &utc) == 0)
        snprintf(out, CLI_TIME, "?");
    return out;
}

const char *cli_time(char out[CLI_TIME], int64_t epoch_s)
{
    return whoami_time(out, epoch_s, "%Y-%m-%d %H:%M:%S UTC");
}

const char *cli_time_iso(char out[CLI_TIME], int64_t epoch_s)
{
    return whoami_time(out, epoch_s, "%Y-%m-%dT%H:%M:%SZ");
}

/* ---- As text ---- */

#define WHOAMI_AT 13    /* where values begin */

static const char *const whoami_services[] = {"runtime", "control"};

static void whoami_line(struct cli *c, const char *name, const char *value, const char *why)
{
    char line[4096];

    snprintf(line, sizeof line, "%-*s %s%s%s%s", WHOAMI_AT - 1, name, value, why[0] ? " (" : "", why,
             why[0] ? ")" : "");
    cli_out_line(&c->out, line);
}

/* One line for both services where they have the same. */
static void whoami_both(struct cli *c, const char *name, const char *const of[2])
{
    char value[1024];

    if (strcmp(of[0], of[1]) == 0) {
        whoami_line(c, name, of[0][0] ? of[0] : "none", "");
        return;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(value, sizeof value, "%s: %s", whoami_services[i], of[i][0] ? of[i] : "none");
        whoami_line(c, i ? "" : name, value, "");
    }
}

static void whoami_ways(struct cli *c, const struct bedrock_where *w)
{
    const char *const trust[2] = {w->way[0].ca, w->way[1].ca};
    const char *const proxy[2] = {w->way[0].proxy, w->way[1].proxy};

    whoami_line(c, "region", w->region[0] ? w->region : "not known", w->region_from);
    for (int i = 0; i < 2; i++)
        whoami_line(c, whoami_services[i], w->way[i].url[0] ? w->way[i].url : "not known", w->way[i].from);
    whoami_both(c, "trust", trust);
    whoami_both(c, "proxy", proxy);
}

static void whoami_files(struct cli *c, const struct bedrock_where *w)
{
    static const char *const states[] = {"there is none", "not needed", "read"};
    const struct bedrock_config_file *const files[] = {&w->config, &w->credentials};
    char why[160];

    snprintf(why, sizeof why, "%s%s", w->profile_from[0] ? w->profile_from : "nobody named one",
             w->profile_found ? "" : "; no such profile in the files read");
    whoami_line(c, "profile", w->profile, why);
    for (int i = 0; i < 2; i++)
        whoami_line(c, i ? "" : "config", files[i]->path[0] ? files[i]->path : "no home folder",
                    states[files[i]->read + 1]);
}

/* The source that is named has none to give. */
static int whoami_has_failed(const struct cli *c)
{
    struct bedrock_source s;
    size_t at = 0;

    while (bedrock_source_next(c->b, &at, &s))
        if (s.state == BEDROCK_SOURCE_FAILED)
            return 1;
    return 0;
}

static void whoami_keys(struct cli *c, const struct bedrock_where *w)
{
    char value[160], end[CLI_TIME], left[CLI_SPAN];

    whoami_line(c, "credentials", w->source[0] ? w->source : "none",
                whoami_has_failed(c) ? "failed" : w->bearer_token ? "a bearer token" : "");
    if (w->key_id[0]) {
        snprintf(value, sizeof value, "****%s", w->key_id);
        whoami_line(c, "key id", value, "");
    }
    if (w->account_id[0])
        whoami_line(c, "account", w->account_id, "");
    if (w->expires_s) {
        int64_t s = w->expires_s - cli_now_s();

        cli_span(left, s < 0 ? -s : s);
        snprintf(value, sizeof value, "%s, %s %s", cli_time(end, w->expires_s), left,
                 s < 0 ? "ago" : "from now");
        whoami_line(c, "expires", value, "");
    }
}

static const char *const whoami_states[] = {"not asked", "passed over", "failed", "used"};

static void whoami_sources(struct cli *c)
{
    struct bedrock_source s;
    char line[1200];
    size_t at = 0;

    cli_out_line(&c->out, "who was asked for credentials, in this order:");
    while (bedrock_source_next(c->b, &at, &s)) {
        snprintf(line, sizeof line, "  %-12s %s%s%s", s.name, whoami_states[s.state], s.why[0] ? ": " : "",
                 s.why);
        cli_out_line(&c->out, line);
    }
}

static void whoami_text(struct cli *c, const struct bedrock_where *w)
{
    whoami_ways(c, w);
    whoami_files(c, w);
    whoami_keys(c, w);
    whoami_sources(c);
}

/* ---- As JSON ---- */

void cli_write_text(struct bedrock_writer *w, const char *name, const char *text)
{
    bedrock_write_name(w, name);
    if (text[0])
        bedrock_write_string(w, text, strlen(text));
    else
        bedrock_write_null(w);
}

static void whoami_json_files(struct bedrock_writer *j, const struct bedrock_where *w)
{
    const struct bedrock_config_file *const files[] = {&w->config, &w->credentials};

    bedrock_write_name(j, "configFiles");
    bedrock_write_array(j);
    for (int i = 0; i < 2; i++) {
        bedrock_write_object(j);
        cli_write_text(j, "path", files[i]->path);
        bedrock_write_name(j, "read");
        bedrock_write_bool(j, files[i]->read > 0);
        bedrock_write_object_end(j);
    }
    bedrock_write_array_end(j);
}

static void whoami_json_ways(struct bedrock_writer *j, const struct bedrock_where *w)
{
    static const char *const names[] = {"bedrock-runtime", "bedrock"};

    cli_write_text(j, "region", w->region);
    cli_write_text(j, "regionFrom", w->region_from);
    bedrock_write_name(j, "endpoints");
    bedrock_write_object(j);
    for (int i = 0; i < 2; i++) {
        bedrock_write_name(j, names[i]);
        bedrock_write_object(j);
        cli_write_text(j, "url", w->way[i].url);
        cli_write_text(j, "from", w->way[i].from);
        cli_write_text(j, "trust", w->way[i].ca);
        cli_write_text(j, "proxy", w->way[i].proxy);
        bedrock_write_object_end(j);
    }
    bedrock_write_object_end(j);
}

static void whoami_json_keys(struct bedrock_writer *j, const struct bedrock_where *w)
{
    char text[CLI_TIME] = "";

    bedrock_write_name(j, "profile");
    bedrock_write_object(j);
    cli_write_text(j, "name", w->profile);
    cli_write_text(j, "from", w->profile_from);
    bedrock_write_name(j, "found");
    bedrock_write_bool(j, w->profile_found);
    bedrock_write_object_end(j);
    whoami_json_files(j, w);
    bedrock_write_name(j, "credentials");
    bedrock_write_object(j);
    cli_write_text(j, "source", w->source);
    bedrock_write_name(j, "bearerToken");
    bedrock_write_bool(j, w->bearer_token);
    cli_write_text(j, "keyIdEnd", w->key_id);
    cli_write_text(j, "account", w->account_id);
    cli_write_text(j, "expires", w->expires_s ? cli_time_iso(text, w->expires_s) : text);
    bedrock_write_object_end(j);
}

static void whoami_json_sources(struct cli *c, struct bedrock_writer *j)
{
    struct bedrock_source s;
    size_t at = 0;

    bedrock_write_name(j, "sources");
    bedrock_write_array(j);
    while (bedrock_source_next(c->b, &at, &s)) {
        bedrock_write_object(j);
        cli_write_text(j, "name", s.name);
        cli_write_text(j, "state", whoami_states[s.state]);
        cli_write_text(j, "why", s.why);
        bedrock_write_object_end(j);
    }
    bedrock_write_array_end(j);
}

/* ---- The command ---- */

/* Show what is known and, if that was asked for, try it. 0 or CLI_INTERRUPTED. */
static int whoami_show(struct cli *c, int64_t took_ms)
{
    const int check = c->args.on[CLI_OPT_CHECK];
    struct bedrock_writer j = {0};
    struct bedrock_where w;
    int rc = 0;

    bedrock_where(c->b, &w);
    if (!c->json) {
        whoami_text(c, &w);
        return check ? cli_probe(c, &w, took_ms, NULL) : 0;
    }
    bedrock_write_object(&j);
    whoami_json_ways(&j, &w);
    whoami_json_keys(&j, &w);
    whoami_json_sources(c, &j);
    if (check)
        rc = cli_probe(c, &w, took_ms, &j);
    bedrock_write_object_end(&j);
    if (rc == 0) {
        cli_out_written(c, &j);
        cli_out_end_line(&c->out);
    }
    bedrock_write_free(&j);
    return rc;
}

int cli_whoami(struct cli *c)
{
    int64_t began_ms = cli_now_ms();
    int rc;

    if (c->args.n_words > 0)
        cli_fail(&c->err, BEDROCK_ERR_USAGE, "whoami takes no words, not '%.100s'", c->args.words[0]);
    if (c->err.code)
        return cli_report(c, &c->err, NULL);
    rc = cli_open(c);
    if (rc == 0)
        rc = cli_find_credentials(c);
    if (c->b && rc != CLI_INTERRUPTED)
        whoami_show(c, cli_now_ms() - began_ms);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}
