"""Reads a .env file as python-dotenv does.

    read_dotenv.py FILE    prints one line of JSON: the variables by name
"""

import json
import sys

from dotenv import dotenv_values

print(json.dumps(dotenv_values(sys.argv[1])))
