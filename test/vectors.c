/* vectors.c - reading the public test suites: one main() and one loop for the programs that run them.
 * Leaves out: what a vector means, which each program knows of its own. */
#define _DEFAULT_SOURCE
#include "vectors.h"
#include <stdlib.h>
#include <unistd.h>

int vectors_main(const char *name, int argc, char **argv, void (*run)(const char *folder))
{
    if (argc < 2 || access(argv[1], R_OK) != 0) {
        t_case("%s", name);
        t_skip("the public test suites are not there");
    } else {
        run(argv[1]);
    }
    return t_end(name);
}

char *vectors_load(const char *folder, const char *file, struct bedrock_json *root)
{
    char path[1024];
    char *text;
    size_t len = 0;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    t_case("%s is there and is JSON", file);
    text = t_read_file(path, &len);
    if (CHECKF(text && bedrock_json_parse(text, len, root, NULL) == 0, "%s", path))
        return text;
    free(text);
    return NULL;
}

void vectors_each(const char *folder, const char *file, const char *path,
                  void (*each)(struct bedrock_json vector))
{
    struct bedrock_json root, vector;
    char *text = vectors_load(folder, file, &root);
    struct bedrock_json_iter it;
    size_t n = 0;

    if (!text)
        return;
    it = bedrock_json_iterate(bedrock_json_get(root, path));
    for (; bedrock_json_next(&it, NULL, &vector); n++)
        each(vector);
    t_case("%s holds vectors", file);
    CHECK(n > 0);
    free(text);
}
