/* emu_models.c - the models that the emulator has, and which of them a request means.
 * Amazon Bedrock API reference, ListFoundationModels, GetFoundationModel; modelId of Converse. One table: a
 * model more is a row in it. Leaves out: imported and provisioned models, and calls to custom ones. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

/* ---- The models ---- */

static const char *const emu_modalities[] = {"TEXT", "IMAGE", "VIDEO", "EMBEDDING", "HOLOGRAM", NULL};
static const char *const emu_inference[] = {"ON_DEMAND", "PROVISIONED", "INFERENCE_PROFILE", NULL};
static const char *const emu_custom[] = {"FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION", NULL};

static const struct emu_model emu_table[] = {
    {"amazon.nova-lite-v1:0", "Nova Lite", "Amazon", EMU_TEXT | EMU_IMAGE | EMU_VIDEO, EMU_TEXT, 1,
     EMU_ON_DEMAND | EMU_PROFILE, 1, "ACTIVE", 0,
     "The capital of Italy is Rome."},
    {"amazon.nova-pro-v1:0", "Nova Pro", "Amazon", EMU_TEXT | EMU_IMAGE | EMU_VIDEO, EMU_TEXT, 1,
     EMU_ON_DEMAND | EMU_PROFILE, 1, "ACTIVE", EMU_GLOBAL,
     "Rome is the capital of Italy, and has been since 1871."},
    {"amazon.nova-canvas-v1:0", "Nova Canvas", "Amazon", EMU_TEXT | EMU_IMAGE, EMU_IMAGE, 1,
     EMU_ON_DEMAND | EMU_PROVISIONED, 0, "ACTIVE", 0, ""},
    {"amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", "Amazon", EMU_TEXT, EMU_EMBEDDING, 0,
     EMU_ON_DEMAND, 0, "ACTIVE", 0, ""},
    {"ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", "AI21 Labs", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 0,
     "ACTIVE", 0,
     "Italy's capital is Rome."},
    {"anthropic.claude-v2:1", "Claude", "Anthropic", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "LEGACY", 0,
     "It is Rome."},
    {"anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", "Anthropic", EMU_TEXT | EMU_IMAGE,
     EMU_TEXT, 0, EMU_ON_DEMAND | EMU_PROVISIONED, 1, "ACTIVE", 0,
     "The capital of Italy is Rome, or Roma in Italian."},
    {"anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", "Anthropic", EMU_TEXT | EMU_IMAGE,
     EMU_TEXT, 0, EMU_PROFILE, 1, "ACTIVE", EMU_REASONS,
     "Rome. It lies on the Tiber, in the region of Lazio."},
    {"anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", "Anthropic", EMU_TEXT | EMU_IMAGE,
     EMU_TEXT, 0, EMU_PROFILE, 1, "ACTIVE", EMU_GLOBAL | EMU_LOCAL,
     "Italy's capital is Rome, as it has been since 1871."},
    {"cohere.command-r-plus-v1:0", "Command R+", "Cohere", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1,
     "ACTIVE", EMU_TOOLS,
     "Rome is Italy's capital city."},
    {"deepseek.r1-v1:0", "DeepSeek-R1", "DeepSeek", EMU_TEXT, EMU_TEXT, 0, EMU_PROFILE, 1, "ACTIVE",
     EMU_REASONS,
     "**Rome** is the capital of Italy."},
    {"meta.llama3-70b-instruct-v1:0", "Llama 3 70B Instruct", "Meta", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", EMU_NOT_AGREED,
     "The capital city of Italy is Rome."},
    {"mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", "Mistral AI", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", 0,
     "Italy has Rome for its capital."},
    {"stability.sd3-5-large-v1:0", "Stable Diffusion 3.5 Large", "Stability AI", EMU_TEXT | EMU_IMAGE,
     EMU_IMAGE, 0, EMU_ON_DEMAND, 0, "ACTIVE", 0, ""},
    {"emulator.slow-v1:0", "Slow", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", EMU_SLOW,
     "Well, let me see: the capital of Italy would be Rome."},
    /* each has another reason why it cannot be called, or something odd */
    {"anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", "Anthropic", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", EMU_NEEDS_FORM,
     "Rome is the capital."},
    {"emulator.pending-v1:0", "Agreement pending", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1,
     "ACTIVE", EMU_PENDING, ""},
    {"emulator.agreement-error-v1:0", "Agreement failed", "Emulator", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "ACTIVE", EMU_AGREEMENT_FAILS, ""},
    {"emulator.not-authorized-v1:0", "Not authorized", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1,
     "ACTIVE", EMU_NOT_AUTHORIZED, ""},
    {"emulator.not-entitled-v1:0", "Not entitled", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1,
     "ACTIVE", EMU_NOT_ENTITLED, ""},
    {"emulator.not-in-region-v1:0", "Not in this Region", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND,
     1, "ACTIVE", EMU_NOT_HERE, ""},
    {"emulator.ended-v1:0", "Ended", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "LEGACY",
     EMU_ENDED, ""},
    {"emulator.provisioned-v1:0", "Provisioned only", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_PROVISIONED, 1,
     "ACTIVE", 0, ""},
    {"emulator.novel-v1:0", "Novel", "Emulator", EMU_TEXT | EMU_HOLOGRAM, EMU_TEXT | EMU_HOLOGRAM, 0,
     EMU_ON_DEMAND, 1, "PREVIEW", 0,
     "Rome, seen from all sides."},
    /* in no list: for requests alone */
    {"amazon.titan-text-express-v1", "Titan Text G1 - Express", "Amazon", EMU_TEXT, EMU_TEXT, 0,
     EMU_ON_DEMAND, 1, "LEGACY", EMU_NO_TOOLS | EMU_NO_COUNT | EMU_UNLISTED,
     "Rome is the capital of Italy."},
    {"emulator.one-shot-v1:0", "No streams", "Emulator", EMU_TEXT | EMU_IMAGE, EMU_TEXT, 0, EMU_ON_DEMAND, 0,
     "ACTIVE", EMU_UNLISTED,
     "Rome, all at once."},
    {"emulator.no-tools-v1:0", "No tools", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE",
     EMU_NO_TOOLS | EMU_UNLISTED,
     "Rome, without tools."},
    {"emulator.no-tool-stream-v1:0", "No tools in a stream", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND,
     1, "ACTIVE", EMU_NO_TOOL_STREAM | EMU_UNLISTED,
     "Rome, with tools or in a stream."},
    {"emulator.senses-v1:0", "Reads everything", "Emulator", EMU_TEXT | EMU_IMAGE | EMU_VIDEO | EMU_AUDIO,
     EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", EMU_UNLISTED,
     "Rome, seen and heard."},
};

