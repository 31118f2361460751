"""One training on several devices: batches shared out, tables by row, processes on torch."""
