/* models.c - which models there are: reading ListFoundationModels.
 * Amazon Bedrock API reference, FoundationModelSummary. Leaves out: which of them the account may
 * call, and inference profiles. */
#include "bedrock_int.h"

struct bedrock_json_iter bedrock_models(struct bedrock_json response)
{
    return bedrock_json_iterate(bedrock_json_get(response, "modelSummaries"));
}

int bedrock_models_next(struct bedrock_json_iter *it, struct bedrock_model *m)
{
    struct bedrock_json streaming;

    if (!bedrock_json_next(it, NULL, &m->json))
        return 0;
    m->id = bedrock_json_get(m->json, "modelId");
    m->arn = bedrock_json_get(m->json, "modelArn");
    m->name = bedrock_json_get(m->json, "modelName");
    m->provider = bedrock_json_get(m->json, "providerName");
    m->input = bedrock_json_get(m->json, "inputModalities");
    m->output = bedrock_json_get(m->json, "outputModalities");
    m->inference = bedrock_json_get(m->json, "inferenceTypesSupported");
    m->status = bedrock_json_get(m->json, "modelLifecycle.status");
    streaming = bedrock_json_get(m->json, "responseStreamingSupported");
    m->streaming = streaming.type == BEDROCK_JSON_TRUE    ? 1
                   : streaming.type == BEDROCK_JSON_FALSE ? 0
                                                          : -1;
    return 1;
}
