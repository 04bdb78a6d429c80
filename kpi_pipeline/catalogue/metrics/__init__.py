"""From a metric to the SQL that computes it, and to its values."""
