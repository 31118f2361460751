"""What the files of a prepared directory are called."""

MANIFEST = "manifest.json"
SPEC = "spec.yaml"
ASSETS = "assets"
SHARDS = "shards"
