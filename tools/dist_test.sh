#!/usr/bin/env bash
# Test with N processes on this machine, on GPUs (nccl) or without (gloo); the metrics are those of one process:
#   tools/dist_test.sh CONFIG CKPT N [options of test.py]
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each. PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh"
launch "$3" test.py "$1" "$2" "${@:4}"
