/* args.c - the command line: arguments in, options, values and words out.
 * POSIX Utility Conventions with long options as GNU writes them. Leaves out: abbreviated long options,
 * which a new option could make ambiguous. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ARGS_MAX_WORD 40         /* characters of an option, its dashes included */
#define ARGS_MAX_NUMBER 40       /* characters of a number */

/* The arguments and the one that is being looked at. */
struct args_cursor {
    struct cli_args *a;
    struct bedrock_error *e;
    char **argv;
    int argc, at;
};

/* ---- Commands ---- */

const struct cli_command *cli_command_of(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int cli_unknown_command(const char *name, struct bedrock_error *e)
{
    const struct cli_command *nearest = NULL;
    size_t best = cli_distance_limit(name) + 1;

    /* what the AWS CLI sets up is found here, too, so that there is nothing left to configure */
    if (strcmp(name, "configure") == 0 || strcmp(name, "login") == 0 || strcmp(name, "sso") == 0)
        return cli_fail(e, BEDROCK_ERR_USAGE,
                        "there is no command '%s', but `aws %s` sets up what bedrock reads; `bedrock whoami` "
                        "shows it", name, strcmp(name, "sso") == 0 ? "sso login" : name);
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        size_t far = cli_distance(name, c->name);

        if (far < best) {
            best = far;
            nearest = c;
        }
    }
    if (nearest)
        return cli_fail(e, BEDROCK_ERR_USAGE, "unknown command '%.100s'; did you mean '%s'?", name,
                        nearest->name);
    return cli_fail(e, BEDROCK_ERR_USAGE, "unknown command '%.100s'; `bedrock help` lists them", name);
}

/* ---- Looking options up ---- */

static int args_is_of(const struct cli_option *o, const struct cli_command *command)
{
    return !command || (o->commands & (unsigned)command->id) != 0;
}

/* The option of that name (or letter, when name is NULL), the command's own before another's. */
static const struct cli_option *args_find(const struct cli_command *command, const char *name,
                                          size_t len, char letter)
{
    const struct cli_option *other = NULL;

    for (const struct cli_option *o = cli_options; o->help; o++) {
        int is = name ? o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0
                      : o->letter == letter;

        if (is && args_is_of(o, command))
            return o;
        if (is)
            other = o;
    }
    return other;
}

/* "--max-tokens", or "-1" for an option without a name. */
static const char *args_spelled(const struct cli_option *o, char text[ARGS_MAX_WORD])
{
    if (o->name)
        snprintf(text, ARGS_MAX_WORD, "--%s", o->name);
    else
        snprintf(text, ARGS_MAX_WORD, "-%c", o->letter);
    return text;
}

static int args_unknown(struct args_cursor *c, const char *arg, const char *name, size_t len)
{
    const struct cli_command *command = c->a->command;
    const struct cli_option *nearest = NULL;
    char typed[ARGS_MAX_WORD + 1];
    size_t best;

    snprintf(typed, sizeof typed, "%.*s", len < sizeof typed ? (int)len : (int)sizeof typed - 1, name);
    best = cli_distance_limit(typed) + 1;
    for (const struct cli_option *o = cli_options; o->help && len < sizeof typed; o++) {
        size_t far = o->name && args_is_of(o, command) ? cli_distance(typed, o->name) : best;

        if (far < best) {
            best = far;
            nearest = o;
        }
    }
    if (nearest)
        return cli_fail(c->e, BEDROCK_ERR_USAGE, "unknown option %.100s; did you mean --%s?", arg,
                        nearest->name);
    return cli_fail(c->e, BEDROCK_ERR_USAGE, "unknown option %.100s; `bedrock help%s%s` lists them", arg,
                    command ? " " : "", command ? command->name : "");
}

/* letter: it was given by that; 0: by its name, if it has one. */
static int args_of_other(const struct cli_option *o, char letter, const struct cli_command *command,
                         struct bedrock_error *e)
{
    char spelled[ARGS_MAX_WORD] = {'-', letter, 0};
    const struct cli_command *owner = cli_commands;

    while (owner->name && !args_is_of(o, owner))
        owner++;
    return cli_fail(e, BEDROCK_ERR_USAGE, "%s is an option of %s, not of %s",
                    letter ? spelled : args_spelled(o, spelled),
                    owner->name ? owner->name : "another command", command->name);
}

/* ---- Values ---- */

/* Decimal digits, a point, digits: in thousandths; -1 for anything else or too much. Rounded up, as
 * 0.0001 s must not become 0, which stands for no limit. */
static long args_thousandths(const char *text)
{
    long whole = 0, part = 0, unit = 100;
    size_t digits = 0;
    int rest = 0;

    for (; *text >= '0' && *text <= '9'; text++, digits++)
        if ((whole = whole * 10 + (*text - '0')) > 1000L * 1000)
            return -1;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, digits++, unit /= 10) {
            part += unit * (*text - '0');
            rest |= unit == 0 && *text != '0';
        }
    return *text || digits == 0 ? -1 : whole * 1000 + part + rest;
}

