"""The pace statuses, bad first.

Here: their one order, which the tally, the headline and the choice of charts share.
"""

STATUS_CODES = ("missed", "off_track", "at_risk", "on_track", "achieved", "unknown")
