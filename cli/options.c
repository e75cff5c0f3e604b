/* options.c - the commands, options, environment and exit statuses of `bedrock`, as data.
 * Parsing, --help, suggestions and the manual page are made from these tables, so that they cannot
 * drift apart. Leaves out: all code. */
#include "cli.h"

static const char *const options_models_text[] = {
    "Lists the foundation models of the Region as a table: id, name, provider, what goes in and comes "
    "out, streaming, inference types, status. The filters compare without case.",
    "--accessible keeps the models that the account can call now: their agreement is in force, the account "
    "is authorised and entitled, the Region has them, their life has not ended, and there is an id to "
    "call them "
    "by. The others come as lines \"ID: reason\" on standard error; -q leaves them out. The column CALL AS "
    "(in JSON \"callAs\", with \"accessible\" and \"reason\") and -1 give the id for -m: the model's own "
    "where it takes on-demand calls, else that of an inference profile. Of these a system-defined one is "
    "preferred to one of the account, one within this Region alone to one of its geography (us., eu., apac.; "
    "the fewer Regions the better), and that to a global one.",
    "A model whose state could not be found out stays in the list, also in that of -1, with ? in the column "
    "ACCESS (in JSON null), and standard error says why; where the account may not ask at all, that is one "
    "warning. When there is no model to list, standard output is empty and the exit status is 0.",
    "--check sends each model in the list that takes and gives text a prompt for one token, 8 at a time and "
    "for at most 60 seconds each, after a word on standard error; it costs a few tokens. CHECK is ok or the "
    "error, LATENCY the service's own measure. A model that fails stays in the table, with no for ACCESS; -1 "
    "leaves it out.",
    "--profiles lists all inference profiles, the service's and the account's: id, name, type, models, and "
    "the Regions that calls may go to; none is named where any will do.",
    NULL,
};

static const char *const options_models_examples[] = {
    "bedrock models --provider anthropic --active",
    "bedrock models --output text -1",
    "bedrock models --accessible",
    "bedrock models --accessible --output text -1 | bedrock converse -m - \"Say hi\"",
    "bedrock models --check --json | jq '.modelSummaries[] | .modelId, .check'",
    "bedrock models --profiles",
    "bedrock models --json | jq -r '.modelSummaries[].modelArn'",
    NULL,
};

static const char *const options_access_text[] = {
    "Shows why a model can or cannot be called: its agreement, authorization, entitlement, Region and "
    "lifecycle, for Anthropic's models the use-case form, and the id to call it by. MODEL is a model or an "
    "inference profile, by id or ARN. Where the agreement is missing, the offers follow: where the terms "
    "are, refunds, the period, and prices.",
    "--accept makes the agreement with the offer, of several with the one that --offer names, after a "
    "question on the terminal or with --yes; then it waits until the agreement is in force and the account "
    "authorised, and tells on standard error how it goes. An agreement that is on its way already is waited "
    "for.",
    "--json prints one object: modelId, inferenceProfileId, accessible, reason, callAs, availability, "
    "modelLifecycle, useCaseSubmitted, offers, acceptedOfferId; what is not known or not asked for is null.",
    "The exit status is 0 when the model can be called, 1 when it cannot.",
    NULL,
};

static const char *const options_access_examples[] = {
    "bedrock access meta.llama3-70b-instruct-v1:0",
    "bedrock access meta.llama3-70b-instruct-v1:0 --accept",
    "bedrock access meta.llama3-70b-instruct-v1:0 --accept --yes --timeout 900",
    NULL,
};

