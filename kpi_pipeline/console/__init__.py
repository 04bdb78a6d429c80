"""What commands print: layout for a terminal and for scripts."""
