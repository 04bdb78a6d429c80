"""The language in which metrics are said: reading it and calculating with its expressions."""
