"""Second looks at decisions of moderation, asked for by authors and given by somebody else."""
