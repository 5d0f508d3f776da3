import Datasets
import Foundation
import Networks
import Testing

@testable import Measures

@Suite struct ExpectedErrorsTests {
  @Test("expected errors: likely answers are likely right, at the temperature of the data")
  func expectedErrors() throws {
    // Outputs are the inputs; labels follow the softmax of them at temperature 1/2.
    var generator = SeededGenerator(seed: 4)
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 1])
    ])
    var labels: [Int] = []
    let images = Matrix(rows: 4000, columns: 2) { _, _ in Float(generator.nextNormal()) }
    for index in 0..<4000 {
      let difference = Double(images[index, 0] - images[index, 1])
      // P(label 0) = 1 / (1 + e^(-2 d)) by comparing d with a logistic draw of scale 1/2.
      let uniform = generator.nextUniform()
      let draw = 0.5 * (log(uniform) - log(1 - uniform))
      labels.append(draw < difference ? 0 : 1)
    }
    let errors = try ExpectedErrors(
      weights, LabelledImages(images: images, labels: labels, classes: 2))
    #expect(errors.temperature > 0.4 && errors.temperature < 0.6)
    let expected = (0..<4000).reduce(0.0) {
      $0 + Double(errors.costs[$1, images.row($1).argmax])
    }
    let counted = (0..<4000).count { images.row($0).argmax != labels[$0] }
    #expect(abs(expected - Double(counted)) < 100)
    for index in 0..<10 {
      #expect(abs(errors.costs[index, 0] + errors.costs[index, 1] - 1) < 1e-5)
    }
  }
}
