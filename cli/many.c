/* many.c - many models asked side by side in one thread, and their answers in the order given.
 * Leaves out: what one answer is (answer.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MANY_DEFAULT_PARALLEL 8
#define MANY_MAX_PARALLEL 256
#define MANY_OTHER_FILES 16 /* descriptors that are not calls' */

struct many {
    struct cli *c;
    struct cli_asking *how;
    const struct cli_targets *targets;
    int unordered;
    struct cli_answer **kept;       /* by place: begun and not yet told */
    struct cli_row *rows;           /* by place */
    size_t begun, told, failed;     /* how many */
    size_t turn;                    /* the place that is live, or will be; when they are ordered */
    int first_status;               /* of the first place */
    struct cli_answer *running[MANY_MAX_PARALLEL];
    size_t n_running;               /* of them in use, or used before */
};

/* ---- Telling ---- */

/* Before its turn an answer goes aside, unless it comes in lines that say whose they are. */
static int many_is_live(const struct many *m, const struct cli_answer *a)
{
    return !m->how->several || (m->unordered ? m->c->json : a->place == m->turn);
}

static void many_tell(struct many *m, struct cli_answer *a)
{
    int status;

    cli_answer_live(a);
    status = cli_answer_tell(a);
    if (a->place == 0)
        m->first_status = status;
    m->failed += status != CLI_OK;
    m->told++;
    cli_row_fill(&m->rows[a->place], a);
    m->kept[a->place] = NULL;
    cli_answer_free(a);
}

/* Tell the answers whose turn has come, and let the next one write as it arrives. */
static void many_take_turns(struct many *m)
{
    while (m->turn < m->begun && !m->c->out.error) {
        struct cli_answer *a = m->kept[m->turn];

        cli_answer_live(a);
        if (a->stage != CLI_ANSWERED)
            break;
        m->turn++;
        many_tell(m, a);
    }
}

/* After a signal: what is complete and was waiting for its turn. */
static void many_tell_complete(struct many *m)
{
    for (size_t i = 0; i < m->begun && !m->c->out.error; i++)
        if (m->kept[i] && m->kept[i]->stage == CLI_ANSWERED)
            many_tell(m, m->kept[i]);
}

/* ---- Asking ---- */

/* The next one in the order given; NULL when all have been begun. */
static struct cli_answer *many_begin(struct many *m)
{
    struct cli_answer *a;

    if (m->begun == m->targets->n)
        return NULL;
    a = cli_answer_new(m->how, &m->targets->at[m->begun], m->begun);
    if (!a) {
        cli_fail(&m->c->err, BEDROCK_ERR_NOMEM, "out of memory");
        return NULL;
    }
    m->kept[m->begun++] = a;
    if (many_is_live(m, a))
        cli_answer_live(a);
    return a;
}

static int many_is_stopped(const struct many *m)
{
    return cli_signal() || m->c->out.error || m->c->err.code;
}

/* Let one go on. When it is over, the next one takes its place, and its connection, at once. */
static void many_move(struct many *m, size_t i)
{
    struct cli_answer *a;

    while ((a = m->running[i]) != NULL && cli_answer_step(a) == 0 && !many_is_stopped(m)) {
        m->running[i] = many_begin(m);
        if (m->unordered)
            many_tell(m, a);
    }
}

static int many_looks_up(const struct many *m, size_t i)
{
    return m->running[i] && m->running[i]->stage == CLI_LOOKING_UP;
}

/* Wait for the running ones and for the look-up, which comes last and concerns all that wait for it. 0: none
 * is running any more. */
static size_t many_wait(struct many *m, unsigned char ready[])
{
    struct bedrock_call *calls[MANY_MAX_PARALLEL + 1];
    size_t n = m->n_running, running = 0;
    int timeout_ms = -1;

    for (size_t i = 0; i < n; i++) {
        calls[i] = m->running[i] ? m->running[i]->call : NULL;
        running += m->running[i] != NULL;
        if (many_looks_up(m, i) && m->how->lookup.over)
            timeout_ms = 0;
    }
    calls[n] = m->how->lookup.call;
    if (running > 0)
        cli_wait(calls, n + 1, ready, -1, timeout_ms);
    for (size_t i = 0; i < n; i++)
        if (many_looks_up(m, i))
            ready[i] = ready[n] || m->how->lookup.over;
    return running;
}

static void many_run(struct many *m, size_t parallel)
{
    unsigned char ready[MANY_MAX_PARALLEL + 1];

    while (m->n_running < parallel && !many_is_stopped(m) &&
           (m->running[m->n_running] = many_begin(m)) != NULL)
        m->n_running++;
    memset(ready, 1, sizeof ready);
    do {
        for (size_t i = 0; i < m->n_running && !many_is_stopped(m); i++)
            if (ready[i])
                many_move(m, i);
        if (!m->unordered && !many_is_stopped(m))
            many_take_turns(m);
    } while (!many_is_stopped(m) && many_wait(m, ready) > 0);
}

static int many_status(const struct many *m)
{
    if (m->c->err.code)
        return cli_report(m->c, &m->c->err, NULL);
    return m->failed == m->told || m->failed == 0 ? m->first_status : CLI_SOME_FAILED;
}

/* Never more at a time than there may be sockets: what cannot connect would fail,
 * though it need only wait. */
static size_t many_parallel(long asked)
{
    size_t n = asked > 0 ? (size_t)asked : MANY_DEFAULT_PARALLEL;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < n + MANY_OTHER_FILES)
        n = files.rlim_cur > MANY_OTHER_FILES + 1 ? (size_t)files.rlim_cur - MANY_OTHER_FILES : 1;
    return n;
}

int cli_ask_all(struct cli_asking *how, const struct cli_targets *t)
{
    const struct cli_args *args = &how->c->args;
    long parallel = cli_number(args, CLI_OPT_PARALLEL);
    struct many m = {0};
    int status;

    m.c = how->c;
    m.how = how;
    m.targets = t;
    m.unordered = args->on[CLI_OPT_UNORDERED] != 0;
    m.kept = calloc(t->n, sizeof *m.kept);
    m.rows = cli_rows_new(t);
    if (m.kept && m.rows)
        many_run(&m, many_parallel(parallel));
    else
        cli_fail(&m.c->err, BEDROCK_ERR_NOMEM, "out of memory");
    if (cli_signal())
        many_tell_complete(&m);
    status = many_status(&m);
    if (m.rows && how->several && args->on[CLI_OPT_USAGE] && !m.c->out.error)
        cli_summary(m.c, m.rows, t->n);
    for (size_t i = 0; i < m.begun; i++)
        cli_answer_free(m.kept[i]);
    free(m.kept);
    free(m.rows);
    return status;
}
