/* man.c - write the manual page of `bedrock` on standard output, from the tables the command itself uses.
 * groff_man(7): the macros that man(7) has everywhere. Leaves out: a date, so that the same tables give
 * the same page. */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>

#define MAN_WIDTH 78

/* One character as roff wants it: its own escape character, and '-' that stays one when copied. */
static const char *man_char(const char *p, char plain[2])
{
    plain[0] = *p;
    plain[1] = 0;
    return *p == '\\' ? "\\e" : *p == '-' ? "\\-" : plain;
}

static void man_word(const char *p, size_t n)
{
    char plain[2];

    for (size_t i = 0; i < n; i++)
        fputs(man_char(p + i, plain), stdout);
}

/* A paragraph in lines; one must not begin like a request. */
static void man_text(const char *text)
{
    size_t column = 0, word;

    for (const char *p = text; *p; p += word + strspn(p + word, " ")) {
        word = strcspn(p, " ");
        if (column > 0 && column + 1 + word > MAN_WIDTH) {
            putchar('\n');
            column = 0;
        }
        fputs(column > 0 ? " " : *p == '.' || *p == '\'' ? "\\&" : "", stdout);
        man_word(p, word);
        column += 1 + word;
    }
    putchar('\n');
}

static void man_bold(const char *text)
{
    fputs("\\fB", stdout);
    man_word(text, strlen(text));
    fputs("\\fR", stdout);
}

static void man_option(const struct cli_option *o)
{
    char text[64];

    puts(".TP");
    if (o->letter) {
        snprintf(text, sizeof text, "-%c", o->letter);
        man_bold(text);
        fputs(o->name ? ", " : "", stdout);
    }
    if (o->name) {
        snprintf(text, sizeof text, "--%s", o->name);
        man_bold(text);
    }
    if (o->value)
        printf(" \\fI%s\\fR", o->value);
    putchar('\n');
    man_text(o->help);
}

static void man_options(unsigned command, int every)
{
    for (const struct cli_option *o = cli_options; o->help; o++)
        if (every == (o->commands == CLI_EVERY) && (o->commands & command))
            man_option(o);
}

static void man_paragraphs(const char *const *text)
{
    for (; *text; text++) {
        puts(".PP");
        man_text(*text);
    }
}

static void man_examples(const char *const *examples)
{
    puts(".nf\n.RS");
    for (; *examples; examples++) {
        man_word(*examples, strlen(*examples));
        putchar('\n');
    }
    puts(".RE\n.fi");
}

static void man_notes(const struct cli_note *n)
{
    for (; n->word; n++) {
        puts(".TP");
        man_bold(n->word);
        putchar('\n');
        man_text(n->text);
    }
}

static void man_command(const struct cli_command *c)
{
    printf(".SS bedrock %s\n", c->name);
    fputs("\\fBbedrock ", stdout);
    man_word(c->name, strlen(c->name));
    fputs("\\fR ", stdout);
    man_word(c->usage, strlen(c->usage));
    putchar('\n');
    man_paragraphs(c->text);
    man_options((unsigned)c->id, 0);
    puts(".PP\nExamples:\n.PP");
    man_examples(c->examples);
}

int main(void)
{
    puts(".\\\" Made by `make man` from cli/options.c; edit that.");
    printf(".TH BEDROCK 1 \"\" \"bedrock %s\" \"User Commands\"\n", BEDROCK_VERSION);
    puts(".nh\n.ad l"); /* names of variables are to be copied, not hyphenated */
    puts(".SH NAME\nbedrock \\- call Amazon Bedrock");
    puts(".SH SYNOPSIS\n\\fBbedrock\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGS\\fR]");
    puts(".SH DESCRIPTION");
    man_text("bedrock lists the foundation models of Amazon Bedrock and asks them questions. Flags and "
             "environment follow the AWS CLI where it has a word for the thing; JSON is the API's own.");
    man_paragraphs(cli_rules);
    puts(".SH COMMANDS");
    for (const struct cli_command *c = cli_commands; c->name; c++)
        man_command(c);
    puts(".SH OPTIONS OF EVERY COMMAND");
    man_options(CLI_EVERY, 1);
    puts(".SH ENVIRONMENT");
    man_notes(cli_environment);
    puts(".SH EXIT STATUS");
    man_notes(cli_statuses);
    puts(".SH ERRORS");
    man_text("An error is one line on standard error, \"bedrock: CODE: message (HTTP 429, request ID)\", "
             "with what is known of the brackets, and where more can be said a second one, \"hint: ...\". "
             "CODE is the service's name for it, or one of these:");
    puts(".PP");
#define MAN_CODE_(name, value, text) fputs("\\fB" #name "\\fR (" text ")\n.br\n", stdout);
    BEDROCK_ERROR_LIST(MAN_CODE_)
#undef MAN_CODE_
    man_paragraphs((const char *const[]){
        "With --json an error is one JSON object on a line of standard error, {\"error\":{\"code\", "
        "\"message\", \"httpStatus\", \"requestId\", \"attempts\", \"retryable\", \"hint\"}}; what is not "
        "known is null.", NULL});
    puts(".SH EXAMPLES");
    man_examples(cli_examples);
    puts(".SH SEE ALSO\nhttps://docs.aws.amazon.com/bedrock/latest/APIReference/");
    return fflush(stdout) != 0 || ferror(stdout);
}
