/* emu_custom.c - the account's custom models: some names, so that there is something to page through.
 * Amazon Bedrock API reference, ListCustomModels. Leaves out: filters and sorting. */
#include "emu.h"

static const char *const emu_custom_names[] = {"support-tone", "legal-terms", "product-names", "house-style",
                                               "triage"};

#define EMU_N_CUSTOM (sizeof emu_custom_names / sizeof emu_custom_names[0])

static void emu_custom_write(struct bedrock_writer *w, const struct emu *e, size_t i)
{
    char arn[160], base[128];

    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s:" EMU_ACCOUNT ":custom-model/amazon.nova-lite-v1:0/c%011u",
             e->region, (unsigned)i);
    snprintf(base, sizeof base, "arn:aws:bedrock:%s::foundation-model/amazon.nova-lite-v1:0", e->region);
    bedrock_write_object(w);
    emu_put_text(w, "modelArn", arn);
    emu_put_text(w, "modelName", emu_custom_names[i]);
    emu_put_text(w, "creationTime", "2026-01-02T03:04:05Z");
    emu_put_text(w, "baseModelArn", base);
    emu_put_text(w, "baseModelName", "Nova Lite");
    emu_put_text(w, "customizationType", "FINE_TUNING");
    emu_put_text(w, "ownerAccountId", EMU_ACCOUNT);
    emu_put_text(w, "modelStatus", "Active");
    bedrock_write_object_end(w);
}

void emu_list_custom(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    (void)label;
    emu_page_list(a, rq->query, "modelSummaries", EMU_N_CUSTOM, emu_custom_write);
}
