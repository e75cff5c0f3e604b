/* emu_imds.c - the emulator as EC2's instance metadata service, version 2.
 * EC2 user guide, "Use the Instance Metadata Service". Leaves out: everything but tokens, the role and its
 * keys, and the Region. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

#define EMU_IMDS_ROLE "emulator"
#define EMU_IMDS_TTL "x-aws-ec2-metadata-token-ttl-seconds"
#define EMU_IMDS_KEYS "/latest/meta-data/iam/security-credentials/"
#define EMU_IMDS_LASTS_S 21600

static void emu_imds_refuse(struct emu_answer *a, int status, const char *why)
{
    static const char page[] = "<?xml version=\"1.0\"?>\n<html><body><h1>No</h1></body></html>\n";

    snprintf(a->why, sizeof a->why, "%s", why);
    emu_http_answer(a, status, "text/html", page, sizeof page - 1);
}

/* Seconds from 1 to six hours, or 0. */
static int emu_imds_ttl(struct bedrock_slice v)
{
    int n = 0;

    for (size_t i = 0; i < v.len && n <= EMU_IMDS_LASTS_S; i++)
        n = v.p[i] >= '0' && v.p[i] <= '9' ? n * 10 + (v.p[i] - '0') : EMU_IMDS_LASTS_S + 1;
    return n <= EMU_IMDS_LASTS_S ? n : 0;
}

void emu_imds_token(const struct emu_request *rq, struct emu_answer *a)
{
    struct emu_wallet *w = &a->e->wallet;
    int ttl = emu_imds_ttl(emu_http_field(rq, EMU_IMDS_TTL));
    char extra[80];

    if (ttl == 0) {
        emu_imds_refuse(a, 400, "no " EMU_IMDS_TTL " from 1 to 21600");
        return;
    }
    if (emu_http_field(rq, "x-forwarded-for").p) {
        emu_imds_refuse(a, 403, "came through a proxy");
        return;
    }
    snprintf(w->imds_token, sizeof w->imds_token, "AQAE%08x%08x==", (unsigned)emu_random(a->e),
             (unsigned)emu_random(a->e));
    w->imds_token_until_s = emu_wall_s(a->e) + ttl;
    snprintf(extra, sizeof extra, EMU_IMDS_TTL ": %d\r\n", ttl);
    emu_http_head(a, 200, "text/plain", (int64_t)strlen(w->imds_token), extra);
    emu_text(&a->out, w->imds_token);
}

static void emu_imds_keys(struct emu_answer *a)
{
    char now[32];

    bedrock_write_object(&a->w);
    emu_iso(emu_wall_s(a->e), now);
    if (emu_is_ill(a, EMU_IMDS, EMU_ILL_CODE)) {
        emu_put_text(&a->w, "Code", "AssumeRoleUnauthorizedAccess");
        emu_put_text(&a->w, "Message", "EC2 cannot assume the role " EMU_IMDS_ROLE ".");
        emu_put_text(&a->w, "LastUpdated", now);
    } else {
        emu_put_text(&a->w, "Code", "Success");
        emu_put_text(&a->w, "LastUpdated", now);
        emu_put_text(&a->w, "Type", "AWS-HMAC");
        emu_put_keys(a, EMU_IMDS, emu_issue(a->e, "arn:aws:sts::" EMU_ACCOUNT ":assumed-role/" EMU_IMDS_ROLE
                                            "/i-0123456789abcdef0", EMU_IMDS_LASTS_S));
    }
    bedrock_write_object_end(&a->w);
    emu_http_answer(a, 200, "text/plain", a->w.out.p, a->w.out.len);
}

void emu_imds(const struct emu_request *rq, struct emu_answer *a)
{
    struct emu_wallet *w = &a->e->wallet;
    struct bedrock_slice token = emu_http_field(rq, "x-aws-ec2-metadata-token");

    if (token.p ? !w->imds_token[0] || !emu_slice_is(token, w->imds_token) ||
                      emu_wall_s(a->e) >= w->imds_token_until_s : !w->imds_v1)
        emu_imds_refuse(a, 401, token.p ? "a token that is not good" : "no token");
    else if (emu_is_ill(a, EMU_IMDS, EMU_ILL_NO_ROLE) && emu_slice_begins(rq->path, EMU_IMDS_KEYS))
        emu_imds_refuse(a, 404, "no role");
    else if (emu_slice_is(rq->path, EMU_IMDS_KEYS))
        emu_http_answer(a, 200, "text/plain", EMU_IMDS_ROLE, sizeof EMU_IMDS_ROLE - 1);
    else if (emu_slice_is(rq->path, EMU_IMDS_KEYS EMU_IMDS_ROLE))
        emu_imds_keys(a);
    else if (emu_slice_is(rq->path, "/latest/meta-data/placement/region"))
        emu_http_answer(a, 200, "text/plain", a->e->region, strlen(a->e->region));
    else
        emu_imds_refuse(a, 404, "nothing of that name");
}
