"""INFNet's tokens, proxies, attention and gates."""