static const char *const options_converse_text[] = {
    "Asks a model and prints the answer. The prompt is what the words make, joined by spaces; the first "
    "word may be @FILE, or - for standard input. Without -m the model is BEDROCK_MODEL, or the modelId "
    "of --input.",
    "Standard input is the prompt when there are no words, unless it is a terminal or no prompt is "
    "needed: --input brings messages of its own, those of --messages end with the user's. Beside words it "
    "is added after them, on a new line, when it is a pipe or a regular file; with </dev/null nothing is "
    "added. One newline at the end of a file or of standard input is dropped.",
    "-f attaches a file. Whether it is an image (png, jpeg, gif, webp), a document (pdf, docx, xlsx, "
    "doc, xls, csv, html, md, txt), a video or audio comes from its content, and where that does not "
    "say from its extension; any other text is a txt document. Files come before the prompt; a document "
    "without one gets the text that the API wants beside it. What is above a limit of the API reference "
    "is sent all the same, after a word on standard error.",
    "--tools takes tools as Converse has them ({\"toolSpec\":{...}}, or what stands in there), "
    "functions as OpenAI's API has them, and those of an MCP server. A tool that the model uses is "
    "printed as a line of JSON. FILE, here and with --schema, --messages and --input, may be - for "
    "standard input, or the JSON itself.",
    "--run-tools CMD runs the tools: CMD NAME, without a shell and without the terminal, with the input "
    "(JSON) on standard input. CMD is split at blanks, '...' and \"...\" keep them. What the command writes "
    "is the result, at most 1 MiB; JSON where it is an object, else text. An exit status other than 0, or "
    "--tool-timeout, makes it an error, with what standard error said. Only tools that the request "
    "names are run, one after another; a --tool-choice holds for the first turn. When the model still "
    "asks after --max-turns, the exit status is 1.",
    "--messages begins with an earlier conversation; files and prompt are its next user message, "
    "joined to the last one if that is the user's. When it is, no prompt is needed.",
    "An option beside --input replaces its member alone: --max-tokens leaves the rest of "
    "inferenceConfig as it is. A prompt, files or --messages replace the messages; --prefill goes "
    "behind them. --dry-run prints the request on a line, with the model as modelId, and needs no "
    "credentials; with several models a line each.",
    "-m may be repeated. -m @FILE (or -m - for standard input) is a list, an id a line; blank lines and "
    "what follows # are skipped. -m all is every model that takes and gives text and that the account can "
    "call, as `bedrock models --accessible` finds them; one that does not stream is asked for its answer "
    "in one piece.",
    "With several models, or a list of them, all are asked side by side, --parallel N at a time. Each answer "
    "stands between a line \"Model: ID\" and one with latency and tokens, in the order given: the first "
    "that is not complete is printed as it arrives, and what comes of the others is kept until their turn, "
    "at most 64 MiB each (one that never ends keeps all behind it). With --unordered each whole answer is "
    "printed when it is complete. A model that fails prints \"Error: CODE: message\" in its place, and the "
    "others go on. When interrupted, the answers that are complete are printed.",
    "--json prints the service's response on one line. With --stream each event is a line, "
    "{\"contentBlockDelta\":{...}}; with several models a line is {\"modelId\":...,\"response\":...}, "
    "{\"modelId\":...,\"event\":...} or {\"modelId\":...,\"error\":...}, and with --unordered they come as "
    "they arrive.",
    "A tool use is printed as one line, {\"toolUse\":{...}}, when it is complete; citations stand under the "
    "answer, numbered. Standard error tells when a part of an answer cannot be shown, when a tool's input is "
    "not JSON, and when the answer ended for another reason than that it was complete: cut at --max-tokens "
    "or by the context window, held back by a guardrail or a filter.",
    "--json-message prints the response as Converse gives it, on one line behind the answer; its "
    "output.message goes into \"messages\" of the next request as it is. With --json and --stream it follows "
    "the events; with several models it is a line {\"modelId\":...,\"response\":...}. An answer that failed "
    "has none.",
    "A model that does not stream, or not with tools, is asked again for its answer in one piece where "
    "streaming was only the default; with --stream that is an error.",
    "--usage with several models ends with a table on standard error: the service's latency, the time from "
    "the start of the call to its first text, tokens in and out, output tokens a second, and OK or the "
    "error. With --json it is one line, {\"usage\":[{\"modelId\":...,\"latencyMs\":...,...}]}.",
    "A model that takes no on-demand calls is called through an inference profile. When the service says so, "
    "the profiles are looked up, and --auto-profile asks again through the best one: system-defined before "
    "the account's own, this Region alone before its geography, that before global. Without it, the hint "
    "names the profile.",
    "What is wrong with the command line or with files is told before what is wrong with the set-up (Region, "
    "credentials), and that before standard input is read; a connection is made meanwhile.",
    "On a terminal, control characters in an answer are shown as \\xNN and reasoning is dimmed; NO_COLOR "
    "turns the colour off. In a pipe or a file bytes are unchanged.",
    NULL,
};

static const char *const options_converse_examples[] = {
    "bedrock converse -m amazon.nova-lite-v1:0 \"What is the capital of Italy?\"",
    "git diff | bedrock converse -m amazon.nova-lite-v1:0 \"Review this:\"",
    "bedrock converse -m amazon.nova-lite-v1:0 -f chart.png \"What does it show?\"",
    "bedrock converse -m amazon.nova-lite-v1:0 --tools tools.json \"Rome's weather?\"",
    "bedrock converse -m amazon.nova-lite-v1:0 --tools t.json --run-tools ./run Hi",
    "bedrock converse -m amazon.nova-lite-v1:0 --schema person.json \"Ada Lovelace\"",
    "bedrock converse --input request.json --max-tokens 200 --json",
    "bedrock converse -f report.pdf --cache --dry-run \"Sum it up\" > request.json",
    "bedrock converse -m all --usage \"What is the capital of Italy?\"",
    "bedrock models --accessible --output text -1 | bedrock converse -m - \"Hi\"",
    NULL,
};

