"""What somebody has committed to: goals, targets, answers and how good they are."""
