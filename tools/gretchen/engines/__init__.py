"""The only code that talks to TRL's and axolotl's trainers."""
