"""What searches, digs, hashes and lists sudokus: nothing outside this task needs it."""
