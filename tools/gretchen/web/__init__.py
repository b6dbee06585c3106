"""Pages that act, served on 127.0.0.1: the playground for one person, labelling for several.

Pages that are files are `reporting`.
"""
