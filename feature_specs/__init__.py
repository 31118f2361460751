"""The specs that come with infnet-keras, and the JSON schema of their grammar."""
