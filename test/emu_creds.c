/* emu_creds.c - the services that give credentials: which there are, their faults, the keys that are out.
 * AWS SDK reference guide, "Standardized credential providers". Leaves out: what each of them says
 * (emu_imds.c, emu_container.c, emu_sts.c, emu_sso.c, emu_signin.c). */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMU_HUGE ((size_t)4 << 20)
#define EMU_TOKEN_NUMBERS 32u   /* of tokens that are good once; the bits that remember them */

/* ---- Clock ---- */

int64_t emu_wall_s(const struct emu *e)
{
    return (int64_t)time(NULL) + e->wallet.clock_offset_s;
}

void emu_iso(int64_t epoch_s, char out[32])
{
    time_t when = (time_t)epoch_s;
    struct tm t;

    gmtime_r(&when, &t);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", (t.tm_year + 1900) % 10000, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec);
}

/* ---- Keys ---- */

static void emu_issue_text(struct emu *e, char *out, size_t n, const char *digits, size_t n_digits)
{
    for (size_t i = 0; i < n; i++)
        out[i] = digits[emu_random(e) % n_digits];
    out[n] = 0;
}

struct emu_issued *emu_issue(struct emu *e, const char *arn, int64_t lasts_s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz0189+/";
    struct emu_wallet *w = &e->wallet;
    struct emu_issued *k = &w->issued[w->n_issued++ % EMU_MAX_ISSUED];

    memset(k, 0, sizeof *k);
    memcpy(k->id, "ASIA", 4);
    emu_issue_text(e, k->id + 4, 16, digits, 32);
    emu_issue_text(e, k->secret, 40, digits, 64);
    memcpy(k->token, "IQoJb3JpZ2lu", 12);
    emu_issue_text(e, k->token + 12, 100, digits, 64);
    memcpy(k->token + 110, "==", 2);
    snprintf(k->arn, sizeof k->arn, "%s", arn);
    k->expires_s = emu_wall_s(e) + (w->expire_in_s ? w->expire_in_s : lasts_s);
    return k;
}

const struct emu_issued *emu_issued_find(const struct emu *e, struct bedrock_slice id)
{
    for (size_t i = 0; i < EMU_MAX_ISSUED; i++)
        if (e->wallet.issued[i].id[0] && emu_slice_is(id, e->wallet.issued[i].id))
            return &e->wallet.issued[i];
    return NULL;
}

int64_t emu_told_expiry_s(const struct emu_answer *a, enum emu_giver giver, const struct emu_issued *k)
{
    return emu_is_ill(a, giver, EMU_ILL_EXPIRED) ? emu_wall_s(a->e) - 600 : k->expires_s;
}

void emu_put_keys(struct emu_answer *a, enum emu_giver giver, const struct emu_issued *k)
{
    char text[32];

    emu_put_text(&a->w, "AccessKeyId", k->id);
    emu_put_text(&a->w, "SecretAccessKey", k->secret);
    emu_put_text(&a->w, "Token", k->token);
    emu_iso(emu_told_expiry_s(a, giver, k), text);
    emu_put_text(&a->w, "Expiration", text);
}

/* ---- Tokens with numbers ---- */

void emu_token_make(struct emu *e, const char *prefix, char out[64])
{
    unsigned n = ++e->wallet.n_tokens;

    e->wallet.once &= ~(1u << n % EMU_TOKEN_NUMBERS);
    snprintf(out, 64, "%s-%u", prefix, n);
}

int emu_token_good(struct emu *e, const char *prefix, struct bedrock_json token, int once)
{
    struct emu_wallet *w = &e->wallet;
    char text[64];

    if (bedrock_json_equals(token, prefix))
        return 1;
    for (unsigned i = 0; i < EMU_TOKEN_NUMBERS && i < w->n_tokens; i++) {
        unsigned n = w->n_tokens - i, bit = 1u << n % EMU_TOKEN_NUMBERS;

        snprintf(text, sizeof text, "%s-%u", prefix, n);
        if (!bedrock_json_equals(token, text))
            continue;
        if (once && (w->once & bit))
            return 0;
        w->once |= once ? bit : 0;
        return 1;
    }
    return 0;
}

/* ---- Which there are, and what is wrong with them ---- */

