"""Metrics that several projects share: JSON out of an answer, F1 over fields, numbers as documents print them, SARI and
the readability of German.
"""
