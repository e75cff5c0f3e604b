/* test_process.c - credential_process: what is taken from a command, and how each way to fail is told.
 * Real commands of /bin/sh, a clock that the test moves. Leaves out: profiles. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WHAT "credential_process of profile 'a' in /x"
#define JSON "echo '{\"Version\":1,\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s3cret!!\"}'"
#define NOW_S 1767323045 /* 2026-01-02T03:04:05Z */

static int64_t ahead_ms; /* of the system's clock */

static int64_t test_clock(void *ctx, int wall)
{
    (void)ctx;
    return bdk_clock_system(NULL, wall) + ahead_ms;
}

static void wait_for(const struct bdk_process *p)
{
    struct pollfd fd = {bdk_process_fd(p), POLLIN, 0};

    CHECK(bdk_process_timeout_ms(p) >= 0 && bdk_process_timeout_ms(p) <= 50);
    bdk_poll(&fd, fd.fd >= 0, bdk_process_timeout_ms(p));
}

static int run(const char *command, struct bdk_keys *k, struct bedrock_error *e)
{
    struct bdk_process *p = NULL;
    int rc = bdk_process_start(&p, command, 0, WHAT, NULL, NULL, test_clock, NULL, e);

    if (rc == 0)
        while ((rc = bdk_process_step(p, e)) > 0)
            wait_for(p);
    if (rc == 0) {
        CHECK(bdk_process_step(p, e) == 0 && bdk_process_fd(p) == -1);
        rc = bdk_process_keys(p, "77", NOW_S, k, e);
    } else if (p) {
        CHECK(bdk_process_step(p, e) == rc);
    }
    bdk_process_close(p);
    return rc;
}

static void test_commands(void)
{
    static const struct {
        const char *name, *command, *word;
    } cases[] = {
        {"keys", JSON, NULL},
        {"words beside it are no failure", "echo hello >&2; " JSON, NULL},
        {"a pipe, quotes, variables", "x=1; " JSON " | sed \"s/x/$x/\"", NULL},
        {"output in two pieces", "printf '{\"Version\":1,\"AccessKeyId\":\"AKID\",'; printf "
         "'\"SecretAccessKey\":\"s3cret!!\"}'", NULL},
        {"output closed before it ends", JSON "; exec >&-; (exit 0)", NULL},
        {"somebody left behind holds the pipe", JSON "; sleep 20 & exit 0", NULL},
        {"much on standard error", "head -c 300000 /dev/zero | tr '\\0' x >&2; " JSON, NULL},
        {"nothing", ":", ": the answer is empty"},
        {"garbage", "echo s3cret!! is no JSON", ": the answer is not a JSON object"},
        {"the wrong version", "echo '{\"Version\":2}'", "\"Version\" that is not the number 1"},
        {"expired keys", "echo '{\"Version\":1,\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s3cret!!\","
         "\"Expiration\":\"2026-01-02T03:04:04Z\"}'", "expired at 2026-01-02 03:04:04 UTC"},
        {"status 1 without a word", "exit 1", "ended with status 1"},
        {"status 3 with words",
         "echo first >&2; echo 's3cret!!'; printf 'no \\033[1mkey\\033[0m\\n\\n' >&2; exit 3",
         "ended with status 3: no  [1mkey [0m"},
        {"no such command", "no-such-command-of-mine --key s3cret!!", "ended with status 127"},
        {"a signal", "kill -9 $$", "was ended by signal 9"},
        {"a gibibyte", "head -c 1073741824 /dev/zero", "printed more than 65536 bytes"},
        {"one byte too many", "head -c 65537 /dev/zero", "printed more than 65536 bytes"},
        {"as many bytes as may be", "head -c 65536 /dev/zero", ": the answer is not a JSON object"},
        {"endless", "while :; do echo s3cret!!; done", "printed more than 65536 bytes"},
        {"a descriptor of ours", "(echo x >&9) 2>/dev/null && exit 9; " JSON, NULL},
        {"the program's input", "x=$(cat); [ -z \"$x\" ] || exit 9; " JSON, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        int rc;

        t_case("process: %s", cases[i].name);
        rc = run(cases[i].command, &k, &e);
        if (!cases[i].word) {
            CHECKF(rc == 0, "%s", e.message);
            CHECK(rc != 0 || (strcmp(k.access_key_id, "AKID") == 0 && strcmp(k.account_id, "77") == 0));
        } else {
            CHECKF(rc == BEDROCK_ERR_CONFIG, "%d", rc);
            CHECKF(strstr(e.message, cases[i].word) && strncmp(e.message, WHAT, sizeof WHAT - 1) == 0 &&
                   !strstr(e.message, "s3cret"), "%s", e.message);
            CHECK(!strpbrk(e.message, "\n\033") && !e.retryable);
        }
        bdk_keys_free(&k);
    }
}

/* What it says at the end is kept, however much came before. */
static void test_words(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};

    t_case("process: the last of many words");
    CHECK(run("i=0; while [ $i -lt 300 ]; do echo line $i >&2; i=$((i + 1)); done; exit 2", &k, &e) ==
          BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "status 2: line 299") != NULL, "%s", e.message);
    memset(&e, 0, sizeof e);
    t_case("process: a last line longer than is kept");
    CHECK(run("head -c 5000 /dev/zero | tr '\\0' y >&2; echo z >&2; exit 2", &k, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "status 2: yyy") && strlen(e.message) < 400, "%s", e.message);
}

