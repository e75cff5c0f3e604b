/* emu_container.c - the emulator as the agent that gives a container its keys.
 * AWS SDK reference guide, "Container credential provider". Leaves out: which container it is. */
#include "emu.h"
#include <string.h>

static void emu_container_refuse(struct emu_answer *a, int status, const char *code, const char *message)
{
    snprintf(a->why, sizeof a->why, "%s: %s", code, message);
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "code", code);
    emu_put_text(&a->w, "message", message);
    bedrock_write_object_end(&a->w);
    emu_http_answer(a, status, "application/json", a->w.out.p, a->w.out.len);
}

void emu_container(const struct emu_request *rq, struct emu_answer *a)
{
    struct bedrock_slice token = emu_http_field(rq, "authorization");

    if (!token.p || !emu_slice_is(token, EMU_CONTAINER_TOKEN)) {
        emu_container_refuse(a, 401, "Unauthorized",
        token.p ? "This is not the token." : "No Authorization.");
        return;
    }
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "RoleArn", EMU_ROLE_ARN);
    emu_put_keys(a, EMU_CONTAINER,
                 emu_issue(a->e, "arn:aws:sts::" EMU_ACCOUNT ":assumed-role/emulator/container", 21600));
    emu_put_text(&a->w, "AccountId", EMU_ACCOUNT);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}
