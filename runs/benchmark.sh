#!/usr/bin/env bash
# The rows of docs/benchmark.md, measured anew: first every rule and schedule, then the learners, which are taught first,
# then the entries. The networks' runs are kept in runs/benchmark, so a second start goes on where the first ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python} version=$(basename "$(ls -v agents/benchmark/versions/v*.json | tail -1)" .json)
halting=(always-16 best-fixed-k unchanged velocity confidence confidence-capped q verifier oracle)
schedules=("one long run" "fixed cutoff" geometric Luby)
learners=(bce two_heads expected pondernet reinforce rloo grpo)
"$python" scripts/halting_benchmark.py --policy "${halting[@]}" "${schedules[@]}"
"$python" scripts/halting_benchmark.py --policy "${learners[@]}"
"$python" scripts/halting_benchmark.py --policy grpo_restarts
for entry in docs/benchmark/*.py; do
    restarts=$(grep -q '"restarts": true' "${entry%.py}/row.json" 2>/dev/null && echo --restarts || true)
    "$python" scripts/halting_benchmark.py --policy "$entry:make" $restarts
    mkdir -p "${entry%.py}"
    cp "runs/benchmark/$version/$(basename "${entry%.py}")/records.csv" "${entry%.py}/"
done
for row in runs/benchmark/"$version"/*/row.json; do
    folder="docs/benchmark/$(basename "$(dirname "$row")")"
    mkdir -p "$folder"
    cp "$row" "$folder/"
    if grep -q '"restarts": true' "$row"; then cp "${row%row.json}records.csv" "$folder/"; fi # they are held in pairs
done
"$python" scripts/results.py