static long args_whole(const char *text)
{
    long long n = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 10; digits++)
        n = n * 10 + (text[digits] - '0');
    return text[digits] || digits == 0 || n > 2147483647 ? -1 : (long)n;
}

/* A JSON number, or one that begins with its point. Nobody calls setlocale(), so the point is one. */
static int args_is_number(const char *text, long low, long high)
{
    char number[ARGS_MAX_NUMBER + 2];
    struct bedrock_json v;
    double value;

    if (strlen(text) > ARGS_MAX_NUMBER)
        return 0;
    snprintf(number, sizeof number, "%s%s", text[0] == '.' ? "0" : "", text);
    if (bedrock_json_parse(number, strlen(number), &v, NULL) != 0 || v.type != BEDROCK_JSON_NUMBER ||
        v.len != strlen(number))
        return 0;
    value = strtod(number, NULL);
    return value >= (double)low && value <= (double)high;
}

static int args_is_choice(const struct cli_option *o, const char *text)
{
    size_t n = strlen(text), len;

    for (const char *p = o->choices; *p; p += len + (p[len] == '|')) {
        len = strcspn(p, "|");
        if (len == n && strncasecmp(p, text, n) == 0)
            return 1;
    }
    return 0;
}

static int args_check_value(const struct cli_option *o, const char *value, struct bedrock_error *e)
{
    char name[ARGS_MAX_WORD];
    long n;

    args_spelled(o, name);
    if (!value[0])
        return cli_fail(e, BEDROCK_ERR_USAGE, "%s is empty; leave it out or give it a value", name);
    switch (o->kind) {
    case CLI_WHOLE:
        n = args_whole(value);
        if (n < o->low || n > o->high)
            return cli_fail(e, BEDROCK_ERR_USAGE, "%s takes a whole number from %ld to %ld, not '%.60s'",
                            name, o->low, o->high, value);
        return 0;
    case CLI_NUMBER:
        if (!args_is_number(value, o->low, o->high))
            return cli_fail(e, BEDROCK_ERR_USAGE, "%s takes a number from %ld to %ld, not '%.60s'", name,
                            o->low, o->high, value);
        return 0;
    case CLI_SECONDS:
        n = args_thousandths(value);
        if (n < o->low * 1000 || n > o->high * 1000)
            return cli_fail(e, BEDROCK_ERR_USAGE, "%s takes seconds from %ld to %ld, not '%.60s'", name,
                            o->low, o->high, value);
        return 0;
    case CLI_CHOICE:
        if (!args_is_choice(o, value))
            return cli_fail(e, BEDROCK_ERR_USAGE, "%s takes one of %s, not '%.60s'", name, o->choices,
                            value);
        return 0;
    default:
        return 0;
    }
}

/* Is this argument an option, so that the one before it lacks its value? A text that only begins with
 * '-' is a value; so is a negative number where a number belongs, to be refused as what it is. */
static int args_is_option(const struct args_cursor *c, const struct cli_option *before, const char *arg)
{
    int is_number = before->kind == CLI_WHOLE || before->kind == CLI_NUMBER ||
                    before->kind == CLI_SECONDS;
    const struct cli_option *o = NULL;

    if (strcmp(arg, "--") == 0)
        return 1;
    if (arg[0] != '-' || !arg[1] || (is_number && arg[1] >= '0' && arg[1] <= '9'))
        return 0;
    if (arg[1] == '-')
        o = args_find(c->a->command, arg + 2, strcspn(arg + 2, "="), 0);
    else if (!arg[2])
        o = args_find(c->a->command, NULL, 0, arg[1]);
    return o && args_is_of(o, c->a->command);
}

/* ---- One argument ---- */

static void args_set_flag(struct args_cursor *c, const struct cli_option *o)
{
    c->a->on[o->id] = c->at;
}

/* letter as in struct cli_given. attached is the value that came along, or NULL:
 * then it is the next argument. */
static int args_take_value(struct args_cursor *c, const struct cli_option *o, char letter,
                           const char *attached)
{
    struct cli_given *g = &c->a->given[c->a->n_given];
    char name[ARGS_MAX_WORD];

    args_spelled(o, name);
    if (!attached) {
        const char *next = c->at + 1 < c->argc ? c->argv[c->at + 1] : NULL;

        if (!next)
            return cli_fail(c->e, BEDROCK_ERR_USAGE, "%s needs a value: %s %s", name, name, o->value);
        if (args_is_option(c, o, next))
            return cli_fail(c->e, BEDROCK_ERR_USAGE,
                            "%s needs a value, and %.60s is an option; write %s=%.60s if you mean it",
                            name, next, name, next);
        attached = next;
        c->at++;
    }
    g->option = o;
    g->letter = letter;
    g->value = attached;
    c->a->n_given++;
    return 0;
}

