"""Raw impressions, one a row, for tf.Example files, warm-up requests and parity checks."""
