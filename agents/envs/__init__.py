"""Halting as an environment: a frozen network refines a draft, and the agent says when to stop."""
