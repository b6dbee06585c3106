"""From predictions to figures: the project's metrics, their intervals, the baselines, the table."""
