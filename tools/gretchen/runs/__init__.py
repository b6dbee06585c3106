"""Run folders: what a training writes, who may write it, how it is shown."""
