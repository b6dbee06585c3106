"""`python -m gretchen` is `gretchen`."""

from gretchen.cli import main

main()
