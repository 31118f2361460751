"""The pipeline's own components: their parameters are explicit, and none needs a driver."""
