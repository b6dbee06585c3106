"""`python -m gretchen` is `gretchen`."""

from gretchen.cli import main

if __name__ == "__main__":  # a process that a library spawns imports this file again
    main()
