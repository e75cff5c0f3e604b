/* emu_converse.c - Converse and ConverseStream: the answer as JSON or as events.
 * Amazon Bedrock API reference, Converse, ConverseStream. Leaves out: how a request is read (emu_check.c),
 * what is said (emu_says.c) and what a block looks like (emu_blocks.c). */
#include "emu.h"
#include <string.h>

/* ---- What both have ---- */

static size_t emu_output_words(const struct emu_plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n_blocks; i++)
        n += emu_block_words(&plan->blocks[i]);
    return n;
}

/* The members of an object that was being written. */
static void emu_put_members(struct bedrock_writer *w, struct bedrock_writer *from)
{
    struct bedrock_json v, name, one;
    struct bedrock_json_iter it;

    bedrock_write_object_end(from);
    if (bedrock_write_end(from) != 0 || bedrock_json_parse(from->out.p, from->out.len, &v, NULL) != 0)
        return;
    it = bedrock_json_iterate(v);
    while (bedrock_json_next(&it, &name, &one))
        bedrock_write_member(w, name, one);
}

/* An hour's before five minutes'. */
static void emu_put_cache(struct bedrock_writer *w, const struct emu_plan *plan)
{
    static const char *const ttls[] = {"5m", "1h"};

    emu_put_int(w, "cacheReadInputTokens", (int64_t)plan->cache_read);
    emu_put_int(w, "cacheWriteInputTokens", (int64_t)(plan->cache_write[0] + plan->cache_write[1]));
    emu_put_array(w, "cacheDetails");
    for (int i = 1; i >= 0; i--) {
        if (plan->cache_write[i] == 0)
            continue;
        bedrock_write_object(w);
        emu_put_text(w, "ttl", ttls[i]);
        emu_put_int(w, "inputTokens", (int64_t)plan->cache_write[i]);
        bedrock_write_object_end(w);
    }
    bedrock_write_array_end(w);
}

static void emu_put_counts(struct bedrock_writer *w, struct emu_answer *a)
{
    int64_t now = emu_now_ms(), until = now > a->hold_ms ? now : a->hold_ms;
    int64_t took = until > a->began_ms ? until - a->began_ms : 1; /* below one is one */
    struct emu_plan *plan = &a->plan;
    size_t cached = plan->cache_read + plan->cache_write[0] + plan->cache_write[1];
    size_t out = emu_output_words(plan);

    emu_put_object(w, "usage");
    emu_put_int(w, "inputTokens", (int64_t)plan->input_words);
    emu_put_int(w, "outputTokens", (int64_t)out);
    emu_put_int(w, "totalTokens", (int64_t)(plan->input_words + cached + out));
    if (cached > 0)
        emu_put_cache(w, plan);
    emu_put_members(w, &plan->in_usage);
    bedrock_write_object_end(w);
    emu_put_object(w, "metrics");
    emu_put_int(w, "latencyMs", took);
    bedrock_write_object_end(w);
}

/* ---- The answer in one piece ---- */

static void emu_answer_whole(struct emu_answer *a)
{
    struct bedrock_writer *w = &a->w;
    int64_t words = (int64_t)emu_output_words(&a->plan);

    if (a->plan.first_ms)
        a->hold_ms = a->began_ms + a->plan.first_ms + words * a->plan.word_ms;
    bedrock_write_object(w);
    emu_put_object(w, "output");
    emu_put_object(w, "message");
    emu_put_text(w, "role", "assistant");
    emu_put_array(w, "content");
    for (size_t i = 0; i < a->plan.n_blocks; i++)
        emu_block_write(w, &a->plan.blocks[i]);
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    emu_put_text(w, "stopReason", a->plan.stop_reason);
    emu_put_members(w, &a->plan.at_stop);
    emu_put_counts(w, a);
    emu_put_members(w, &a->plan.at_end);
    bedrock_write_object_end(w);
    emu_http_answer(a, 200, "application/json", w->out.p, w->out.len);
    if (a->end == EMU_STALL)
        a->limit = a->out.len - 10;
    if (a->plan.garbage)
        emu_text(&a->out, "what is this?");
}

/* ---- The answer as events ---- */

void emu_event_begin(struct emu_answer *a)
{
    struct bedrock_buffer reused = a->w.out;

    memset(&a->w, 0, sizeof a->w);
    reused.len = 0;
    a->w.out = reused;
    bedrock_write_object(&a->w);
}

void emu_event_frame(struct emu_answer *a, const char *message_type, const char *type)
{
    static const char padding[] = "abcdefghijklmnopqrstuvwxyzABCD";
    const char *headers[] = {":event-type", type, ":content-type", "application/json",
                             ":message-type", message_type, NULL};

    if (strcmp(message_type, "event") == 0) {
        bedrock_write_name(&a->w, "p");
        bedrock_write_string(&a->w, padding, emu_random(a->e) % sizeof padding);
    } else {
        headers[0] = ":exception-type";
    }
    bedrock_write_object_end(&a->w);
    a->frame.len = 0;
    emu_frame(a->e, &a->frame, headers, a->w.out.p, a->w.out.len);
}

void emu_event_send(struct emu_answer *a)
{
    emu_http_chunk(&a->out, a->frame.p, a->frame.len);
}

void emu_event_end(struct emu_answer *a, const char *type)
{
    emu_event_frame(a, "event", type);
    a->n_frames++;
    if (a->n_frames == 3 && a->plan.third)
        a->plan.third(a);
    emu_event_send(a);
}

