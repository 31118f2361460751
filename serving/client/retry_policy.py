"""When both clients ask again: the server is not there or says UNAVAILABLE, for as long as
the call's timeout lets them.

Every wait is up to a fifth shorter or longer than its nominal time, at random, so that many
clients that failed together do not come back together.
"""

ATTEMPTS = 5
INITIAL_BACKOFF = 0.1
"""Seconds before the second attempt."""
BACKOFF_MULTIPLIER = 2.0
MAX_BACKOFF = 2.0
JITTER = 0.2
