"""`python -m infnet_keras.cli`."""

import sys

from infnet_keras.cli import main

if __name__ == "__main__":
    sys.exit(main())