static int args_long(struct args_cursor *c)
{
    const char *arg = c->argv[c->at], *name = arg + 2;
    size_t len = strcspn(name, "=");
    const struct cli_option *o = args_find(c->a->command, name, len, 0);

    if (!o)
        return args_unknown(c, arg, name, len);
    if (o->kind != CLI_FLAG)
        return args_take_value(c, o, 0, name[len] ? name + len + 1 : NULL);
    if (name[len])
        return cli_fail(c->e, BEDROCK_ERR_USAGE, "--%s takes no value", o->name);
    args_set_flag(c, o);
    return 0;
}

/* "-vq", "-mMODEL", "-vm MODEL" */
static int args_short(struct args_cursor *c)
{
    const char *arg = c->argv[c->at];

    for (const char *p = arg + 1; *p; p++) {
        const struct cli_option *o = args_find(c->a->command, NULL, 0, *p);
        char letter[3] = {'-', *p, 0};

        if (!o)
            return args_unknown(c, p == arg + 1 ? arg : letter, arg + 1, strlen(arg + 1));
        if (o->kind != CLI_FLAG)
            return args_take_value(c, o, *p, p[1] ? p + 1 : NULL);
        args_set_flag(c, o);
    }
    return 0;
}

static int args_word(struct args_cursor *c)
{
    const char *word = c->argv[c->at];

    if (c->a->command) {
        c->a->words[c->a->n_words++] = word;
        return 0;
    }
    c->a->command = cli_command_of(word);
    return c->a->command ? 0 : cli_unknown_command(word, c->e);
}

/* Options may stand before the command: only now it is known whose they are. */
static int args_bind(struct cli_args *a, struct bedrock_error *e)
{
    for (size_t i = 0; i < a->n_given; i++) {
        struct cli_given *g = &a->given[i];
        const struct cli_option *o = g->option;
        const char *name = g->letter ? NULL : o->name;
        int rc;

        g->option = o = args_find(a->command, name, name ? strlen(name) : 0, g->letter);
        if (!args_is_of(o, a->command))
            return args_of_other(o, g->letter, a->command, e);
        if (o->kind == CLI_FLAG) /* of this command; another's of that name has a value */
            return cli_fail(e, BEDROCK_ERR_USAGE, "--%s takes no value", o->name);
        rc = args_check_value(o, g->value, e);
        if (rc != 0)
            return rc;
    }
    for (const struct cli_option *o = cli_options; o->help; o++)
        /* a flag of two commands may have a row for each */
        if (a->on[o->id] && !args_is_of(args_find(a->command, o->name, o->name ? strlen(o->name) : 0,
                                                  o->letter), a->command))
            return args_of_other(o, 0, a->command, e);
    return 0;
}

int cli_parse(struct cli_args *a, int argc, char **argv, struct bedrock_error *e)
{
    struct args_cursor c = {a, e, argv, argc, 1};
    size_t n = argc > 0 ? (size_t)argc : 1;
    int rc = 0, ended = 0;

    memset(a, 0, sizeof *a);
    a->words = calloc(n, sizeof *a->words);
    a->given = calloc(n, sizeof *a->given);
    if (!a->words || !a->given)
        return cli_fail(e, BEDROCK_ERR_NOMEM, "out of memory");
    for (; c.at < argc && rc == 0; c.at++) {
        const char *arg = argv[c.at];

        if (ended || arg[0] != '-' || !arg[1])
            rc = args_word(&c);
        else if (strcmp(arg, "--") == 0)
            ended = 1;
        else
            rc = arg[1] == '-' ? args_long(&c) : args_short(&c);
    }
    return rc == 0 ? args_bind(a, e) : rc;
}

void cli_args_free(struct cli_args *a)
{
    free(a->words);
    free(a->given);
    memset(a, 0, sizeof *a);
}

/* ---- Asking ---- */

int cli_has_argument(int argc, char **argv, const char *text)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], text) == 0)
            return 1;
    return 0;
}

const char *cli_each(const struct cli_args *a, enum cli_option_id id, size_t *at)
{
    while (*at < a->n_given)
        if (a->given[(*at)++].option->id == id)
            return a->given[*at - 1].value;
    return NULL;
}

const char *cli_value(const struct cli_args *a, enum cli_option_id id)
{
    const char *v = NULL, *next;
    size_t at = 0;

    while ((next = cli_each(a, id, &at)) != NULL)
        v = next;
    return v;
}

long cli_number(const struct cli_args *a, enum cli_option_id id)
{
    const char *v = cli_value(a, id);
    const struct cli_option *o = cli_options;

    while (o->id != id)
        o++;
    if (!v)
        return -1;
    return o->kind == CLI_SECONDS ? args_thousandths(v) : args_whole(v);
}
