/* emu_access.c - which models the account may call: agreements with their providers, and what else is needed.
 * Amazon Bedrock API reference, GetFoundationModelAvailability, ListFoundationModelAgreementOffers,
 * CreateFoundationModelAgreement, GetUseCaseForModelAccess. Leaves out: taking an agreement back. */
#include "emu.h"
#include <string.h>

#define EMU_AGREEING_MS 300     /* how long a new agreement is PENDING */

/* ---- May it be called? ---- */

static const char *emu_agreement(const struct emu_entry *m)
{
    unsigned b = m->m.behaviour;

    if ((b & EMU_PENDING) || (m->agreed_ms && emu_now_ms() < m->agreed_ms + EMU_AGREEING_MS))
        return "PENDING";
    if (b & EMU_AGREEMENT_FAILS)
        return "ERROR";
    return (b & (EMU_NOT_AGREED | EMU_NEEDS_FORM)) && !m->agreed_ms ? "NOT_AVAILABLE" : "AVAILABLE";
}

static const char emu_form_missing[] =
    "Model use case details have not been submitted for this account. Fill out the Anthropic use case "
    "details form before using the model. If you have already filled out the form, try again in 15 minutes.";

static int emu_lacks_form(const struct emu *e, const struct emu_entry *m)
{
    return (m->m.behaviour & EMU_NEEDS_FORM) && !e->use_case;
}

int emu_access_check(struct emu_answer *a, const struct emu_entry *m)
{
    if (m->m.behaviour & EMU_ENDED)
        emu_service_error(a, 404, "ResourceNotFoundException",
                          "This model version has reached the end of its life. Please refer to the AWS "
                          "documentation for more details.");
    else if (emu_lacks_form(a->e, m))
        emu_service_error(a, 404, "ResourceNotFoundException", emu_form_missing);
    else if ((m->m.behaviour & (EMU_NOT_AUTHORIZED | EMU_NOT_ENTITLED | EMU_NOT_HERE)) ||
             strcmp(emu_agreement(m), "AVAILABLE") != 0)
        emu_service_error(a, 403, "AccessDeniedException",
                          "You don't have access to the model with the specified model ID.");
    return a->status ? -1 : 0;
}

/* ---- Which model an operation is about ---- */

/* NULL: the refusal was written. id is zero-terminated. */
static struct emu_entry *emu_access_model(struct emu_answer *a, const char *id)
{
    struct emu_entry *m = NULL;

    if (strncmp(id, "arn:", 4) == 0)
        emu_invalid(a, "1 validation error detected: Value at 'modelId' failed to satisfy constraint: "
                    "Member must be the id of a model, not an ARN");
    else if ((m = emu_models_find(a->e, id)) == NULL)
        emu_service_error(a, 404, "ResourceNotFoundException", "There is no model with this model ID.");
    return m;
}

static struct emu_entry *emu_access_label(struct emu_answer *a, struct bedrock_slice label)
{
    struct bedrock_buffer id = {0};
    struct emu_entry *m = NULL;

    emu_percent_decode(&id, label);
    if (bedrock_buffer_append(&id, "", 1) == 0)
        m = emu_access_model(a, id.p);
    bedrock_buffer_free(&id);
    return m;
}

void emu_get_availability(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    const struct emu_entry *m = emu_access_label(a, label);
    unsigned b = m ? m->m.behaviour : 0;

    (void)rq;
    if (!m)
        return;
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "modelId", m->m.id);
    emu_put_object(&a->w, "agreementAvailability");
    emu_put_text(&a->w, "status", emu_agreement(m));
    if (strcmp(emu_agreement(m), "ERROR") == 0)
        emu_put_text(&a->w, "errorMessage", "The payment method of the account was declined.");
    bedrock_write_object_end(&a->w);
    emu_put_text(&a->w, "authorizationStatus", b & EMU_NOT_AUTHORIZED ? "NOT_AUTHORIZED" : "AUTHORIZED");
    emu_put_text(&a->w, "entitlementAvailability", b & EMU_NOT_ENTITLED ? "NOT_AVAILABLE" : "AVAILABLE");
    emu_put_text(&a->w, "regionAvailability", b & EMU_NOT_HERE ? "NOT_AVAILABLE" : "AVAILABLE");
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

/* ---- Offers ---- */

/* Of the model's public offer, or of the one made to this account alone. */
static void emu_offer_token(const struct emu *e, const struct emu_entry *m, int private_one, char token[64])
{
    uint32_t sum = emu_crc32(e, m->m.id, strlen(m->m.id));

    snprintf(token, 64, "offer+%s/%08x%08x==", private_one ? "prv" : "pub", sum, sum ^ 0xa9ee3e37u);
}

static void emu_offer_price(struct bedrock_writer *w, const char *dimension, const char *price,
                            const char *description)
{
    bedrock_write_object(w);
    emu_put_text(w, "dimension", dimension);
    emu_put_text(w, "price", price);
    emu_put_text(w, "description", description);
    emu_put_text(w, "unit", "1K tokens");
    bedrock_write_object_end(w);
}

