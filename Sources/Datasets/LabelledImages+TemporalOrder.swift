internal import Networks

extension LabelledImages {
  /// Temporal MNIST: an order in which images follow those that are like them, as frames of a film do.
  ///
  /// Greedy: after an image comes that of the next `window` unseen ones with the smallest L1 distance, the
  /// first of equals; the window is filled from the sequence. It starts with image 0.
  ///
  /// Source: O'Connor and Welling, *Sigma Delta Quantized Networks*, ICLR 2017, section 5.2.
  ///
  /// - Returns: the places of the images, each once.
  /// - Throws: `CancellationError`.
  /// - Complexity: `count * window * pixels` differences of bytes.
  public func temporalOrder(window: Int = 1000) throws -> [Int] {
    precondition(window >= 1, "a window of \(window) images")
    guard count > 0 else { return [] }
    let pixels = images.columns
    // Distances of bytes: pixels of files are bytes, and sixteen fit in a vector.
    let bytes = (0..<count).map { image in
      images.row(image).map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
    }
    var waiting = Array(1..<min(count, window + 1))
    var next = waiting.count + 1
    var order = [0]
    order.reserveCapacity(count)
    while !waiting.isEmpty {
      if order.count.isMultiple(of: 256) { try Task.checkCancellation() }
      let last = bytes[order[order.count - 1]]
      var best = (place: 0, distance: Int.max)
      for (place, image) in waiting.enumerated() {
        let distance = Self.distance(last, bytes[image], pixels, below: best.distance)
        if distance < best.distance { best = (place, distance) }
      }
      order.append(waiting.remove(at: best.place))
      if next < count {
        waiting.append(next)
        next += 1
      }
    }
    return order
  }

  /// The sum of absolute differences; any number of at least `limit` where it is that much.
  private static func distance(
    _ one: [UInt8], _ other: [UInt8], _ pixels: Int, below limit: Int
  ) -> Int {
    var total = 0
    var start = 0
    while start < pixels {
      let end = min(start + 112, pixels)
      var part: UInt32 = 0
      for pixel in start..<end {
        let (a, b) = (one[pixel], other[pixel])
        part &+= UInt32(a > b ? a &- b : b &- a)
      }
      total += Int(part)
      if total >= limit { return total }
      start = end
    }
    return total
  }
}
