/* test_media.c - what a file is: magic numbers, names, text, and what cannot be told.
 * API reference, ImageBlock, DocumentBlock, VideoBlock, AudioBlock. Leaves out: whole files of each kind. */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define BYTES(text) text, sizeof text - 1
#define ZIP "PK\3\4\x14\0\0\0\x08\0....crc.packsize\x13\0\0\0" /* the 30 bytes before a name */

static const struct {
    const char *name, *head;
    size_t len;
    enum bdk_block block;
    const char *format;     /* NULL: nothing that the API takes */
} cases[] = {
    /* content alone */
    {"x", BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), BDK_IMAGE, "png"},
    {"x", BYTES("\xFF\xD8\xFF\xE0\0\x10JFIF"), BDK_IMAGE, "jpeg"},
    {"x", BYTES("GIF87a\1\0\1\0"), BDK_IMAGE, "gif"},
    {"x", BYTES("GIF89a\1\0\1\0"), BDK_IMAGE, "gif"},
    {"x", BYTES("RIFF\x10\0\0\0WEBPVP8 "), BDK_IMAGE, "webp"},
    {"x", BYTES("%PDF-1.7\n%\xE2\xE3"), BDK_DOCUMENT, "pdf"},
    {"x", BYTES("\0\0\0\x18""ftypmp42\0\0\0\0"), BDK_VIDEO, "mp4"},
    {"x", BYTES("\0\0\0\x18""ftypisom\0\0\2\0"), BDK_VIDEO, "mp4"},
    {"x", BYTES("\0\0\0\x14""ftypqt  \0\0\0\0"), BDK_VIDEO, "mov"},
    {"x", BYTES("\0\0\0\x08wide\0\0\0\0mdat"), BDK_VIDEO, "mov"},
    {"x", BYTES("\0\0\0\x18""ftyp3gp4\0\0\0\0"), BDK_VIDEO, "three_gp"},
    {"x", BYTES("\0\0\0\x18""ftyp3g2a\0\0\0\0"), BDK_VIDEO, "three_gp"},
    {"x", BYTES("\0\0\0\x1C""ftypM4A \0\0\0\0"), BDK_AUDIO, "m4a"},
    {"x", BYTES("\x1A\x45\xDF\xA3\x9F\x42\x86\x81\1\x42\x82\x84webm"), BDK_VIDEO, "webm"},
    {"x", BYTES("\x1A\x45\xDF\xA3\xA3\x42\x86\x81\1\x42\x82\x88matroska"), BDK_VIDEO, "mkv"},
    {"x", BYTES("FLV\1\5\0\0\0\t"), BDK_VIDEO, "flv"},
    {"x", BYTES("\0\0\1\xBA\x44\0"), BDK_VIDEO, "mpeg"},
    {"x", BYTES("\0\0\1\xB3\x14\0"), BDK_VIDEO, "mpeg"},
    {"x", BYTES("\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9"), BDK_VIDEO, "wmv"},
    {"x", BYTES("ID3\4\0\0\0\0\0\0"), BDK_AUDIO, "mp3"},
    {"x", BYTES("\xFF\xFB\x90\x64\0\0"), BDK_AUDIO, "mp3"},
    {"x", BYTES("\xFF\xF3\x40\xC4\0\0"), BDK_AUDIO, "mp3"},
    {"x", BYTES("\xFF\xF1\x50\x80\0\x1F"), BDK_AUDIO, "aac"},
    {"x", BYTES("\xFF\xF9\x50\x80\0\x1F"), BDK_AUDIO, "aac"},
    {"x", BYTES("RIFF\x24\0\0\0WAVEfmt "), BDK_AUDIO, "wav"},
    {"x", BYTES("fLaC\0\0\0\x22"), BDK_AUDIO, "flac"},
    {"x", BYTES("OggS\0\2\0\0\0\0\0\0\0\0\1\2\3\4\0\0\0\0\5\6\7\x08\1\x1E\1vorbis"), BDK_AUDIO, "ogg"},
    {"x", BYTES("OggS\0\2\0\0\0\0\0\0\0\0\1\2\3\4\0\0\0\0\5\6\7\x08\1\x13OpusHead"), BDK_AUDIO, "opus"},
    {"x", BYTES(ZIP "[Content_Types].xml..deflated.." ZIP "word/document.xml"), BDK_DOCUMENT, "docx"},
    {"x", BYTES(ZIP "xl/workbook.xml"), BDK_DOCUMENT, "xlsx"},
    {"x", BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....W\0o\0r\0d\0D\0o\0c\0u\0"), BDK_DOCUMENT, "doc"},
    {"x", BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....W\0o\0r\0k\0b\0o\0o\0k\0"), BDK_DOCUMENT, "xls"},
    {"x", BYTES("plain words\n"), BDK_DOCUMENT, "txt"},
    {"x", BYTES("caf\xC3\xA9"), BDK_DOCUMENT, "txt"},
    {"x", BYTES("cut in a character \xE2\x82"), BDK_DOCUMENT, "txt"},
    {"x", BYTES("<!DOCTYPE html>\n<p>"), BDK_DOCUMENT, "html"},
    {"x", BYTES("\xEF\xBB\xBF \n<HTML lang=en>"), BDK_DOCUMENT, "html"},
    /* content before the name */
    {"x.jpg", BYTES("\x89PNG\r\n\x1A\n"), BDK_IMAGE, "png"},
    {"x.txt", BYTES("%PDF-1.4"), BDK_DOCUMENT, "pdf"},
    {"x.png", BYTES("not a picture"), BDK_DOCUMENT, "txt"},
    {"x.mp4", BYTES("\0\0\0\x14""ftypqt  "), BDK_VIDEO, "mov"},
    {"x.mp3", BYTES("RIFF\x24\0\0\0WAVE"), BDK_AUDIO, "wav"},
    /* the name says what content leaves open */
    {"x.csv", BYTES("a,b\n1,2\n"), BDK_DOCUMENT, "csv"},
    {"x.CSV", BYTES("a,b\n1,2\n"), BDK_DOCUMENT, "csv"},
    {"x.csv", BYTES("caf\xE9,1\n"), BDK_DOCUMENT, "csv"},
    {"x.md", BYTES("# Title\n"), BDK_DOCUMENT, "md"},
    {"x.markdown", BYTES("<html>in Markdown"), BDK_DOCUMENT, "md"},
    {"x.htm", BYTES("<p>no head</p>"), BDK_DOCUMENT, "html"},
    {"x.c", BYTES("int main(void);\n"), BDK_DOCUMENT, "txt"},
    {"x.txt", BYTES("\xFF\xFE""U\0T\0F\0"), BDK_DOCUMENT, "txt"},
    {"x.m4a", BYTES("\0\0\0\x18""ftypmp42"), BDK_AUDIO, "m4a"},
    {"x.mov", BYTES("\0\0\0\x18""ftypmp42"), BDK_VIDEO, "mov"},
    {"x.mka", BYTES("\x1A\x45\xDF\xA3\x9F\x42\x82\x88matroska"), BDK_AUDIO, "mka"},
    {"x.weba", BYTES("\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm"), BDK_AUDIO, "webm"},
    {"x.mpg", BYTES("\0\0\1\xBA"), BDK_VIDEO, "mpg"},
    {"x.mpga", BYTES("\xFF\xFB\x90\x64"), BDK_AUDIO, "mpga"},
    {"x.aac", BYTES("ID3\4\0\0"), BDK_AUDIO, "aac"},
    {"x.pcm", BYTES("\0\1\0\2"), BDK_AUDIO, "pcm"},
    {"x.docx", BYTES("PK\3\4\x14\0\0\0\x08\0"), BDK_DOCUMENT, "docx"},
    {"x.xls", BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), BDK_DOCUMENT, "xls"},
    {"a.b/x.PNG", BYTES("\0"), BDK_IMAGE, "png"},
    /* nothing that the API takes */
    {"x", BYTES(""), BDK_NO_BLOCK, NULL},
    {"x", BYTES("\0"), BDK_NO_BLOCK, NULL},
    {"x.bin", BYTES("\x7F""ELF\2\1\1"), BDK_NO_BLOCK, NULL},
    {"x.png/y", BYTES("\0\0"), BDK_NO_BLOCK, NULL},
    {"png", BYTES("\0\0"), BDK_NO_BLOCK, NULL},
    {"x.heic", BYTES("\0\0\0\x18""ftypheic"), BDK_NO_BLOCK, NULL},
    {"x.avi", BYTES("RIFF\x24\0\0\0AVI LIST"), BDK_NO_BLOCK, NULL},
    {"x", BYTES("....\x24\0\0\0WAVEfmt "), BDK_NO_BLOCK, NULL},
    {"x.zip", BYTES(ZIP "a.txt"), BDK_NO_BLOCK, NULL},
    {"x", BYTES("not UTF-8 \xC3("), BDK_NO_BLOCK, NULL},
    {"x", BYTES("\xFF\xFE\x90\x64"), BDK_NO_BLOCK, NULL},
    {"x", BYTES("a control \x01"), BDK_NO_BLOCK, NULL},
    {"x", BYTES("another \x7F"), BDK_NO_BLOCK, NULL},
};

