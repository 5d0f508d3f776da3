import Datasets
import Networks
import Testing

@Suite struct TemporalOrderTests {
  private func images(_ count: Int) -> LabelledImages {
    var generator = SeededGenerator(seed: 5)
    let pixels = Matrix(rows: count, columns: 300) { _, _ in
      Float(Int(generator.nextUniform() * 256)) / 255
    }
    return LabelledImages(
      images: pixels, labels: (0..<count).map { $0 % 3 }, classes: 3)
  }

  @Test(
    "the nearest of the next unseen images, as plain loops find it", arguments: [1, 2, 7, 1000])
  func greedy(window: Int) throws {
    let data = images(60)
    let order = try data.temporalOrder(window: window)
    #expect(order.sorted() == Array(0..<60) && order[0] == 0)
    var unseen = Array(1..<60)
    for place in 1..<60 {
      let last = data.images.row(order[place - 1])
      // Of the first `window` unseen ones; the order within does not matter, but for equals.
      let distances = unseen.prefix(window).map { image in
        zip(last, data.images.row(image)).reduce(0) { $0 + Int((abs($1.0 - $1.1) * 255).rounded()) }
      }
      let best = unseen[distances.firstIndex(of: distances.min()!)!]
      #expect(order[place] == best)
      unseen.removeAll { $0 == best }
    }
  }

  @Test("no image, one image")
  func small() throws {
    #expect(try images(0).temporalOrder() == [])
    #expect(try images(1).temporalOrder() == [0])
  }
}
