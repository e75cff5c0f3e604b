/* media.c - what a file is: the block of Converse that takes it, and the API's word for its format.
 * API reference, ImageBlock, DocumentBlock, VideoBlock, AudioBlock: the magic numbers of their formats first,
 * the name's extension second. Leaves out: whether the rest of the file is sound. */
#include "bedrock_int.h"
#include <string.h>

#define MEDIA_ZIP_NAME 30u /* APPNOTE 4.3.7: where a local header's file name begins */

/* Each with the byte where it stands. What has WAVE or WEBP at 8 has RIFF before it. */
static const struct {
    const char *magic;
    size_t len, at;
    struct bdk_media is;
} media_magic[] = {
    {"\x89PNG\r\n\x1A\n", 8, 0, {BDK_IMAGE, "png"}},
    {"\xFF\xD8\xFF", 3, 0, {BDK_IMAGE, "jpeg"}},
    {"GIF87a", 6, 0, {BDK_IMAGE, "gif"}},
    {"GIF89a", 6, 0, {BDK_IMAGE, "gif"}},
    {"WEBP", 4, 8, {BDK_IMAGE, "webp"}},
    {"%PDF-", 5, 0, {BDK_DOCUMENT, "pdf"}},
    {"FLV\x01", 4, 0, {BDK_VIDEO, "flv"}},
    {"\x00\x00\x01\xBA", 4, 0, {BDK_VIDEO, "mpeg"}}, /* ISO 13818-1: a pack; 13818-2: a sequence */
    {"\x00\x00\x01\xB3", 4, 0, {BDK_VIDEO, "mpeg"}},
    {"\x30\x26\xB2\x75\x8E\x66\xCF\x11", 8, 0, {BDK_VIDEO, "wmv"}},
    {"WAVE", 4, 8, {BDK_AUDIO, "wav"}},
    {"fLaC", 4, 0, {BDK_AUDIO, "flac"}},
    {"ID3", 3, 0, {BDK_AUDIO, "mp3"}},
};

/* Brands of ISO base media files (mp4ra.org): by how they begin. Pictures (heic, avif) are none of ours. */
static const struct {
    const char *brand;
    struct bdk_media is;
} media_brands[] = {
    {"M4A", {BDK_AUDIO, "m4a"}}, {"M4B", {BDK_AUDIO, "m4a"}}, {"qt", {BDK_VIDEO, "mov"}},
    {"3gp", {BDK_VIDEO, "three_gp"}}, {"3g2", {BDK_VIDEO, "three_gp"}},
    {"iso", {BDK_VIDEO, "mp4"}}, {"mp4", {BDK_VIDEO, "mp4"}}, {"avc", {BDK_VIDEO, "mp4"}},
    {"M4V", {BDK_VIDEO, "mp4"}}, {"MSNV", {BDK_VIDEO, "mp4"}}, {"dash", {BDK_VIDEO, "mp4"}},
    {"f4v", {BDK_VIDEO, "mp4"}}, {"XAVC", {BDK_VIDEO, "mp4"}},
};

static const struct {
    const char *extension;
    struct bdk_media is;
} media_extensions[] = {
    {"png", {BDK_IMAGE, "png"}}, {"jpg", {BDK_IMAGE, "jpeg"}}, {"jpeg", {BDK_IMAGE, "jpeg"}},
    {"gif", {BDK_IMAGE, "gif"}}, {"webp", {BDK_IMAGE, "webp"}},
    {"pdf", {BDK_DOCUMENT, "pdf"}}, {"csv", {BDK_DOCUMENT, "csv"}}, {"doc", {BDK_DOCUMENT, "doc"}},
    {"docx", {BDK_DOCUMENT, "docx"}}, {"xls", {BDK_DOCUMENT, "xls"}}, {"xlsx", {BDK_DOCUMENT, "xlsx"}},
    {"html", {BDK_DOCUMENT, "html"}}, {"htm", {BDK_DOCUMENT, "html"}}, {"txt", {BDK_DOCUMENT, "txt"}},
    {"text", {BDK_DOCUMENT, "txt"}}, {"md", {BDK_DOCUMENT, "md"}}, {"markdown", {BDK_DOCUMENT, "md"}},
    {"mkv", {BDK_VIDEO, "mkv"}}, {"mov", {BDK_VIDEO, "mov"}}, {"mp4", {BDK_VIDEO, "mp4"}},
    {"m4v", {BDK_VIDEO, "mp4"}}, {"webm", {BDK_VIDEO, "webm"}}, {"flv", {BDK_VIDEO, "flv"}},
    {"mpeg", {BDK_VIDEO, "mpeg"}}, {"mpg", {BDK_VIDEO, "mpg"}}, {"wmv", {BDK_VIDEO, "wmv"}},
    {"3gp", {BDK_VIDEO, "three_gp"}}, {"3gpp", {BDK_VIDEO, "three_gp"}}, {"3g2", {BDK_VIDEO, "three_gp"}},
    {"mp3", {BDK_AUDIO, "mp3"}}, {"opus", {BDK_AUDIO, "opus"}}, {"wav", {BDK_AUDIO, "wav"}},
    {"aac", {BDK_AUDIO, "aac"}}, {"flac", {BDK_AUDIO, "flac"}}, {"m4a", {BDK_AUDIO, "m4a"}},
    {"ogg", {BDK_AUDIO, "ogg"}}, {"oga", {BDK_AUDIO, "ogg"}}, {"mka", {BDK_AUDIO, "mka"}},
    {"mpga", {BDK_AUDIO, "mpga"}}, {"pcm", {BDK_AUDIO, "pcm"}}, {"weba", {BDK_AUDIO, "webm"}},
};

