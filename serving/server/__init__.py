"""The embedded server: tensorflow_model_server's command line over this project's parts."""
