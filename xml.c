/* xml.c - the text of one element in the flat XML of AWS's query protocol.
 * XML 1.0 (fifth edition) as far as STS writes it. Leaves out: document types (refused), attributes and
 * name spaces (stepped over), encodings other than UTF-8. */
#include "bedrock_int.h"
#include <string.h>

#define XML_MAX_DEPTH 32        /* STS nests four deep */
#define XML_MAX_REFERENCE 10    /* "#x0010FFFF" */

enum xml_kind { XML_END, XML_OPEN, XML_CLOSE, XML_EMPTY, XML_TEXT, XML_CDATA, XML_BAD };

struct xml_piece {
    enum xml_kind kind;
    struct bedrock_slice text;  /* a tag's whole name, or the raw text */
};

/* ---- Pieces: tags and what stands between them ---- */

static int xml_starts(struct bedrock_slice s, const char *with)
{
    size_t n = strlen(with);

    return s.len >= n && memcmp(s.p, with, n) == 0;
}

static void xml_skip(struct bedrock_slice *s, size_t n)
{
    s->p += n;
    s->len -= n;
}

/* Take what stands before `end`, and that too. 0, or -1 when it does not come. */
static int xml_until(struct bedrock_slice *rest, const char *end, struct bedrock_slice *before)
{
    size_t n = strlen(end);

    for (size_t i = 0; i + n <= rest->len; i++)
        if (rest->p[i] == end[0] && memcmp(rest->p + i, end, n) == 0) {
            before->p = rest->p;
            before->len = i;
            xml_skip(rest, i + n);
            return 0;
        }
    return -1;
}

static int xml_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* XML 1.0 2.3, more freely: whatever cannot end a name in a tag. */
static size_t xml_name_length(struct bedrock_slice s)
{
    size_t n = 0;

    while (n < s.len && !xml_is_space(s.p[n]) && !strchr("<>/=\"'&", s.p[n]))
        n++;
    return n;
}

static void xml_skip_space(struct bedrock_slice *s)
{
    while (s->len > 0 && xml_is_space(s->p[0]))
        xml_skip(s, 1);
}

/* Step over attributes and blanks up to '>' or "/>". 0, or -1: a quote does not end, or what stands there
 * is no attribute. */
static int xml_attributes(struct bedrock_slice *rest)
{
    for (xml_skip_space(rest); rest->len > 0 && !strchr(">/", rest->p[0]); xml_skip_space(rest)) {
        struct bedrock_slice value;
        size_t n = xml_name_length(*rest);

        xml_skip(rest, n);
        xml_skip_space(rest);
        if (n == 0 || !xml_starts(*rest, "="))
            return -1;
        xml_skip(rest, 1);
        xml_skip_space(rest);
        if (!xml_starts(*rest, "\"") && !xml_starts(*rest, "'"))
            return -1;
        xml_skip(rest, 1);
        if (xml_until(rest, rest->p[-1] == '"' ? "\"" : "'", &value) != 0)
            return -1;
    }
    return 0;
}

/* A tag, behind its '<'. */
static void xml_tag(struct bedrock_slice *rest, struct xml_piece *piece)
{
    int closes = rest->len > 0 && rest->p[0] == '/';

    xml_skip(rest, closes ? 1 : 0);
    piece->text.p = rest->p;
    piece->text.len = xml_name_length(*rest);
    xml_skip(rest, piece->text.len);
    piece->kind = closes ? XML_CLOSE : XML_OPEN;
    if (piece->text.len == 0 || xml_attributes(rest) != 0) {
        piece->kind = XML_BAD;
        return;
    }
    if (!closes && xml_starts(*rest, "/")) {
        piece->kind = XML_EMPTY;
        xml_skip(rest, 1);
    }
    if (xml_starts(*rest, ">"))
        xml_skip(rest, 1);
    else
        piece->kind = XML_BAD;
}

/* The next piece that matters; comments and processing instructions are stepped over. */
static struct xml_piece xml_next(struct bedrock_slice *rest)
{
    struct xml_piece piece = {XML_END, {NULL, 0}};
    int rc = 0;

