internal import Networks

extension NetworkWeights {
  /// The tensors of the network in PyTorch's names and layout: `0.weight`, `0.bias`, `2.weight`, ..., as
  /// `nn.Sequential` of `Linear` and `ReLU` saves its state; a weight has shape [outputs, inputs].
  var namedTensors: [NamedTensor] {
    var tensors: [NamedTensor] = []
    for (index, layer) in layers.enumerated() {
      tensors.append(
        NamedTensor(
          name: "\(2 * index).weight",
          shape: [layer.weights.outputs.count, layer.weights.inputs.count],
          elements: layer.weights.matrix.transposed.elements))
      if let bias = layer.bias {
        tensors.append(
          NamedTensor(name: "\(2 * index).bias", shape: [bias.count], elements: bias))
      }
    }
    return tensors
  }
}