static void emu_offer_write(struct bedrock_writer *w, const struct emu *e, const struct emu_entry *m,
                            int private_one)
{
    char token[64], id[40];

    emu_offer_token(e, m, private_one, token);
    snprintf(id, sizeof id, "offer-%s%08x", private_one ? "prv" : "pub",
             emu_crc32(e, m->m.id, strlen(m->m.id)));
    bedrock_write_object(w);
    emu_put_text(w, "offerId", id);
    emu_put_text(w, "offerToken", token);
    emu_put_object(w, "termDetails");
    emu_put_object(w, "usageBasedPricingTerm");
    emu_put_array(w, "rateCard");
    emu_offer_price(w, "InputTokenCount", private_one ? "0.00058" : "0.00072", "Input tokens");
    emu_offer_price(w, "OutputTokenCount", private_one ? "0.00230" : "0.00288", "Output tokens");
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
    emu_put_object(w, "legalTerm");
    emu_put_text(w, "url", "https://example.com/terms/eula.pdf");
    bedrock_write_object_end(w);
    emu_put_object(w, "supportTerm");
    emu_put_text(w, "refundPolicyDescription", "Usage is not refunded.");
    bedrock_write_object_end(w);
    emu_put_object(w, "validityTerm");
    emu_put_text(w, "agreementDuration", "P1Y");
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

/* Amazon's own models need no agreement, and so have no offers. */
static int emu_has_offers(const struct emu_entry *m)
{
    return strcmp(m->m.provider, "Amazon") != 0;
}

/* 1: ALL, 0: PUBLIC, -1: neither */
static int emu_offers_all(struct bedrock_slice query)
{
    struct bedrock_buffer value = {0};
    struct bedrock_slice name, text;
    int all = 1;

    while (emu_query_next(&query, &name, &value)) {
        text.p = value.p;
        text.len = value.len;
        if (emu_slice_is(name, "offerType"))
            all = emu_slice_is(text, "ALL") ? 1 : emu_slice_is(text, "PUBLIC") ? 0 : -1;
    }
    bedrock_buffer_free(&value);
    return all;
}

void emu_list_offers(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    const struct emu_entry *m = emu_access_label(a, label);
    int all = emu_offers_all(rq->query);

    if (!m)
        return;
    if (all < 0) {
        emu_invalid(a, "1 validation error detected: Value at 'offerType' failed to satisfy constraint: "
                    "Member must satisfy enum value set: [ALL, PUBLIC]");
        return;
    }
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "modelId", m->m.id);
    emu_put_array(&a->w, "offers");
    if (emu_has_offers(m))
        emu_offer_write(&a->w, a->e, m, 0);
    if (emu_has_offers(m) && (m->m.behaviour & EMU_NOT_AGREED) && all)
        emu_offer_write(&a->w, a->e, m, 1);
    bedrock_write_array_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

/* ---- Agreements ---- */

static int emu_offer_is(const struct emu *e, const struct emu_entry *m, struct bedrock_json token)
{
    char text[64];

    for (int private_one = 0; private_one < 2; private_one++) {
        emu_offer_token(e, m, private_one, text);
        if (emu_has_offers(m) && bedrock_json_equals(token, text))
            return 1;
    }
    return 0;
}

static void emu_agree(struct emu_answer *a, struct emu_entry *m, struct bedrock_json token)
{
    if (!emu_offer_is(a->e, m, token)) {
        emu_invalid(a, "The offer token is not one of this model's offers.");
    } else if (emu_lacks_form(a->e, m)) {
        emu_service_error(a, 404, "FTUFormNotFilled", emu_form_missing);
    } else if (strcmp(emu_agreement(m), "AVAILABLE") == 0 || strcmp(emu_agreement(m), "PENDING") == 0) {
        emu_service_error(a, 400, "ConflictException", "There is an agreement for this model already.");
    } else {
        m->agreed_ms = emu_now_ms();
        bedrock_write_object(&a->w);
        emu_put_text(&a->w, "modelId", m->m.id);
        bedrock_write_object_end(&a->w);
        emu_http_answer(a, 202, "application/json", a->w.out.p, a->w.out.len);
    }
}

void emu_create_agreement(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct bedrock_json body, token, model;
    struct bedrock_buffer id = {0};
    struct emu_entry *m;

    (void)label;
    if (bedrock_json_parse(rq->body.p, rq->body.len, &body, NULL) != 0 || body.type != BEDROCK_JSON_OBJECT) {
        emu_invalid(a, "The request body is not a JSON object.");
        return;
    }
    token = bedrock_json_get(body, "offerToken");
    model = bedrock_json_get(body, "modelId");
    if (token.type != BEDROCK_JSON_STRING || model.type != BEDROCK_JSON_STRING) {
        emu_invalid(a, "1 validation error detected: Value null at 'offerToken' or 'modelId' failed to "
                    "satisfy constraint: Member must not be null");
        return;
    }
    emu_append_json(&id, model);
    if (bedrock_buffer_append(&id, "", 1) == 0 && (m = emu_access_model(a, id.p)) != NULL)
        emu_agree(a, m, token);
    bedrock_buffer_free(&id);
}

/* ---- The use case form ---- */

void emu_get_use_case(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    /* {"companyName":"Emulator","industryOption":"Testing","useCases":"Tests without a network"} */
    static const char form[] = "eyJjb21wYW55TmFtZSI6IkVtdWxhdG9yIiwiaW5kdXN0cnlPcHRpb24iOiJUZXN0aW5n"
                               "IiwidXNlQ2FzZXMiOiJUZXN0cyB3aXRob3V0IGEgbmV0d29yayJ9";

    (void)rq;
    (void)label;
    if (!a->e->use_case) {
        emu_service_error(a, 404, "ResourceNotFoundException",
                          "No use case was submitted for this account.");
        return;
    }
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "formData", form);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}
