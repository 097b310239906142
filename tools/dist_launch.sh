# Sourced by dist_train.sh and dist_test.sh.
# launch N TOOL [arguments]: run a tool of this folder in N processes on this machine, on GPUs (nccl) or without (gloo).
launch() {
    local processes=$1 tool=$2
    shift 2
    local tools python rendezvous
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    python=${PYTHON:-python}
    # torchrun would give each process one thread; the cores are divided instead
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(
        PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" "$python" -m mmirstd.engine.threads --ranks "$processes")}
    rendezvous=(--standalone)
    if [ "${NNODES:-1}" -gt 1 ] || [ -n "${PORT:-}" ]; then
        rendezvous=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}"
                    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
    fi
    exec "$python" -m torch.distributed.run "${rendezvous[@]}" --nproc_per_node="$processes" \
        "$tools/$tool" "$@" --launcher pytorch
}