/* The shell and its child hold the FIFO open for writing; its end shows that both are gone. */
static void test_end_of_all(const char *name, int close_early)
{
    char command[200], fifo[] = "test-process-fifo-XXXXXX";
    struct bdk_process *p = NULL;
    struct bedrock_error e = {0};
    struct pollfd fd;
    char byte = 0;
    int made = mkstemp(fifo);

    t_case("process: %s", name);
    CHECK(made >= 0 && close(made) == 0 && unlink(fifo) == 0 && mkfifo(fifo, 0600) == 0);
    fd.fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fd.events = POLLIN;
    snprintf(command, sizeof command, "exec 3>%s; sleep 30 & echo >&3; wait", fifo);
    ahead_ms = 0;
    CHECK(bdk_process_start(&p, command, 1500, WHAT, NULL, NULL, test_clock, NULL, &e) == 0);
    CHECK(bdk_poll(&fd, 1, 10000) == 1 && read(fd.fd, &byte, 1) == 1 && byte == '\n');
    CHECK(bdk_process_step(p, &e) == BEDROCK_WANT_READ);
    if (!close_early) {
        ahead_ms = 1501;
        CHECK(bdk_process_timeout_ms(p) == 0);
        CHECK(bdk_process_step(p, &e) == BEDROCK_ERR_CONFIG);
        CHECKF(strcmp(e.message, WHAT " did not end within 2 s") == 0, "%s", e.message);
    }
    bdk_process_close(p);
    CHECK(bdk_poll(&fd, 1, 10000) == 1 && read(fd.fd, &byte, 1) == 0);
    close(fd.fd);
    unlink(fifo);
    ahead_ms = 0;
}

