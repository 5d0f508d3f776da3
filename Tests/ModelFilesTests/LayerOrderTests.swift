import Testing

@testable import ModelFiles

/// The order of layers: by one numbering, by shapes where one order fits, by words; never guessed.
@Suite struct LayerOrderTests {
  private func order(_ layers: [(String, Int, Int)]) -> String {
    let order = LayerOrder(
      layers.map { name, inputs, outputs in
        LayerOrder.Layer(
          path: name.split(separator: ".").map(String.init), inputs: inputs, outputs: outputs)
      })
    func names(_ order: [Int]) -> String { order.map { layers[$0].0 }.joined(separator: " ") }
    switch order.found {
    case .none: return "none"
    case .several(let orders): return "several: " + orders.map(names).joined(separator: " | ")
    case .order(let order, let reason):
      let word =
        switch reason {
        case .numbers: "numbers"
        case .counted(let name): "counted \(name)"
        case .shapes: "shapes"
        case .words(let words): "words " + words.joined(separator: ",")
        }
      return word + ": " + names(order)
    }
  }

  @Test("numbers: 10 after 9, in any part of the name")
  func numbers() {
    #expect(order([("fc10", 4, 4), ("fc9", 4, 4), ("fc1", 4, 4)]) == "numbers: fc1 fc9 fc10")
    #expect(order([("l2.fc", 4, 3), ("l1.fc", 4, 4)]) == "numbers: l1.fc l2.fc")
    #expect(order([("only", 4, 3)]) == "numbers: only")
    // Keras counts from a name without number on.
    #expect(
      order([("dense_1", 4, 4), ("dense", 4, 4), ("dense_2", 4, 3)])
        == "counted dense: dense dense_1 dense_2")
  }

  @Test("words that are numbers; a name without one beside others that begin with 2")
  func counted() {
    #expect(
      order([("second", 4, 4), ("third", 4, 4), ("first", 4, 4)]) == "numbers: first second third")
    #expect(order([("fc_two", 4, 4), ("fc_one", 4, 4)]) == "numbers: fc_one fc_two")
    #expect(order([("fc2", 4, 4), ("fc3", 4, 4), ("fc", 4, 4)]) == "counted fc: fc fc2 fc3")
    // A gap, two that have none, or a 1 beside it: not one numbering.
    #expect(order([("fc3", 4, 4), ("fc", 4, 4)]).hasPrefix("several: "))
    #expect(order([("fc1", 4, 4), ("fc2", 4, 4), ("fc", 4, 4)]).hasPrefix("several: "))
    #expect(order([("second", 4, 4), ("third", 4, 4)]).hasPrefix("several: "))
  }

  @Test("shapes: one order fits, also where numbers in names are sizes")
  func shapes() {
    #expect(order([("fc1", 8, 4), ("fc2", 4, 3), ("out", 3, 2)]) == "shapes: fc1 fc2 out")
    #expect(
      order([("fc16_10", 16, 10), ("fc32_16", 32, 16), ("fc64_32", 64, 32)])
        == "shapes: fc64_32 fc32_16 fc16_10")
    #expect(order([("net.0", 4, 4), ("net.2", 4, 4), ("top", 4, 3)]) == "shapes: net.0 net.2 top")
    #expect(order([("a", 4, 3), ("b", 5, 2)]) == "none")
  }

  @Test("words decide only where each layer that is not placed by numbers has one")
  func words() {
    #expect(
      order([("fc_hidden", 4, 4), ("fc_in", 4, 4), ("fc_out", 4, 2)])
        == "words in,hidden,out: fc_in fc_hidden fc_out")
    #expect(
      order([("head.0", 4, 4), ("head.2", 4, 2), ("backbone.0", 4, 4), ("backbone.2", 4, 4)])
        == "words backbone,head: backbone.0 backbone.2 head.0 head.2")
    // A branch has no such word; its layer must not join the chain.
    #expect(
      order([("actor.0", 4, 4), ("actor.2", 4, 2), ("critic.0", 4, 4)]).hasPrefix("several: "))
    #expect(
      order([("backbone.0", 4, 4), ("head.0", 4, 2), ("critic", 4, 4)]).hasPrefix("several: "))
    #expect(order([("body", 4, 4), ("head", 4, 4), ("critic", 4, 2)]).hasPrefix("several: "))
    #expect(order([("in_a", 4, 4), ("in_b", 4, 4), ("out", 4, 2)]).hasPrefix("several: "))
  }

  @Test("many layers end in an answer, not in a search")
  func many() {
    let numbered = (0..<2000).map { ("fc\($0)", 4, 4) }
    #expect(order(numbered.reversed()).hasPrefix("numbers: fc0 fc1 "))
    let names = "abcdefghijklmnopqrstuvwxyz".map { (String($0) + String($0), 4, 4) }
    #expect(order(names).hasPrefix("several: "))
    #expect(order(names + numbered) == "several: ")
  }
}
