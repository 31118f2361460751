"""Which versions of which models are served: directories, policies, loading, swapping, labels."""
