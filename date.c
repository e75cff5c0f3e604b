/* date.c - the calendar in UTC, and the forms of a date that we write and read.
 * Gregorian rules from year 1 on; RFC 9110 5.6.7 and RFC 3339. Leaves out: time zones, leap seconds
 * (second 60 is the first of the next minute), and the obsolete forms of an HTTP date. */
#include "bedrock_int.h"
#include <string.h>

#define DATE_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z, a Monday */
#define DATE_LAST INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */
#define DATE_DAY_S 86400

/* ---- Arithmetic ---- */

static int date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int date_month_days(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && date_is_leap(year));
}

/* Days since 0001-01-01. */
static int64_t date_days(const struct bdk_date *d)
{
    int64_t years = (int64_t)d->year - 1;
    int64_t days = years * 365 + years / 4 - years / 100 + years / 400;

    for (int m = 1; m < d->month && m < 12; m++)
        days += date_month_days(d->year, m);
    return days + d->day - 1;
}

/* The part of n days that whole units of `days` fill, at most `most` of them. */
static int date_units(int *n, int days, int most)
{
    int units = *n / days;

    if (units > most)
        units = most;
    *n -= units * days;
    return units;
}

struct bdk_date bdk_date_of(int64_t epoch_s)
{
    struct bdk_date d = {1, 1, 1, 0, 0, 0};
    int days, seconds;

    /* a clock may say anything; clamped, nothing below overflows and each text fits its array */
    if (epoch_s < DATE_FIRST)
        epoch_s = DATE_FIRST;
    if (epoch_s > DATE_LAST)
        epoch_s = DATE_LAST;
    days = (int)((epoch_s - DATE_FIRST) / DATE_DAY_S);
    seconds = (int)((epoch_s - DATE_FIRST) % DATE_DAY_S);
    /* the leap day ends a group of 4 and of 400 years: the last part of each is the longer one */
    d.year += 400 * date_units(&days, 146097, 24);
    d.year += 100 * date_units(&days, 36524, 3);
    d.year += 4 * date_units(&days, 1461, 24);
    d.year += date_units(&days, 365, 3);
    while (days >= date_month_days(d.year, d.month))
        days -= date_month_days(d.year, d.month++);
    d.day += days;
    d.hour = seconds / 3600;
    d.minute = seconds / 60 % 60;
    d.second = seconds % 60;
    return d;
}

int64_t bdk_epoch_of(const struct bdk_date *d)
{
    return DATE_FIRST + date_days(d) * DATE_DAY_S + (int64_t)d->hour * 3600 +
           (int64_t)d->minute * 60 + d->second;
}

int bdk_date_check(const struct bdk_date *d)
{
    if (d->year < 1 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 ||
        d->day > date_month_days(d->year, d->month))
        return BEDROCK_ERR_PROTOCOL;
    if (d->hour < 0 || d->hour > 23 || d->minute < 0 || d->minute > 59 || d->second < 0 ||
        d->second > 60)
        return BEDROCK_ERR_PROTOCOL;
    return 0;
}

/* ---- Writing ---- */

/* Fill a form: each of YMDhms is a digit of that number, all else stands for itself. */
static void date_write(int64_t epoch_s, const char *form, char *out)
{
    static const char letters[] = "YMDhms";
    struct bdk_date d = bdk_date_of(epoch_s);
    int v[6] = {d.year, d.month, d.day, d.hour, d.minute, d.second};
    size_t n = strlen(form);

    out[n] = 0;
    while (n-- > 0) { /* the last digit of each number comes first */
        const char *at = strchr(letters, form[n]);

        out[n] = form[n];
        if (at) {
            out[n] = (char)('0' + v[at - letters] % 10);
            v[at - letters] /= 10;
        }
    }
}

void bdk_date_basic(int64_t epoch_s, char out[17])
{
    date_write(epoch_s, "YYYYMMDDThhmmssZ", out);
}

void bdk_date_rfc3339(int64_t epoch_s, char out[21])
{
    date_write(epoch_s, "YYYY-MM-DDThh:mm:ssZ", out);
}

void bdk_date_human(int64_t epoch_s, char out[24])
{
    date_write(epoch_s, "YYYY-MM-DD hh:mm:ss UTC", out);
}

/* ---- Reading ---- */

/* n digits as a number, -1 when they are not. */
static int date_number(const char *p, size_t n)
{
    int v = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

/* The place of a three-letter name in a row of such names, -1 when it is not there. */
static int date_name(const char *p, const char *names)
{
    for (int i = 0; names[i * 3]; i++)
        if (memcmp(p, names + i * 3, 3) == 0)
            return i;
    return -1;
}

int bdk_date_http(struct bedrock_slice text, int64_t *epoch_s)
{
    static const char form[] = "***, ** *** **** **:**:** GMT";
    const char *p = text.p;
    struct bdk_date d;

    if (text.len != sizeof form - 1)
        return BEDROCK_ERR_PROTOCOL;
    for (size_t i = 0; i < text.len; i++)
        if (form[i] != '*' && form[i] != p[i])
            return BEDROCK_ERR_PROTOCOL;
    d.day = date_number(p + 5, 2);
    d.month = date_name(p + 8, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
    d.year = date_number(p + 12, 4);
    d.hour = date_number(p + 17, 2);
    d.minute = date_number(p + 20, 2);
    d.second = date_number(p + 23, 2);
    if (bdk_date_check(&d) != 0 || date_name(p, "MonTueWedThuFriSatSun") != (int)(date_days(&d) % 7))
        return BEDROCK_ERR_PROTOCOL;
    *epoch_s = bdk_epoch_of(&d);
    return 0;
}

/* RFC 3339 5.6, behind the seconds: skip a fraction; the offset in seconds, or -1 out of its range. */
static int date_offset(const char *p, const char *end, int *offset_s)
{
    int hour, minute;

    if (p < end && *p == '.') {
        const char *first = ++p;

        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == first)
            return -1;
    }
    *offset_s = 0;
    if (end - p == 1 && (*p == 'Z' || *p == 'z'))
        return 0;
    if (end - p != 6 || (*p != '+' && *p != '-') || p[3] != ':')
        return -1;
    hour = date_number(p + 1, 2);
    minute = date_number(p + 4, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return -1;
    *offset_s = (*p == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
    return 0;
}

int bdk_date_iso(struct bedrock_slice text, int64_t *epoch_s)
{
    const char *p = text.p;
    struct bdk_date d;
    int offset_s;

    if (text.len < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't') || p[13] != ':' ||
        p[16] != ':')
        return BEDROCK_ERR_PROTOCOL;
    d.year = date_number(p, 4);
    d.month = date_number(p + 5, 2);
    d.day = date_number(p + 8, 2);
    d.hour = date_number(p + 11, 2);
    d.minute = date_number(p + 14, 2);
    d.second = date_number(p + 17, 2);
    if (bdk_date_check(&d) != 0 || date_offset(p + 19, p + text.len, &offset_s) != 0)
        return BEDROCK_ERR_PROTOCOL;
    *epoch_s = bdk_epoch_of(&d) - offset_s;
    return 0;
}
