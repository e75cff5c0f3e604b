/* emu_tls.c - the emulator's TLS: BearSSL's server side, driven from poll, and the socket under it.
 * RFC 5246; TLS 1.2 with ECDHE-RSA alone, as most of AWS's endpoints speak it. Leaves out: client
 * certificates, session resumption. */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <bearssl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/* ---- Sockets ---- */

long emu_recv(int fd, void *buf, size_t cap)
{
    ssize_t n;

    do
        n = recv(fd, buf, cap, 0);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (long)n;
    return errno == EAGAIN || errno == EWOULDBLOCK ? EMU_AGAIN : EMU_BROKEN;
}

long emu_send(int fd, const void *p, size_t n)
{
    ssize_t sent;

    do
        sent = send(fd, p, n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent > 0)
        return (long)sent;
    return errno == EAGAIN || errno == EWOULDBLOCK ? EMU_AGAIN : EMU_BROKEN;
}

/* ---- The engine ---- */

struct emu_tls {
    br_ssl_server_context sc;
    br_x509_certificate chain[1];
    br_rsa_private_key key;
    int fd;
    int unflushed;  /* data waits in the engine for a full record */
    int ending;     /* close_notify was asked for */
    unsigned char ibuf[BR_SSL_BUFSIZE_INPUT];
    unsigned char obuf[BR_SSL_BUFSIZE_OUTPUT];
};

static const char *const emu_tls_alpn[] = {"http/1.1"};

static const uint16_t emu_tls_suites[] = {
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};

static void emu_tls_setup(struct emu_tls *t)
{
    br_ssl_engine_context *eng = &t->sc.eng;
    unsigned char seed[32], *key[EMU_KEY_PARTS];

    /* BearSSL's structs are not const, but it never writes through them */
    for (int i = 0; i < EMU_KEY_PARTS; i++)
        key[i] = (unsigned char *)(uintptr_t)emu_server_key[i];
    t->chain[0].data = (unsigned char *)(uintptr_t)emu_server_cert;
    t->chain[0].data_len = EMU_CERT_LEN;
    t->key.n_bitlen = EMU_KEY_BITS;
    t->key.p = key[0];
    t->key.q = key[1];
    t->key.dp = key[2];
    t->key.dq = key[3];
    t->key.iq = key[4];
    t->key.plen = t->key.qlen = t->key.dplen = t->key.dqlen = t->key.iqlen = EMU_KEY_LEN;
    br_ssl_server_init_full_rsa(&t->sc, t->chain, 1, &t->key);
    br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(eng, emu_tls_suites, sizeof emu_tls_suites / sizeof emu_tls_suites[0]);
    br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_protocol_names(eng, (const char **)(uintptr_t)emu_tls_alpn, 1);
    br_ssl_engine_set_buffers_bidi(eng, t->ibuf, sizeof t->ibuf, t->obuf, sizeof t->obuf);
    if (getrandom(seed, sizeof seed, 0) == (ssize_t)sizeof seed)
        br_ssl_engine_inject_entropy(eng, seed, sizeof seed);
}

struct emu_tls *emu_tls_open(int fd)
{
    struct emu_tls *t = malloc(sizeof *t);

    if (!t)
        return NULL;
    memset(t, 0, offsetof(struct emu_tls, ibuf));
    t->fd = fd;
    emu_tls_setup(t);
    if (!br_ssl_server_reset(&t->sc)) {
        free(t);
        return NULL;
    }
    return t;
}

void emu_tls_free(struct emu_tls *t)
{
    free(t);
}

int emu_tls_error(const struct emu_tls *t)
{
    return br_ssl_engine_last_error(&t->sc.eng);
}

int emu_tls_events(const struct emu_tls *t)
{
    unsigned state = br_ssl_engine_current_state(&t->sc.eng);

    return (state & BR_SSL_RECVREC ? POLLIN : 0) | (state & BR_SSL_SENDREC ? POLLOUT : 0);
}

/* ---- Moving bytes ---- */

/* Send what the engine has ready. 0: nothing is left of it. */
static int emu_tls_push(struct emu_tls *t)
{
    br_ssl_engine_context *eng = &t->sc.eng;

    while (br_ssl_engine_current_state(eng) & BR_SSL_SENDREC) {
        size_t len;
        const unsigned char *p = br_ssl_engine_sendrec_buf(eng, &len);
        long n = emu_send(t->fd, p, len);

        if (n < 0)
            return (int)n;
        br_ssl_engine_sendrec_ack(eng, (size_t)n);
    }
    return 0;
}

long emu_tls_read(struct emu_tls *t, void *buf, size_t cap)
{
    br_ssl_engine_context *eng = &t->sc.eng;

    for (;;) {
        unsigned state;
        unsigned char *p;
        size_t len;
        long n;

        if (emu_tls_push(t) == EMU_BROKEN)
            return EMU_BROKEN;
        state = br_ssl_engine_current_state(eng);
        if (state & BR_SSL_CLOSED)
            return br_ssl_engine_last_error(eng) ? EMU_BROKEN : 0;
        if (state & BR_SSL_RECVAPP) {
            p = br_ssl_engine_recvapp_buf(eng, &len);
            len = len < cap ? len : cap;
            memcpy(buf, p, len);
            br_ssl_engine_recvapp_ack(eng, len);
            return (long)len;
        }
        if (!(state & BR_SSL_RECVREC))
            return EMU_AGAIN;
        p = br_ssl_engine_recvrec_buf(eng, &len);
        n = emu_recv(t->fd, p, len);
        if (n <= 0)
            return n;
        br_ssl_engine_recvrec_ack(eng, (size_t)n);
    }
}

long emu_tls_write(struct emu_tls *t, const void *p, size_t n)
{
    br_ssl_engine_context *eng = &t->sc.eng;
    unsigned char *to;
    size_t room;

    if (!(br_ssl_engine_current_state(eng) & BR_SSL_SENDAPP)) {
        int rc = emu_tls_push(t);

        if (rc != 0)
            return rc;
        if (br_ssl_engine_current_state(eng) & BR_SSL_CLOSED)
            return EMU_BROKEN;
        if (!(br_ssl_engine_current_state(eng) & BR_SSL_SENDAPP))
            return EMU_AGAIN;
    }
    to = br_ssl_engine_sendapp_buf(eng, &room);
    n = n < room ? n : room;
    memcpy(to, p, n);
    br_ssl_engine_sendapp_ack(eng, n);
    t->unflushed = 1;
    return (long)n;
}

int emu_tls_flush(struct emu_tls *t)
{
    if (t->unflushed)
        br_ssl_engine_flush(&t->sc.eng, 0);
    t->unflushed = 0;
    return emu_tls_push(t);
}

int emu_tls_end(struct emu_tls *t)
{
    int rc = emu_tls_flush(t);

    if (rc != 0)
        return rc;
    if (!t->ending)
        br_ssl_engine_close(&t->sc.eng);
    t->ending = 1;
    return emu_tls_push(t);
}
