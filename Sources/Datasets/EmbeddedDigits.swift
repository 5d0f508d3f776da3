internal import CEmbeddedDigits
internal import Networks

extension Dataset {
  /// The 1,797 real handwritten digits that the package carries: 8 x 8 pixels, pixel / 16.
  ///
  /// The first 1,437 are for training, the last 360 for testing. Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI
  /// Machine Learning Repository, 1998, doi 10.24432/C50P49, CC BY 4.0.
  public static func embeddedDigits() -> Dataset {
    let count = Int(CED_IMAGES)
    let pixels = Int(CED_PIXELS)
    let images = Matrix(rows: count, columns: pixels) { row, column in
      unsafe Float(ced_first_pixel()[row * pixels + column]) / 16
    }
    let labels = (0..<count).map { unsafe Int(ced_first_label()[$0]) }
    let all = LabelledImages(images: images, labels: labels, classes: 10)
    return Dataset(
      name: "digits", source: "embedded", shape: Shape(height: 8, width: 8, channels: 1),
      training: all.selecting(0..<1_437), test: all.selecting(1_437..<count), divisor: 16)
  }
}