/* What content alone cannot tell apart: a container may hold sound alone, a text may be Markdown. The
 * name decides. */
static const struct {
    struct bdk_media content, name;
} media_finer[] = {
    {{BDK_DOCUMENT, "txt"}, {BDK_DOCUMENT, "csv"}}, {{BDK_DOCUMENT, "txt"}, {BDK_DOCUMENT, "md"}},
    {{BDK_DOCUMENT, "txt"}, {BDK_DOCUMENT, "html"}}, {{BDK_DOCUMENT, "html"}, {BDK_DOCUMENT, "md"}},
    {{BDK_VIDEO, "mp4"}, {BDK_AUDIO, "m4a"}}, {{BDK_VIDEO, "mp4"}, {BDK_VIDEO, "mov"}},
    {{BDK_VIDEO, "webm"}, {BDK_AUDIO, "webm"}}, {{BDK_VIDEO, "mkv"}, {BDK_AUDIO, "mka"}},
    {{BDK_VIDEO, "mpeg"}, {BDK_VIDEO, "mpg"}}, {{BDK_AUDIO, "mp3"}, {BDK_AUDIO, "mpga"}},
    {{BDK_AUDIO, "mp3"}, {BDK_AUDIO, "aac"}}, {{BDK_AUDIO, "opus"}, {BDK_AUDIO, "ogg"}},
};

static const struct bdk_media media_none = {BDK_NO_BLOCK, NULL};

static int media_has(const unsigned char *p, size_t n, size_t at, const char *what, size_t len)
{
    return at <= n && len <= n - at && memcmp(p + at, what, len) == 0;
}

/* Where it stands in p[0..n), or n. */
static size_t media_find(const unsigned char *p, size_t n, const char *what, size_t len)
{
    size_t at = 0;

    while (at < n && !media_has(p, n, at, what, len))
        at++;
    return at;
}

/* ---- Containers ---- */

static struct bdk_media media_brand(const unsigned char *p, size_t n)
{
    if (media_has(p, n, 4, "ftyp", 4) && n >= 12)
        for (size_t i = 0; i < sizeof media_brands / sizeof media_brands[0]; i++)
            if (media_has(p, n, 8, media_brands[i].brand, strlen(media_brands[i].brand)))
                return media_brands[i].is;
    if (media_has(p, n, 4, "moov", 4) || media_has(p, n, 4, "mdat", 4) || media_has(p, n, 4, "wide", 4))
        return (struct bdk_media){BDK_VIDEO, "mov"}; /* QuickTime before it had brands */
    return media_none;
}

/* RFC 8794 11.2.6: the DocType stands in the first header; 64 bytes hold it. */
static struct bdk_media media_ebml(const unsigned char *p, size_t n)
{
    size_t head = n < 64 ? n : 64;

    if (!media_has(p, n, 0, "\x1A\x45\xDF\xA3", 4))
        return media_none;
    if (media_find(p, head, "webm", 4) < head)
        return (struct bdk_media){BDK_VIDEO, "webm"};
    return (struct bdk_media){BDK_VIDEO, "mkv"};
}

/* RFC 7845 5.1: the first page of Opus begins so. */
static struct bdk_media media_ogg(const unsigned char *p, size_t n)
{
    if (!media_has(p, n, 0, "OggS", 4))
        return media_none;
    return (struct bdk_media){BDK_AUDIO, media_has(p, n, 28, "OpusHead", 8) ? "opus" : "ogg"};
}

