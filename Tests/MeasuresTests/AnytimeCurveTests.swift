import Testing

@testable import Measures

@Suite struct AnytimeCurveTests {
  @Test("a margin that nothing reaches is no margin")
  func unreached() {
    // Two images, three steps: margins rise, labels are right at the end only.
    let curve = AnytimeCurve(
      timeSteps: 3, count: 2, labels: [1, 1, 0, 2, 2, 1], margins: [1, 2, 3, 1, 1, 9],
      additions: [10, 20, 30, 10, 20, 40])
    let never = AnytimeCurve.Rule(margin: .infinity, timeSteps: 3)
    #expect(curve.outcome(never, labels: [0, 1]) == (0, 35))
    #expect(curve.outcome(.init(margin: 100, timeSteps: 3), labels: [0, 1]) == (0, 35))
    #expect(curve.outcome(.init(margin: 2, timeSteps: 3), labels: [0, 1]) == (1, 30))
    #expect(curve.outcome(.init(margin: 0, timeSteps: 3), labels: [0, 1]) == (2, 10))
    #expect(curve.outcome(.init(margin: 100, timeSteps: 2), labels: [0, 1]) == (2, 20))
    #expect(curve.outcome(step: 3, labels: [0, 1]) == (0, 35))
    #expect(curve.candidates(most: 64) == [0, 1, 2])
  }
}
