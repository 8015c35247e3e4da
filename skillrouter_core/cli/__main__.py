"""`python -m skillrouter_core.cli`: the same as `skillrouter`, for where the script is not on PATH.

Must not hold anything of its own.
"""

import sys

from skillrouter_core.cli import main

sys.exit(main())
