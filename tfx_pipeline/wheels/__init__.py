"""Makes TFX 1.21 installable beside this package: `python -m tfx_pipeline.wheels DIR`.

Standard library only: it runs before TFX is there.
"""