    while (rc == 0 && rest->len > 0) {
        if (rest->p[0] != '<') {
            const char *end = memchr(rest->p, '<', rest->len);

            piece.kind = XML_TEXT;
            piece.text.p = rest->p;
            piece.text.len = end ? (size_t)(end - rest->p) : rest->len;
            xml_skip(rest, piece.text.len);
            return piece;
        }
        xml_skip(rest, 1);
        if (xml_starts(*rest, "!--")) {
            xml_skip(rest, 3);
            rc = xml_until(rest, "-->", &piece.text);
        } else if (xml_starts(*rest, "?")) {
            rc = xml_until(rest, "?>", &piece.text);
        } else if (xml_starts(*rest, "![CDATA[")) {
            xml_skip(rest, 8);
            piece.kind = XML_CDATA;
            rc = xml_until(rest, "]]>", &piece.text);
            break;
        } else {
            /* a document type falls through to here, and "!DOCTYPE" is no name with attributes */
            if (xml_starts(*rest, "!"))
                rc = -1;
            else
                xml_tag(rest, &piece);
            break;
        }
    }
    if (rc != 0)
        piece.kind = XML_BAD;
    return piece;
}

/* ---- Text ---- */

/* XML 1.0 2.2. */
static int xml_is_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

static void xml_append_char(struct bedrock_buffer *b, uint32_t c)
{
    unsigned char bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (unsigned char)(0x80 | (c & 0x3F));
    bytes[0] = (unsigned char)(n == 1 ? c : (0xF00u >> n & 0xF0u) | c);
    bedrock_buffer_append(b, bytes, n);
}

/* "#38" or "#x26". 0 is no character, and so the answer for what is none. */
static uint32_t xml_number(struct bedrock_slice name)
{
    uint32_t base = name.len > 1 && name.p[1] == 'x' ? 16 : 10, c = 0;
    size_t i = base == 16 ? 2 : 1;

    if (i >= name.len || name.len > XML_MAX_REFERENCE)
        return 0;
    for (; i < name.len; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *at = memchr(digits, name.p[i], base == 10 ? 10 : sizeof digits - 1);
        uint32_t v = at ? (uint32_t)(at - digits) : 0;

        if (!at || c > 0x10FFFF)
            return 0;
        c = c * base + (v < 16 ? v : v - 6);
    }
    return xml_is_char(c) ? c : 0;
}