static void check(size_t i, size_t n)
{
    char *head = t_guard(cases[i].head, n);
    struct bdk_media is = bdk_media_of(cases[i].name, head, n);

    if (n < cases[i].len) {
        /* any answer will do for less of it, if it comes without a byte too much */
        CHECK((is.block == BDK_NO_BLOCK) == (is.format == NULL));
    } else if (cases[i].format) {
        CHECKF(is.block == cases[i].block && is.format && strcmp(is.format, cases[i].format) == 0,
               "%d %s", is.block, is.format ? is.format : "-");
    } else {
        CHECKF(is.block == BDK_NO_BLOCK && !is.format, "%d %s", is.block, is.format ? is.format : "-");
    }
    t_guard_free(head, n);
}

int main(void)
{
    static const char *const images[] = {"png", "jpeg", "gif", "webp", NULL};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("%s, %.12s: %s", cases[i].name, cases[i].head, cases[i].format ? cases[i].format : "nothing");
        for (size_t n = 0; n <= cases[i].len; n++)
            check(i, n);
    }
    for (size_t i = 0; images[i]; i++) {
        char name[40];
        struct bdk_media is;

        t_case("by name alone: %s", images[i]);
        snprintf(name, sizeof name, "s3://bucket/folder.d/%s.%s", "pic", images[i]);
        is = bdk_media_of_name(name);
        CHECK(is.block == BDK_IMAGE && strcmp(is.format, images[i]) == 0);
    }
    return t_end("test_media");
}
