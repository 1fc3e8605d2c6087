"""The circuit that tells a network what its draft of a formula does: numbers of every slot, from points and draft."""
