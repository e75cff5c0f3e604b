/* model.h - a JSON document held against a shape of a service's model. See model.c. */
#ifndef MODEL_H
#define MODEL_H

#include "bedrock.h"

/* What was found. */
struct t_model_report {
    char why[400];                  /* path and reason of the first fault; "" for none */
    struct bedrock_buffer warnings; /* lines: values that an enum does not have, which it may have tomorrow */
};

/*
 * 0: the document fits the shape of that name, BEDROCK_ERR_USAGE: it does not. Members that stand in the URL
 * or in a header may be there and need not. Zero the report to start; its warnings are the caller's to free.
 */
int t_model_check(struct bedrock_json model, const char *shape, struct bedrock_json document,
                  struct t_model_report *report);

#endif
