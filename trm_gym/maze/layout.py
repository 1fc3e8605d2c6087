"""The tokens of a maze and the sizes of its canvas."""

WALL, START, GOAL, OFF, ON = 1, 2, 3, 4, 5
"""The tokens: wall, start and goal are fixed; an answer says of every open cell whether the path goes over it."""

VOCAB = 6

SMALLEST, LARGEST = 5, 65
"""The sizes of a canvas."""

OPEN = 0
"""An open cell: in a problem, a blank to be filled in."""
