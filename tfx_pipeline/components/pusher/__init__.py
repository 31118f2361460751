"""Pusher: puts a blessed model where a server looks for new versions."""

from tfx_pipeline.components.pusher.component import Pusher

__all__ = ["Pusher"]
