"""HTTP in. Flask lives here and nowhere else."""
