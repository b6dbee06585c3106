"""The zephyr engine: TRL's trainers on recipes in the manner of the alignment-handbook.

A stage is a row of the table in recipes/stages.py. What is more than one of TRL's trainers has a file here: pretrain,
reward, ppo, rewards (GRPO, RLOO), distill. The training loop is TRL's; added is what TRL's own scripts lack: an unknown
key is an error, a run resumes, progress is readable.
"""
