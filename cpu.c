/* cpu.c - which instructions this processor has.
 * Intel SDM volume 2, CPUID; getauxval(3) on ARMv8 Linux. Leaves out: instructions that no source here
 * uses, and other systems' ways of asking, where the portable paths serve. */
#include "bedrock_int.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

unsigned bdk_cpu(void)
{
    unsigned eax, ebx, ecx, edx, found = 0;

    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_SSE4_1))
        return 0;
    if (ecx & bit_PCLMUL)
        found |= BDK_CPU_PCLMUL;
    if ((ecx & bit_SSSE3) && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA))
        found |= BDK_CPU_SHA;
    return found;
}

#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

unsigned bdk_cpu(void)
{
    return getauxval(AT_HWCAP) & HWCAP_SHA2 ? BDK_CPU_SHA : 0;
}

#else

unsigned bdk_cpu(void)
{
    return 0;
}

#endif
