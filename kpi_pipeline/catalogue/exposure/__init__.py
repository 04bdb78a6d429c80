"""What executives may see, and the proof that nothing internal can be worked out from it."""
