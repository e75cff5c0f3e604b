/* mfa.c - the code of an MFA device, asked for on the terminal as the AWS CLI does, without echo.
 * Leaves out: programs that make codes; credential_process is there for them. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void mfa_say(int fd, const char *serial)
{
    struct bedrock_buffer b = {0};
    char text[512];

    snprintf(text, sizeof text, "Enter MFA code for %.400s: ", serial);
    if (cli_escape(&b, text, strlen(text), 1) == 0)
        cli_write(fd, b.p, b.len);
    bedrock_buffer_free(&b);
}

/* The line that is typed, without its end: its length; 0: none, or a signal came. */
static size_t mfa_read(int fd, char *code, size_t cap)
{
    ssize_t n = 0;

    if (cli_wait(NULL, 0, NULL, fd, -1) == 1)
        n = read(fd, code, cap - 1);
    code[n > 0 ? n : 0] = 0;
    code[strcspn(code, "\r\n")] = 0;
    return strlen(code);
}

int cli_mfa(void *ctx, const char *serial, char *code, size_t cap)
{
    struct termios was, quiet;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    size_t n;

    (void)ctx;
    if (fd < 0)
        return -1;
    if (tcgetattr(fd, &was) != 0) {
        close(fd);
        return -1;
    }
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &quiet);
    mfa_say(fd, serial);
    n = mfa_read(fd, code, cap);
    tcsetattr(fd, TCSAFLUSH, &was);
    cli_write(fd, "\n", 1);
    close(fd);
    return n > 0 ? 0 : -1;
}
