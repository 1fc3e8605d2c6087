"""Work that goes on for hours, and what the processes that do it hold."""
