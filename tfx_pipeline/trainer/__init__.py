"""Training on transformed examples, with the main job's fit and export."""
