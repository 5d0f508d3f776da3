import Foundation
import Networks
import Testing

@testable import ModelFiles

/// Networks in named tensors: what is taken, what is said of it, what is refused.
@Suite struct TensorNetworkTests {
  private func tensor(_ name: String, _ shape: [Int], _ elements: [Float]? = nil) -> NamedTensor {
    let count = shape.reduce(1, *)
    return NamedTensor(
      name: name, shape: shape, elements: elements ?? (0..<count).map { Float($0 % 7) - 3 })
  }

  private func read(
    _ tensors: [NamedTensor], _ options: ReadingOptions = ReadingOptions(),
    metadata: [String: String] = [:]
  ) throws -> TensorNetwork {
    try TensorNetwork(tensors, metadata: metadata, options: options)
  }

  private func refusal(
    _ tensors: [NamedTensor], _ options: ReadingOptions = ReadingOptions()
  ) -> String {
    do {
      return "read: \(try read(tensors, options).layers.map { "\($0.rows)-\($0.columns)" })"
    } catch { return "\(error)" }
  }

  @Test("a mean a channel: plane by plane, or pixel by pixel")
  func channels() throws {
    var map = Preprocessing(mean: [1, 2])
    #expect(try map.affine(inputs: 4).offsets == [-1, -1, -2, -2])
    map.isInterleaved = true
    #expect(try map.affine(inputs: 4).offsets == [-1, -2, -1, -2])
    #expect(throws: ModelFileError.Fault.self) { try map.affine(inputs: 3) }
  }

  @Test("Keras's layer Normalization is of the inputs: no batch normalization, no epsilon")
  func inputNormalization() throws {
    let weights: [NamedTensor] = [
      tensor("dense/kernel", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("dense/bias", [3], [0, 0, 1]),
    ]
    let read = try read(
      [
        tensor("normalization/mean", [1, 2], [1, 2]),
        tensor("normalization/variance", [1, 2], [4, 16]),
      ]
        + weights)
    #expect(read.layers[0].elements == [0.5, 1, 1.5, 1, 1.25, 1.5])
    #expect(read.biases?[0] == [-2.5, -3.5, -3.5])
    #expect(
      refusal(
        [
          tensor("normalization/mean", [2], [1, 2]), tensor("normalization/variance", [2], [0, 1]),
        ]
          + weights
      ).contains("tensor \"normalization/variance\" has a standard deviation of 0"))
  }

  @Test(
    "names of PyTorch, Keras, Flax, Haiku, scikit-learn, the paper and NumPy",
    arguments: [
      (["0.weight", "0.bias", "2.weight", "2.bias"], true),
      (["fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"], true),
      (["weight1", "bias1", "weight2", "bias2"], true),
      (
        [
          "sequential/dense/kernel:0", "sequential/dense/bias:0", "sequential/dense_1/kernel:0",
          "sequential/dense_1/bias:0",
        ], false
      ),
      (
        [
          "params/Dense_0/kernel", "params/Dense_0/bias", "params/Dense_1/kernel",
          "params/Dense_1/bias",
        ], false
      ),
      (["mlp/~/linear_0/w", "mlp/~/linear_0/b", "mlp/~/linear_1/w", "mlp/~/linear_1/b"], false),
      (["coefs_0", "intercepts_0", "coefs_1", "intercepts_1"], false),
      (["W1", "b1", "W2", "b2"], false),
      (["arr_0", "arr_1", "arr_2", "arr_3"], false), (["p0", "p1", "p2", "p3"], false),
      (["arr_0", "arr_2", "arr_1", "arr_3"], false), (["0", "1", "2", "3"], false),
      (["W1", "B1", "W2", "B2"], false), (["fc1W", "fc1B", "fc2W", "fc2B"], false),
      (["0.0", "0.1", "1.0", "1.1"], false), (["W_h", "b_h", "W_o", "b_o"], false),
      (["layer1_weights", "layer1_biases", "layer2_weights", "layer2_biases"], false),
      (["weights.0", "biases.0", "weights.1", "biases.1"], false),
      (["coefs_.0", "intercepts_.0", "coefs_.1", "intercepts_.1"], false),
      (["fc1.kernel.value", "fc1.bias.value", "fc2.kernel.value", "fc2.bias.value"], false),
      (
        [
          "['params']['Dense_0']['kernel']", "['params']['Dense_0']['bias']",
          "['params']['Dense_1']['kernel']", "['params']['Dense_1']['bias']",
        ], false
      ),
      (
        [
          "layers/dense/vars/0", "layers/dense/vars/1", "layers/dense_1/vars/0",
          "layers/dense_1/vars/1",
        ], false
      ),
    ])
  func names(_ names: [String], _ isOutputsFirst: Bool) throws {
    let first = tensor(names[0], isOutputsFirst ? [4, 3] : [3, 4])
    let second = tensor(names[2], isOutputsFirst ? [2, 4] : [4, 2])
    let network = try read(
      [second, tensor(names[3], [2], [5, 6]), first, tensor(names[1], [4], [1, 2, 3, 4])])
    #expect(network.layers.map(\.rows) == [3, 4] && network.layers[1].columns == 2)
    #expect(network.biases == [[1, 2, 3, 4], [5, 6]])
    let expected =
      isOutputsFirst
      ? Matrix(rows: 4, columns: 3, elements: first.elements).transposed
      : Matrix(rows: 3, columns: 4, elements: first.elements)
    #expect(network.layers[0] == expected)
    #expect(network.notes.contains { $0.part == "activations" && $0.kind == .assumed })
  }