/* ISO 11172-3 2.4.2.3, layer III; ISO 13818-7 6.2, ADTS, which has layer 0. */
static struct bdk_media media_frames(const unsigned char *p, size_t n)
{
    if (n < 4 || p[0] != 0xFF)
        return media_none;
    if ((p[1] & 0xF6) == 0xF0)
        return (struct bdk_media){BDK_AUDIO, "aac"};
    if ((p[1] & 0xE6) == 0xE2 && (p[2] & 0xF0) != 0xF0 && (p[2] & 0x0C) != 0x0C)
        return (struct bdk_media){BDK_AUDIO, "mp3"};
    return media_none;
}

/* Office Open XML: the folders of the zip tell. A local header may stand behind any number of bytes. */
static struct bdk_media media_zip(const unsigned char *p, size_t n)
{
    for (size_t at = 0; at < n; at++) {
        at += media_find(p + at, n - at, "PK\x03\x04", 4);
        if (media_has(p, n, at + MEDIA_ZIP_NAME, "word/", 5))
            return (struct bdk_media){BDK_DOCUMENT, "docx"};
        if (media_has(p, n, at + MEDIA_ZIP_NAME, "xl/", 3))
            return (struct bdk_media){BDK_DOCUMENT, "xlsx"};
    }
    return media_none;
}

/* [MS-CFB] 2.6.1: names in the directory are UTF-16. It may lie anywhere; then the name has to tell. */
static struct bdk_media media_ole(const unsigned char *p, size_t n)
{
    if (media_find(p, n, "W\0o\0r\0d\0D\0o\0c\0", 14) < n)
        return (struct bdk_media){BDK_DOCUMENT, "doc"};
    if (media_find(p, n, "W\0o\0r\0k\0b\0o\0o\0k\0", 16) < n)
        return (struct bdk_media){BDK_DOCUMENT, "xls"};
    return media_none;
}

/* ---- Text ---- */

/* UTF-8 without controls; a character may be cut where p ends. */
static int media_is_text(const unsigned char *p, size_t n)
{
    const unsigned char *end = p + n;

    while (p < end) {
        const unsigned char *from = p;

        if (*p >= 0x80 && bdk_json_utf8(&p, end) != 0)
            return end - from < 4 && p == end;
        if (*from == 0x7F || (*from < 0x20 && !memchr("\t\n\v\f\r\x1B", *from, 6)))
            return 0;
        p += *from < 0x80;
    }
    return n > 0;
}

static int media_begins_nocase(const unsigned char *p, size_t n, const char *what)
{
    struct bedrock_slice s = {(const char *)p, strlen(what)};

    return s.len <= n && bdk_slice_is_nocase(s, what);
}

static struct bdk_media media_text(const unsigned char *p, size_t n)
{
    size_t at = media_has(p, n, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;

    if (!media_is_text(p, n))
        return media_none;
    while (at < n && memchr(" \t\r\n", p[at], 4))
        at++;
    if (media_begins_nocase(p + at, n - at, "<!doctype html") || media_begins_nocase(p + at, n - at, "<html"))
        return (struct bdk_media){BDK_DOCUMENT, "html"};
    return (struct bdk_media){BDK_DOCUMENT, "txt"};
}

/* ---- Entry points ---- */

static struct bdk_media media_content(const unsigned char *p, size_t n)
{
    static struct bdk_media (*const containers[])(const unsigned char *, size_t) = {
        media_brand, media_ebml, media_ogg, media_frames, media_text};
    struct bdk_media is = media_none;

    for (size_t i = 0; i < sizeof media_magic / sizeof media_magic[0]; i++)
        if (media_has(p, n, media_magic[i].at, media_magic[i].magic, media_magic[i].len) &&
            (media_magic[i].at == 0 || media_has(p, n, 0, "RIFF", 4)))
            return media_magic[i].is;
    if (media_has(p, n, 0, "PK\x03\x04", 4))
        return media_zip(p, n);
    if (media_has(p, n, 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8))
        return media_ole(p, n);
    for (size_t i = 0; i < sizeof containers / sizeof containers[0] && !is.block; i++)
        is = containers[i](p, n);
    return is;
}

struct bdk_media bdk_media_of_name(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');

    for (size_t i = 0; dot && i < sizeof media_extensions / sizeof media_extensions[0]; i++)
        if (bdk_slice_is_nocase(bdk_slice(dot + 1), media_extensions[i].extension))
            return media_extensions[i].is;
    return media_none;
}

static int media_same(struct bdk_media a, struct bdk_media b)
{
    return a.block == b.block && strcmp(a.format, b.format) == 0;
}

struct bdk_media bdk_media_of(const char *name, const void *head, size_t n)
{
    struct bdk_media content = media_content(head, n), named = bdk_media_of_name(name);

    if (!content.block)
        return named;
    for (size_t i = 0; named.block && i < sizeof media_finer / sizeof media_finer[0]; i++)
        if (media_same(content, media_finer[i].content) && media_same(named, media_finer[i].name))
            return named;
    return content;
}
