#!/bin/sh
# size.sh - bytes per object of the library, and of the command as it is linked here and stripped.
size -t ./*.o | awk 'NR == 1 || $NF ~ /\.o$/ || /TOTALS/ { printf "%8s %8s %8s  %s\n", $1, $2, $3, $NF }'
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
strip -o "$copy" bedrock && printf '%8d bytes  bedrock, stripped\n' "$(wc -c < "$copy")"
