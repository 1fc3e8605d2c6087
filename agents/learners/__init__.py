"""What learns when to stop: one file a learner, one registry."""
