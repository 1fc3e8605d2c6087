"""What reads, draws, settles and writes algebra, on whole batches: nothing outside this task needs it."""
