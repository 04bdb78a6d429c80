"""What the analysis says about a week, as rows: anomalies, relations, contributions, lifetime value."""
