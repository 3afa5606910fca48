"""Ends as soon as the IPVS table shows a pattern so many times: table_watch.py PATTERN LEAST MOST.

Runs on the node and reads without a pause and without a process for each look: in emulation a
process takes longer than what is to be measured. "watching" on stdout says that it has begun.
"""

import re
import sys
from pathlib import Path

pattern = re.compile(sys.argv[1].encode())
least, most = int(sys.argv[2]), int(sys.argv[3])
print("watching", flush=True)
while not least <= len(pattern.findall(Path("/proc/net/ip_vs").read_bytes())) <= most:
    pass
