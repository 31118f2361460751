"""Load test of a TensorFlow Serving address: latency and errors against offered load.

Requests leave at times that are set beforehand, whatever the answers do (an open loop), and latency
is counted from the time that was set: a server that stalls delays every request that was to be sent
meanwhile, and all of them count.
"""