/* What a fault answers with where it leaves room for an answer; in no list. */
static const struct emu_model emu_faulty = {
    "fault", "Fault", "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", 0,
    "Rome is the capital of Italy.",
};

/* Those of --more-models, but for id and name. */
static const struct emu_model emu_made_up_model = {
    NULL, NULL, "Emulator", EMU_TEXT, EMU_TEXT, 0, EMU_ON_DEMAND, 1, "ACTIVE", 0,
    "The capital of Italy is Rome.",
};

#define EMU_N_TABLE (sizeof emu_table / sizeof emu_table[0])

int emu_models_open(struct emu *e)
{
    e->n_entries = EMU_N_TABLE + (size_t)e->more_models;
    e->entries = calloc(e->n_entries, sizeof *e->entries);
    if (!e->entries)
        return -1;
    for (size_t i = 0; i < e->n_entries; i++) {
        struct emu_entry *m = &e->entries[i];

        m->m = i < EMU_N_TABLE ? emu_table[i] : emu_made_up_model;
        m->m.behaviour |= e->new_account ? EMU_NOT_AGREED : 0;
        if (i < EMU_N_TABLE)
            continue;
        snprintf(m->id, sizeof m->id, "emulator.model-%u-v1:0", (unsigned)(i - EMU_N_TABLE + 1));
        snprintf(m->name, sizeof m->name, "Model %u", (unsigned)(i - EMU_N_TABLE + 1));
        m->m.id = m->id;
        m->m.name = m->name;
    }
    return 0;
}

void emu_models_close(struct emu *e)
{
    free(e->entries);
}

struct emu_entry *emu_models_find(const struct emu *e, const char *id)
{
    size_t first = 0, end = EMU_N_TABLE;
    unsigned n;

    /* a million made-up ones are not searched: the id says which one it is */
    if (sscanf(id, "emulator.model-%7u", &n) == 1 && n >= 1 && n <= e->n_entries - EMU_N_TABLE) {
        first = EMU_N_TABLE + n - 1;
        end = first + 1;
    }
    for (size_t i = first; i < end; i++)
        if (strcmp(e->entries[i].m.id, id) == 0)
            return &e->entries[i];
    return NULL;
}

