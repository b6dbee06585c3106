"""Tracking with Weights & Biases: who is logged in, what a run is called there, what it starts from, its evaluation.

The engines log their own curves; this package says where to, and adds what they cannot know. `make sync` (sync.py)
uploads what was tracked offline.
"""
