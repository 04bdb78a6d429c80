"""The catalogue in the forms of other tools, and as pages."""
