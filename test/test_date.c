/* test_date.c - the calendar against a slow one and the C library's; the three forms of a date.
 * RFC 9110 5.6.7; figures from date(1). Leaves out: time zones, as date.c does. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <string.h>
#include <time.h>

#define FIRST INT64_C(-62135596800)
#define LAST INT64_C(253402300799)
#define BAD BEDROCK_ERR_PROTOCOL

static void test_known(void)
{
    static const struct {
        int64_t epoch_s;
        const char *basic, *human, *http;
    } cases[] = {
        {0, "19700101T000000Z", "1970-01-01 00:00:00 UTC", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "19691231T235959Z", "1969-12-31 23:59:59 UTC", "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951827696, "20000229T123456Z", "2000-02-29 12:34:56 UTC", "Tue, 29 Feb 2000 12:34:56 GMT"},
        {1767323045, "20260102T030405Z", "2026-01-02 03:04:05 UTC", "Fri, 02 Jan 2026 03:04:05 GMT"},
        {1483228799, "20161231T235959Z", "2016-12-31 23:59:59 UTC", "Sat, 31 Dec 2016 23:59:59 GMT"},
        {-2203891200, "19000301T000000Z", "1900-03-01 00:00:00 UTC", "Thu, 01 Mar 1900 00:00:00 GMT"},
        {2147483648, "20380119T031408Z", "2038-01-19 03:14:08 UTC", "Tue, 19 Jan 2038 03:14:08 GMT"},
        {-11644473600, "16010101T000000Z", "1601-01-01 00:00:00 UTC", "Mon, 01 Jan 1601 00:00:00 GMT"},
        {FIRST, "00010101T000000Z", "0001-01-01 00:00:00 UTC", "Mon, 01 Jan 0001 00:00:00 GMT"},
        {LAST, "99991231T235959Z", "9999-12-31 23:59:59 UTC", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_date d = bdk_date_of(cases[i].epoch_s);
        char basic[17], human[24], iso[21];
        int64_t epoch_s = 77;

        t_case("date %s", cases[i].human);
        bdk_date_basic(cases[i].epoch_s, basic);
        bdk_date_human(cases[i].epoch_s, human);
        CHECK_TEXT(basic, strlen(basic), cases[i].basic);
        CHECK_TEXT(human, strlen(human), cases[i].human);
        bdk_date_rfc3339(cases[i].epoch_s, iso);
        CHECK(strlen(iso) == 20 && memcmp(iso, human, 10) == 0 && iso[10] == 'T' &&
              memcmp(iso + 11, human + 11, 8) == 0 && iso[19] == 'Z');
        CHECK(bdk_date_http(bdk_slice(cases[i].http), &epoch_s) == 0);
        CHECKF(epoch_s == cases[i].epoch_s, "read as %lld", (long long)epoch_s);
        CHECK(bdk_date_check(&d) == 0 && bdk_epoch_of(&d) == cases[i].epoch_s);
    }
}

static void test_absurd(void)
{
    static const struct {
        int64_t epoch_s;
        const char *basic;
    } cases[] = {
        {INT64_MIN, "00010101T000000Z"}, {FIRST - 1, "00010101T000000Z"},
        {LAST + 1, "99991231T235959Z"}, {INT64_MAX, "99991231T235959Z"},
    };
    struct bdk_date far = {2147483647, 12, 31, 23, 59, 60}, wild = {2026, 99, 1, 0, 0, 0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char basic[17];

        t_case("a clock at %lld is held to the years 1 to 9999", (long long)cases[i].epoch_s);
        bdk_date_basic(cases[i].epoch_s, basic);
        CHECK_TEXT(basic, strlen(basic), cases[i].basic);
    }
    t_case("fields out of range overflow nothing");
    CHECK(bdk_epoch_of(&far) > LAST && bdk_date_check(&far) == BEDROCK_ERR_PROTOCOL);
    CHECK(bdk_epoch_of(&wild) > 0 && bdk_date_check(&wild) == BEDROCK_ERR_PROTOCOL);
}

static int same_date(const struct bdk_date *d, int year, int month, int day)
{
    return d->year == year && d->month == month && d->day == day && d->hour == 0 && d->minute == 0 &&
           d->second == 0;
}

/* Walk month by month with a calendar of our own; ask at the ends of each month. */
static void test_walk(void)
{
    int64_t start = FIRST;

    t_case("every month from year 1 to 9999");
    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
            int days = month == 2 ? 28 + leap : 30 + (month + month / 8) % 2;
            int64_t last = start + (int64_t)(days - 1) * 86400;
            struct bdk_date a = bdk_date_of(start), z = bdk_date_of(last), over;

            CHECKF(same_date(&a, year, month, 1), "%d-%d is %d-%d-%d", year, month, a.year, a.month, a.day);
            CHECKF(same_date(&z, year, month, days), "%d-%d ends %d-%d-%d", year, month, z.year, z.month,
                   z.day);
            CHECK(bdk_epoch_of(&a) == start && bdk_epoch_of(&z) == last);
            CHECK(bdk_date_check(&a) == 0 && bdk_date_check(&z) == 0);
            over = z;
            over.day++;
            CHECK(bdk_date_check(&over) == BEDROCK_ERR_PROTOCOL);
            start = last + 86400;
        }
    }
    CHECK(start == LAST + 1);
}

