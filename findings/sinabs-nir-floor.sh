#!/usr/bin/env bash
# A sinabs network that is written as NIR and read again sends other spikes: its potentials have a floor then.
#
# One would guess: from_nir(to_nir(network)) is the network; IAFSqueeze by default lets potentials fall without limit.
# What happens: the importer sets min_v_mem of every IF to minus its threshold, whatever the network had (NIR has no word
# for it). A unit that was inhibited by 6 and then excited by 8 sent 2 spikes, and sends 7 after the round trip. Nothing
# is said. Networks made from ReLU networks, whose spikes must balance, are other networks then.
# Versions: sinabs 3.1.3, nir 1.0.4, nirtorch 1.0 (what sinabs's own bound on nir allows), PyTorch 2.15.0 (5 GB).
# Source: sinabs/nir.py, _import_sinabs_module; https://sinabs.readthedocs.io (IAFSqueeze, min_v_mem).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install torch==2.15.0 numpy==2.4.6 h5py==3.16.0 pbr==7.1.3 matplotlib
"$folder/venv/bin/pip" -q install --no-deps sinabs==3.1.3 nir==1.0.4 nirtorch==1.0
"$folder/venv/bin/python" -W ignore <<'PYTHON'
import sinabs
import sinabs.layers as layers
import torch
from sinabs.nir import from_nir, to_nir

linear = torch.nn.Linear(1, 1, bias=False)
linear.weight.data[:] = 1
network = torch.nn.Sequential(linear, layers.IAFSqueeze(batch_size=1))
again = from_nir(to_nir(network, torch.zeros(1, 1)), batch_size=1)
current = torch.tensor([-2.0, -2, -2, 1, 1, 1, 1, 4]).reshape(8, 1)
with torch.no_grad():
    before = network(current)
    after = again(current)
after = after[0] if isinstance(after, tuple) else after
before, after = int(before.sum()), int(after.sum())
print(f"sinabs {sinabs.__version__}: {before} spikes, after a round trip through NIR {after}")
assert (before, after) == (2, 7), "it behaves otherwise now"
PYTHON
