"""The rows of a file to the rows of a source: unpacked, exploded, ready-made histories."""
