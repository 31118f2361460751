"""The Beam job: raw logs to an examples directory, on one machine or on a cluster."""
