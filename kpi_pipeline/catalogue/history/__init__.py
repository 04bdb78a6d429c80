"""What was published, and why it is different now."""