static const char *const options_invoke_text[] = {
    "Calls a model in its own form: BODY is what InvokeModel takes, a text, @FILE, or - for standard "
    "input, which is also read when there is no word. Body and answer are bytes, sent and printed as "
    "they are; a terminal gets control characters as \\xNN. A body of type application/json, the "
    "default, must be JSON.",
    "--stream prints what each chunk holds on a line; with --json each event is a line, "
    "{\"chunk\":{...}}.",
    NULL,
};

static const char *const options_invoke_examples[] = {
    "bedrock invoke -m amazon.nova-lite-v1:0 @request.json",
    "bedrock invoke -m amazon.titan-embed-text-v2:0 '{\"inputText\":\"Rome\"}' --usage",
    "bedrock invoke -m amazon.nova-lite-v1:0 --stream @request.json | jq .",
    "bedrock invoke -m amazon.nova-canvas-v1:0 @request.json -o images.json",
    NULL,
};

static const char *const options_tokens_text[] = {
    "Prints how many tokens the request is that converse would send with the same options; no model "
    "answers it. --input takes a request of CountTokens, too, {\"input\":{...}}, which counts bodies of "
    "InvokeModel. With several models a line is \"ID N\", and with --json "
    "{\"modelId\":...,\"response\":...}.",
    NULL,
};

static const char *const options_tokens_examples[] = {
    "bedrock tokens -m amazon.nova-lite-v1:0 \"What is the capital of Italy?\"",
    "bedrock tokens -m amazon.nova-lite-v1:0 -s @rules.md -f report.pdf \"Sum it up\"",
    "bedrock tokens -m amazon.nova-lite-v1:0 --input request.json",
    NULL,
};

static const char *const options_guard_text[] = {
    "Asks a guardrail, by id or ARN and version (a number or DRAFT), about a text: words, @FILE, - or "
    "standard input, as converse takes its prompt. Prints what the guardrail made of the text, or the "
    "text itself where it let it pass; standard error tells what intervened: policy, name, action.",
    "The exit status is 0 when it let the text pass, 1 when it intervened, with --json as well, and when "
    "nobody reads the output. A verdict that is neither of the two is an error, 255.",
    NULL,
};

static const char *const options_guard_examples[] = {
    "bedrock guard abc123def456:1 \"My address is ada@example.com\"",
    "bedrock guard abc123def456:DRAFT --output @answer.txt && cat answer.txt",
    "bedrock guard abc123def456:2 -f photo.png --json | jq .assessments",
    NULL,
};

static const char *const options_api_text[] = {
    "Makes any call of the two services, signed as all others are. PATH is that of the API reference, "
    "percent-encoded, with its query: /foundation-models?byProvider=Amazon. What a query has to have encoded "
    "besides is encoded for you. METHOD is GET, and POST with -d.",
    "Without --service a path that begins with /model/, /guardrail/, /guardrail-checks/, /async-invoke "
    "or /openai/ goes to bedrock-runtime, any other to bedrock, where models are managed.",
    "The answer is printed as it came. An event stream comes out as lines of JSON, "
    "{\"chunk\":{\"bytes\":\"...\"}}, without its padding. --paginate asks for the page behind the last "
    "one as long as the answer has a nextToken, and prints each page on a line of its own.",
    NULL,
};

static const char *const options_api_examples[] = {
    "bedrock api /foundation-models?byProvider=Amazon",
    "bedrock api --paginate '/custom-models?maxResults=100' | jq -r .modelSummaries",
    "bedrock api /model/amazon.nova-lite-v1%3A0/converse -d @request.json",
    "bedrock api POST /model-invocation-job/abc/stop",
    NULL,
};

