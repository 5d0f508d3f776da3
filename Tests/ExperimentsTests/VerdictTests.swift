import Testing

@testable import Experiments

@Suite struct VerdictTests {
  @Test func verdicts() {
    #expect(Verdict("", value: 1, bound: .init(atLeast: 1, atMost: 1)).holds)
    #expect(!Verdict("", value: 0.9, bound: .init(atLeast: 1)).holds)
    #expect(!Verdict("", value: 1.1, bound: .init(atMost: 1)).holds)
    #expect(!Verdict("", value: .nan, bound: .init()).holds)
    #expect(!Verdict("", value: .infinity, bound: .init(atLeast: 0)).holds)
  }
}
