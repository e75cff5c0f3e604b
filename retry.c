/* retry.c - what to do after a failure: classes of errors.
 * AWS SDKs' standard retry mode, as revised in 2026. Leaves out: waiting and trying again; each call
 * is one attempt, and the caller sees in bedrock_error.retryable what this file thinks of it. */
#include "bedrock_int.h"
#include <string.h>

static const char *const retry_throttling[] = {
    "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException",
    "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
};

static const char *const retry_transient[] = {
    "RequestTimeout", "RequestTimeoutException", "ModelNotReadyException",
    "InternalServerException", "ServiceUnavailableException",
};

static int retry_is_one_of(const char *name, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return 1;
    return 0;
}

int bdk_retryable(const struct bedrock_error *e)
{
    if (retry_is_one_of(e->name, retry_throttling,
                        sizeof retry_throttling / sizeof retry_throttling[0]) ||
        retry_is_one_of(e->name, retry_transient,
                        sizeof retry_transient / sizeof retry_transient[0]))
        return 1;
    return e->http_status == 429 || e->http_status == 500 || e->http_status == 502 ||
           e->http_status == 503 || e->http_status == 504;
}
