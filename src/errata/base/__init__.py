"""Words that everybody uses: errors, ids, time, facts. Pure: the standard library and nothing else."""
