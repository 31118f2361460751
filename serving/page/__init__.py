"""The page for people: what is served, and a form to try it with."""
