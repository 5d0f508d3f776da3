import Foundation
import Networks
import Testing

/// The views of the ledger, on figures worked out by hand.
@Suite struct OperationLedgerTests {
  /// Two examples of two steps each in a 3-2-4 network.
  private var ledger: OperationLedger {
    var ledger = OperationLedger([3, 2, 4])
    ledger.examples = 2
    ledger.timeSteps = 4
    ledger.layers[0].positiveSpikes = 5
    ledger.layers[0].negativeSpikes = 1
    ledger.layers[0].unitSteps = 12
    ledger.layers[0].activeUnitSteps = 6
    ledger.layers[1].positiveSpikes = 4
    ledger.layers[1].unitSteps = 8
    ledger.layers[1].activeUnitSteps = 3
    ledger.layers[1].forwardAdditions = 12
    ledger.layers[1].effectiveAccumulates = 10
    ledger.layers[2].unitSteps = 16
    ledger.layers[2].forwardAdditions = 16
    ledger.layers[2].effectiveMultiplyAccumulates = 6
    return ledger
  }

  @Test("a ledger that was written before doublings were counted is read")
  func withoutDoublings() throws {
    var ledger = ledger
    let written = try JSONEncoder().encode(ledger)
    #expect(try JSONDecoder().decode(OperationLedger.self, from: written) == ledger)
    let before = String(decoding: written, as: UTF8.self)
      .replacingOccurrences(of: "\"doublings\":0,", with: "")
      .replacingOccurrences(of: ",\"doublings\":0", with: "")
    #expect(!before.contains("doublings"))
    #expect(try JSONDecoder().decode(OperationLedger.self, from: Data(before.utf8)) == ledger)
    ledger.layers[1].doublings = 5
    let again = try JSONDecoder().decode(OperationLedger.self, from: JSONEncoder().encode(ledger))
    #expect(again == ledger && again.additions == 28 + 5)
  }

  @Test func views() {
    #expect(ledger.additions == 28)
    #expect(ledger.denseMultiplyAddsPerExample == 14)
    #expect(ledger.neuroBench.effectiveACs == 5)
    #expect(ledger.neuroBench.effectiveMACs == 3)
    #expect(ledger.neuroBench.dense == 28)
    let sparsity: Double = 1 - 3.0 / 24
    #expect(ledger.neuroBench.activationSparsity == sparsity)
    #expect(ledger.snnToolboxOperations == 6 * 2 + 3 * 4)
    #expect(ledger.snnToolboxDenseOperations(biases: 6) == 34)
    // 10 spikes in 20 unit-steps: rate 1/2; 2 steps an example; 14 multiply-adds.
    #expect(ledger.rateOperationsPerExample == 14)
  }

  @Test func adding() {
    var sum = ledger
    sum.add(ledger)
    #expect(sum.layers[0].spikes == 12 && sum.examples == 4 && sum.timeSteps == 8)
    #expect(sum.layers[1].effectiveAccumulates == 20)
    sum.reset()
    #expect(sum == OperationLedger([3, 2, 4]))
  }

  @Test("the paper's network: 198,800 multiply-adds forward")
  func paperNetwork() {
    #expect(
      OperationLedger([784, 200, 200, 10]).denseMultiplyAddsPerExample == 198_800)
  }
}
