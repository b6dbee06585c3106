"""The only code that talks to TRL's and axolotl's trainers.

Each engine has one entry of the same signature: gretchen.engines.<engine>.train.train(recipe, stage, resume).
"""
