"""Columns of the tables whose rows are made in Python, and writing those rows."""
