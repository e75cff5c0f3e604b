/* tls_client.c - one ListFoundationModels call over TLS and one line about it, for tls.sh; besides, the
 * servers that openssl cannot play. Stands on bedrock.h alone. Leaves out: deciding what is right. */
#define _DEFAULT_SOURCE
#include "bedrock.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEER_SECONDS 60 /* no peer outlives its test by more */

static int64_t client_clock(void *ctx, int wall)
{
    const int64_t *more = ctx;
    struct timespec ts;

    clock_gettime(wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + (wall ? *more : 0);
}

/* No variable of the caller's may decide a test. */
static const char *client_getenv(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static int client_fail(const struct bedrock_error *e)
{
    printf("%s: %s\n", bedrock_code_name(e->code), e->message);
    return 1;
}

static int client_call(struct bedrock *b)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *c;
    struct bedrock_event ev;
    size_t len = 0;
    int rc;

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rq.deadline_ms = 10000;
    if (bedrock_start(b, &rq, &c) != 0)
        return client_fail(bedrock_error(b));
    while ((rc = bedrock_next(c, &ev)) == BEDROCK_EVENT)
        len = ev.json.len;
    if (rc == 0)
        printf("OK %d %zu\n", bedrock_http_status(c), len);
    else
        client_fail(bedrock_call_error(c));
    bedrock_end(c);
    return rc != 0;
}

static int client(int argc, char **argv)
{
    int64_t clock_offset = argc > 4 ? strtoll(argv[4], NULL, 10) : 0;
    struct bedrock_options opt = {0};
    struct bedrock *b;
    char url[300];
    int status;

    snprintf(url, sizeof url, "https://%s:%s", argv[1], argv[2]);
    opt.region = "us-east-1";
    opt.endpoint_url = url;
    opt.access_key_id = "AKIDEXAMPLE";
    opt.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    opt.ca_file = strcmp(argv[3], "-") == 0 ? NULL : argv[3];
    opt.connect_timeout_ms = argc > 5 ? atoi(argv[5]) : 5000;
    opt.clock = client_clock;
    opt.clock_ctx = &clock_offset;
    opt.getenv = client_getenv;
    status = bedrock_open(&b, &opt) == 0 ? client_call(b) : client_fail(bedrock_error(b));
    bedrock_close(b);
    return status;
}

/* Wait for the first bytes, so that closing is not taken for a refusal. */
static void peer_answer(int fd, const char *kind)
{
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct linger at_once = {1, 0};
    char hello[4096];

    if (strcmp(kind, "silent") == 0)
        return;
    if (recv(fd, hello, sizeof hello, 0) > 0 && strcmp(kind, "plain") == 0)
        send(fd, plain, sizeof plain - 1, 0);
    if (strcmp(kind, "reset") == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* A server on a free port that is told in openssl's words. */
static int peer(const char *kind)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), conn;

    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        perror("tls_client: peer");
        return 2;
    }
    printf("ACCEPT 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    alarm(PEER_SECONDS);
    while (strcmp(kind, "refused") != 0 && (conn = accept(fd, NULL, NULL)) >= 0)
        peer_answer(conn, kind);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "peer") == 0)
        return peer(argv[2]);
    if (argc >= 4 && argc <= 6)
        return client(argc, argv);
    fprintf(stderr, "tls_client HOST PORT CA_FILE|- [MS_TO_ADD_TO_THE_CLOCK [CONNECT_TIMEOUT_MS]]\n"
                    "tls_client peer silent|close|reset|plain|refused\n");
    return 2;
}
