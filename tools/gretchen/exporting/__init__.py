"""What leaves Gretchen for other programs: a project's test set as a task of lm-evaluation-harness.

lm_eval_task    a project's rows and metrics as files that the harness reads
lm_eval_scores  the project's metrics, called by the harness
lm_eval_run     the harness's tasks run on a project's models
"""
