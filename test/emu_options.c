/* emu_options.c - the command line of bedrock-emulator: one table, and what each row of it sets.
 * POSIX utility conventions, with --name=value as GNU has it. Leaves out: short options in a bunch. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

enum emu_option {
    EMU_OPT_PORT, EMU_OPT_TLS_PORT, EMU_OPT_REGION, EMU_OPT_KEY_ID, EMU_OPT_SECRET, EMU_OPT_BEARER,
    EMU_OPT_CA_FILE, EMU_OPT_HTTP, EMU_OPT_PROXY, EMU_OPT_VERBOSE, EMU_OPT_HELP, EMU_OPT_VERSION,
    EMU_OPT_DENY,
    EMU_OPT_THROTTLE, EMU_OPT_SLOW_CONTROL, EMU_OPT_MORE_MODELS, EMU_OPT_PAGE_LOOP, EMU_OPT_PAGE_ENDLESS,
    EMU_OPT_USE_CASE, EMU_OPT_NEW_ACCOUNT, EMU_OPT_IDLE_CLOSE, EMU_OPT_MAX_REQUESTS,
    EMU_OPT_PLAY, EMU_OPT_CREDS_FAULT, EMU_OPT_EXPIRE_IN, EMU_OPT_CLOCK_OFFSET, EMU_OPT_IMDS_V1, EMU_N_OPTIONS
};

#define EMU_FIRST_FAULT EMU_OPT_DENY
#define EMU_FIRST_CREDS EMU_OPT_PLAY

static const struct {
    const char *name, *letter;
    const char *arg;    /* "": it takes none */
    long max;           /* not 0: a number up to this */
    const char *what;
} emu_rows[EMU_N_OPTIONS] = {
    [EMU_OPT_PORT] = {"--port", NULL, "N", 65535, "for plain HTTP; 0, the default: a free one"},
    [EMU_OPT_TLS_PORT] = {"--tls-port", NULL, "N", 65535, "for HTTPS; likewise"},
    [EMU_OPT_REGION] = {"--region", NULL, "R", 0, "default us-east-1"},
    [EMU_OPT_KEY_ID] = {"--access-key-id", NULL, "ID", 0, "default AKIDEXAMPLE"},
    [EMU_OPT_SECRET] = {"--secret-access-key", NULL, "KEY", 0,
                        "default wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    [EMU_OPT_BEARER] = {"--bearer-token", NULL, "T", 0, "default bedrock-api-key-emulator"},
    [EMU_OPT_CA_FILE] = {"--ca-file", NULL, "FILE", 0,
                         "where to write the CA's certificate; default: a file removed in the end"},
    [EMU_OPT_HTTP] = {"--http", NULL, "", 0, "AWS_ENDPOINT_URL is the plain address"},
    [EMU_OPT_PROXY] = {"--proxy", NULL, "USER:PASSWORD", 0,
                       "be an HTTP proxy, '': for anybody, at $BEDROCK_EMULATOR_PROXY and _TLS_PROXY"},
    [EMU_OPT_VERBOSE] = {"--verbose", "-v", "", 0, "a line a request on standard error"},
    [EMU_OPT_HELP] = {"--help", "-h", "", 0, "this text"},
    [EMU_OPT_VERSION] = {"--version", NULL, "", 0, "print the version"},
    [EMU_OPT_DENY] = {"--deny", NULL, "ACTION[/MODEL]", 0, "403 to this operation; may be given again"},
    [EMU_OPT_THROTTLE] = {"--throttle", NULL, "ACTION[/MODEL]:N", 0,
                          "429 to its first N requests, 0: to all; likewise"},
    [EMU_OPT_SLOW_CONTROL] = {"--slow-control", NULL, "MS", 3600000,
                              "the control plane answers MS milliseconds later"},
    [EMU_OPT_MORE_MODELS] = {"--more-models", NULL, "N", 1000000, "N models more, emulator.model-N-v1:0"},
    [EMU_OPT_PAGE_LOOP] = {"--page-loop", NULL, "", 0, "ListInferenceProfiles: one nextToken for ever"},
    [EMU_OPT_PAGE_ENDLESS] = {"--page-endless", NULL, "", 0, "it has an empty page behind every page"},
    [EMU_OPT_USE_CASE] = {"--use-case-submitted", NULL, "", 0, "the account's use case form was handed in"},
    [EMU_OPT_NEW_ACCOUNT] = {"--new-account", NULL, "", 0, "no agreement for any model was made yet"},
    [EMU_OPT_IDLE_CLOSE] = {"--idle-close", NULL, "MS", 3600000, "idle connections are closed after MS"},
    [EMU_OPT_MAX_REQUESTS] = {"--requests-per-connection", NULL, "N", 1000000000,
                              "closed behind the Nth answer, which does not say so"},
    [EMU_OPT_PLAY] = {"--play", NULL, "LIST", 0,
                      "of imds, container, and for profiles of yours sts, sso, signin; sets no keys"},
    [EMU_OPT_CREDS_FAULT] = {"--creds-fault", NULL, "SERVICE=FAULT", 0, "see below; may be given again"},
    [EMU_OPT_EXPIRE_IN] = {"--expire-in", NULL, "S", 1000000, "what they give is good for S seconds"},
    [EMU_OPT_CLOCK_OFFSET] = {"--clock-offset", NULL, "S", 0, "its clock is S seconds off; -S: behind"},
    [EMU_OPT_IMDS_V1] = {"--imds-v1", NULL, "", 0, "imds answers without a token too"},
};

/* ---- Help ---- */

static void emu_help(void)
{
    puts("usage: bedrock-emulator [OPTIONS] [-- COMMAND [ARG...]]\n"
         "\n"
         "Serves Amazon Bedrock's models, access to them, Converse, InvokeModel, CountTokens and\n"
         "guardrails on 127.0.0.1, and checks every signature. With COMMAND: runs it with the AWS_*\n"
         "variables set so that it finds the emulator, and exits as it does. Without: prints them as\n"
         "export lines and serves until SIGINT:\n"
         "\n"
         "  bedrock-emulator -- bedrock models\n"
         "  bedrock-emulator > emulator.env & sleep 1; . ./emulator.env; bedrock models; kill %1\n");
    for (int i = 0; i < EMU_N_OPTIONS; i++) {
        const char *letter = emu_rows[i].letter;
        char text[64];

        if (i == EMU_FIRST_FAULT)
            puts("\nAn account and a service with faults:\n");
        if (i == EMU_FIRST_CREDS)
            puts("\nCredentials:\n");
        snprintf(text, sizeof text, "%s%s%s %s", letter ? letter : "", letter ? ", " : "",
                 emu_rows[i].name, emu_rows[i].arg);
        printf("  %-29s %s\n", text, emu_rows[i].what);
    }
    puts("\nServices that give credentials, on the same two ports; their keys are good for Bedrock:\n");
    emu_creds_help(stdout);
    puts("\nFaults, by model id:\n");
    emu_faults_help(stdout);
    puts("\nFaults of --proxy, by the user's name: fault.status-N, fault.hang, fault.slow-MS, fault.close,\n"
         "fault.cut, fault.garbage, fault.big-head, fault.body, fault.interim");
    puts("\nWhat a model says on demand, by words of the prompt, in their order:\n");
    emu_wishes_help(stdout);
    puts("  call NAME with JSON        a line of its own: uses this tool, if it is offered, with this input");
    puts("\nModels that ListFoundationModels leaves out:\n");
    emu_unlisted_help(stdout);
    puts("\nGuardrails, by id:\n");
    emu_guard_help(stdout);
}

/* ---- Reading them ---- */

static int emu_usage(const char *what, const char *arg)
{
    fprintf(stderr, "bedrock-emulator: %s: %s (bedrock-emulator --help lists the options)\n", what, arg);
    return EMU_BAD_USAGE;
}

/* Which option arg is; *value is set for --name=value. EMU_N_OPTIONS: none. */
static int emu_which_option(const char *arg, const char **value)
{
    int i;

    *value = NULL;
    for (i = 0; i < EMU_N_OPTIONS; i++) {
        size_t n = strlen(emu_rows[i].name);

        if (emu_rows[i].letter && strcmp(arg, emu_rows[i].letter) == 0)
            return i;
        if (strncmp(arg, emu_rows[i].name, n) != 0)
            continue;
        if (arg[n] == 0)
            return i;
        if (arg[n] == '=' && emu_rows[i].arg[0]) {
            *value = arg + n + 1;
            return i;
        }
    }
    return i;
}

/* Digits alone, up to max. */
static int emu_number(const char *text, long max, long *n)
{
    char *end;

    *n = strtol(text, &end, 10);
    return text[0] < '0' || text[0] > '9' || *end || *n > max ? -1 : 0;
}

/* ACTION, ACTION/MODEL, and ACTION:N or ACTION/MODEL:N where it throttles; model ids have colons too. */
static int emu_take_rule(struct emu *e, const char *text, int denies)
{
    struct emu_rule *r = &e->rules[e->n_rules];
    const char *end = denies ? text + strlen(text) : strrchr(text, ':'), *slash;

    if (e->n_rules == EMU_MAX_RULES)
        return emu_usage("too many of these", text);
    if (!end || (!denies && emu_number(end + 1, 1000000000, &r->left) != 0))
        return emu_usage("a number is missing, as in Converse:3", text);
    if (r->left == 0)
        r->left = -1;
    r->denies = denies;
    slash = memchr(text, '/', (size_t)(end - text));
    r->operation.p = text;
    r->operation.len = (size_t)((slash ? slash : end) - text);
    if (slash) {
        r->model.p = slash + 1;
        r->model.len = (size_t)(end - slash - 1);
    }
    if (!emu_service_knows(r->operation))
        return emu_usage("no operation of this service", text);
    e->n_rules++;
    return -1;
}

/* Seconds, with a sign. */
static int emu_take_offset(struct emu *e, const char *text)
{
    int minus = text[0] == '-';
    long n = 0;

    if (emu_number(text + (minus || text[0] == '+'), 1000000000, &n) != 0)
        return emu_usage("not a number that it takes", text);
    e->wallet.clock_offset_s = minus ? -n : n;
    return -1;
}

/* Below 0: on to the next; else how to exit. */
static int emu_take(struct emu *e, struct emu_settings *o, int option, const char *text, long n)
{
    switch ((enum emu_option)option) {
    case EMU_OPT_PORT: o->port[0] = (int)n; break;
    case EMU_OPT_TLS_PORT: o->port[1] = (int)n; break;
    case EMU_OPT_REGION: e->region = text; break;
    case EMU_OPT_KEY_ID: e->key_id = text; break;
    case EMU_OPT_SECRET: e->secret = text; break;
    case EMU_OPT_BEARER: e->bearer = text; break;
    case EMU_OPT_CA_FILE: o->ca_file = text; break;
    case EMU_OPT_HTTP: o->http = 1; break;
    case EMU_OPT_PROXY: o->proxy = text; break;
    case EMU_OPT_VERBOSE: e->verbose = 1; break;
    case EMU_OPT_HELP: emu_help(); return 0;
    case EMU_OPT_VERSION: puts("bedrock-emulator " BEDROCK_VERSION); return 0;
    case EMU_OPT_DENY: return emu_take_rule(e, text, 1);
    case EMU_OPT_THROTTLE: return emu_take_rule(e, text, 0);
    case EMU_OPT_SLOW_CONTROL: e->slow_control_ms = (int)n; break;
    case EMU_OPT_MORE_MODELS: e->more_models = n; break;
    case EMU_OPT_PAGE_LOOP: e->page_loop = 1; break;
    case EMU_OPT_PAGE_ENDLESS: e->page_endless = 1; break;
    case EMU_OPT_USE_CASE: e->use_case = 1; break;
    case EMU_OPT_NEW_ACCOUNT: e->new_account = 1; break;
    case EMU_OPT_IDLE_CLOSE: e->idle_close_ms = (int)n; break;
    case EMU_OPT_MAX_REQUESTS: e->max_requests = n; break;
    case EMU_OPT_PLAY:
        return emu_creds_play(e, text) == 0 ? -1 : emu_usage("no such service", text);
    case EMU_OPT_CREDS_FAULT:
        return emu_creds_fault(e, text) == 0 ? -1 : emu_usage("no such service or fault", text);
    case EMU_OPT_EXPIRE_IN: e->wallet.expire_in_s = n; break;
    case EMU_OPT_CLOCK_OFFSET: return emu_take_offset(e, text);
    case EMU_OPT_IMDS_V1: e->wallet.imds_v1 = 1; break;
    case EMU_N_OPTIONS: break;
    }
    return -1;
}

int emu_options(char **argv, struct emu *e, struct emu_settings *o)
{
    e->region = "us-east-1";
    e->key_id = "AKIDEXAMPLE";
    e->secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    e->bearer = "bedrock-api-key-emulator";
    for (argv++; *argv && (*argv)[0] == '-' && strcmp(*argv, "--") != 0; argv++) {
        const char *name = *argv, *value;
        int i = emu_which_option(name, &value), rc;
        long n = 0;

        if (i == EMU_N_OPTIONS)
            return emu_usage("unknown option", name);
        if (emu_rows[i].arg[0] && !value)
            value = *++argv;
        if (emu_rows[i].arg[0] && !value)
            return emu_usage("a value is missing", name);
        if (emu_rows[i].max && emu_number(value, emu_rows[i].max, &n) != 0)
            return emu_usage("not a number that it takes", value);
        rc = emu_take(e, o, i, value, n);
        if (rc >= 0)
            return rc;
    }
    o->command = *argv && strcmp(*argv, "--") == 0 ? argv + 1 : argv;
    return -1;
}
