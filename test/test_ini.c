/* test_ini.c - the grammar of the config files: what comes out, and the line and word of what does not.
 * Cases of our own; the SDKs' common suite is read by vectors_profiles.c. Leaves out: what sections mean. */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

/* Items as a line: "1[name] 2:name=value 3::nested=value" with | for a newline in a value, and "4! why". */
static void ini_render(char *text, size_t len, char *out, size_t cap)
{
    struct bdk_ini_item item;
    struct bdk_ini it;
    size_t used = 0;
    int rc;

    out[0] = 0;
    bdk_ini_init(&it, text, len);
    while ((rc = bdk_ini_next(&it, &item)) > 0 && used < cap) {
        for (char *p = item.value; (p = strchr(p, '\n')) != NULL;)
            *p = '|';
        used += (size_t)snprintf(out + used, cap - used, "%s%u", used ? " " : "", item.line);
        if (used >= cap)
            break;
        if (item.kind == BDK_INI_SECTION)
            used += (size_t)snprintf(out + used, cap - used, "[%s]%s", item.name, item.value);
        else
            used += (size_t)snprintf(out + used, cap - used, "%s%s=%s",
                                     item.kind == BDK_INI_NESTED ? "::" : ":", item.name, item.value);
    }
    if (rc < 0) {
        CHECK(rc == BEDROCK_ERR_CONFIG && it.why);
        snprintf(out + used, cap - used, "%s%u! %s", used ? " " : "", it.line, it.why);
        CHECKF(bdk_ini_next(&it, &item) == BEDROCK_ERR_CONFIG, "an error does not stay");
    } else {
        CHECKF(!it.why && bdk_ini_next(&it, &item) == 0, "the end does not stay");
    }
}

/* At the end of its page; with every line ended as in Windows when crlf says so. */
static void ini_check(const char *text, const char *want, int crlf)
{
    char *copy = malloc(strlen(text) * 2 + 1), *guarded, got[1024];
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        if (*p == '\n' && crlf)
            copy[n++] = '\r';
        copy[n++] = *p;
    }
    guarded = t_guard(copy, n);
    ini_render(guarded, n, got, sizeof got);
    CHECK_TEXT(got, strlen(got), want);
    t_guard_free(guarded, n);
    free(copy);
}

static void test_items(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"\n", ""},
        {"\n \n\t\n# a\n; b\n  # c\n\t; d\n", ""},
        {"[a]\n", "1[a]"},
        {"\n[ \ta b \t]\n", "2[a b]"},
        {"[]\n", "1[]"},
        {"[a]]\n", "1[a]]"},
        {"[[a]\n", "1[[a]"},
        {"[a];x\n[b]#y\n[c] ; z ]\n", "1[a] 2[b] 3[c]"},
        {"[a]\nk=v\n", "1[a] 2:k=v"},
        {"[a]\nk \t= \tv w\t \n", "1[a] 2:k=v w"},
        {"[a]\nKey_-/.%@:+9 = V\n", "1[a] 2:key_-/.%@:+9=V"},
        {"[a]\nk==\nl= = x\n", "1[a] 2:k== 3:l== x"},
        {"[a]\nk=\nl =#\nm = #\n", "1[a] 2:k= 3:l=# 4:m="},
        {"[a]\nk=a#b ;c # d\n", "1[a] 2:k=a#b"},
        {"[a]\nk=[x]\n", "1[a] 2:k=[x]"},
        {"[a]\nin valid=1\n#=2\nk=3\n", "1[a] 4:k=3"},
        {"[a]\nin\xC3\xA9=1\nk=\xC3\xA9\xFF\n", "1[a] 3:k=\xC3\xA9\xFF"},
        /* continuations */
        {"[a]\nk=v\n w\n\tx y \n[b]\n", "1[a] 2:k=v|w|x y 5[b]"},
        {"[a]\nk=v\n\n w\n\n\n#c\n x\nl=1\n", "1[a] 2:k=v|w|x 9:l=1"},
        {"[a]\nk=v\n # c\n w # no comment\n =\n", "1[a] 2:k=v|w # no comment|="},
        {"[a]\nk=v # c\n w\n", "1[a] 2:k=v|w"},
        {"[a]\nk=v\n [b]\n l=2\nm=3\n", "1[a] 2:k=v|[b]|l=2 5:m=3"},
        {"[a]\nin valid=v\n w\nk=1\n", "1[a] 4:k=1"},
        /* nested blocks */
        {"[a]\ns3=\n x=1\n\n  Y z = 2 \nk=3\n", "1[a] 2:s3= 3::x=1 5::y z=2 6:k=3"},
        {"[a]\ns3 = # c\n x = 1 # d\n # e\n y=\n", "1[a] 2:s3= 3::x=1 5::y="},
        {"[a]\nin valid=\n x=1\nk=\n y=2\n", "1[a] 4:k= 5::y=2"},
        {"[a]\ns3=\n x=1\n[b]\nt=\n x=2\n", "1[a] 2:s3= 3::x=1 4[b] 5:t= 6::x=2"},
        /* what is no config file; each is told at its line */
        {"k=v\n", "1! expected a profile definition"},
        {"\n\nwhat\n", "3! expected a profile definition"},
        {" k=v\n", "1! expected a profile definition"},
        {"[a\n", "1! profile definition must end with ']'"},
        {"[\n", "1! profile definition must end with ']'"},
        {"[a#]\n", "1! profile definition must end with ']'"},
        {"[a] b\n", "1! profile definition must end with ']'"},
        {"[a]\nk\n", "1[a] 2! expected an '=' sign defining a property"},
        {"[a]\nk #=v\n", "1[a] 2! expected an '=' sign defining a property"},
        {"[a]\n=v\n", "1[a] 2! property did not have a name"},
        {"[a]\nk=1\n[b]\n c\n", "1[a] 2:k=1 3[b] 4! expected a property definition, found continuation "
                                "(the line is indented)"},
        {"[a]\ns3=\n x\n", "1[a] 2:s3= 3! expected an '=' sign defining a sub-property"},
        {"[a]\ns3=\n  =x\n", "1[a] 2:s3= 3! sub-property did not have a name"},
        {"[a]\nin valid=\n x\n", "1[a] 3! expected an '=' sign defining a sub-property"},
        {"[a]\nk=a\x01" "b\n", "1[a] 2! a control character: this is no text file"},
        {"[a]\nk=v\n w\x1B\n", "1[a] 2:k=v 3! a control character: this is no text file"},
        {"[a]\nk=a\rb\n", "1[a] 2! a control character: this is no text file"},
        {"\x7F" "ELF\n", "1! a control character: this is no text file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("grammar: %s", cases[i].text);
        ini_check(cases[i].text, cases[i].want, 0);
        ini_check(cases[i].text, cases[i].want, 1);
    }
    t_case("a byte-order mark");
    ini_check("\xEF\xBB\xBF[a]\nk=v\n", "1[a] 2:k=v", 0);
    ini_check("[a]\nk=\xEF\xBB\xBF\n\xEF\xBB\xBFk=w\n", "1[a] 2:k=\xEF\xBB\xBF", 0);
    t_case("a last line without its end is not read past");
    ini_check("[a]", "1! the last line has no end", 0);
    ini_check("[a]\nk=v\n w", "1[a] 2:k=v 3! the last line has no end", 0);
    t_case("a zero byte");
    {
        char text[] = "[a]\nk=v\0w\n", got[100];

        ini_render(text, sizeof text - 1, got, sizeof got);
        CHECK_TEXT(got, strlen(got), "1[a] 2! a control character: this is no text file");
    }
}

