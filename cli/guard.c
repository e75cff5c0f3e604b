/* guard.c - `bedrock guard`: what a guardrail makes of a text, without a model.
 * Amazon Bedrock API reference, ApplyGuardrail. Leaves out: qualifiers of texts. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct guard {
    struct cli *c;
    const char *id;                 /* not zero-terminated: id_len bytes */
    size_t id_len;
    const char *version;
    struct cli_text text;
    struct bedrock_buffer path;     /* zero-terminated */
    struct bedrock_writer body;
};

/* ---- The request ---- */

static int guard_no_memory(struct guard *g)
{
    return cli_fail(&g->c->err, BEDROCK_ERR_NOMEM, "out of memory");
}

/* The first word; the others are the text. */
static int guard_read_words(struct guard *g)
{
    struct cli_args *a = &g->c->args;

    if (a->n_words == 0)
        return cli_fail(&g->c->err, BEDROCK_ERR_USAGE, "no guardrail: bedrock guard ID:VERSION TEXT");
    g->id = a->words[0];
    g->id_len = cli_guardrail_id(g->id);
    if (g->id_len == 0)
        return cli_fail(&g->c->err, BEDROCK_ERR_USAGE, "a guardrail is ID:VERSION, where VERSION is a number "
                        "or DRAFT, not '%.200s'", g->id);
    g->version = g->id + g->id_len + 1;
    memmove(a->words, a->words + 1, --a->n_words * sizeof *a->words);
    return 0;
}

static int guard_path(struct guard *g)
{
    static const char before[] = "/guardrail/", between[] = "/version/", after[] = "/apply";
    struct bedrock_buffer *b = &g->path;

    bedrock_buffer_append(b, before, sizeof before - 1);
    bedrock_encode(b, g->id, g->id_len);
    bedrock_buffer_append(b, between, sizeof between - 1);
    bedrock_buffer_append(b, g->version, strlen(g->version));
    bedrock_buffer_append(b, after, sizeof after);
    return b->error ? guard_no_memory(g) : 0;
}

/* The files, as the builder of converse makes blocks of them. */
static int guard_images(struct guard *g)
{
    struct bedrock_body b = {0};
    struct bedrock_json all, block;
    struct bedrock_json_iter it;
    const char *file;
    size_t at = 0;
    int rc = 0;

    bedrock_body_message(&b, "user");
    while ((file = cli_each(&g->c->args, CLI_OPT_ATTACH, &at)) != NULL)
        bedrock_body_file(&b, file);
    if (bedrock_body_end(&b) != 0)
        rc = cli_fail(&g->c->err, b.error.code == BEDROCK_ERR_LIMIT ? BEDROCK_ERR_USAGE : b.error.code, "%s",
                      b.error.message);
    else if (bedrock_json_parse(b.w.out.p, b.w.out.len, &all, NULL) == 0)
        for (it = bedrock_json_iterate(bedrock_json_get(all, "messages[0].content"));
             rc == 0 && bedrock_json_next(&it, NULL, &block);) {
            if (bedrock_json_get(block, "image").type == BEDROCK_JSON_NONE)
                rc = cli_fail(&g->c->err, BEDROCK_ERR_USAGE, "guardrails look at text and images: -f takes "
                              "images");
            bedrock_write_raw(&g->body, block.p, block.len);
        }
    bedrock_body_free(&b);
    return rc;
}

static void guard_string(struct bedrock_writer *w, const char *name, const char *text, size_t len)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text, len);
}

static int guard_body(struct guard *g)
{
    const char *scope = cli_value(&g->c->args, CLI_OPT_SCOPE);
    struct bedrock_writer *w = &g->body;
    int rc = 0, output = g->c->args.on[CLI_OPT_GUARD_OUTPUT] > 0;

    bedrock_write_object(w);
    guard_string(w, "source", output ? "OUTPUT" : "INPUT", output ? 6 : 5);
    bedrock_write_name(w, "content");
    bedrock_write_array(w);
    if (cli_value(&g->c->args, CLI_OPT_ATTACH))
        rc = guard_images(g);
    if (rc == 0)
        rc = cli_read_prompt(g->c, cli_value(&g->c->args, CLI_OPT_ATTACH) != NULL, &g->text);
    if (g->text.bytes.len > 0) {
        bedrock_write_object(w);
        bedrock_write_name(w, "text");
        bedrock_write_object(w);
        guard_string(w, "text", g->text.bytes.p, g->text.bytes.len);
        bedrock_write_object_end(w);
        bedrock_write_object_end(w);
    } else if (rc == 0 && !cli_value(&g->c->args, CLI_OPT_ATTACH)) {
        rc = cli_fail(&g->c->err, BEDROCK_ERR_USAGE, "no text: give words, @FILE, or pipe a text in");
    }
    bedrock_write_array_end(w);
    if (scope)
        guard_string(w, "outputScope", strcasecmp(scope, "full") == 0 ? "FULL" : "INTERVENTIONS",
                     strcasecmp(scope, "full") == 0 ? 4 : 13);
    bedrock_write_object_end(w);
    if (rc == 0 && bedrock_write_end(w) != 0)
        rc = cli_fail(&g->c->err, w->out.error, "%s", bedrock_code_text(w->out.error));
    return rc;
}

