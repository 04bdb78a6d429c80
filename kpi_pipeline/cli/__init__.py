"""The ``kpi`` command: arguments and exit codes."""
