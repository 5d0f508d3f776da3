package import Networks

/// Moves images by a few pixels, each in a way of its own; what comes in from outside is 0.
package struct ImageShifts: Sendable {
  package let shape: Shape
  package let channelOrder: Dataset.ChannelOrder
  /// Pixels at most, each way.
  package let most: Int
  package var generator: SeededGenerator

  /// Moves of at most `most` pixels, drawn from `generator`.
  package init(
    shape: Shape, channelOrder: Dataset.ChannelOrder, most: Int, generator: SeededGenerator
  ) {
    (self.shape, self.channelOrder, self.most) = (shape, channelOrder, most)
    self.generator = generator
  }

  /// Moves each row of a batch, an image.
  package mutating func move(_ images: inout Matrix) {
    let (height, width, channels) = (shape.height, shape.width, shape.channels)
    // Numbers from a channel to the next, and from a pixel to the next.
    let (plane, pixel) = channelOrder == .first ? (height * width, 1) : (1, channels)
    let span = UInt64(2 * most + 1)
    for example in 0..<images.rows {
      let down = Int(generator.next() % span) - most
      let right = Int(generator.next() % span) - most
      if down == 0, right == 0 { continue }
      let image = images.row(example)
      var moved = [Float](repeating: 0, count: image.count)
      for c in 0..<channels {
        for y in max(0, down)..<max(0, down, min(height, height + down)) {
          for x in max(0, right)..<max(0, right, min(width, width + right)) {
            moved[c * plane + (y * width + x) * pixel] =
              image[c * plane + ((y - down) * width + x - right) * pixel]
          }
        }
      }
      images.setRow(example, to: moved)
    }
  }
}
