internal import Datasets
internal import ModelFiles
internal import Networks

/// How the examples of an array lie: numbers, pictures, pictures with channels first or last; and how they are given.
struct ArrayForm {
  /// Of an example in the array.
  let dimensions: [Int]
  /// Of an example as it is given.
  let shape: Shape
  /// How its colours are given.
  let order: Dataset.ChannelOrder
  /// What was assumed.
  let notes: [String]
  /// Of an example in the array.
  private let storedShape: Shape
  private let stored: Dataset.ChannelOrder
  private let isMixed: Bool

  /// - Parameters:
  ///   - order: how colours are to follow each other; `nil`: as the array has them.
  ///   - isGrey: whether colours are mixed.
  /// - Throws: `DatasetError.badData` where the array has no examples.
  init(
    _ x: NumPyArray, path: String, order said: Dataset.ChannelOrder?, isGrey: Bool
  ) throws(DatasetError) {
    dimensions = Array(x.shape.dropFirst())
    let count = dimensions.reduce(1, *)
    guard x.shape.count >= 2, x.shape[0] > 0, (1...NetworkWeights.maximumLayerWidth) ~= count else {
      throw .badData(
        path: path,
        reason: "\(x.name) has shape \(x.shape), expected examples x numbers, with up to "
          + "\(NetworkWeights.maximumLayerWidth) each")
    }
    let isFirst = dimensions.count == 3 && [1, 3].contains(dimensions[0])
    let isLast = dimensions.count == 3 && [1, 3].contains(dimensions[2])
    if dimensions.count == 2 {
      storedShape = Shape(height: dimensions[0], width: dimensions[1], channels: 1)
      stored = .first
    } else if isFirst && (!isLast || said != .last) {
      storedShape = Shape(height: dimensions[1], width: dimensions[2], channels: dimensions[0])
      stored = .first
    } else if isLast {
      storedShape = Shape(height: dimensions[0], width: dimensions[1], channels: dimensions[2])
      stored = .last
    } else if dimensions.count == 1, let square = Shape(squareOf: count) {
      (storedShape, stored) = (square, .first)
    } else {
      (storedShape, stored) = (Shape(units: count), .last)
    }
    let isColoured = storedShape.isMap && storedShape.channels == 3
    isMixed = isGrey && isColoured
    shape =
      isMixed
      ? Shape(height: storedShape.height, width: storedShape.width, channels: 1) : storedShape
    order = isMixed ? .first : isColoured ? said ?? stored : stored
    notes =
      isColoured && !isMixed
      ? [
        order == .first
          ? "colours: plane by plane (--channels last: pixel by pixel)"
          : "colours: pixel by pixel (--channels first: plane by plane)"
      ] : []
  }

  /// Examples as they are given.
  func values(_ elements: [Float]) -> [Float] {
    if isMixed { return Channels.grey(elements, storedShape, stored) }
    return order == stored ? elements : Channels.reordered(elements, storedShape, to: order)
  }
}

/// Orders of the numbers of coloured images.
enum Channels {
  /// Images one after the other, whose colours follow each other in the other order.
  static func reordered(
    _ values: [Float], _ shape: Shape, to order: Dataset.ChannelOrder
  ) -> [Float] {
    let (pixels, channels, count) = (shape.height * shape.width, shape.channels, shape.count)
    var result = values
    for image in 0..<values.count / count {
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let plane = image * count + channel * pixels + pixel
          let side = image * count + pixel * channels + channel
          if order == .first { result[plane] = values[side] } else { result[side] = values[plane] }
        }
      }
    }
    return result
  }

  /// The luma of ITU-R BT.601, as Pillow's `convert("L")` has it before it rounds: one number a pixel.
  static func grey(
    _ values: [Float], _ shape: Shape, _ order: Dataset.ChannelOrder
  ) -> [Float] {
    let (pixels, count) = (shape.height * shape.width, shape.count)
    let (pixelStride, channelStride) = order == .first ? (1, pixels) : (3, 1)
    return (0..<values.count / count * pixels).map { index in
      let place = index / pixels * count + index % pixels * pixelStride
      return luma(
        values[place], values[place + channelStride], values[place + 2 * channelStride])
    }
  }

  /// `0.299 R + 0.587 G + 0.114 B`; a colour whose parts are equal stays as it is.
  static func luma(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    red == green && red == blue ? red : 0.299 * red + 0.587 * green + 0.114 * blue
  }
}

extension Shape {
  /// A grey image of so many pixels, which rows of a table are drawn as; `nil` where they are no square, or a small one.
  init?(squareOf pixels: Int) {
    let side = Int(Double(pixels).squareRoot().rounded())
    guard side * side == pixels, side >= 8 else { return nil }
    self.init(height: side, width: side, channels: 1)
  }
}