void emu_unlisted_help(FILE *f)
{
    for (size_t i = 0; i < EMU_N_TABLE; i++)
        if (emu_table[i].behaviour & EMU_UNLISTED)
            fprintf(f, "  %-29s %s\n", emu_table[i].id, emu_table[i].name);
}

/* ---- ListFoundationModels ---- */

static void emu_list_bits(struct bedrock_writer *w, const char *name, const char *const names[],
                          unsigned bits)
{
    emu_put_array(w, name);
    for (unsigned i = 0; names[i]; i++)
        if (bits >> i & 1)
            bedrock_write_string(w, names[i], strlen(names[i]));
    bedrock_write_array_end(w);
}

static void emu_list_lifecycle(struct bedrock_writer *w, const struct emu_model *m)
{
    emu_put_object(w, "modelLifecycle");
    emu_put_text(w, "status", m->status);
    if (m->behaviour & EMU_ENDED) {
        emu_put_text(w, "startOfLifeTime", "2023-09-28T00:00:00Z");
        emu_put_text(w, "legacyTime", "2024-09-28T00:00:00Z");
        emu_put_text(w, "endOfLifeTime", "2025-03-31T00:00:00Z");
    }
    bedrock_write_object_end(w);
}

static void emu_list_model(const struct emu *e, struct bedrock_writer *w, const struct emu_model *m)
{
    char arn[256];

    snprintf(arn, sizeof arn, "arn:aws:bedrock:%s::foundation-model/%s", e->region, m->id);
    bedrock_write_object(w);
    emu_put_text(w, "modelArn", arn);
    emu_put_text(w, "modelId", m->id);
    emu_put_text(w, "modelName", m->name);
    emu_put_text(w, "providerName", m->provider);
    emu_list_bits(w, "inputModalities", emu_modalities, m->input);
    emu_list_bits(w, "outputModalities", emu_modalities, m->output);
    bedrock_write_name(w, "responseStreamingSupported");
    bedrock_write_bool(w, m->streams);
    emu_list_bits(w, "customizationsSupported", emu_custom, m->custom);
    emu_list_bits(w, "inferenceTypesSupported", emu_inference, m->inference);
    emu_list_lifecycle(w, m);
    bedrock_write_object_end(w);
}

static int emu_list_has(const char *const names[], unsigned bits, struct bedrock_slice want)
{
    for (unsigned i = 0; names[i]; i++)
        if ((bits >> i & 1) && emu_slice_is(want, names[i]))
            return 1;
    return 0;
}

static int emu_list_passes(const struct emu_model *m, struct bedrock_slice name,
                           struct bedrock_slice value)
{
    if (emu_slice_is(name, "byProvider"))
        return emu_slice_is(value, m->provider);
    if (emu_slice_is(name, "byOutputModality"))
        return emu_list_has(emu_modalities, m->output, value);
    if (emu_slice_is(name, "byInferenceType"))
        return emu_list_has(emu_inference, m->inference, value);
    if (emu_slice_is(name, "byCustomizationType"))
        return emu_list_has(emu_custom, m->custom, value);
    return 1;
}

/* Every name=value of the query must let m pass. */
static int emu_list_wanted(const struct emu_model *m, struct bedrock_slice query)
{
    struct bedrock_buffer plain = {0};
    struct bedrock_slice name, value;
    int passes = 1;

    while (passes && emu_query_next(&query, &name, &plain)) {
        value.p = plain.p;
        value.len = plain.len;
        passes = emu_list_passes(m, name, value);
    }
    bedrock_buffer_free(&plain);
    return passes;
}

void emu_list_models(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    (void)label;
    bedrock_write_object(&a->w);
    emu_put_array(&a->w, "modelSummaries");
    for (size_t i = 0; i < a->e->n_entries; i++)
        if (!(a->e->entries[i].m.behaviour & EMU_UNLISTED) && emu_list_wanted(&a->e->entries[i].m, rq->query))
            emu_list_model(a->e, &a->w, &a->e->entries[i].m);
    bedrock_write_array_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

/* ---- Which model ---- */

/* A prompt of the service's is asked of this model. */
#define EMU_STORED_MODEL "amazon.nova-lite-v1:0"

int emu_model_is_stored(struct bedrock_slice label)
{
    struct bedrock_buffer id = {0};
    int is_one;

    emu_percent_decode(&id, label);
    is_one = bedrock_buffer_append(&id, "", 1) == 0 && strncmp(id.p, "arn:", 4) == 0 &&
             strstr(id.p, ":prompt/") != NULL;
    bedrock_buffer_free(&id);
    return is_one;
}

const char *emu_bare_id(const char *id)
{
    static const char *const kinds[] = {":foundation-model/", ":inference-profile/",
                                        ":application-inference-profile/"};

    if (strncmp(id, "arn:", 4) != 0)
        return id;
    if (strstr(id, ":prompt/"))
        return EMU_STORED_MODEL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(id, kinds[i]))
            return strrchr(id, '/') + 1;
    return NULL;
}