static const struct {
    const char *name, *method, *path;
    int more;               /* the path may go on */
    emu_giving *serve;
    const char *plays;      /* its name for --play */
    const char *what;
} emu_givers[EMU_N_GIVERS] = {
    [EMU_IMDS_TOKEN] = {"imds-token", "PUT", "/latest/api/token", 0, emu_imds_token, "imds",
                        "PUT /latest/api/token"},
    [EMU_IMDS] = {"imds", "GET", "/latest/", 1, emu_imds, "imds",
                  "GET /latest/meta-data/...: role \"emulator\", keys, Region; version 2 alone"},
    [EMU_CONTAINER] = {"container", "GET", EMU_CONTAINER_PATH, 0, emu_container, "container",
                       "GET " EMU_CONTAINER_PATH ", Authorization: " EMU_CONTAINER_TOKEN},
    [EMU_STS] = {"sts", "POST", "/", 0, emu_sts, "sts",
                 "POST /: AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity"},
    [EMU_SSO] = {"sso", "GET", "/federation/credentials", 0, emu_sso, "sso", "GET /federation/credentials"},
    [EMU_OIDC] = {"oidc", "POST", "/token", 0, emu_oidc, "sso", "POST /token, grant refresh_token"},
    [EMU_SIGNIN] = {"signin", "POST", "/v1/token", 0, emu_signin, "signin",
                    "POST /v1/token, grant refresh_token, with a DPoP proof"},
};

static const struct {
    const char *name;
    long min, max;      /* of its number, -N; max 0: it takes none */
    const char *what;
} emu_ills[EMU_N_ILLS] = {
    [EMU_WELL] = {"well", 0, 0, "nothing"},
    [EMU_ILL_SLOW] = {"slow", 0, 3600000, "slow-MS: answers that much later"},
    [EMU_ILL_NEVER] = {"never", 0, 0, "takes the request and says nothing"},
    [EMU_ILL_STATUS] = {"status", 200, 599, "status-N: this status and no body"},
    [EMU_ILL_FLAKY] = {"flaky", 1, 1000, "flaky-N: 500 to the first N requests"},
    [EMU_ILL_HTML] = {"html", 0, 0, "200 and a page of HTML"},
    [EMU_ILL_GARBAGE] = {"garbage", 0, 0, "200 and bytes that are nothing"},
    [EMU_ILL_EMPTY] = {"empty", 0, 0, "200 and no body"},
    [EMU_ILL_HUGE] = {"huge", 0, 0, "200 and 4 MiB"},
    [EMU_ILL_CODE] = {"code", 0, 0, "imds: a Code that is not Success"},
    [EMU_ILL_EXPIRED] = {"expired", 0, 0, "says that the keys have expired ten minutes ago"},
    [EMU_ILL_NO_ROLE] = {"no-role", 0, 0, "imds: 404, the instance has no role"},
    [EMU_ILL_IDP] = {"idp", 1, 1000, "sts: idp-N: IDPCommunicationError to the first N requests"},
};

int emu_is_ill(const struct emu_answer *a, enum emu_giver giver, enum emu_ill ill)
{
    return a->e->wallet.givers[giver].ill == ill;
}

/* NAME, or NAME-NUMBER where it takes one; -1: there is no such thing. */
static int emu_which_ill(const char *fault, long *number)
{
    for (int i = 1; i < EMU_N_ILLS; i++) {
        size_t len = strlen(emu_ills[i].name);
        const char *rest = fault + len;
        char *end;

        if (strncmp(fault, emu_ills[i].name, len) != 0)
            continue;
        if (emu_ills[i].max == 0)
            return *rest ? -1 : i;
        *number = *rest == '-' ? strtol(rest + 1, &end, 10) : -1;
        return *number >= emu_ills[i].min && *number <= emu_ills[i].max && !*end ? i : -1;
    }
    return -1;
}

int emu_creds_fault(struct emu *e, const char *text)
{
    size_t n = strcspn(text, "=");
    const char *fault = text + n + (text[n] == '=');
    long number = 0;
    int ill = emu_which_ill(fault, &number);

    for (size_t g = 0; g < EMU_N_GIVERS && ill > 0; g++) {
        if (strncmp(text, emu_givers[g].name, n) != 0 || emu_givers[g].name[n])
            continue;
        e->wallet.givers[g].ill = (enum emu_ill)ill;
        e->wallet.givers[g].number = number;
        return 0;
    }
    return -1;
}

int emu_creds_play(struct emu *e, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, ",");
        unsigned bits = 0;

        for (unsigned g = 0; g < EMU_N_GIVERS; g++)
            if (strncmp(text, emu_givers[g].plays, n) == 0 && !emu_givers[g].plays[n])
                bits |= 1u << g;
        if (!bits)
            return -1;
        e->wallet.plays |= bits;
        text += n + (text[n] == ',');
    }
    return e->wallet.plays ? 0 : -1;
}

