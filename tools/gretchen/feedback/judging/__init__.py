"""AI feedback: a judge model ranks a project's answers, or criticises and revises them, by its constitution."""
