#!/bin/sh
# Three networks a task, five halting seeds each: the tables of "Halting" in docs/results. About 2 h of one core to
# pretrain and 5 h to compare; a finished part is never done twice.
set -e
python=${PYTHON:-.venv/bin/python}
learners="grpo bce two_heads"

pretrained() {  # name, seed, preset, and options besides
  folder=runs/network-$1-$2 seed=$2 preset=$3
  shift 3
  test -e $folder/checkpoint || $python scripts/pretrain.py --preset $preset --seed $seed --folder $folder "$@"
}

for seed in 1 2; do
  for preset in sudoku6x6 sudoku9x9 maze11x11 algebra; do
    pretrained $preset $seed $preset
  done
done
for seed in 0 1 2; do  # taught nothing that naked singles do not solve
  pretrained naked6x6 $seed sudoku6x6 --levels clues20 naked --updates 400
  pretrained naked9x9 $seed sudoku9x9 --levels clues45 naked --updates 800
done

compare() {  # preset, name of the results, first network, name of the other two, and options besides
  preset=$1 results=$2 first=$3 others=$4
  shift 4
  $python scripts/compare.py --preset $preset --seeds 5 --learners $learners --folder runs/networks-$results "$@" \
    --checkpoints $first runs/network-$others-1/checkpoint runs/network-$others-2/checkpoint
}

nine="--evaluation.seed 1 --evaluation.problems 2500"
compare sudoku6x6 naked6x6 runs/network-naked6x6-0/checkpoint naked6x6 --evaluation.seed 1
compare sudoku9x9 naked9x9 runs/network-naked9x9-0/checkpoint naked9x9 $nine --evaluation.validation 1000 \
  --learn clues30 minimal --evaluation.level minimal --bank.problems 3000

# Taught on an environment's problems, with noise on the first carry: of sudokus that is some hundred base problems in
# disguise, of mazes and algebra it is nearly the same.
banked="--bank.no-fresh --bank.noise 0.3"
compare maze19x19 maze19x19 maze11x11 maze11x11 $banked --bank.problems 3000 --evaluation.validation 1000
compare algebra-mix algebra-mix algebra algebra $banked --bank.problems 20000 --evaluation.seed 1
compare sudoku6x6 sudoku6x6 sudoku6x6 sudoku6x6 $banked --evaluation.seed 1
compare sudoku9x9 sudoku9x9 sudoku9x9 sudoku9x9 $banked $nine --evaluation.validation 1500
compare maze maze maze11x11 maze11x11 $banked
