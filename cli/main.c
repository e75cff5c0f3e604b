/* main.c - the command `bedrock`: Amazon Bedrock from a shell.
 * doc/bedrock.1 is its manual. Leaves out: what the commands do, each in a file of its name. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A descriptor that was closed for us would be taken by the next socket, and the answer written there. */
static int main_fill_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
            return -1;
    return 0;
}

static void main_trace(void *ctx, const char *line)
{
    (void)ctx;
    cli_err_line("%s", line);
}

/* Milliseconds for an option, where 0 means no limit, and the library's default when not given. */
static int main_timeout(const struct cli_args *a, enum cli_option_id id, int no_limit)
{
    long ms = cli_number(a, id);

    return ms < 0 ? 0 : ms == 0 ? no_limit : (int)ms;
}

int cli_open(struct cli *c)
{
    struct bedrock_options opt = {0};
    int rc;

    if (c->b)
        return 0;
    opt.region = cli_value(&c->args, CLI_OPT_REGION);
    opt.profile = cli_value(&c->args, CLI_OPT_PROFILE);
    opt.mfa = cli_mfa;
    opt.endpoint_url = cli_value(&c->args, CLI_OPT_ENDPOINT);
    opt.ca_file = cli_value(&c->args, CLI_OPT_CA_BUNDLE);
    opt.connect_timeout_ms = main_timeout(&c->args, CLI_OPT_CONNECT_TIMEOUT, INT32_MAX);
    opt.idle_timeout_ms = main_timeout(&c->args, CLI_OPT_READ_TIMEOUT, -1);
    opt.user_agent = "bedrock-cli";
    opt.trace = c->verbose ? main_trace : NULL;
    rc = bedrock_open(&c->b, &opt);
    if (rc != 0)
        c->err = *bedrock_error(c->b);
    return rc;
}

static int main_help(struct cli *c, const struct cli_command *command)
{
    c->out.error = cli_help(STDOUT_FILENO, command);
    return CLI_OK;
}

static int main_help_command(struct cli *c)
{
    const struct cli_command *command = NULL;

    if (c->args.n_words > 1)
        cli_fail(&c->err, BEDROCK_ERR_USAGE, "help takes one command, not %zu words", c->args.n_words);
    else if (c->args.n_words == 1 && !(command = cli_command_of(c->args.words[0])))
        cli_unknown_command(c->args.words[0], &c->err);
    return c->err.code ? cli_report(c, &c->err, NULL) : main_help(c, command);
}

static int main_version(struct cli *c)
{
    char line[256];

    snprintf(line, sizeof line, "bedrock %s (%s)", bedrock_version(), bedrock_tls_profile());
    cli_out_line(&c->out, line);
    return CLI_OK;
}

static int main_run(struct cli *c, int argc, char **argv)
{
    const struct cli_args *a = &c->args;
    int rc = cli_parse(&c->args, argc, argv, &c->err);

    /* even where something else is wrong: who asks for help may be looking for just that */
    if (a->on[CLI_OPT_HELP] || (rc != 0 && (cli_has_argument(argc, argv, "-h") ||
                                            cli_has_argument(argc, argv, "--help"))))
        return main_help(c, a->command);
    c->json = rc == 0 ? a->on[CLI_OPT_JSON] : cli_has_argument(argc, argv, "--json");
    c->verbose = a->on[CLI_OPT_VERBOSE];
    c->quiet = a->on[CLI_OPT_QUIET];
    if (rc != 0)
        return cli_report(c, &c->err, NULL);
    if (a->on[CLI_OPT_VERSION])
        return main_version(c);
    if (!a->command) {
        cli_help(STDERR_FILENO, NULL);
        return CLI_BAD_USAGE;
    }
    cli_catch_signals();
    switch (a->command->id) {
    case CLI_MODELS:
        return cli_models(c);
    case CLI_ACCESS:
        return cli_access(c);
    case CLI_CONVERSE:
        return cli_converse(c);
    case CLI_INVOKE:
        return cli_invoke(c);
    case CLI_TOKENS:
        return cli_tokens(c);
    case CLI_GUARD:
        return cli_guard(c);
    case CLI_API:
        return cli_api(c);
    case CLI_WHOAMI:
        return cli_whoami(c);
    case CLI_API_KEY:
        return cli_api_key(c);
    default:
        return main_help_command(c);
    }
}

/* What counts more than the command's own status: a signal, and output that did not get out. */
static int main_finish(struct cli *c, int status)
{
    if (cli_signal()) {
        if (c->out.terminal && c->out.newlines == 0)
            cli_write(STDOUT_FILENO, "\n", 1);
        return 128 + cli_signal();
    }
    if (c->out.error == 0 && close(STDOUT_FILENO) != 0)
        c->out.error = errno; /* some file systems tell of a full disk only now */
    if (c->out.error == 0)
        return status;
    if (c->out.error == EPIPE) /* a verdict holds, whoever reads what goes with it */
        return status == CLI_SOME_FAILED && (c->args.command->id & (CLI_GUARD | CLI_ACCESS)) ? status
                                                                                             : CLI_OK;
    cli_fail(&c->err, BEDROCK_ERR_IO, "write to %s: %s", c->out.name, strerror(c->out.error));
    c->err.sys_errno = c->out.error;
    return cli_report(c, &c->err, NULL);
}

int main(int argc, char **argv)
{
    struct cli c;
    int status;

    memset(&c, 0, sizeof c);
    if (main_fill_descriptors() != 0)
        return CLI_OTHER;
    signal(SIGPIPE, SIG_IGN);
    cli_out_init(&c.out);
    status = main_finish(&c, main_run(&c, argc, argv));
    bedrock_close(c.b);
    cli_args_free(&c.args);
    return status;
}
