"""A prepared directory: its shards, read in batches.

`dataset` is the one module of this folder that imports Keras.
"""
