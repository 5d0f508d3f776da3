#if NIR
  import Networks
  import Testing

  @testable import ModelFiles

  /// NIR graphs: what is in the file; `Scripts/check-models` lets NIR's own reader read one.
  @Suite struct NIRTests {
    @Test("an HDF5 file with the nodes, and with what NIR cannot say")
    func encode() throws {
      let bytes = try NIRFile.encode(NpzTests.network, metadata: ["note": "a"])
      #expect(bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]))
      let text = String(decoding: bytes, as: UTF8.self)
      for word in [
        "NIRGraph", "Affine", "IF", "Input", "Output", "v_threshold", "v_reset", "difference_1",
        "a spike subtracts 1",
      ] {
        #expect(text.contains(word), "\(word)")
      }
      #expect(NIRFile.differences.count == 3)
    }
  }
#endif
