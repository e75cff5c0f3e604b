/* wait.c - signals, and waiting for a call or for input while one may come.
 * POSIX signals over a pipe to oneself, so that none slips in between a check and poll(). Leaves out:
 * name resolution, which nothing can interrupt; a second SIGINT ends the program there. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t wait_signal;
static int wait_pipe[2] = {-1, -1};

static void wait_on_signal(int number)
{
    int err = errno;

    wait_signal = number;
    if (write(wait_pipe[1], "", 1) < 0)
        wait_signal = number; /* the pipe is full: it wakes poll() as it is */
    errno = err;
}

static void wait_catch(int number)
{
    struct sigaction a;

    if (sigaction(number, NULL, &a) != 0 || a.sa_handler == SIG_IGN)
        return;
    memset(&a, 0, sizeof a);
    a.sa_handler = wait_on_signal;
    a.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&a.sa_mask);
    sigaction(number, &a, NULL);
}

void cli_catch_signals(void)
{
    if (pipe(wait_pipe) != 0)
        return; /* signals keep their defaults: they end the program at once */
    for (int i = 0; i < 2; i++) {
        fcntl(wait_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(wait_pipe[i], F_SETFL, O_NONBLOCK);
    }
    wait_catch(SIGINT);
    wait_catch(SIGTERM);
}

int cli_signal(void)
{
    return (int)wait_signal;
}

/* As poll() for one descriptor: -1 when a signal of ours came. */
static int wait_poll(int fd, short events, int timeout_ms)
{
    struct pollfd set[2] = {{fd, events, 0}, {wait_pipe[0], POLLIN, 0}};
    int n = 0;

    while (!wait_signal && (n = poll(set, 2, timeout_ms)) < 0 && errno == EINTR)
        continue; /* a stop and a continue, or a changed window size */
    if (wait_signal)
        return -1;
    return n < 0 || set[0].revents != 0;
}

int cli_wait_input(int fd, int timeout_ms)
{
    return wait_poll(fd, POLLIN, timeout_ms);
}

int cli_next(struct bedrock_call *call, struct bedrock_event *ev)
{
    int rc = 0;

    while (!wait_signal && (rc = bedrock_step(call, ev)) > BEDROCK_EVENT)
        if (wait_poll(bedrock_fd(call), (short)bedrock_events(call), bedrock_timeout_ms(call)) < 0)
            break;
    return wait_signal ? CLI_INTERRUPTED : rc;
}
