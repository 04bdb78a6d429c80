"""What a published file holds."""