/* ---- The answer ---- */

/* What an element of a policy's list is called: which member says it depends on the policy. */
static struct bedrock_json guard_name(struct bedrock_json found)
{
    static const char *const members[] = {"name", "type", "match"};
    struct bedrock_json name = {BEDROCK_JSON_NONE, NULL, 0};

    for (size_t i = 0; i < 3 && name.type != BEDROCK_JSON_STRING; i++)
        name = bedrock_json_get(found, members[i]);
    return name;
}

/* A policy's lists: topics, filters, words ... whatever there is that names an action. */
static void guard_say_policy(const struct cli *c, struct bedrock_json policy_name, struct bedrock_json policy)
{
    struct bedrock_json_iter lists = bedrock_json_iterate(policy), it;
    struct bedrock_json list, found;
    char which[80], name[200], action[40];

    while (policy.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&lists, &found, &list)) {
        it = bedrock_json_iterate(list);
        while (list.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &found)) {
            struct bedrock_json what = bedrock_json_get(found, "action");

            if (what.type == BEDROCK_JSON_STRING && !bedrock_json_equals(what, "NONE"))
                cli_remark(c, "bedrock: %s: %s: %s", cli_shown(policy_name, which, sizeof which),
                           cli_shown(guard_name(found), name, sizeof name),
                           cli_shown(what, action, sizeof action));
        }
    }
}

static void guard_say(const struct cli *c, struct bedrock_json response)
{
    struct bedrock_json reason = bedrock_json_get(response, "actionReason"), assessment, name, policy;
    struct bedrock_json_iter all = bedrock_json_iterate(bedrock_json_get(response, "assessments")), it;
    char text[300];

    cli_remark(c, "bedrock: the guardrail intervened%s%s", reason.type == BEDROCK_JSON_STRING ? ": " : "",
               reason.type == BEDROCK_JSON_STRING ? cli_shown(reason, text, sizeof text) : "");
    while (bedrock_json_next(&all, NULL, &assessment))
        for (it = bedrock_json_iterate(assessment);
             assessment.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &policy);)
            guard_say_policy(c, name, policy);
}

/* What it made of the text, or the text itself where it made nothing. */
static int guard_show(struct guard *g, struct bedrock_json response, int intervened)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(response, "outputs"));
    int any = 0;
    struct bedrock_slice text = {g->text.bytes.p, g->text.bytes.len};
    struct bedrock_buffer b = {0};
    struct bedrock_json output;
    struct cli *c = g->c;

    while (bedrock_json_next(&it, NULL, &output) && c->out.error == 0) {
        struct bedrock_slice made;

        b.len = 0;
        if (cli_append_string(&b, bedrock_json_get(output, "text")) != 0)
            break;
        made.p = b.p;
        made.len = b.len;
        cli_out_end_line(&c->out);
        cli_out_text(&c->out, BEDROCK_TEXT, made);
        any = 1;
    }
    if (!any && !intervened)
        cli_out_text(&c->out, BEDROCK_TEXT, text);
    cli_out_end_line(&c->out);
    if (b.error)
        guard_no_memory(g);
    bedrock_buffer_free(&b);
    return c->err.code;
}

static int guard_apply(struct guard *g)
{
    struct cli_fetched answer = {{0}, {0}};
    struct bedrock_request rq = {0};
    struct bedrock_slice whole;
    struct bedrock_json action;
    struct cli *c = g->c;
    int intervened, rc;
    char text[80];

    rq.method = "POST";
    rq.path = g->path.p;
    rq.body = g->body.out.p;
    rq.body_len = g->body.out.len;
    rc = cli_fetch(c, &rq, &answer);
    action = bedrock_json_get(answer.json, "action");
    intervened = rc == 0 && bedrock_json_equals(action, "GUARDRAIL_INTERVENED");
    /* what nobody knows lets nothing pass */
    if (rc == 0 && !intervened && !bedrock_json_equals(action, "NONE"))
        rc = cli_fail(&c->err, BEDROCK_ERR_PROTOCOL, "the response's action is neither NONE nor "
                      "GUARDRAIL_INTERVENED: %s", cli_shown(action, text, sizeof text));
    whole.p = answer.json.p;
    whole.len = answer.json.len;
    if (rc == 0 && c->json)
        cli_out_json(&c->out, &whole, 1);
    else if (rc == 0)
        rc = guard_show(g, answer.json, intervened);
    if (intervened && !c->json)
        guard_say(c, answer.json);
    cli_fetched_free(&answer);
    return rc < 0 ? cli_report(c, &c->err, NULL) : intervened ? CLI_SOME_FAILED : CLI_OK;
}

int cli_guard(struct cli *c)
{
    struct guard g;
    int status;

    memset(&g, 0, sizeof g);
    g.c = c;
    c->warm_for = BEDROCK_CONVERSE; /* of the same host */
    if (guard_read_words(&g) != 0 || guard_path(&g) != 0 || guard_body(&g) != 0 || cli_open(c) != 0)
        status = cli_report(c, &c->err, NULL);
    else
        status = guard_apply(&g);
    bedrock_end(c->warm);
    c->warm = NULL;
    cli_text_free(&g.text);
    bedrock_buffer_free(&g.path);
    bedrock_write_free(&g.body);
    return status;
}
