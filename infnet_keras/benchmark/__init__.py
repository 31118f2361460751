"""What a training step and a forward pass cost, beside references, in one interleaved run."""
