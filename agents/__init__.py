"""Agents of trm_gym: the recursive network, how it is trained, and when it stops."""