/* A reference by its name, without '&' and ';'. */
static uint32_t xml_reference(struct bedrock_slice name)
{
    static const struct {
        const char *name;
        char is;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (bdk_slice_is(name, known[i].name))
            return (unsigned char)known[i].is;
    return name.len > 0 && name.p[0] == '#' ? xml_number(name) : 0;
}

/* Append text with its references resolved; out NULL: only look. */
static int xml_text(struct bedrock_buffer *out, struct bedrock_slice text)
{
    while (text.len > 0) {
        const char *amp = memchr(text.p, '&', text.len);
        size_t plain = amp ? (size_t)(amp - text.p) : text.len;
        struct bedrock_slice name;
        uint32_t c;

        if (out)
            bedrock_buffer_append(out, text.p, plain);
        xml_skip(&text, plain);
        if (!amp)
            break;
        xml_skip(&text, 1);
        if (xml_until(&text, ";", &name) != 0 || (c = xml_reference(name)) == 0)
            return BEDROCK_ERR_PROTOCOL;
        if (out)
            xml_append_char(out, c);
    }
    return out ? out->error : 0;
}

/* ---- Walking ---- */

struct xml_walk {
    struct bedrock_slice open[XML_MAX_DEPTH];
    size_t depth;
    size_t matched;             /* so many of the open ones, from the outermost, are those of the path */
    const char *path;
    struct bedrock_buffer *out;
    int found;                  /* 1: inside, 2: behind it */
};

/* The name that the path has at this depth; empty when it is shorter. */
static struct bedrock_slice xml_path_part(const char *path, size_t at)
{
    struct bedrock_slice part = {path, strcspn(path, "/")};

    for (; at > 0; at--) {
        part.p += part.len;
        part.p += *part.p == '/';
        part.len = strcspn(part.p, "/");
    }
    return part;
}

static int xml_is_part(struct bedrock_slice part, struct bedrock_slice name)
{
    const char *colon = memchr(name.p, ':', name.len);

    if (colon) {
        name.len -= (size_t)(colon + 1 - name.p);
        name.p = colon + 1;
    }
    return part.len > 0 && (bdk_slice_is(part, "*") ||
                            (part.len == name.len && memcmp(part.p, name.p, name.len) == 0));
}

static int xml_open(struct xml_walk *w, struct bedrock_slice name)
{
    if (w->depth == XML_MAX_DEPTH)
        return BEDROCK_ERR_LIMIT;
    if (w->matched == w->depth && w->found == 0 && xml_is_part(xml_path_part(w->path, w->depth), name)) {
        w->matched++;
        w->found = xml_path_part(w->path, w->matched).len == 0;
    }
    w->open[w->depth++] = name;
    return 0;
}

static int xml_close(struct xml_walk *w, struct bedrock_slice name)
{
    struct bedrock_slice open;

    if (w->depth == 0)
        return BEDROCK_ERR_PROTOCOL;
    open = w->open[--w->depth];
    if (open.len != name.len || memcmp(open.p, name.p, name.len) != 0)
        return BEDROCK_ERR_PROTOCOL;
    if (w->matched > w->depth) {
        w->matched = w->depth;
        w->found = w->found ? 2 : 0;
    }
    return 0;
}

/* Outside of the outermost element there is only white space. */
static int xml_outside(struct bedrock_slice text)
{
    xml_skip_space(&text);
    return text.len > 0 ? BEDROCK_ERR_PROTOCOL : 0;
}

static int xml_take(struct xml_walk *w, const struct xml_piece *piece)
{
    struct bedrock_buffer *out = w->found == 1 && w->matched == w->depth ? w->out : NULL;
    int rc;

    switch (piece->kind) {
    case XML_OPEN:
    case XML_EMPTY:
        rc = xml_open(w, piece->text);
        return rc == 0 && piece->kind == XML_EMPTY ? xml_close(w, piece->text) : rc;
    case XML_CLOSE:
        return xml_close(w, piece->text);
    case XML_TEXT:
        return w->depth > 0 ? xml_text(out, piece->text) : xml_outside(piece->text);
    case XML_CDATA:
        if (w->depth == 0)
            return BEDROCK_ERR_PROTOCOL;
        return out ? bedrock_buffer_append(out, piece->text.p, piece->text.len) : 0;
    default:
        return BEDROCK_ERR_PROTOCOL;
    }
}

/* Nothing but characters that XML 1.0 2.2 lets in, in UTF-8. */
static int xml_check(struct bedrock_slice text)
{
    const unsigned char *p = (const unsigned char *)text.p, *end = p + text.len;

    while (p < end) {
        if (*p >= 0x80 ? bdk_json_utf8(&p, end) != 0 : !xml_is_char(*p++))
            return BEDROCK_ERR_PROTOCOL;
    }
    return 0;
}

/* See bedrock_int.h. */
int bdk_xml_text(struct bedrock_slice text, const char *path, struct bedrock_buffer *out)
{
    struct xml_walk w = {.path = path, .out = out};
    size_t roots = 0;
    int rc;

    if (text.len > BDK_XML_MAX)
        return BEDROCK_ERR_LIMIT;
    if (text.len == 0)
        return BEDROCK_ERR_PROTOCOL;
    if (xml_starts(text, "\xEF\xBB\xBF"))
        xml_skip(&text, 3);
    rc = xml_check(text);
    while (rc == 0) {
        struct xml_piece piece = xml_next(&text);

        if (piece.kind == XML_END)
            break;
        if (w.depth == 0 && (piece.kind == XML_OPEN || piece.kind == XML_EMPTY) && roots++ > 0)
            return BEDROCK_ERR_PROTOCOL;
        rc = xml_take(&w, &piece);
    }
    if (rc == 0 && (w.depth > 0 || roots == 0))
        rc = BEDROCK_ERR_PROTOCOL;
    return rc != 0 ? rc : w.found ? 1 : 0;
}