/* Nothing of a line may be told: it could be the secret key itself. */
static void test_no_secret(void)
{
    static const char *const lines[] = {"[a]\nTOPSECRET\n", "[a]\nk=\n TOPSECRET\n", "TOPSECRET=TOPSECRET\n",
                                        "[TOPSECRET\n", "[a]\n TOPSECRET\n", "[a]\nk=TOPSECRET\x01\n"};

    t_case("an error tells nothing of the line");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct bdk_ini_item item;
        struct bdk_ini it;
        char text[64];
        int rc;

        strcpy(text, lines[i]);
        bdk_ini_init(&it, text, strlen(text));
        while ((rc = bdk_ini_next(&it, &item)) > 0)
            continue;
        CHECKF(rc == BEDROCK_ERR_CONFIG && !strstr(it.why, "TOPSECRET"), "%zu: %s", i, it.why);
    }
}

static void test_ceilings(void)
{
    size_t n = BDK_INI_MAX_ITEMS, line = BDK_INI_MAX_LINE;
    char *text = malloc((n + 1) * 4 > line + 9 ? (n + 1) * 4 : line + 9);
    struct bdk_ini_item item;
    struct bdk_ini it;

    t_case("a line as long as it may be, and one byte more");
    for (size_t more = 0; more < 2; more++) {
        memcpy(text, "[a]\n", 4);
        memset(text + 4, 'x', line + more);
        text[5] = '=';
        text[4 + line + more] = '\n';
        bdk_ini_init(&it, text, 5 + line + more);
        CHECK(bdk_ini_next(&it, &item) == 1);
        CHECK(bdk_ini_next(&it, &item) == (more ? BEDROCK_ERR_CONFIG : 1));
        CHECK(it.line == 2);
        CHECK(more ? strcmp(it.why, "the line is too long") == 0 : strlen(item.value) == line - 2);
    }
    t_case("as many sections as there may be, and one more");
    for (size_t more = 0; more < 2; more++) {
        size_t seen = 0;
        int rc;

        for (size_t i = 0; i < n + more; i++)
            memcpy(text + i * 4, "[a]\n", 4);
        bdk_ini_init(&it, text, (n + more) * 4);
        while ((rc = bdk_ini_next(&it, &item)) > 0)
            seen++;
        CHECKF(seen == n && rc == (more ? BEDROCK_ERR_CONFIG : 0), "%zu, then %d", seen, rc);
        CHECK(!more || (it.line == n + 1 && strstr(it.why, "too many")));
    }
    free(text);
}

static void test_names(void)
{
    t_case("which names are names");
    CHECK(bdk_ini_is_name("a") && bdk_ini_is_name("aZ09-_/.%@:+"));
    CHECK(!bdk_ini_is_name("") && !bdk_ini_is_name("a b") && !bdk_ini_is_name("a\""));
    CHECK(!bdk_ini_is_name("\xC3\xA9"));
}

int main(void)
{
    test_items();
    test_no_secret();
    test_ceilings();
    test_names();
    return t_end("test_ini");
}