void emu_creds_help(FILE *f)
{
    for (size_t g = 0; g < EMU_N_GIVERS; g++)
        fprintf(f, "  %-26s %s\n", emu_givers[g].name, emu_givers[g].what);
    fputs("\nTheir faults, for --creds-fault SERVICE=FAULT:\n\n", f);
    for (size_t i = 1; i < EMU_N_ILLS; i++)
        fprintf(f, "  %-26s %s\n", emu_ills[i].name, emu_ills[i].what);
    fputs("\nWhat they take:\n\n"
          "  roles                      arn:aws:iam::" EMU_ACCOUNT ":role/NAME; special names: denied;\n"
          "                             external, with ExternalId emulator-external-id; mfa, with\n"
          "                             SerialNumber arn:aws:iam::" EMU_ACCOUNT ":mfa/emulator and\n"
          "                             TokenCode 123456\n"
          "  web identity token         emulator.web.identity; expired.web.identity has expired\n"
          "  SSO access token           emulator-sso-token, and those that oidc gives; for account\n"
          "                             " EMU_ACCOUNT " and any role but denied\n"
          "  SSO client, secret         emulator-client, emulator-client-secret\n"
          "  SSO refresh token          emulator-refresh, and those it leads to; emulator-refresh-once\n"
          "                             leads to tokens that are good once\n"
          "  sign-in refresh token      emulator-login, and those it leads to; emulator-login-expired,\n"
          "                             -changed and -denied are refused\n", f);
}

/* ---- Serving ---- */

void emu_creds_error(struct emu_answer *a, int status, const char *name, const char *error,
                     const char *member, const char *message)
{
    char extra[100];

    snprintf(a->why, sizeof a->why, "%s: %s%s%s", name, error ? error : "", error ? ": " : "", message);
    snprintf(extra, sizeof extra, "x-amzn-ErrorType: %s\r\n", name);
    bedrock_write_object(&a->w);
    if (error)
        emu_put_text(&a->w, "error", error);
    emu_put_text(&a->w, member, message);
    bedrock_write_object_end(&a->w);
    emu_http_head(a, status, "application/json", (int64_t)a->w.out.len, extra);
    bedrock_buffer_append(&a->out, a->w.out.p, a->w.out.len);
}

/* 1: what is wrong with it is all of the answer. */
static int emu_give_ill(struct emu_answer *a, enum emu_giver giver)
{
    static const char page[] = "<html><head><title>Sign in</title></head>\n<body>Welcome</body></html>\n";
    static const char garbage[] = "\x16\x03\x01\x02\x00{\"AccessKeyId\":\"\xff\xfe";
    long number = a->e->wallet.givers[giver].number;

    switch (a->e->wallet.givers[giver].ill) {
    case EMU_ILL_SLOW:
        a->hold_ms = a->began_ms + number;
        return 0;
    case EMU_ILL_NEVER:
        a->end = EMU_STALL;
        return 1;
    case EMU_ILL_STATUS:
        emu_http_answer(a, (int)number, "text/plain", "", 0);
        return 1;
    case EMU_ILL_FLAKY:
        if (number > 0)
            emu_http_answer(a, 500, "text/plain", "", 0);
        a->e->wallet.givers[giver].number -= number > 0;
        return number > 0;
    case EMU_ILL_HTML:
        emu_http_answer(a, 200, "text/html", page, sizeof page - 1);
        return 1;
    case EMU_ILL_GARBAGE:
        emu_http_answer(a, 200, "application/json", garbage, sizeof garbage - 1);
        return 1;
    case EMU_ILL_EMPTY:
        emu_http_answer(a, 200, "application/json", "", 0);
        return 1;
    case EMU_ILL_HUGE:
        emu_http_head(a, 200, "application/json", (int64_t)EMU_HUGE, "");
        for (size_t n = 0; n < EMU_HUGE; n += 16)
            bedrock_buffer_append(&a->out, "                ", 16);
        return 1;
    default:
        return 0;
    }
}

int emu_give(const struct emu_request *rq, struct emu_answer *a)
{
    for (size_t g = 0; g < EMU_N_GIVERS; g++) {
        int fits = emu_slice_is(rq->method, emu_givers[g].method) &&
                   (emu_givers[g].more ? emu_slice_begins(rq->path, emu_givers[g].path) :
                                         emu_slice_is(rq->path, emu_givers[g].path));

        if (!fits)
            continue;
        if (!emu_give_ill(a, (enum emu_giver)g))
            emu_givers[g].serve(rq, a);
        return 1;
    }
    return 0;
}
