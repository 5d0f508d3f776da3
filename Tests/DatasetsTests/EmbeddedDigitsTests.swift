import Foundation
import Networks
import Testing

@testable import Datasets

@Suite struct EmbeddedDigitsTests {
  @Test("the 1,797 digits of the UCI test set, as published")
  func digits() {
    let digits = Dataset.embeddedDigits()
    #expect(digits.training.count == 1437 && digits.test.count == 360)
    let labels = digits.training.labels + digits.test.labels
    let counts = (0..<10).map { digit in labels.count { $0 == digit } }
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    // The first row of the published file.
    #expect(digits.training.labels[0] == 0)
    #expect(
      digits.training.images.row(0).prefix(14).map { Int($0 * 16) }
        == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15])
    // The sum of all pixels.
    let sum = (digits.training.images.elements + digits.test.images.elements).reduce(0.0) {
      $0 + Double($1) * 16
    }
    #expect(sum == 561_718)
  }

  @Test func targets() {
    let targets = Dataset.embeddedDigits().training.prefix(3).targets
    #expect(targets.rows == 3 && targets.row(1) == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  }
}
