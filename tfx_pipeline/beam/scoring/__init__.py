"""Batch scoring on Beam: the rows of `infnet predict --data`, file beside file."""
