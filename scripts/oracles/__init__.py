"""What the tasks' rules mean, told once more by other means: the package's verdicts are held against these.

Nothing here imports the package. ``sudoku`` asks a SAT solver, ``maze`` NetworkX and SciPy, ``arithmetic`` and
``points`` compute with fractions, ``algebra`` and ``regression`` ask SymPy.
"""