static const char *const options_whoami_text[] = {
    "Shows where everything comes from: the Region, both endpoints (runtime, where models are called, and "
    "control, where they are listed), what certificates are held to, proxies, the profile and the config "
    "files that were read, and the credentials: their source, the last four characters of the key id, when "
    "they end. Then each source in the order in which they are asked, and why it was passed over. No secret "
    "is shown, so this is what to put into a bug report. It connects to nobody but those who have to be "
    "asked for credentials.",
    "--check goes on and tries it: for both endpoints the name, TCP, TLS with the server's certificates, an "
    "answer and the clock; then GetCallerIdentity of AWS STS and a list of models, each with its time. A "
    "step that fails does not end the others where they can go on; the first failure is told on standard "
    "error and gives the exit status.",
    "--json prints one object: region, regionFrom, endpoints, profile, configFiles, credentials, sources "
    "and, with --check, check. What is not known is null.",
    NULL,
};

static const char *const options_whoami_examples[] = {
    "bedrock whoami",
    "bedrock whoami --profile dev --check",
    "bedrock whoami --json | jq -r .credentials.source",
    NULL,
};

static const char *const options_api_key_text[] = {
    "Prints a short-term Amazon Bedrock API key, made of the credentials without asking anybody. It can be "
    "used wherever AWS_BEARER_TOKEN_BEDROCK is read, in the Region that it was made for, until its time is "
    "over or that of the credentials, whichever is sooner; standard error says when. Whoever has the key may "
    "call Bedrock as you may.",
    "A bearer token cannot sign, so AWS_BEARER_TOKEN_BEDROCK must not be set when a key is made.",
    NULL,
};

static const char *const options_api_key_examples[] = {
    "export AWS_BEARER_TOKEN_BEDROCK=$(bedrock api-key)",
    "bedrock api-key --expires-in 900 --profile dev -q",
    NULL,
};

static const char *const options_help_text[] = {
    "Shows the help of a command, or of all.",
    NULL,
};

static const char *const options_help_examples[] = {
    "bedrock help converse",
    NULL,
};

const struct cli_command cli_commands[] = {
    {CLI_MODELS, "models", "[OPTIONS]", "list the foundation models of the Region", options_models_text,
     options_models_examples},
    {CLI_ACCESS, "access", "[OPTIONS] MODEL", "show why a model cannot be called, and get access",
     options_access_text, options_access_examples},
    {CLI_CONVERSE, "converse", "-m MODEL [OPTIONS] [PROMPT]", "ask one model or several",
     options_converse_text, options_converse_examples},
    {CLI_INVOKE, "invoke", "-m MODEL [OPTIONS] [BODY|@FILE|-]", "call a model in its own form",
     options_invoke_text, options_invoke_examples},
    {CLI_TOKENS, "tokens", "-m MODEL [OPTIONS] [PROMPT]", "count the tokens of a request",
     options_tokens_text, options_tokens_examples},
    {CLI_GUARD, "guard", "ID:VERSION [OPTIONS] [TEXT|@FILE|-]", "ask a guardrail about a text",
     options_guard_text, options_guard_examples},
    {CLI_API, "api", "[OPTIONS] [METHOD] PATH", "make any call of the two services", options_api_text,
     options_api_examples},
    {CLI_WHOAMI, "whoami", "[OPTIONS]", "show where Region and credentials come from, and try them",
     options_whoami_text, options_whoami_examples},
    {CLI_API_KEY, "api-key", "[OPTIONS]", "make a short-term API key of the credentials",
     options_api_key_text, options_api_key_examples},
    {CLI_HELP, "help", "[COMMAND]", "show this help, or that of a command", options_help_text,
     options_help_examples},
    {0, NULL, NULL, NULL, NULL, NULL},
};

#define OPTIONS_MAX_INT 2147483647L   /* the API's Integer */
#define OPTIONS_WEEK 604800L
#define OPTIONS_REQUEST (CLI_CONVERSE | CLI_TOKENS)  /* a request of Converse is made */

