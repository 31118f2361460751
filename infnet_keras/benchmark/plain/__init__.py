"""INFNet as its equations are written, in a bare framework: the reference that is compared with."""
