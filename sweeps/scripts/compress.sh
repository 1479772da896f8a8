#!/bin/sh
# Compresses a file and measures what is left: any program with a number to optimize is a trial.
# usage: compress.sh FILE LEVEL BLOCK_KB
set -eu
file=$1 level=$2 block=$3

# Cut into blocks that could be read on their own, as archives do.
total=0
for part in $(seq 1 1 "$(( ($(wc -c < "$file") + block * 1024 - 1) / (block * 1024) ))"); do
    size=$(dd if="$file" bs=1024 skip=$(( (part - 1) * block )) count="$block" 2>/dev/null | gzip "-$level" -c | wc -c)
    total=$((total + size))
    echo "block $part: total=$total"
done
raw=$(wc -c < "$file")
awk -v left="$total" -v raw="$raw" 'BEGIN { printf "kept=%.4f of %d bytes\n", left / raw, raw }'
