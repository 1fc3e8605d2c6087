#!/bin/sh
# Three networks a task, five halting seeds each: the tables "Three networks" and "Where half is beyond the network" of
# docs/results.md. About 1 h 45 min of one core to pretrain and 3 h to compare; a finished part is never done twice.
set -e
python=${PYTHON:-.venv/bin/python}
learners="grpo bce two_heads"

for seed in 1 2; do
  for preset in sudoku6x6 sudoku9x9 maze11x11 algebra; do
    folder=runs/network-$preset-$seed
    test -e $folder/checkpoint || $python scripts/pretrain.py --preset $preset --seed $seed --folder $folder
  done
done

compare() {  # preset, name of the shipped network, and options besides
  preset=$1 shipped=$2
  shift 2
  $python scripts/compare.py --preset $preset --seeds 5 --learners $learners --folder runs/networks-$preset "$@" \
    --checkpoints $shipped runs/network-$shipped-1/checkpoint runs/network-$shipped-2/checkpoint
}

compare maze19x19 maze11x11 --bank.problems 3000 --evaluation.validation 1000
compare sudoku6x6 sudoku6x6 --evaluation.seed 1
compare sudoku9x9 sudoku9x9 --evaluation.seed 1 --evaluation.problems 2500 --evaluation.validation 1500
compare maze maze11x11
compare algebra-mix algebra