static void test_libc(void)
{
    uint64_t seed = 1;

    t_case("random seconds as gmtime_r() has them");
    for (int i = 0; i < 20000; i++) {
        uint64_t random = (uint64_t)t_rand(&seed) << 32 | t_rand(&seed);
        int64_t epoch_s = FIRST + (int64_t)(random % (uint64_t)(LAST - FIRST + 1));
        time_t t = (time_t)epoch_s;
        struct bdk_date d = bdk_date_of(epoch_s);
        struct bedrock_slice text = {NULL, 29};
        char http[64];
        struct tm tm;
        int64_t back = 0;

        if (!CHECK(gmtime_r(&t, &tm) != NULL))
            return;
        CHECK(d.year == tm.tm_year + 1900 && d.month == tm.tm_mon + 1 && d.day == tm.tm_mday);
        CHECK(d.hour == tm.tm_hour && d.minute == tm.tm_min && d.second == tm.tm_sec);
        CHECK(bdk_epoch_of(&d) == epoch_s);
        strftime(http, sizeof http, "%a, %d %b ", &tm);
        snprintf(http + 12, sizeof http - 12, "%04d", d.year);
        strftime(http + 16, sizeof http - 16, " %H:%M:%S GMT", &tm);
        text.p = http;
        CHECKF(bdk_date_http(text, &back) == 0 && back == epoch_s, "%s", http);
    }
}

static void test_check(void)
{
    static const struct {
        struct bdk_date d;
        int rc;
    } cases[] = {
        {{2026, 1, 2, 3, 4, 5}, 0}, {{1, 1, 1, 0, 0, 0}, 0}, {{9999, 12, 31, 23, 59, 60}, 0},
        {{2024, 2, 29, 0, 0, 0}, 0}, {{2000, 2, 29, 0, 0, 0}, 0},
        {{2023, 2, 29, 0, 0, 0}, BAD}, {{1900, 2, 29, 0, 0, 0}, BAD}, {{2024, 2, 30, 0, 0, 0}, BAD},
        {{0, 1, 1, 0, 0, 0}, BAD}, {{10000, 1, 1, 0, 0, 0}, BAD}, {{-5, 1, 1, 0, 0, 0}, BAD},
        {{2026, 0, 1, 0, 0, 0}, BAD}, {{2026, 13, 1, 0, 0, 0}, BAD}, {{2026, -1, 1, 0, 0, 0}, BAD},
        {{2026, 1, 0, 0, 0, 0}, BAD}, {{2026, 1, 32, 0, 0, 0}, BAD}, {{2026, 4, 31, 0, 0, 0}, BAD},
        {{2026, 1, 1, -1, 0, 0}, BAD}, {{2026, 1, 1, 24, 0, 0}, BAD}, {{2026, 1, 1, 0, -1, 0}, BAD},
        {{2026, 1, 1, 0, 60, 0}, BAD}, {{2026, 1, 1, 0, 0, -1}, BAD}, {{2026, 1, 1, 0, 0, 61}, BAD},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bdk_date *d = &cases[i].d;

        t_case("check %d-%d-%d %d:%d:%d", d->year, d->month, d->day, d->hour, d->minute, d->second);
        CHECK(bdk_date_check(d) == cases[i].rc);
    }
}

/* An IMF-fixdate at an unmapped page: 1 when it is taken. */
static int takes(const char *text, size_t len, int64_t *epoch_s)
{
    char *copy = t_guard(text, len);
    struct bedrock_slice s = {copy, len};
    int64_t before = *epoch_s;
    int rc = bdk_date_http(s, epoch_s);

    CHECK(rc == 0 || (rc == BEDROCK_ERR_PROTOCOL && *epoch_s == before));
    t_guard_free(copy, len);
    return rc == 0;
}

