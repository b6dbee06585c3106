"""Tracking with Weights & Biases: login, a run's project and name there, its inputs, evaluations, later uploads.

The engines log their own curves; this package sets where they go, and adds inputs, outputs and evaluations.
"""
