"""Gretchen: fine-tuning recipes for a university course, and the commands that run them."""

import os

# axolotl reports to its makers unless this stands before its first import; offline its process then never ends.
os.environ.setdefault("AXOLOTL_DO_NOT_TRACK", "1")
