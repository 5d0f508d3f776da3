package import Networks

/// Moves images by a few pixels, each in a way of its own; what comes in from outside is 0.
package struct ImageShifts: Sendable {
  package let height: Int
  package let width: Int
  /// Pixels at most, each way.
  package let most: Int
  package var generator: SeededGenerator

  /// Moves of at most `most` pixels, drawn from `generator`.
  package init(height: Int, width: Int, most: Int, generator: SeededGenerator) {
    (self.height, self.width, self.most) = (height, width, most)
    self.generator = generator
  }

  /// Moves each row of a batch, an image.
  package mutating func move(_ images: inout Matrix) {
    let span = UInt64(2 * most + 1)
    for example in 0..<images.rows {
      let down = Int(generator.next() % span) - most
      let right = Int(generator.next() % span) - most
      if down == 0, right == 0 { continue }
      let image = images.row(example)
      var moved = [Float](repeating: 0, count: image.count)
      for y in max(0, down)..<min(height, height + down) {
        for x in max(0, right)..<min(width, width + right) {
          moved[y * width + x] = image[(y - down) * width + x - right]
        }
      }
      images.setRow(example, to: moved)
    }
  }
}
