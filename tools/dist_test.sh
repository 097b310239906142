#!/usr/bin/env bash
# Test with N processes on this machine, on GPUs (nccl) or without (gloo); the metrics are those of one process:
#   tools/dist_test.sh CONFIG CKPT N [options of test.py]
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each. PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
N=$3
shift 3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PYTHON=${PYTHON:-python}
# torchrun would give each process one thread; the cores are divided instead
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$("$PYTHON" "$TOOLS/../mmirstd/engine/threads.py" --ranks "$N")}
RENDEZVOUS=(--standalone)
if [ "${NNODES:-1}" -gt 1 ] || [ -n "${PORT:-}" ]; then
    RENDEZVOUS=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}"
                --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
fi
exec "$PYTHON" -m torch.distributed.run "${RENDEZVOUS[@]}" --nproc_per_node="$N" \
    "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "$@"
