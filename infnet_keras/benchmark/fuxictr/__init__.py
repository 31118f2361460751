"""FuxiCTR's models as references, from a copy of its sources that the user has."""
