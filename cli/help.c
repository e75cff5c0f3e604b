/* help.c - the help texts, laid out for 80 columns from the tables.
 * Leaves out: the manual page, which tools/man.c makes from the same tables. */
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define HELP_WIDTH 79
#define HELP_TEXT_AT 27     /* where the meaning of an option begins */
#define HELP_STATUS_AT 7

/* Words from column `at` on, each further line indented to it; `used` columns are taken already. */
static void help_wrap(struct bedrock_buffer *b, const char *text, size_t used, size_t at)
{
    static const char blanks[] = "                                ";
    size_t column = used, word;

    if (used > 0 && used + 2 > at) {
        bedrock_buffer_append(b, "\n", 1);
        column = 0;
    }
    for (const char *p = text; *p; p += word + strspn(p + word, " ")) {
        word = strcspn(p, " ");
        if (column > at && column + 1 + word > HELP_WIDTH) {
            bedrock_buffer_append(b, "\n", 1);
            column = 0;
        }
        if (column > at) {
            bedrock_buffer_append(b, " ", 1);
            column++;
        } else {
            bedrock_buffer_append(b, blanks, at - column);
            column = at;
        }
        bedrock_buffer_append(b, p, word);
        column += word;
    }
    bedrock_buffer_append(b, "\n", 1);
}

static void help_text(struct bedrock_buffer *b, const char *text)
{
    bedrock_buffer_append(b, text, strlen(text));
}

static void help_option(struct bedrock_buffer *b, const struct cli_option *o)
{
    char left[64], letter[4] = {'-', o->letter, 0, 0};
    int n;

    if (o->letter && o->name)
        letter[2] = ',';
    n = snprintf(left, sizeof left, "  %s%s%s%s%s%s", o->letter ? letter : "   ", o->name ? " " : "",
                 o->name ? "--" : "", o->name ? o->name : "", o->value ? " " : "",
                 o->value ? o->value : "");
    help_text(b, left);
    help_wrap(b, o->help, (size_t)n, HELP_TEXT_AT);
}

/* The options of one command alone, or with every = 1 those that all commands have. */
static void help_options(struct bedrock_buffer *b, unsigned command, int every)
{
    int any = 0;

    for (const struct cli_option *o = cli_options; o->help; o++) {
        if (every != (o->commands == CLI_EVERY) || !(o->commands & command))
            continue;
        if (!any)
            help_text(b, every ? "\nOptions of every command:\n" : "\nOptions:\n");
        any = 1;
        help_option(b, o);
    }
}

static void help_statuses(struct bedrock_buffer *b)
{
    help_text(b, "\nExit status:\n");
    for (const struct cli_note *s = cli_statuses; s->word; s++) {
        char left[16];
        int n = snprintf(left, sizeof left, "  %s", s->word);

        help_text(b, left);
        help_wrap(b, s->text, (size_t)n, HELP_STATUS_AT);
    }
}

static void help_examples(struct bedrock_buffer *b, const char *const *examples)
{
    help_text(b, "\nExamples:\n");
    for (; *examples; examples++) {
        help_text(b, "  ");
        help_text(b, *examples);
        help_text(b, "\n");
    }
}

static void help_paragraphs(struct bedrock_buffer *b, const char *const *text)
{
    for (; *text; text++) {
        help_text(b, "\n");
        help_wrap(b, *text, 0, 0);
    }
}

/* What most want to know comes first, and the details behind it. */
static void help_of_command(struct bedrock_buffer *b, const struct cli_command *c)
{
    help_text(b, "Usage: bedrock ");
    help_text(b, c->name);
    help_text(b, " ");
    help_text(b, c->usage);
    help_text(b, "\n");
    help_text(b, "\n");
    help_wrap(b, c->text[0], 0, 0);
    help_examples(b, c->examples);
    help_options(b, (unsigned)c->id, 0);
    help_paragraphs(b, c->text + 1);
    help_options(b, (unsigned)c->id, 1);
    help_statuses(b);
}

static void help_of_all(struct bedrock_buffer *b)
{
    help_text(b, "bedrock " BEDROCK_VERSION " - call Amazon Bedrock\n\n"
                 "Usage: bedrock COMMAND [OPTIONS] [ARGS]\n");
    help_text(b, "\nCommands:\n");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char left[48];
        int n = snprintf(left, sizeof left, "  %s", c->name);

        help_text(b, left);
        help_wrap(b, c->summary, (size_t)n, 14);
    }
    help_text(b, "  `bedrock help COMMAND` tells the options of a command.\n");
    help_options(b, CLI_EVERY, 1);
    help_paragraphs(b, cli_rules);
    help_text(b, "\nEnvironment:\n");
    for (const struct cli_note *e = cli_environment; e->word; e++) {
        help_wrap(b, e->word, 0, 2);
        help_wrap(b, e->text, 0, 6);
    }
    help_examples(b, cli_examples);
    help_statuses(b);
}

int cli_help(int fd, const struct cli_command *command)
{
    struct bedrock_buffer b = {0};
    int err = 0;

    if (command)
        help_of_command(&b, command);
    else
        help_of_all(&b);
    if (b.error == 0)
        err = cli_write(fd, b.p, b.len);
    bedrock_buffer_free(&b);
    return err;
}
