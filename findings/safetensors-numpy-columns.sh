#!/usr/bin/env bash
# safetensors.numpy.save_file writes arrays that are not stored by rows with their numbers in another order.
#
# One would guess: `save_file({"w": w.T}, f)` and `load_file(f)["w"]` are equal, as with 0.7.0, or it raises, as
# safetensors.torch does for tensors that are not contiguous.
# What happens with 0.8.0: the memory is written as it lies, under the shape of the array. No reader can tell: a
# matrix of n x n comes back transposed, one of n x m scrambled, a strided view with numbers that it never held.
# Versions: safetensors 0.7.0 (right) and 0.8.0 (this), NumPy 2.3.5, Python 3.11 or later.
# Source: https://github.com/safetensors/safetensors/issues/825; the documentation of save_file asks for contiguous
# tensors, which an array in Fortran order is, in NumPy's words.
#
# What to do: numpy.ascontiguousarray(w) before it is saved. Reading: `bench convert --layout fortran`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 0.7.0 0.8.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" -q install "safetensors==$version" numpy==2.3.5
  "$folder/$version/bin/python" - "$folder/w.safetensors" <<'PYTHON'
import sys

import numpy
import safetensors
from safetensors.numpy import load_file, save_file

path = sys.argv[1]
w = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
for name, array in [("w.T", w.T), ("w[:, ::2]", w[:, ::2]), ("ascontiguousarray(w.T)", numpy.ascontiguousarray(w.T))]:
    save_file({"w": array}, path)
    found = load_file(path)["w"]
    same = numpy.array_equal(found, array)
    print(f"safetensors {safetensors.__version__}, {name}: saved {array.tolist()}, loaded {found.tolist()}")
    expected = safetensors.__version__ == "0.7.0" or name.startswith("ascontiguous")
    assert same == expected, "it behaves otherwise now"
PYTHON
done
