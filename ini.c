/* ini.c - the grammar of ~/.aws/config and ~/.aws/credentials: lines in, sections and properties out.
 * AWS SDK reference guide, "Shared config and credentials files", as the SDKs' common test suite has it.
 * Leaves out: what a section's name says and which file wins (profiles.c). */
#include "bedrock_int.h"
#include <string.h>

/* What an indented line would continue. A property with a value has taken its own already. */
enum ini_open { INI_NOTHING, INI_NESTED, INI_DROPPED };

struct ini_run {
    char *p, *end;
};

static int ini_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int ini_is_comment(char c)
{
    return c == '#' || c == ';';
}

static struct ini_run ini_trim(char *p, char *end)
{
    struct ini_run r;

    while (p < end && ini_is_blank(*p))
        p++;
    while (end > p && ini_is_blank(end[-1]))
        end--;
    r.p = p;
    r.end = end;
    return r;
}

static int ini_fail(struct bdk_ini *it, const char *why)
{
    it->why = why;
    return BEDROCK_ERR_CONFIG;
}

int bdk_ini_is_name(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.%@:+");

    return n > 0 && text[n] == 0;
}

/* ---- Lines ------------------------------------------------------------------------------------ */

/* A zero byte would cut a value short, and any other control has no place in what may become a header.
 * Bytes above 0x7F are let pass. */
