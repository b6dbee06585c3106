"""The verbs of the command line, one file each: parse the options, call one room, print."""