static void test_http(void)
{
    static const char good[] = "Fri, 02 Jan 2026 03:04:05 GMT";
    static const char *const bad[] = {
        "", "Fri", "Fri, 02 Jan 2026 03:04:05 GM", "Fri, 02 Jan 2026 03:04:05 GMT ",
        " Fri, 02 Jan 2026 03:04:05 GMT", "Thu, 02 Jan 2026 03:04:05 GMT", "fri, 02 Jan 2026 03:04:05 GMT",
        "Fri, 02 jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:05 gmt", "Fri, 02 Jan 2026 03:04:05 UTC",
        "Fri, 02 Jxn 2026 03:04:05 GMT", "Fri,  2 Jan 2026 03:04:05 GMT", "Fri, +2 Jan 2026 03:04:05 GMT",
        "Fri, 0: Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:0a GMT",
        "Fri, 02 Jan 2026 24:04:05 GMT", "Fri, 02 Jan 2026 03:60:05 GMT", "Fri, 02 Jan 2026 03:04:61 GMT",
        "Wed, 00 Jan 2026 03:04:05 GMT", "Sun, 32 Jan 2026 03:04:05 GMT", "Sun, 29 Feb 2026 03:04:05 GMT",
        "Sat, 01 Jan 0000 00:00:00 GMT", "anJ, 02 Jan 2026 03:04:05 GMT", "Fri, 02 anF 2026 03:04:05 GMT",
        "Friday, 02-Jan-26 03:04:05 GMT", "Fri Jan  2 03:04:05 2026", "Fri, 02-Jan-2026 03:04:05 GMT",
        "Fri, 02 Jan 2026 03.04.05 GMT", "2026-01-02T03:04:05Z", "Fri; 02 Jan 2026 03:04:05 GMT",
    };
    struct bedrock_slice none = {NULL, 0};
    int64_t epoch_s = 5;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        t_case("no date: %s", bad[i]);
        CHECK(!takes(bad[i], strlen(bad[i]), &epoch_s));
    }
    t_case("no date at all");
    CHECK(bdk_date_http(none, &epoch_s) == BEDROCK_ERR_PROTOCOL && epoch_s == 5);
    t_case("a date cut short, or with one byte more or changed");
    for (size_t n = 0; n < strlen(good); n++) {
        char text[sizeof good];

        CHECK(!takes(good, n, &epoch_s));
        memcpy(text, good, sizeof good);
        text[n] = '\r';
        CHECKF(!takes(text, strlen(good), &epoch_s), "taken with CR at byte %zu", n);
    }
    CHECK(!takes(good, sizeof good, &epoch_s)); /* its zero byte */
    CHECK(takes(good, strlen(good), &epoch_s) && epoch_s == 1767323045);
    t_case("a leap second is the next second, on the weekday of its own date");
    CHECK(takes("Sat, 31 Dec 2016 23:59:60 GMT", 29, &epoch_s) && epoch_s == 1483228800);
    CHECK(!takes("Sun, 31 Dec 2016 23:59:60 GMT", 29, &epoch_s));
}

static void test_iso(void)
{
    static const struct {
        const char *text;
        int64_t epoch_s; /* -1: refused */
    } cases[] = {
        {"2026-01-02T03:04:05Z", 1767323045}, {"2026-01-02t03:04:05z", 1767323045},
        {"2026-01-02T03:04:05.678Z", 1767323045}, {"2026-01-02T03:04:05.123456789+00:00", 1767323045},
        {"2026-01-02T04:34:05+01:30", 1767323045}, {"2026-01-01T22:04:05-05:00", 1767323045},
        {"1970-01-01T00:00:00Z", 0}, {"2024-02-29T00:00:00Z", 1709164800},
        {"2023-02-29T00:00:00Z", -1}, {"2026-01-02 03:04:05Z", -1}, {"2026-01-02T03:04:05", -1},
        {"2026-01-02T03:04:05.Z", -1}, {"2026-01-02T03:04:05+0100", -1}, {"2026-01-02T24:00:00Z", -1},
        {"2026-13-02T03:04:05Z", -1}, {"2026-01-02T03:04:05+24:00", -1}, {"2026-1-02T03:04:05ZZ", -1},
        {"2026-01-02T03:04:05Z ", -1}, {"", -1}, {"1767323045", -1}, {"-026-01-02T03:04:05Z", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);
        char *text = t_guard(cases[i].text, n);
        int64_t epoch_s = -1;
        int rc;

        t_case("RFC 3339: %s", cases[i].text);
        rc = bdk_date_iso((struct bedrock_slice){text, n}, &epoch_s);
        CHECK(rc == (cases[i].epoch_s < 0 ? BEDROCK_ERR_PROTOCOL : 0));
        CHECKF(epoch_s == cases[i].epoch_s, "%lld", (long long)epoch_s);
        t_guard_free(text, n);
    }
}

int main(void)
{
    test_iso();
    test_known();
    test_absurd();
    test_walk();
    test_libc();
    test_check();
    test_http();
    return t_end("test_date");
}
