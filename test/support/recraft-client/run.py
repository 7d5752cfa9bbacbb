"""Runs the client as it is but for its host, which it has no option for."""

import os
import sys

import recraft

recraft.BASE_URL = os.environ["RECRAFT_HOST"]
sys.exit(recraft.main())
