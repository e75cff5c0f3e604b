#!/bin/sh
# symbols.sh - what static linking needs of libbedrock.a and bedrock.h: names with our prefix only, no
# writable global, no function that prints or ends the program, a header that C++ takes.
passed=0 failed=0 skipped=0
verdict()
{
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL symbols: %s\n%s\n' "$1" "$2"
    fi
}

verdict 'external names begin with bedrock_ or bdk_' "$(nm -g --defined-only libbedrock.a |
    awk 'NF == 3 && $3 !~ /^(bedrock_|bdk_)/ { print $3 }')"
# const tables that hold pointers stand in .data.rel.ro, which is read-only once the program runs
verdict 'no writable global state' "$(objdump -t libbedrock.a |
    awk '/ O (\.data|\.bss|\.tbss|\.tdata|\*COM\*)[ \t]/ { print $NF }')"
# what process.o has of these is done in the forked child: signals as they were, and an end without a shell
verdict 'the library never prints, exits or touches signals' "$(nm -A -u libbedrock.a |
    awk '!/:process\.o:.* (_exit|signal|sigaction)$/ { print $NF }' | sort -u |
    grep -xE '_?exit|abort|f?printf|puts|putchar|fwrite|perror|signal|sigaction|setlocale|pthread_create|__fprintf_chk|__printf_chk')"
verdict 'only tls.o and p256.o know BearSSL' "$(nm -A -u libbedrock.a | grep ' br_' | grep -Ev ':(tls|p256)\.o:')"
verdict 'only net.o has sockets' "$(nm -A -u libbedrock.a | grep -E ' (socket|connect|recv|send|getaddrinfo)$' |
    grep -v ':net\.o:')"
verdict 'the pure row sees no world' "$(nm -A -u libbedrock.a |
    grep -E ':(http|eventstream|json|sigv4|sha256|crc32|date|x509|message|retry|models|buffer|endpoint|writer|base64|media|body|ini|plan)\.o:' |
    grep -E ' (getenv|open|read|write|time|clock_gettime|socket|getrandom)$')"
if command -v c++ > /dev/null; then
    verdict 'bedrock.h is a C++ header too' "$(printf '#include "bedrock.h"\nint main() { struct bedrock *b; return bedrock_open(&b, nullptr); }\n' |
        c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I. -fsyntax-only -x c++ - 2>&1)"
else
    echo 'SKIP symbols: no C++ compiler for bedrock.h'
    skipped=$((skipped + 1))
fi
verdict 'bedrock.h is a C99 header too' "$(printf '#include "bedrock.h"\n' |
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I. -fsyntax-only -x c - 2>&1)"
echo "rung symbols: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
