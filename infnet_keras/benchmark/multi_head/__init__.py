"""INFNet by `keras.layers.MultiHeadAttention`: the reference of whoever takes what Keras has."""
