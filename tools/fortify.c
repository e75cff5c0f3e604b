/* fortify.c - three functions that Debian's libbearssl.a needs and only glibc has.
 * The archive was built with _FORTIFY_SOURCE; a program linked against musl must bring these. The checks
 * are kept: an overflow ends the program. Leaves out: everything where the C library is glibc. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__) && !defined(__GLIBC__)
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memmove_chk(void *to, const void *from, size_t n, size_t room);
void *__memset_chk(void *to, int c, size_t n, size_t room);

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
    if (n > room)
        abort();
    return memcpy(to, from, n);
}

void *__memmove_chk(void *to, const void *from, size_t n, size_t room)
{
    if (n > room)
        abort();
    return memmove(to, from, n);
}

void *__memset_chk(void *to, int c, size_t n, size_t room)
{
    if (n > room)
        abort();
    return memset(to, c, n);
}
#else
typedef int fortify_comes_with_libc; /* C wants a declaration in every file */
#endif