/* In the foreground of a terminal it can ask for a password there. */
static void test_terminal(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    int master = posix_openpt(O_RDWR | O_NOCTTY), status = -1;
    const char *slave = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ? ptsname(master) : NULL;
    pid_t pid;

    t_case("process: a password is asked for on the terminal");
    if (!slave) {
        t_skip("there are no pseudo-terminals");
        return;
    }
    CHECK(write(master, "open sesame\n", 12) == 12);
    pid = fork();
    if (pid == 0) {
        int tty = setsid() < 0 ? -1 : open(slave, O_RDWR);

        _exit(tty < 0 ? 90 :
              run("read x < /dev/tty; [ \"$x\" = 'open sesame' ] || exit 9; " JSON, &k, &e) != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    close(master);
}

/* What the host does with its signals is not the command's business. */
static void test_signals(void)
{
    static const struct {
        const char *signal;
        int number;
    } cases[] = {{"TERM", SIGTERM}, {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}};
    char command[200], word[40];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int ignored = 0; ignored < 2; ignored++) {
            struct bedrock_error e = {0};
            struct bdk_keys k = {0};
            sigset_t set, old;

            t_case("process: SIG%s is %s in the host", cases[i].signal, ignored ? "ignored" : "blocked");
            sigemptyset(&set);
            sigaddset(&set, cases[i].number);
            if (ignored)
                signal(cases[i].number, SIG_IGN);
            else
                sigprocmask(SIG_BLOCK, &set, &old);
            snprintf(command, sizeof command, "kill -%s $$; " JSON, cases[i].signal);
            snprintf(word, sizeof word, "was ended by signal %d", cases[i].number);
            CHECK(run(command, &k, &e) == BEDROCK_ERR_CONFIG);
            CHECKF(strstr(e.message, word) != NULL, "%s", e.message);
            if (ignored)
                signal(cases[i].number, SIG_DFL);
            else
                sigprocmask(SIG_SETMASK, &old, NULL);
            bdk_keys_free(&k);
        }
}

static int told[2] = {-1, -1};

static void handler(int number)
{
    char byte = (char)number;

    CHECK(write(told[1], &byte, 1) == 1);
}

static int signal_the_child;

static void in_child(void)
{
    if (signal_the_child)
        raise(SIGUSR1);
}

/* A signal that comes between fork() and exec(), to both of a terminal's programs perhaps. */
static void test_handler(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    sigset_t set;
    char byte;

    t_case("process: the host's handlers are not the child's");
    CHECK(pipe(told) == 0 && fcntl(told[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(pthread_atfork(NULL, NULL, in_child) == 0 && signal(SIGUSR1, handler) != SIG_ERR);
    signal_the_child = 1;
    CHECK(run(JSON, &k, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "was ended by signal") != NULL, "%s", e.message);
    CHECK(read(told[0], &byte, 1) < 0);
    signal_the_child = 0;
    CHECK(raise(SIGUSR1) == 0 && read(told[0], &byte, 1) == 1);
    CHECK(sigprocmask(SIG_SETMASK, NULL, &set) == 0 && !sigismember(&set, SIGUSR1) &&
          !sigismember(&set, SIGTERM));
    signal(SIGUSR1, SIG_DFL);
    close(told[0]);
    close(told[1]);
    bdk_keys_free(&k);
}

/* What was ignored with a purpose stays ignored: nohup's SIGHUP. */
static void test_nohup(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};

    t_case("process: SIGHUP is ignored in the host, and in the command");
    signal(SIGHUP, SIG_IGN);
    CHECKF(run("kill -HUP $$; " JSON, &k, &e) == 0, "%s", e.message);
    signal(SIGHUP, SIG_DFL);
    bdk_keys_free(&k);
}

/* Then the system reaps by itself, and nobody is told how it ended: what was printed decides. */
static void test_ignored_children(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};

    t_case("process: SIGCHLD is ignored in the host, and not in the command");
    signal(SIGCHLD, SIG_IGN);
    CHECKF(run("(exit 7); [ $? = 7 ] || exit 1; trap 2>/dev/null; " JSON, &k, &e) == 0, "%s", e.message);
    bdk_keys_free(&k);
    memset(&e, 0, sizeof e);
    CHECK(run("exit 1", &k, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "the answer is empty") != NULL, "%s", e.message);
    signal(SIGCHLD, SIG_DFL);
}

static int run_in(void *ctx, struct t_heap *heap)
{
    struct bdk_keys k = {.text = {.alloc = t_heap_alloc, .alloc_ctx = heap}};
    struct bedrock_error e = {0};
    struct bdk_process *p = NULL;
    int rc = bdk_process_start(&p, JSON, 0, WHAT, t_heap_alloc, heap, NULL, NULL, &e);

    (void)ctx;
    if (rc == 0)
        while ((rc = bdk_process_step(p, &e)) > 0)
            wait_for(p);
    if (rc == 0)
        rc = bdk_process_keys(p, NULL, NOW_S, &k, &e);
    bdk_process_close(p);
    bdk_keys_free(&k);
    return rc;
}

static void test_memory(void)
{
    t_case("process: allocation n fails");
    CHECK(t_no_memory(run_in, NULL) >= 3);
}

/* Something on standard input that must not be eaten, and a descriptor that must not be inherited. */
static int set_up(void)
{
    int fds[2];

    return pipe(fds) == 0 && write(fds[1], "prompt\n", 7) == 7 && dup2(fds[0], 0) == 0 &&
           dup2(1, 9) == 9 && close(fds[1]) == 0;
}

static int run_all(void)
{
    char left[16] = "";

    t_case("process: set up");
    CHECK(set_up());
    test_commands();
    test_words();
    test_end_of_all("it hangs, and its child with it", 0);
    test_end_of_all("closed while it runs", 1);
    test_terminal();
    test_signals();
    test_handler();
    test_nohup();
    test_ignored_children();
    test_memory();
    t_case("process: nothing of the program's input is gone");
    CHECK(read(0, left, sizeof left) == 7 && memcmp(left, "prompt\n", 7) == 0);
    bdk_process_close(NULL);
    return t_end("test_process");
}

/* In a session of its own: somebody may run this in a terminal, which would then be shared. */
int main(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        return setsid() < 0 ? 2 : run_all();
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
