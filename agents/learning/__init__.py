"""What GRPO is put together from: its settings, how branches differ, what a step costs, and who is credited."""
