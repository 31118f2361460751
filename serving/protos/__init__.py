"""Messages of configuration files that the tensorflow-serving-api wheel lacks; files are text.

The modules `*_pb2` are generated; after a change of a `.proto`, regenerate them from the root of
the repository with grpcio-tools 1.81 (a newer one writes code that an older protobuf refuses):

    python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. serving/protos/*.proto
"""