static int ini_is_text(const struct ini_run *line)
{
    for (const char *p = line->p; p < line->end; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
            return 0;
    return 1;
}

/* The next line that is neither empty nor a comment, without its end and the blanks before that. An indented
 * comment is one too: the suite does not say, and real files have them. 1, 0 at the end, or an error. */
static int ini_line(struct bdk_ini *it, struct ini_run *line)
{
    while (it->p < it->end) {
        char *p = it->p, *eol = memchr(p, '\n', (size_t)(it->end - p));
        struct ini_run bare;

        it->line++;
        if (!eol)
            return ini_fail(it, "the last line has no end");
        it->p = eol + 1;
        if ((size_t)(eol - p) > BDK_INI_MAX_LINE)
            return ini_fail(it, "the line is too long");
        if (eol > p && eol[-1] == '\r')
            eol--;
        bare = ini_trim(p, eol);
        if (bare.p == bare.end || ini_is_comment(*bare.p))
            continue;
        line->p = p;
        line->end = bare.end;
        return ini_is_text(line) ? 1 : ini_fail(it, "a control character: this is no text file");
    }
    return 0;
}

/* ---- Items ------------------------------------------------------------------------------------ */

static int ini_item(struct bdk_ini *it, struct bdk_ini_item *item, enum bdk_ini_kind kind)
{
    if (++it->n_items > BDK_INI_MAX_ITEMS)
        return ini_fail(it, "too many sections and properties");
    item->kind = kind;
    item->line = it->line;
    return 1;
}

/* Whatever stands behind '#' or ';' is a comment here, with a blank before it or not. */
static int ini_section(struct bdk_ini *it, struct ini_run line, struct bdk_ini_item *item)
{
    char *end = line.p;

    while (end < line.end && !ini_is_comment(*end))
        end++;
    line = ini_trim(line.p, end);
    if (line.end[-1] != ']')
        return ini_fail(it, "profile definition must end with ']'");
    line = ini_trim(line.p + 1, line.end - 1);
    *line.end = 0; /* where ']' stood, or before it */
    item->name = line.p;
    item->value = line.end;
    it->in_section = 1;
    it->open = INI_NOTHING;
    return ini_item(it, item, BDK_INI_SECTION);
}

/* "name = value" into two texts, the name in lower case. Their zero bytes overwrite the '=' or a blank, and
 * the end of the line or a blank. The next line is not touched. */
static int ini_split(struct bdk_ini *it, struct ini_run line, struct bdk_ini_item *item,
                     const char *const why[2])
{
    struct ini_run name, value;
    char *equals, *end = line.p;

    while (end < line.end && !(ini_is_comment(*end) && end > line.p && ini_is_blank(end[-1])))
        end++;
    equals = memchr(line.p, '=', (size_t)(end - line.p));
    if (!equals)
        return ini_fail(it, why[0]);
    name = ini_trim(line.p, equals);
    value = ini_trim(equals + 1, end);
    if (name.p == name.end)
        return ini_fail(it, why[1]);
    for (char *p = name.p; p < name.end; p++)
        *p = bdk_lower(*p);
    *name.end = 0;
    *value.end = 0;
    item->name = name.p;
    item->value = value.p;
    return 0;
}

/* Append the indented lines that follow to a value, each moved down to it: they begin with a blank and
 * stand behind an end of line, so there is room for the newline and the zero byte. */
static void ini_continue(struct bdk_ini *it, char *value)
{
    char *end = value + strlen(value);

    for (;;) {
        struct bdk_ini before = *it;
        struct ini_run line;

        if (ini_line(it, &line) <= 0 || !ini_is_blank(*line.p)) {
            *it = before; /* an error is told when its line is read again */
            return;
        }
        line = ini_trim(line.p, line.end);
        *end++ = '\n';
        memmove(end, line.p, (size_t)(line.end - line.p));
        end += line.end - line.p;
        *end = 0;
    }
}

/* 0: it is dropped, because of its name. */
static int ini_property(struct bdk_ini *it, struct ini_run line, struct bdk_ini_item *item)
{
    static const char *const why[2] = {"expected an '=' sign defining a property",
                                       "property did not have a name"};
    unsigned at = it->line;
    int keep;

    if (!it->in_section)
        return ini_fail(it, "expected a profile definition");
    if (ini_split(it, line, item, why) != 0)
        return BEDROCK_ERR_CONFIG;
    keep = bdk_ini_is_name(item->name);
    it->open = !keep ? INI_DROPPED : item->value[0] ? INI_NOTHING : INI_NESTED;
    if (item->value[0])
        ini_continue(it, item->value);
    if (!keep)
        return 0;
    if (ini_item(it, item, BDK_INI_PROPERTY) < 0)
        return BEDROCK_ERR_CONFIG;
    item->line = at;
    return 1;
}

/* An indented line that no value has taken: below an empty one it is a property of its own. Its name may be
 * any. */
static int ini_nested(struct bdk_ini *it, struct ini_run line, struct bdk_ini_item *item)
{
    static const char *const why[2] = {"expected an '=' sign defining a sub-property",
                                       "sub-property did not have a name"};

    if (!it->in_section)
        return ini_fail(it, "expected a profile definition");
    if (it->open == INI_NOTHING)
        return ini_fail(it, "expected a property definition, found continuation (the line is indented)");
    line = ini_trim(line.p, line.end);
    if (ini_split(it, line, item, why) != 0)
        return BEDROCK_ERR_CONFIG;
    return it->open == INI_DROPPED ? 0 : ini_item(it, item, BDK_INI_NESTED);
}

/* ---- Entry points ------------------------------------------------------------------------------- */

void bdk_ini_init(struct bdk_ini *it, char *text, size_t len)
{
    memset(it, 0, sizeof *it);
    if (len == 0)
        return;
    it->p = text;
    it->end = text + len;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) /* a byte-order mark, as some editors write it */
        it->p += 3;
}

int bdk_ini_next(struct bdk_ini *it, struct bdk_ini_item *item)
{
    struct ini_run line;
    int rc = 0;

    memset(item, 0, sizeof *item);
    while (rc == 0 && !it->why) {
        rc = ini_line(it, &line);
        if (rc <= 0)
            return rc;
        if (ini_is_blank(*line.p))
            rc = ini_nested(it, line, item);
        else if (*line.p == '[')
            rc = ini_section(it, line, item);
        else
            rc = ini_property(it, line, item);
    }
    return it->why ? BEDROCK_ERR_CONFIG : rc;
}
