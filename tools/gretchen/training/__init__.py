"""One life cycle for every training: job, start, resume, launch, worker."""
