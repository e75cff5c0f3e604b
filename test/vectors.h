/* vectors.h - the public test suites: a folder of JSON files that is not part of the tree. See vectors.c. */
#ifndef VECTORS_H
#define VECTORS_H

#include "t.h"

/* The main() of a program of this name: run(argv[1]), or one case skipped where no such folder is. */
int vectors_main(const char *name, int argc, char **argv, void (*run)(const char *folder));

/* A file of the folder, with a case that says whether it is there and is JSON. The text that *root stands in
 * is the caller's to free(); NULL: the case failed. */
char *vectors_load(const char *folder, const char *file, struct bedrock_json *root);

/* One call for each element, or member's value, of what stands at the path, "" for the file itself; a case
 * that fails when there is none. */
void vectors_each(const char *folder, const char *file, const char *path,
                  void (*each)(struct bedrock_json vector));

#endif