/* Begin a contentBlock... event. */
static void emu_block_begin(struct emu_answer *a)
{
    emu_event_begin(a);
    emu_put_int(&a->w, "contentBlockIndex", (int64_t)a->block);
}

static void emu_step_start(struct emu_answer *a)
{
    emu_event_begin(a);
    emu_put_text(&a->w, "role", "assistant");
    emu_event_end(a, "messageStart");
    if (a->plan.first_ms)
        a->due_ms = a->began_ms + a->plan.first_ms;
    a->step = EMU_STEP_BLOCKS;
}

/* Whose turn is it? 0: all blocks are complete. */
static int emu_next_block(struct emu_answer *a, int turns)
{
    const struct emu_plan *plan = &a->plan;

    for (size_t i = 0; i < plan->n_blocks; i++) {
        size_t n = turns ? (a->block + 1 + i) % plan->n_blocks : i;

        if (plan->blocks[n].is_done)
            continue;
        a->block = n;
        return 1;
    }
    return 0;
}

static void emu_step_blocks(struct emu_answer *a)
{
    enum emu_part part;

    if (!emu_next_block(a, a->plan.interleaved)) {
        a->step = EMU_STEP_STOP;
        return;
    }
    emu_block_begin(a);
    part = emu_block_next(&a->w, &a->plan.blocks[a->block]);
    if (part == EMU_PART_STOP)
        emu_block_begin(a);
    emu_event_end(a, part == EMU_PART_START ? "contentBlockStart"
                     : part == EMU_PART_DELTA ? "contentBlockDelta" : "contentBlockStop");
    if (part == EMU_PART_DELTA && a->due_ms != INT64_MAX)
        a->due_ms = a->plan.word_ms ? emu_now_ms() + a->plan.word_ms : 0;
}

static void emu_step_stop(struct emu_answer *a)
{
    if (a->plan.no_stop) {
        a->step = EMU_STEP_LAST_CHUNK;
        return;
    }
    a->step = EMU_STEP_METADATA;
    emu_event_begin(a);
    emu_put_text(&a->w, "stopReason", a->plan.stop_reason);
    emu_put_members(&a->w, &a->plan.at_stop);
    emu_event_end(a, "messageStop");
}

static void emu_step_metadata(struct emu_answer *a)
{
    a->step = EMU_STEP_LAST_CHUNK;
    emu_event_begin(a);
    emu_put_counts(&a->w, a);
    emu_put_members(&a->w, &a->plan.at_end);
    emu_event_end(a, "metadata");
}

void emu_stream_end(struct emu_answer *a)
{
    emu_http_chunk(&a->out, "", 0);
    if (a->plan.garbage)
        emu_text(&a->out, "what is this?");
    a->step = EMU_STEP_DONE;
}

static void emu_converse_more(struct emu_answer *a)
{
    switch (a->step) {
    case EMU_STEP_START:
        emu_step_start(a);
        break;
    case EMU_STEP_BLOCKS:
        emu_step_blocks(a);
        break;
    case EMU_STEP_STOP:
        emu_step_stop(a);
        break;
    case EMU_STEP_METADATA:
        emu_step_metadata(a);
        break;
    case EMU_STEP_LAST_CHUNK:
        emu_stream_end(a);
        break;
    case EMU_STEP_WHOLE:
    case EMU_STEP_DONE:
        break;
    }
}

/* ---- The two operations ---- */

/* trace, if anything is to be told. */
static void emu_trace(struct emu_plan *plan)
{
    bedrock_write_object_end(&plan->in_trace);
    if (bedrock_write_end(&plan->in_trace) != 0 || plan->in_trace.out.len <= 2)
        return;
    bedrock_write_name(&plan->at_end, "trace");
    bedrock_write_raw(&plan->at_end, plan->in_trace.out.p, plan->in_trace.out.len);
}

static void emu_echo(struct emu_answer *a, const struct emu_prompt *p, const char *name,
                     enum emu_member member)
{
    if (p->in[member].type == BEDROCK_JSON_NONE)
        return;
    bedrock_write_name(&a->plan.at_end, name);
    bedrock_write_raw(&a->plan.at_end, p->in[member].p, p->in[member].len);
}

static void emu_converse_as(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label,
                            int streams)
{
    struct emu_prompt p = {0};

    p.streams = streams;
    p.stored = emu_model_is_stored(label);
    if (emu_check_request(a, &p, rq->body) == 0)
        emu_models_plan(a, label, &p);
    if (!a->status && emu_guard_plan(a, &p) == 0) {
        emu_fields(&a->plan, &p);
        emu_trace(&a->plan);
        emu_echo(a, &p, "performanceConfig", EMU_IN_PERFORMANCE);
        emu_echo(a, &p, "serviceTier", EMU_IN_TIER);
    }
    emu_prompt_free(&p);
    if (a->status)
        return;
    if (!streams) {
        emu_answer_whole(a);
        return;
    }
    emu_http_head(a, 200, "application/vnd.amazon.eventstream", -1, "");
    a->more = emu_converse_more;
    a->step = EMU_STEP_START;
}

void emu_converse(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    emu_converse_as(rq, a, label, 0);
}

void emu_converse_stream(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    emu_converse_as(rq, a, label, 1);
}
