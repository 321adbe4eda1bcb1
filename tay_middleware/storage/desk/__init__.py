"""What people do at the dashboard and the admin API, kept: sign-ins, verdicts, pauses, the audit.

Not the figures that they look at there, which are in `reading`.
"""
