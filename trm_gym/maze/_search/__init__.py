"""What floods, screens and hashes mazes: nothing outside this task needs it."""
