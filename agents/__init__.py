"""Agents of trm_gym: the recursive network, how it is trained, and when it stops.

Importing it registers the halting environment (``gymnasium.make("agents:TRM-Halt-v0", checkpoint="sudoku6x6")``) and
loads no torch.
"""

import gymnasium

HALT_ID = "TRM-Halt-v0"

if HALT_ID not in gymnasium.registry:
    gymnasium.register(
        id=HALT_ID,
        entry_point="agents.envs.halting:make_halting",
        vector_entry_point="agents.envs.halting:make_halting_vector",
    )
