"""Progress lines on a terminal: how a duration is written, how often a line is printed."""

QUIET_SECONDS = 10.0  # between two progress lines where no terminal can rewrite one


def clock(seconds: float) -> str:
    """Return a duration as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
