import Testing

@testable import bench

@Suite struct ProgressTests {
  @Test func text() {
    #expect(
      Progress.text("counting", 420, 1000, .seconds(42))
        == "counting  42%  58 s left  [########............]  420 of 1,000")
    #expect(
      Progress.text("epoch 1", detail: ", error 5%", 420, 1000, .seconds(42), unit: "images")
        == "epoch 1, error 5%  42%  58 s left  [########............]  420 of 1,000 images  "
        + "10 images/s")
  }

  @Test("a progress line keeps its error and the time left at every width", arguments: 50...140)
  func narrow(columns: Int) {
    // As `train` on MNIST shows it.
    let text = Progress.text(
      "epoch 12", detail: ", running error 12.34%", 25_200, 60_000, .seconds(42), unit: "images",
      columns: columns)
    #expect(text.count < columns)
    #expect(text.hasPrefix("epoch 12, running error 12.34%  42%  58 s left"))
    // Parts are there whole or not at all.
    for part in ["[########............]", "25,200 of 60,000 images", "600 images/s"] {
      #expect(text.contains(part) || !text.contains(part.prefix(3)))
    }
    // Of a detail that is too long, whole words.
    let rows = Progress.text(
      "rows",
      detail: ": baseline (seed 1), epoch 4; fractional (seed 1), epoch 11; smooth (seed 2)",
      420, 1000, .seconds(42), columns: columns)
    #expect(rows.count < columns && rows.contains("  42%  58 s left"))
  }
}
