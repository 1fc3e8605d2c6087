"""What a person would write on paper beside a math problem before any carrying: columns, and trials of a division."""