/* The model of a label, a model's id or ARN; NULL: there is none, and the answer says so. */
static const struct emu_entry *emu_model_of(struct emu_answer *a, struct bedrock_slice label)
{
    struct bedrock_buffer id = {0};
    const struct emu_entry *m = NULL;
    const char *bare = NULL;

    emu_percent_decode(&id, label);
    if (bedrock_buffer_append(&id, "", 1) == 0)
        bare = emu_bare_id(id.p);
    if (bare)
        m = emu_models_find(a->e, bare);
    bedrock_buffer_free(&id);
    if (!m)
        emu_service_error(a, 404, "ResourceNotFoundException",
                          "Could not resolve the foundation model from the provided model identifier.");
    return m;
}

void emu_get_model(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    const struct emu_entry *m = emu_model_of(a, label);

    (void)rq;
    if (!m)
        return;
    bedrock_write_object(&a->w);
    bedrock_write_name(&a->w, "modelDetails");
    emu_list_model(a->e, &a->w, &m->m);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

/* NULL when this model may be called this way, else the message of a ValidationException. */
static const char *emu_objection(const struct emu_model *m, const struct emu_prompt *p)
{
    int tools = p->in[EMU_IN_TOOLS].type != BEDROCK_JSON_NONE;

    if (!(m->output & EMU_TEXT))
        return "This action doesn't support the model that you provided. Try again with a supported "
               "text or chat model.";
    if (p->counts)
        return m->behaviour & EMU_NO_COUNT ? "The provided model doesn't support counting tokens." : NULL;
    if (p->streams && !m->streams)
        return "The model is unsupported for streaming.";
    if (tools && (m->behaviour & EMU_NO_TOOLS))
        return "This model doesn't support tool use.";
    if (tools && p->streams && (m->behaviour & EMU_NO_TOOL_STREAM))
        return "This model doesn't support tool use in streaming mode.";
    if (p->media & EMU_IMAGE & ~m->input)
        return "This model doesn't support the image field for user messages. Remove image and try again.";
    if (p->media & EMU_VIDEO & ~m->input)
        return "This model doesn't support the video field for user messages. Remove video and try again.";
    if (p->media & EMU_AUDIO & ~m->input)
        return "This model doesn't support the audio field for user messages. Remove audio and try again.";
    return NULL;
}

static void emu_model_plan(struct emu_answer *a, const char *id, const struct emu_prompt *p)
{
    const struct emu_entry *m = emu_models_find(a->e, id), *behind = emu_profiles_find(a->e, id);
    const char *objection;
    char message[512];

    if (m && !(m->m.inference & EMU_ON_DEMAND)) {
        snprintf(message, sizeof message,
                 "Invocation of model ID %s with on-demand throughput isn\342\200\231t supported. Retry "
                 "your request with the ID or ARN of an inference profile that contains this model.", id);
        emu_invalid(a, message);
        return;
    }
    m = m ? m : behind;
    if (!m) {
        emu_invalid(a, "The provided model identifier is invalid.");
    } else if (emu_access_check(a, m) == 0) {
        objection = emu_objection(&m->m, p);
        if (objection)
            emu_invalid(a, objection);
        else
            emu_says(&a->plan, &m->m, p);
    }
}

void emu_models_plan(struct emu_answer *a, struct bedrock_slice label, const struct emu_prompt *p)
{
    struct bedrock_buffer id = {0};
    const char *bare = NULL;

    emu_percent_decode(&id, label);
    /* an id with a zero byte in it is none */
    if (bedrock_buffer_append(&id, "", 1) == 0 && strlen(id.p) == id.len - 1)
        bare = emu_bare_id(id.p);
    if (!bare) {
        emu_invalid(a, "The provided model identifier is invalid.");
    } else if (strncmp(bare, "fault.", 6) == 0) {
        emu_says(&a->plan, &emu_faulty, p);
        emu_fault(a, bare + 6);
    } else {
        emu_model_plan(a, bare, p);
    }
    bedrock_buffer_free(&id);
}
