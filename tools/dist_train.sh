#!/usr/bin/env bash
# Train with N processes on this machine, on GPUs (nccl) or without (gloo):
#   tools/dist_train.sh CONFIG N [options of train.py]
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each. PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh"
launch "$2" train.py "$1" "${@:3}"
