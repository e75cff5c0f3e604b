/* test_retry.c - which failures may pass by themselves, and how long to wait.
 * AWS SDKs' standard retry mode of 2026. Leaves out: trying again. */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static struct bedrock_error error_of(const char *name, int status)
{
    struct bedrock_error e = {0};

    snprintf(e.name, sizeof e.name, "%s", name);
    e.http_status = status;
    return e;
}

static void test_classes(void)
{
    static const struct {
        const char *name;
        int status, retryable;
    } cases[] = {
        {"ThrottlingException", 429, 1}, {"ThrottlingException", 400, 1}, {"TooManyRequestsException", 0, 1},
        {"ModelNotReadyException", 429, 1}, {"RequestTimeout", 400, 1}, {"", 429, 1}, {"", 500, 1},
        {"", 502, 1}, {"", 503, 1}, {"", 504, 1}, {"", 501, 0}, {"", 505, 0}, {"", 400, 0}, {"", 408, 0},
        {"ValidationException", 400, 0}, {"AccessDeniedException", 403, 0}, {"ModelErrorException", 424, 0},
        {"ModelTimeoutException", 408, 0}, {"ServiceQuotaExceededException", 400, 0},
        {"throttlingexception", 400, 0}, {"InternalServerException", 0, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = error_of(cases[i].name, cases[i].status);

        t_case("class of %s %d", cases[i].name, cases[i].status);
        CHECK(bdk_retryable(&e) == cases[i].retryable);
    }
}

static void test_delays(void)
{
    static const struct {
        const char *name;
        int status, attempt;
        uint32_t random;
        int ms;
    } cases[] = {
        {"", 503, 1, 0, 0}, {"", 503, 1, UINT32_MAX, 49}, {"", 503, 1, UINT32_MAX / 2 + 1, 25},
        {"", 503, 2, UINT32_MAX, 99}, {"", 503, 5, UINT32_MAX, 799}, {"", 503, 10, UINT32_MAX, 19999},
        {"", 503, 1000000, UINT32_MAX, 19999}, {"ThrottlingException", 400, 1, UINT32_MAX, 999},
        {"ThrottlingException", 400, 5, UINT32_MAX, 15999}, {"", 429, 6, UINT32_MAX, 19999},
        {"", 429, 1, UINT32_MAX / 2 + 1, 500}, {"", 0, 3, UINT32_MAX, 199},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = error_of(cases[i].name, cases[i].status);

        t_case("delay after attempt %d of %s %d", cases[i].attempt, cases[i].name, cases[i].status);
        CHECKF(bdk_retry_delay_ms(&e, cases[i].attempt, cases[i].random) == cases[i].ms, "%d ms",
               bdk_retry_delay_ms(&e, cases[i].attempt, cases[i].random));
    }
}

int main(void)
{
    test_classes();
    test_delays();
    return t_end("test_retry");
}
