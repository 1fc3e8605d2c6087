"""What reads, computes, hashes and writes expressions: nothing outside this task needs it."""
