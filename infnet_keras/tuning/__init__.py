"""The values of one spec that its `tuning` block searches, chosen by validation."""
