/* replay.c - runs a fuzz target over its kept corpus, without a fuzzer: fuzz/corpus/NAME for replay_NAME,
 * and every input cut short besides. Leaves out: finding new inputs (make fuzz). */
#define _DEFAULT_SOURCE
#include "../test/t.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input at the end of its page, whole and without its last byte, half and first byte. */
static void replay(const char *path, const char *name)
{
    size_t len = 0;
    char *text = t_read_file(path, &len);

    t_case("%s", name);
    if (!CHECK(text != NULL))
        return;
    for (int cut = 0; cut < 4; cut++) {
        size_t n = cut == 0 ? len : cut == 1 ? len / 2 : cut == 2 && len > 0 ? len - 1 : len > 0;
        char *copy = t_guard(text + (cut == 3 ? len - n : 0), n);

        LLVMFuzzerTestOneInput((const uint8_t *)copy, n);
        t_guard_free(copy, n);
    }
    free(text);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *self = slash ? slash + 1 : argv[0];
    char folder[300], path[700];
    const struct dirent *entry;
    DIR *dir;

    snprintf(folder, sizeof folder, "fuzz/corpus/%.200s",
             strncmp(self, "replay_", 7) == 0 ? self + 7 : self);
    if (argc > 1)
        snprintf(folder, sizeof folder, "%.290s", argv[1]);
    dir = opendir(folder);
    t_case("the corpus %s is there", folder);
    CHECK(dir != NULL);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%.300s", folder, entry->d_name);
        replay(path, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return t_end(self);
}
