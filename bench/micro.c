/* micro.c - megabytes a second of the parts that see every byte: SHA-256, CRC-32, JSON, event frames.
 * Best of many runs over data that fits the cache. Leaves out: the network (run.sh). */
#define _DEFAULT_SOURCE
#include "../bedrock_int.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MICRO_SIZE 65536u
#define MICRO_RUNS 400

static double now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Keeps results in use, so that no run is optimised away. */
static volatile unsigned micro_sink;

typedef void (*micro_fn)(const char *p, size_t n, unsigned cpu);

static void micro_sha256(const char *p, size_t n, unsigned cpu)
{
    unsigned char out[BDK_SHA256_LEN];

    bdk_sha256_of(p, n, out, cpu);
    micro_sink += out[0];
}

static void micro_crc32(const char *p, size_t n, unsigned cpu)
{
    micro_sink += bdk_crc32(0, p, n, cpu);
}

static void micro_json(const char *p, size_t n, unsigned cpu)
{
    struct bedrock_json v;

    (void)cpu;
    micro_sink += (unsigned)bedrock_json_parse(p, n, &v, NULL);
}

static void micro_frames(const char *p, size_t n, unsigned cpu)
{
    struct bdk_es_decoder d;
    struct bdk_es_frame f;

    bdk_es_init(&d, 0, cpu, NULL, NULL);
    while (n > 0 && bdk_es_next(&d, &p, &n, &f) == 0)
        micro_sink += (unsigned)f.payload.len;
    bdk_es_free(&d);
}

static void micro_run(const char *name, micro_fn fn, const struct bedrock_buffer *b, unsigned cpu)
{
    double best = 1e9;

    for (int i = 0; i < MICRO_RUNS; i++) {
        double began = now_s(), took;

        fn(b->p, b->len, cpu);
        took = now_s() - began;
        best = took < best ? took : best;
    }
    printf("  %-44s %8.0f MB/s\n", name, (double)b->len / best / 1e6);
}

static void micro_text(struct bedrock_buffer *b, const char *text)
{
    bedrock_buffer_append(b, text, strlen(text));
}

int main(void)
{
    static const char delta[] =
        "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" capital of Italy\"},\"p\":\"abcdefghijklm\"}";
    struct bedrock_buffer plain = {0}, prose = {0}, summaries = {0}, frames = {0};
    unsigned cpu = bdk_cpu();

    while (plain.len < MICRO_SIZE)
        micro_text(&plain, "The quick brown fox jumps over the lazy dog. ");
    micro_text(&prose, "{\"output\":{\"message\":{\"content\":[{\"text\":\"");
    while (prose.len < MICRO_SIZE)
        micro_text(&prose, "It is Rome, which lies on the Tiber, and has been for a while.\\n");
    micro_text(&prose, "\"}]}}}");
    micro_text(&summaries, "[0");
    while (summaries.len < MICRO_SIZE)
        micro_text(&summaries, ",{\"modelId\":\"amazon.nova-lite-v1:0\",\"inputModalities\":[\"TEXT\","
                               "\"IMAGE\"],\"responseStreamingSupported\":true,\"n\":-12.5e3}");
    micro_text(&summaries, "]");
    while (frames.len < MICRO_SIZE)
        bedrock_frame_append(&frames, 0, "contentBlockDelta", delta, strlen(delta));
    micro_run("sha256, plain C", micro_sha256, &plain, 0);
    if (cpu & BDK_CPU_SHA)
        micro_run("sha256, the processor's instructions", micro_sha256, &plain, cpu);
    micro_run("crc32, tables", micro_crc32, &plain, 0);
    if (cpu & BDK_CPU_PCLMUL)
        micro_run("crc32, the processor's instructions", micro_crc32, &plain, cpu);
    micro_run("json, check a long text", micro_json, &prose, 0);
    micro_run("json, check a list of models", micro_json, &summaries, 0);
    micro_run("event stream, frames of a delta", micro_frames, &frames, cpu);
    bedrock_buffer_free(&plain);
    bedrock_buffer_free(&prose);
    bedrock_buffer_free(&summaries);
    bedrock_buffer_free(&frames);
    return 0;
}
