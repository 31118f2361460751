"""What a request asks of a servable, from the request's message to the response's."""