const struct cli_option cli_options[] = {
    {CLI_OPT_PROVIDER, CLI_MODELS, 0, "provider", CLI_STRING, "P", 0, 0, 0, NULL,
     "only models of this provider, e.g. Amazon"},
    {CLI_OPT_IN, CLI_MODELS, 0, "input", CLI_STRING, "MODALITY", 0, 0, 0, NULL,
     "only models that take this: TEXT, IMAGE, ..."},
    {CLI_OPT_OUT, CLI_MODELS, 0, "output", CLI_STRING, "MODALITY", 0, 0, 0, NULL,
     "only models that give this: TEXT, IMAGE, EMBEDDING, ..."},
    {CLI_OPT_INFERENCE, CLI_MODELS, 0, "inference", CLI_CHOICE, "TYPE", 0, 0, 0,
     "ON_DEMAND|PROVISIONED|INFERENCE_PROFILE",
     "only models called in this way: ON_DEMAND, PROVISIONED or INFERENCE_PROFILE"},
    {CLI_OPT_ACTIVE, CLI_MODELS, 0, "active", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "only models whose status is ACTIVE"},
    {CLI_OPT_ACCESSIBLE, CLI_MODELS, 0, "accessible", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "only models that can be called now; says of the others why not"},
    {CLI_OPT_CHECK, CLI_MODELS, 0, "check", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "the same, and prove it by asking each text model for one token"},
    {CLI_OPT_PROFILES, CLI_MODELS, 0, "profiles", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "list inference profiles instead"},
    {CLI_OPT_ONE, CLI_MODELS, '1', NULL, CLI_FLAG, NULL, 0, 0, 0, NULL, "ids alone, one a line"},

    {CLI_OPT_ACCEPT, CLI_ACCESS, 0, "accept", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "accept the offer, and wait until the model can be called"},
    {CLI_OPT_OFFER, CLI_ACCESS, 0, "offer", CLI_STRING, "ID", 0, 0, 0, NULL,
     "the offer to accept, where there are several"},
    {CLI_OPT_YES, CLI_ACCESS, 'y', "yes", CLI_FLAG, NULL, 0, 0, 0, NULL, "accept without a question"},
    {CLI_OPT_TIMEOUT, CLI_ACCESS, 0, "timeout", CLI_SECONDS, "S", 0, 0, OPTIONS_WEEK, NULL,
     "longest wait for the model, in seconds; 300 unless given, 0: no limit"},

    {CLI_OPT_MODEL, OPTIONS_REQUEST, 'm', "model-id", CLI_STRING, "MODEL", 1, 0, 0, NULL,
     "the model to ask: id, inference profile or ARN; `all`; or a list, @FILE or -; may be repeated"},
    {CLI_OPT_MODEL, CLI_INVOKE, 'm', "model-id", CLI_STRING, "MODEL", 1, 0, 0, NULL,
     "the model to call: id, inference profile or ARN"},
    {CLI_OPT_SYSTEM, OPTIONS_REQUEST, 's', "system", CLI_TEXT, "TEXT", 0, 0, 0, NULL,
     "system prompt; @FILE reads a file, - standard input, @@ is a literal @"},
    {CLI_OPT_MAX_TOKENS, OPTIONS_REQUEST, 0, "max-tokens", CLI_WHOLE, "N", 0, 1, OPTIONS_MAX_INT, NULL,
     "longest answer, in tokens"},
    {CLI_OPT_TEMPERATURE, OPTIONS_REQUEST, 0, "temperature", CLI_NUMBER, "F", 0, 0, 1, NULL,
     "how far words may stray from the likeliest, from 0 to 1"},
    {CLI_OPT_TOP_P, OPTIONS_REQUEST, 0, "top-p", CLI_NUMBER, "F", 0, 0, 1, NULL,
     "the share of likely words to choose from, from 0 to 1"},
    {CLI_OPT_STOP, OPTIONS_REQUEST, 0, "stop", CLI_STRING, "S", 1, 0, 0, NULL,
     "end the answer where this text comes; may be repeated"},
    {CLI_OPT_FIELDS, OPTIONS_REQUEST, 0, "fields", CLI_JSON, "JSON", 0, 0, 0, NULL,
     "additionalModelRequestFields, as text, @FILE or -"},
    {CLI_OPT_ATTACH, OPTIONS_REQUEST, 'f', "file", CLI_STRING, "PATH", 1, 0, 0, NULL,
     "attach an image, document, video or audio file, or s3://BUCKET/KEY; may be repeated"},
    {CLI_OPT_ATTACH, CLI_GUARD, 'f', "file", CLI_STRING, "PATH", 1, 0, 0, NULL,
     "an image to look at, beside the text or without one; may be repeated"},
    {CLI_OPT_TOOLS, OPTIONS_REQUEST, 0, "tools", CLI_FILE, "FILE", 0, 0, 0, NULL,
     "the tools that the model may use: a JSON array of tool specifications or functions, or a toolConfig"},
    {CLI_OPT_TOOL_CHOICE, OPTIONS_REQUEST, 0, "tool-choice", CLI_STRING, "CHOICE", 0, 0, 0, NULL,
     "auto: the model chooses; any: it must use a tool; else the name of the tool to use"},
    {CLI_OPT_RUN_TOOLS, CLI_CONVERSE, 0, "run-tools", CLI_STRING, "CMD", 0, 0, 0, NULL,
     "run CMD NAME for each tool that the model uses, and tell it the result, until it asks for no more"},
    {CLI_OPT_MAX_TURNS, CLI_CONVERSE, 0, "max-turns", CLI_WHOLE, "N", 0, 1, 100000, NULL,
     "ask at most so often with --run-tools; 10 unless given"},
    {CLI_OPT_TOOL_TIMEOUT, CLI_CONVERSE, 0, "tool-timeout", CLI_SECONDS, "S", 0, 0, OPTIONS_WEEK, NULL,
     "longest time for a tool, in seconds; 60 unless given, 0: no limit"},
    {CLI_OPT_SCHEMA, OPTIONS_REQUEST, 0, "schema", CLI_FILE, "FILE", 0, 0, 0, NULL,
     "the answer is JSON after this JSON Schema"},
    {CLI_OPT_EFFORT, OPTIONS_REQUEST, 0, "effort", CLI_STRING, "LEVEL", 0, 0, 0, NULL,
     "how hard to try: low, medium, high, xhigh or max, as the model has them"},
    {CLI_OPT_GUARDRAIL, OPTIONS_REQUEST | CLI_INVOKE, 0, "guardrail", CLI_STRING, "ID:VERSION", 0, 0, 0, NULL,
     "the guardrail, by id or ARN, and its version, a number or DRAFT"},
    {CLI_OPT_GUARDRAIL_TRACE, OPTIONS_REQUEST | CLI_INVOKE, 0, "guardrail-trace", CLI_FLAG, NULL, 0, 0, 0,
     NULL, "have the response say what the guardrail found"},
    {CLI_OPT_GUARDRAIL_MODE, OPTIONS_REQUEST, 0, "guardrail-mode", CLI_CHOICE, "MODE", 0, 0, 0, "sync|async",
     "for streams: sync holds text back until it was looked at, async does not"},
    {CLI_OPT_LATENCY, OPTIONS_REQUEST | CLI_INVOKE, 0, "latency", CLI_STRING, "L", 0, 0, 0, NULL,
     "standard or optimized, where the model has that"},
    {CLI_OPT_TIER, OPTIONS_REQUEST | CLI_INVOKE, 0, "tier", CLI_STRING, "T", 0, 0, 0, NULL,
     "the service tier: priority, default, flex or reserved"},
    {CLI_OPT_METADATA, OPTIONS_REQUEST | CLI_INVOKE, 0, "metadata", CLI_STRING, "K=V", 1, 0, 0, NULL,
     "a word for the invocation logs; may be repeated"},
    {CLI_OPT_VAR, OPTIONS_REQUEST, 0, "var", CLI_STRING, "K=V", 1, 0, 0, NULL,
     "a variable of the prompt that the ARN with -m names; may be repeated"},
    {CLI_OPT_RESPONSE_FIELD, OPTIONS_REQUEST, 0, "response-field", CLI_STRING, "POINTER", 1, 0, 0, NULL,
     "a member of the model's own response to add, as a JSON Pointer; may be repeated"},
    {CLI_OPT_PREFILL, OPTIONS_REQUEST, 0, "prefill", CLI_TEXT, "TEXT", 0, 0, 0, NULL,
     "the beginning of the answer, for the model to go on with"},
    {CLI_OPT_CACHE, OPTIONS_REQUEST, 0, "cache", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "cache points behind the system prompt and behind the files"},
    {CLI_OPT_MESSAGES, OPTIONS_REQUEST, 0, "messages", CLI_FILE, "FILE", 0, 0, 0, NULL,
     "a conversation to go on with: a JSON array of messages, or a request that has them"},
    {CLI_OPT_MAX_REQUEST, OPTIONS_REQUEST | CLI_INVOKE | CLI_API, 0, "max-request", CLI_WHOLE, "MIB", 0, 1,
     1024, NULL, "largest request to send, and file to read, in MiB; 32 unless given"},
    {CLI_OPT_DRY_RUN, OPTIONS_REQUEST, 0, "dry-run", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "print the request, as --input takes it, and send nothing"},
    {CLI_OPT_INPUT, OPTIONS_REQUEST, 0, "input", CLI_FILE, "FILE", 0, 0, 0, NULL,
     "a whole request as in the API reference, - for standard input; a prompt and the options given "
     "beside it replace its members"},
    {CLI_OPT_STREAM, CLI_CONVERSE | CLI_INVOKE, 0, "stream", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "print the answer as it arrives: for converse the default on a terminal, without --json"},
    {CLI_OPT_NO_STREAM, CLI_CONVERSE, 0, "no-stream", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "print the answer when it is complete"},
    {CLI_OPT_NO_REASONING, CLI_CONVERSE, 0, "no-reasoning", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "leave out the model's reasoning"},
    {CLI_OPT_JSON_MESSAGE, CLI_CONVERSE, 0, "json-message", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "behind the answer, print the whole response as one line of JSON, put together from a stream, too"},
    {CLI_OPT_USAGE, CLI_CONVERSE | CLI_INVOKE, 0, "usage", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "latency and tokens on standard error: the default for one model when that is a terminal"},
    {CLI_OPT_PARALLEL, CLI_CONVERSE, 0, "parallel", CLI_WHOLE, "N", 0, 1, 256, NULL,
     "ask so many models at a time; 8 unless given"},
    {CLI_OPT_UNORDERED, CLI_CONVERSE, 0, "unordered", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "of several models print first what is complete first"},
    {CLI_OPT_AUTO_PROFILE, CLI_CONVERSE | CLI_INVOKE, 0, "auto-profile", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "ask through an inference profile where the model needs one"},

    {CLI_OPT_CONTENT_TYPE, CLI_INVOKE, 0, "content-type", CLI_STRING, "TYPE", 0, 0, 0, NULL,
     "type of the body; application/json unless given"},
    {CLI_OPT_ACCEPT_TYPE, CLI_INVOKE, 0, "accept", CLI_STRING, "TYPE", 0, 0, 0, NULL,
     "type of the answer that is wanted"},
    {CLI_OPT_GUARD_OUTPUT, CLI_GUARD, 0, "output", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "the text is a model's answer, not what somebody asks"},
    {CLI_OPT_SCOPE, CLI_GUARD, 0, "scope", CLI_CHOICE, "SCOPE", 0, 0, 0, "full|interventions",
     "full: the response (--json) tells everything that was looked at, not interventions alone"},
    {CLI_OPT_SERVICE, CLI_API, 0, "service", CLI_CHOICE, "NAME", 0, 0, 0, "bedrock|bedrock-runtime",
     "whose call it is: bedrock or bedrock-runtime"},
    {CLI_OPT_DATA, CLI_API, 'd', "data", CLI_STRING, "BODY", 0, 0, 0, NULL,
     "the body, as text, @FILE or -; it is sent as it is"},
    {CLI_OPT_HEADER, CLI_API, 'H', "header", CLI_STRING, "FIELD", 1, 0, 0, NULL,
     "one more header field, 'Name: value'; may be repeated"},
    {CLI_OPT_PAGINATE, CLI_API, 0, "paginate", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "print all pages of a list, each on a line"},
    {CLI_OPT_SAVE, CLI_INVOKE | CLI_API, 'o', "output", CLI_STRING, "FILE", 0, 0, 0, NULL,
     "write there, under that name only once it is complete; - is standard output"},

    {CLI_OPT_CHECK, CLI_WHOAMI, 0, "check", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "try it: names, TCP, TLS, clock, and two signed calls"},
    {CLI_OPT_EXPIRES_IN, CLI_API_KEY, 0, "expires-in", CLI_WHOLE, "S", 0, 1, 43200, NULL,
     "seconds that the key is good for; 43200 (twelve hours) unless given"},

    {CLI_OPT_REGION, CLI_EVERY, 0, "region", CLI_STRING, "R", 0, 0, 0, NULL,
     "the Region; else AWS_REGION, AWS_DEFAULT_REGION, the profile's, an instance's"},
    {CLI_OPT_PROFILE, CLI_EVERY, 0, "profile", CLI_STRING, "P", 0, 0, 0, NULL,
     "the profile of the config files, which goes before keys in the environment; else AWS_PROFILE, "
     "default"},
    {CLI_OPT_ENDPOINT, CLI_EVERY, 0, "endpoint-url", CLI_STRING, "U", 0, 0, 0, NULL,
     "another endpoint; http:// is for loopback addresses only"},
    {CLI_OPT_CA_BUNDLE, CLI_EVERY, 0, "ca-bundle", CLI_STRING, "FILE", 0, 0, 0, NULL,
     "certificates to trust (PEM) in place of the built-in ones"},
    {CLI_OPT_CONNECT_TIMEOUT, CLI_EVERY, 0, "connect-timeout", CLI_SECONDS, "S", 0, 0, OPTIONS_WEEK, NULL,
     "longest time to connect, in seconds; 10 unless given, 0: no limit"},
    {CLI_OPT_READ_TIMEOUT, CLI_EVERY, 0, "read-timeout", CLI_SECONDS, "S", 0, 0, OPTIONS_WEEK, NULL,
     "longest silence of the service, in seconds; 3600 unless given, 0: no limit"},
    {CLI_OPT_JSON, CLI_EVERY, 0, "json", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "the service's JSON on standard output, errors as JSON on standard error"},
    {CLI_OPT_VERBOSE, CLI_EVERY, 'v', "verbose", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "show connections, request and response headers, secrets as ****, on standard error"},
    {CLI_OPT_QUIET, CLI_EVERY, 'q', "quiet", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "nothing on standard error but errors"},
    {CLI_OPT_HELP, CLI_EVERY, 'h', "help", CLI_FLAG, NULL, 0, 0, 0, NULL, "show help, and do nothing"},
    {CLI_OPT_VERSION, CLI_EVERY, 0, "version", CLI_FLAG, NULL, 0, 0, 0, NULL,
     "show name, version and TLS profile, and do nothing"},
    {0, 0, 0, NULL, CLI_FLAG, NULL, 0, 0, 0, NULL, NULL},
};

