"""Evaluation: answers, the project's metrics, estimates with intervals, baselines, tables."""
