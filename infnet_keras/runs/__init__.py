"""Many runs: what identifies one, its files, the processes that run several beside one another."""
