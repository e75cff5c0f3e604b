/* check_model.c - is the JSON on standard input what a service's model says? check_model MODEL.json SHAPE
 * Status 0: yes; 1: no, with path and reason; 2: no model or no body. Leaves out: the walk (model.c). */
#define _DEFAULT_SOURCE
#include "model.h"
#include "t.h"
#include <stdlib.h>

static int check(struct bedrock_json model, const char *shape, const char *text, size_t len)
{
    struct t_model_report report = {0};
    struct bedrock_json document;
    int rc = bedrock_json_parse(text, len, &document, NULL);

    if (rc == 0)
        rc = t_model_check(model, shape, document, &report);
    else
        snprintf(report.why, sizeof report.why, "no JSON");
    if (report.warnings.len > 0)
        fprintf(stderr, "%.*s", (int)report.warnings.len, report.warnings.p);
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", shape, report.why);
    bedrock_buffer_free(&report.warnings);
    return rc == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    size_t model_len = 0, len = 0;
    char *model_text = argc == 3 ? t_read_file(argv[1], &model_len) : NULL;
    char *text = argc == 3 ? t_read_file("/dev/stdin", &len) : NULL;
    struct bedrock_json model;
    int status = 2;

    if (text && model_text && bedrock_json_parse(model_text, model_len, &model, NULL) == 0)
        status = check(model, argv[2], text, len);
    else
        fprintf(stderr, "check_model MODEL.json SHAPE < BODY: no model or no body\n");
    free(model_text);
    free(text);
    return status;
}
