/* nearest.c - how near a mistyped word is to a right one.
 * Optimal string alignment distance. Leaves out: words of more than 40 letters, which resemble nothing. */
#include "cli.h"
#include <string.h>

#define NEAREST_MAX 40

static size_t nearest_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance: insert, drop, change, swap two neighbours. */
static size_t nearest_slips(const char *a, const char *b)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare, n = strlen(b);

    if (strlen(a) > NEAREST_MAX || n > NEAREST_MAX)
        return NEAREST_MAX;
    for (size_t j = 0; j <= n; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            now[j] = nearest_least(nearest_least(last[j], now[j - 1]) + 1,
                                   last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = nearest_least(now[j], before[j - 2] + 1);
        }
        spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[n];
}

size_t cli_distance(const char *typed, const char *name)
{
    size_t n = strlen(typed);

    return n >= 2 && strncmp(typed, name, n) == 0 ? 1 : nearest_slips(typed, name);
}

size_t cli_distance_limit(const char *typed)
{
    return strlen(typed) < 3 ? 1 : nearest_least(2 + strlen(typed) / 6, 4);
}
