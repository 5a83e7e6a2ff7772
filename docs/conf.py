# SPDX-License-Identifier: Apache-2.0
# Sphinx configuration. Nothing here or in the theme reaches for the network.
import sys
from pathlib import Path

import straightwire

sys.path.insert(0, str(Path(__file__).parent))

project = "Straightwire"
author = "The Straightwire authors"
copyright = "2026, The Straightwire authors"
version = release = straightwire.__version__

extensions = ["_ext.contract_tables"]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
highlight_language = "none"

html_theme = "furo"
html_title = f"Straightwire {release}"
html_copy_source = False
html_show_sphinx = False
