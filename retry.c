/* retry.c - what to do after a failure: classes of errors, and how long to wait.
 * AWS SDKs' standard retry mode, as revised in 2026. Leaves out: trying again; each call is one attempt,
 * and the caller sees in bedrock_error.retryable what this file thinks of it. */
#include "bedrock_int.h"
#include <string.h>

#define RETRY_THROTTLED_MS 1000
#define RETRY_TRANSIENT_MS 50
#define RETRY_MAX_MS 20000

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

int bdk_retry_delay_ms(const struct bedrock_error *e, int attempt, uint32_t random)
{
    int throttled = e->http_status == 429 ||
                    retry_is_one_of(e->name, retry_throttling,
                                    sizeof retry_throttling / sizeof retry_throttling[0]);
    int64_t span = throttled ? RETRY_THROTTLED_MS : RETRY_TRANSIENT_MS;

    for (int i = 1; i < attempt && span < RETRY_MAX_MS; i++)
        span *= 2;
    if (span > RETRY_MAX_MS)
        span = RETRY_MAX_MS; /* the ceiling comes before the jitter */
    return (int)(span * random >> 32);
}