  @Test("how weights lie: by biases and shapes, by names where all are square, else asked for")
  func layouts() throws {
    // Renamed from Flax and not transposed: the last bias says it.
    let renamed = [
      tensor("Dense_0.weight", [4, 4]), tensor("Dense_1.weight", [4, 2]),
      tensor("Dense_1.bias", [2]),
    ]
    #expect(try read(renamed).layers[0].elements == renamed[0].elements)
    let square = [
      tensor("W1", [3, 3]), tensor("b1", [3]), tensor("W2", [3, 3]), tensor("b2", [3]),
    ]
    #expect(refusal(square).contains("--layout out,in (PyTorch) or --layout in,out (Keras, Flax)"))
    let said = try read(square, ReadingOptions(layout: .inputsOutputs))
    #expect(said.layers[0].elements == square[0].elements)
    let turned = try read(square, ReadingOptions(layout: .outputsInputs))
    #expect(turned.layers[0] == said.layers[0].transposed)
    let named = [tensor("0.weight", [3, 3]), tensor("1.weight", [3, 3])]
    let network = try read(named)
    #expect(network.layers[0].elements != named[0].elements)
    #expect(
      network.notes.contains {
        $0.part == "weights" && $0.outcome.contains("--layout says another")
      })
    // Shapes against a layout that is said.
    #expect(refusal(renamed, ReadingOptions(layout: .outputsInputs)).contains("fit in no order"))
    // In Fortran order the shape does not say it.
    let fortran = try read([tensor("0.weight", [2, 3])], ReadingOptions(layout: .fortran))
    #expect(fortran.layers[0] == Matrix(rows: 3, columns: 2, elements: tensor("", [6]).elements))
  }

  @Test("the order is said where it is not in the file, and named layers are all there is")
  func saidOrder() throws {
    let tensors = [
      tensor("actor.0.weight", [4, 4]), tensor("actor.2.weight", [2, 4]),
      tensor("critic.0.weight", [4, 4]),
    ]
    let words = refusal(tensors)
    #expect(
      words.contains("--layers actor.0,critic.0,actor.2") && words.contains("another branch"),
      "\(words)")
    let network = try read(tensors, ReadingOptions(layers: ["actor.0", "actor.2"]))
    #expect(network.layers.count == 2)
    #expect(network.notes.contains { $0.kind == .ignored && $0.part == "critic.0" })
    #expect(
      refusal(tensors, ReadingOptions(layers: ["actor.2", "actor.0"])).contains(
        "as said by --layers"))
    #expect(
      refusal(tensors, ReadingOptions(layers: ["actor.9"])).contains("there is no such layer"))
    let without = try read(tensors, ReadingOptions(ignored: ["critic"]))
    #expect(without.layers.count == 2)
  }

  @Test("what belongs to no linear layer is refused by its name")
  func strangers() throws {
    let network = [tensor("fc1.weight", [4, 3]), tensor("fc2.weight", [2, 4])]
    for stranger in [
      tensor("norm.weight", [4]), tensor("lif1.beta", []), tensor("lif1.threshold", []),
      tensor("temperature", []),
      tensor("fc1.lora_A.weight", [1, 3]), tensor("conv.weight", [2, 1, 3, 3]),
      tensor("logit_scale", [1]),
      tensor("emb.bias", [4]), tensor("ln.weight", [4]), tensor("embedding.weight", [3, 3]),
      tensor("fc1.lora_B.weight", [3, 3]),
    ] {
      let words = refusal(network + [stranger])
      let isNamed =
        words.contains("--ignore \(stranger.name)") || words.contains("fit in no order")
        || words.contains("--layers")
      #expect(isNamed, "\(stranger.name): \(words)")
      #expect(
        refusal(network + [stranger], ReadingOptions(ignored: [stranger.name])).hasPrefix("read"))
    }
    // With the layers named, what is not named is left out.
    let named = try read(
      network + [tensor("optimizer.exp_avg", [4, 3]), tensor("lif1.beta", [])],
      ReadingOptions(layers: ["fc1", "fc2"]))
    #expect(named.layers.count == 2 && named.notes.count { $0.kind == .ignored } == 2)
    // Counts of the training are no part of it.
    #expect(
      refusal(network + [tensor("epoch", []), tensor("best_accuracy", [])]).hasPrefix("read"))
    #expect(
      refusal([tensor("fc1.weight", [4, 3]), tensor("fc1.bias", [5])]).contains(
        "5 elements, expected 4 or 3"))
    #expect(refusal([]).contains("no tensor *.weight"))
    #expect(refusal([tensor("fc.weight", [0, 3])]).contains("no elements"))
  }

  @Test("batch normalization, masks, weight normalization and inputs' normalization are folded")
  func folds() throws {
    let weight = tensor("0.weight", [2, 2], [1, 2, 3, 4])
    let norm: [(String, [Float])] = [
      ("weight", [2, 4]), ("bias", [1, 0]), ("running_mean", [3, 0]), ("running_var", [4, 1]),
    ]
    func norms(_ module: String) -> [NamedTensor] {
      norm.map { tensor("\(module).\($0.0)", [2], $0.1) }
    }
    func close(_ found: [Float], _ expected: [Double]) -> Bool {
      found.count == expected.count
        && zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-6 * max(1, abs($1)) }
    }
    let (first, second) = (2 / (4 + 1e-5).squareRoot(), 4 / (1 + 1e-5).squareRoot())
    let last = tensor("3.weight", [1, 2], [1, 1])
    // Behind a layer, before its ReLU.
    let behind = try read([weight, tensor("0.bias", [2], [5, 6]), last] + norms("1"))
    #expect(close(behind.layers[0].elements, [first, 3 * second, 2 * first, 4 * second]))
    #expect(close(behind.biases![0], [(5 - 3) * first + 1, 6 * second]))
    // Right before the next layer: behind the ReLU.
    let before = try read([weight, last] + norms("2"))
    #expect(before.layers[0].elements == [1, 3, 2, 4])
    #expect(
      close(before.layers[1].elements, [first, second]) && close(before.biases![1], [1 - 3 * first])
    )
    // First of all: of the inputs.
    let inputs = try read([tensor("1.weight", [1, 2], [1, 1])] + norms("0"))
    #expect(close(inputs.layers[0].elements, [first, second]))
    let named = try read(
      [tensor("fc1.weight", [2, 2]), tensor("fc2.weight", [1, 2])] + norms("bn1"))
    #expect(named.notes.contains { $0.part == "bn1" && $0.kind == .assumed })
    // By its size, where one place only has it: of the inputs, or of the one hidden layer.
    let narrow = [
      tensor("fc1.weight", [3, 2], [1, 2, 3, 4, 5, 6]), tensor("fc2.weight", [1, 3], [1, 1, 1]),
    ]
    let byInput = try read(narrow + norms("bn"))
    #expect(close(Array(byInput.layers[0].elements.prefix(3)), [first, 3 * first, 5 * first]))
    let wide = [
      tensor("fc1.weight", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("fc2.weight", [1, 2], [1, 1]),
    ]
    let byHidden = try read(wide + norms("bn"))
    #expect(close(Array(byHidden.layers[0].elements.prefix(2)), [first, 4 * second]))
    // A list of as many as there are hidden layers.
    let square = [
      tensor("fcs.0.weight", [2, 2]), tensor("fcs.1.weight", [2, 2]),
      tensor("fcs.2.weight", [1, 2]),
    ]
    let listed = try read(square + norms("bns.0") + norms("bns.1"))
    #expect(
      listed.notes.count { $0.part.hasPrefix("bns.") && $0.outcome.contains("before its ReLU") }
        == 2)
    #expect(refusal(square + norms("bn")).contains("its place among the layers is not in the file"))
    #expect(
      refusal([weight, tensor("3.weight", [2, 2]), tensor("5.weight", [1, 2])] + norms("9"))
        .contains("its place among the layers is not in the file")
    )

    let pruned = try read([
      tensor("0.weight_orig", [1, 2], [3, 4]), tensor("0.weight_mask", [1, 2], [0, 1]),
      tensor("0.bias", [1], [5]),
    ])
    #expect(pruned.layers[0].elements == [0, 4] && pruned.biases == [[5]])
    for names in [
      ("0.weight_g", "0.weight_v"),
      ("0.parametrizations.weight.original0", "0.parametrizations.weight.original1"),
    ] {
      let scaled = try read([tensor(names.0, [1, 1], [10]), tensor(names.1, [1, 2], [3, 4])])
      #expect(scaled.layers[0].elements == [6, 8])
    }
    let normalized = try read([
      tensor("mean", [1], [3]), tensor("std", [1], [2]), tensor("fc.weight", [1, 2], [2, 4]),
    ])
    #expect(normalized.layers[0].elements == [1, 2] && normalized.biases == [[-9]])
    // What is said beside the file: scale, then mean and std, a number or one a channel.
    let said = try read(
      [tensor("fc.weight", [1, 2], [2, 4])],
      ReadingOptions(preprocessing: Preprocessing(scale: [16], mean: [3, 1], std: [2])))
    #expect(said.layers[0].elements == [16, 32] && said.biases == [[-5]])
    #expect(
      refusal(
        [tensor("fc.weight", [1, 2])],
        ReadingOptions(preprocessing: Preprocessing(mean: [1, 2, 3]))
      ).contains("--mean has 3 numbers, expected 1, or a divisor of the 2 inputs"))
  }

  @Test("a tensor under two names stands once in the file, and its metadata says so")
  func aliases() throws {
    let tensors = [
      tensor("0.weight", [2, 3]), tensor("2.weight", [2, 2]), tensor("6.weight", [1, 2]),
    ]
    let network = try read(tensors, metadata: ["4.weight": "2.weight", "format": "pt"])
    #expect(network.layers.count == 4 && network.layers[1] == network.layers[2])
  }

  @Test("what is written is read back, whatever the sizes and the metadata")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 3)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for round in 0..<2000 {
      // Lengths of metadata that move the header through all sizes, those that begin as a pickle among them.
      let units = (0..<Int.random(in: 2...5, using: &generator)).map { _ in
        Int.random(in: 1...6, using: &generator)
      }
      let weights = try NetworkWeights(
        topology: Topology(units: units), initializer: .he, withBiases: round.isMultiple(of: 2),
        generator: &generator)
      let text = String(repeating: "x", count: round)
      let path = folder.appending(path: "n.safetensors").path
      try Data(weights.safetensors(metadata: ["note": text])).write(to: URL(filePath: path))
      let file = try NetworkFile(path: path)
      #expect(file.weights == weights && file.metadata["note"] == text, "\(units)")
      #expect(
        file.notes.allSatisfy { $0.kind == .faithful || $0.part == "weights" }, "\(file.notes)")
    }
  }
}
