#!/usr/bin/env bash
# onnx.compose.merge_models imports the standard operators twice.
#
# One would guess: a merged model has one entry of opset_import for each domain, as onnx.helper, the exporters and
# the converter write it.
# What happens: two models of the same opset give a model that imports the domain "" twice, of the same version.
# onnx.checker takes it. A reader that wants exactly one entry refuses a valid file, as Ascend's compiler does (E16005).
# Versions: onnx 1.19.1 and 1.23.2, Python 3.11 or later.
# Source: https://onnx.ai/onnx/api/compose.html; entries are appended model by model in onnx/compose.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.19.1 1.23.2; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" -q install "onnx==$version"
  "$folder/$version/bin/python" <<'PYTHON'
import onnx
from onnx import TensorProto, checker, compose, helper


def model(source, target, operator):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 4]) for name in (source, target)]
    graph = helper.make_graph([helper.make_node(operator, [source], [target])], operator, values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


merged = compose.merge_models(model("x", "t", "Relu"), model("u", "y", "Neg"), io_map=[("t", "u")])
checker.check_model(merged)
found = [(entry.domain, entry.version) for entry in merged.opset_import]
print(f"onnx {onnx.__version__}: opset_import {found}, taken by the checker")
assert found == [("", 20), ("", 20)], "it behaves otherwise now"
PYTHON
done