const char *const cli_rules[] = {
    "Options may stand anywhere: --opt V, --opt=V, -oV, -o V. What follows -- is no option. Standard output "
    "carries the result and nothing else, as it arrives; everything else goes to standard error.",
    NULL,
};

const struct cli_note cli_statuses[] = {
    {"0", "done, and the response was complete; also when the reader of the output has gone"},
    {"1", "of several models some failed, and the rest was printed; of access: the model cannot be called; "
     "of guard: it intervened; of --run-tools: the model asked for more turns"},
    {"130", "interrupted (SIGINT); 143 for SIGTERM"},
    {"252", "the command line or an input file is wrong; nothing was sent"},
    {"253", "no Region, no credentials, a broken profile, an unreadable CA bundle; nothing was sent to "
     "Bedrock"},
    {"254", "the service answered with an error, perhaps inside a stream"},
    {"255", "anything else: network, TLS, time-out, a broken response, no memory"},
    {NULL, NULL},
};

const struct cli_note cli_environment[] = {
    {"AWS_REGION, AWS_DEFAULT_REGION", "the Region"},
    {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", "keys to sign with; AWS_ACCOUNT_ID and "
     "AWS_CREDENTIAL_EXPIRATION (a time as 2026-01-02T03:04:05Z) belong to them"},
    {"AWS_BEARER_TOKEN_BEDROCK", "an Amazon Bedrock API key; goes before all other credentials"},
    {"AWS_PROFILE, AWS_DEFAULT_PROFILE", "the profile of the config files; default unless set"},
    {"AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE", "the config files: ~/.aws/config and "
     "~/.aws/credentials unless set"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
     "a role to assume with the token in a file, as EKS sets them"},
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI, "
     "AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
     "where a container gets its credentials, as ECS and EKS set them"},
    {"AWS_EC2_METADATA_DISABLED", "true: do not ask an instance's metadata"},
    {"AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, "
     "AWS_EC2_METADATA_V1_DISABLED, AWS_METADATA_SERVICE_TIMEOUT, AWS_METADATA_SERVICE_NUM_ATTEMPTS",
     "how to ask it: a URL; IPv4 or IPv6; false lets version 1 serve where there is no version 2; seconds; "
     "how often"},
    {"AWS_LOGIN_CACHE_DIRECTORY", "where `aws login` keeps its sessions; ~/.aws/login/cache unless set"},
    {"AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT", "true: the Region's endpoints of that kind"},
    {"AWS_STS_REGIONAL_ENDPOINTS", "legacy: roles are assumed at sts.amazonaws.com"},
    {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL_STS, "
     "AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_SIGNIN, AWS_ENDPOINT_URL",
     "endpoints in place of the Region's own, of one service or of all"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true: neither these nor those in the config files count"},
    {"AWS_CA_BUNDLE, SSL_CERT_FILE", "certificates to trust in place of the built-in ones"},
    {"HTTPS_PROXY, http_proxy, ALL_PROXY", "http:// or https:// proxies, user:password@ in the URL; as in "
     "curl, HTTP_PROXY is read in lower case only"},
    {"NO_PROXY", "names, addresses and CIDR blocks that need no proxy, separated by commas; *: all"},
    {"BEDROCK_MODEL", "the model when there is no -m, in any form that -m takes"},
    {"BEDROCK_AUTO_PROFILE", "1: as --auto-profile"},
    {"NO_COLOR", "when not empty: no colour"},
    {NULL, NULL},
};

const char *const cli_examples[] = {
    "bedrock models --provider anthropic --active",
    "bedrock models --accessible",
    "bedrock converse -m amazon.nova-lite-v1:0 \"What is the capital of Italy?\"",
    "bedrock converse --input request.json --json",
    NULL,
};
