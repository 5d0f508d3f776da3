#!/usr/bin/env bash
# A NIR graph with IF neurons, written by nir 1.0.8, cannot be read by nir 1.0.4, the newest that sinabs allows.
#
# One would guess: both write and read the same format; a file that sets nothing but r and v_threshold is read by
# either, or its version, which stands in the file, is named as the reason.
# What happens: nir 1.0.8 writes v_reset for every IF, also where none was given; nir 1.0.4 hands each entry to the node
# as an argument, knows none of that name, and ends with a TypeError. The file's version is not looked at. sinabs 3.1.3
# wants nir<=1.0.4, so that it cannot read what norse, SpikingJelly and others write today.
# Versions: nir 1.0.8 and 1.0.4, h5py 3.16.0, numpy 2.4.6, Python 3.11 or later.
# Source: https://neuroir.org/docs/; metadata of sinabs 3.1.3 on PyPI.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install h5py==3.16.0 numpy==2.4.6
for version in 1.0.8 1.0.4; do
  "$folder/venv/bin/pip" -q install --no-deps --target "$folder/$version" "nir==$version"
done
cd "$folder"
PYTHONPATH=1.0.8 venv/bin/python <<'PYTHON'
import nir
import numpy as np

neuron = nir.IF(r=np.ones(3), v_threshold=np.ones(3))
graph = nir.NIRGraph(
    nodes={
        "input": nir.Input(input_type={"input": np.array([2])}),
        "weights": nir.Affine(np.ones((3, 2), np.float32), np.zeros(3, np.float32)),
        "neuron": neuron,
        "output": nir.Output(output_type={"output": np.array([3])}),
    },
    edges=[("input", "weights"), ("weights", "neuron"), ("neuron", "output")],
)
nir.write("graph.nir", graph)
print("nir 1.0.8 writes IF with v_reset", nir.read("graph.nir").nodes["neuron"].v_reset)
PYTHON
PYTHONPATH=1.0.4 venv/bin/python <<'PYTHON'
import nir

try:
    nir.read("graph.nir")
except TypeError as error:
    print("nir 1.0.4 reads it:", error)
    assert "unexpected keyword argument 'v_reset'" in str(error), "it behaves otherwise now"
else:
    raise SystemExit("it is read now")
PYTHON
