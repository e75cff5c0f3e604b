/* peak.c - runs a command again and again and says what it costs: wall and CPU time, peak memory.
 * Peak memory is VmHWM, read from /proc as the process exits (ptrace); getrusage() would count what the
 * parent held at the fork. Leaves out: systems other than Linux. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PEAK_MAX_RUNS 1000

struct cost {
    double wall_ms, cpu_ms;
};

static double now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double ms_of(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static pid_t launch(char **argv, int traced)
{
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (traced)
            ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static int run(char **argv, struct cost *c)
{
    struct rusage used;
    double began = now_ms();
    pid_t pid = launch(argv, 0);
    int status = 0;

    if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
        return -1;
    c->wall_ms = now_ms() - began;
    c->cpu_ms = ms_of(used.ru_utime) + ms_of(used.ru_stime);
    return status;
}

/* VmHWM in KiB, or -1. */
static long read_peak(pid_t pid)
{
    char path[64], line[256];
    long kib = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static long peak_of(char **argv)
{
    pid_t pid = launch(argv, 1);
    long kib = -1;
    int status;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)PTRACE_O_TRACEEXIT);
    while (ptrace(PTRACE_CONT, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
           WIFSTOPPED(status)) {
        if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8)))
            kib = read_peak(pid);
    }
    return kib;
}

static int by_wall(const void *a, const void *b)
{
    double x = ((const struct cost *)a)->wall_ms, y = ((const struct cost *)b)->wall_ms;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static struct cost costs[PEAK_MAX_RUNS];
    int n = 20, first = 1, status = 0;

    if (argc > 2 && strcmp(argv[1], "-n") == 0) {
        n = atoi(argv[2]);
        first = 3;
    }
    if (first >= argc || n < 1 || n > PEAK_MAX_RUNS) {
        fprintf(stderr, "usage: peak [-n RUNS] COMMAND [ARG...]\n");
        return 2;
    }
    for (int i = 0; i < n && status == 0; i++)
        status = run(argv + first, &costs[i]);
    if (status != 0) {
        fprintf(stderr, "peak: %s ended with status %d\n", argv[first],
                WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        return 1;
    }
    qsort(costs, (size_t)n, sizeof costs[0], by_wall);
    printf("%9.2f ms  %9.2f ms CPU  %7ld KiB\n", costs[n / 2].wall_ms, costs[n / 2].cpu_ms,
           peak_of(argv + first));
    return 0;
}
