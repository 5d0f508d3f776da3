#if NIR
  import Foundation
  import Networks
  import TestSupport
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
      #expect(NIRFile.differences().count == 3)
    }

    private func network(
      _ bytes: [UInt8], _ options: ReadingOptions = ReadingOptions()
    ) throws -> NetworkFile {
      let folder = try TemporaryFolder()
      return try NetworkFile(path: folder.file(bytes, named: "net.nir"), options: options)
    }

    @Test("what is written is read again, with its quanta of 1")
    func back() throws {
      let read = try network(
        NIRFile.encode(NpzTests.network, metadata: ["producer": "DeepSpikingNetworks 1"]))
      #expect(read.weights == NpzTests.network && read.format == .nir)
      #expect(read.notes.allSatisfy { $0.kind == .faithful })
      for reader in NIRFile.Reader.allCases {
        let file = try NIRFile.encode(
          NpzTests.network, for: reader, metadata: ["producer": "DeepSpikingNetworks 1"])
        let text = String(decoding: file, as: UTF8.self)
        #expect(try network(file).weights == NpzTests.network, "\(reader)")
        #expect(text.contains("v_reset") == (reader != .sinabs), "\(reader)")
      }
      // Of anybody else the neuron must be said; then a spike is worth the threshold, 1/2.
      let other = try NIRFile.encode(NpzTests.network)
      #expect("\(words { try network(other) })".contains("say --nir-reset subtract"))
      let said = try network(other, subtract)
      #expect(
        said.weights.matrices[0].elements == NpzTests.network.matrices[0].elements.map { 2 * $0 })
      #expect(said.notes.contains { $0.kind == .assumed && $0.part.hasSuffix("(IF)") })
    }

    @Test("quanta that are in a graph's weights are not applied once more")
    func quanta() throws {
      let read = try network(
        NIRFile.encode(
          NpzTests.network,
          metadata: ["spike_coding": "{}", "spiking_network": "{}", "note": "a"]), subtract)
      #expect(
        read.metadata["note"] == "a" && read.metadata.keys.allSatisfy { !$0.hasPrefix("spik") })
    }

    @Test(
      "a graph of ours says how many spikes an input of 1 is: inputs are those of the network again"
    )
    func inputScale() throws {
      func read(_ scale: String) throws -> NetworkFile {
        try network(
          NIRFile.encode(
            NpzTests.network,
            metadata: ["producer": "DeepSpikingNetworks 1", NIRFile.inputScale: scale]))
      }
      let halved = NpzTests.network.matrices[0].elements.map { $0 / 2 }
      #expect(try read("0.5").weights.matrices[0].elements == halved)
      #expect(try read("0.5").weights.matrices[1] == NpzTests.network.matrices[1])
      #expect(words { try read("-1") }.contains("input_scale -1"))
    }

    private var subtract: ReadingOptions {
      var options = ReadingOptions()
      options.nirReset = .subtract
      return options
    }

    private func words(_ body: () throws -> NetworkFile) -> String {
      do { return "\(try body().weights)" } catch { return "\(error)" }
    }

    @Test("cut and flipped files are errors or the same kind of network, never more")
    func damage() throws {
      let bytes = try NIRFile.encode(
        NpzTests.network, metadata: ["producer": "DeepSpikingNetworks 1"])
      for length in [0, 3, 8, 100, bytes.count / 2, bytes.count - 1] {
        #expect(throws: (any Error).self) { try network(Array(bytes.prefix(length))) }
      }
      for place in stride(from: 40, to: bytes.count, by: 97) {
        var flipped = bytes
        flipped[place] ^= 0x11
        _ = words { try network(flipped, subtract) }
      }
    }

    @Test(
      "files of the spiking libraries: by their edges, or refused by what stands in the way",
      .enabled(if: folder != nil, "SPIKING_DATA is not given"))
    func libraries() throws {
      // 2-4-3, weights in eighths; what each library wrote is one network.
      let names = [
        "nir-chain-gzip", "nir-chain-order", "sinabs-chain-nir104", "norse-chain",
        "spikingjelly-chain",
      ]
      var networks: [NetworkWeights] = []
      for name in names {
        let bytes = try inflated(name)
        #expect(words { try network(bytes) }.contains("say --nir-reset subtract"), "\(name)")
        networks.append(try network(bytes, subtract).weights)
      }
      for (name, other) in zip(names, networks) {
        #expect(other.topology == networks[0].topology, "\(name)")
        #expect(other.matrices == networks[0].matrices, "\(name)")
      }
      // Several spikes a step, reset by subtraction: 0, 1 and 28 in 20 steps. Rates are the ReLU network's outputs, but
      // for what is left in two layers of potentials.
      var values: [Float] = [1, 0.5]
      for layer in networks[0].layers {
        let (matrix, bias) = (layer.weights.matrix, layer.bias)
        values = (0..<matrix.columns).map { unit in
          let sum = values.indices.reduce(bias?[unit] ?? 0) { $0 + values[$1] * matrix[$1, unit] }
          return max(0, sum)
        }
      }
      #expect(zip(values, [0, 1, 28]).allSatisfy { abs(20 * $0 - Float($1)) <= 3 }, "\(values)")
      #expect(words { try network(inflated("snntorch-leaky-0.75"), subtract) }.contains("it leaks"))
      #expect(
        words { try network(inflated("spikingjelly-conv"), subtract) }.contains("not read yet"))
    }

    private static let folder = ProcessInfo.processInfo.environment["SPIKING_DATA"].map {
      $0 + "/models/nir"
    }

    private func inflated(_ name: String) throws -> [UInt8] {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/gzip")
      process.arguments = ["-dc", Self.folder! + "/" + name + ".nir.gz"]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      return Array(pipe.fileHandleForReading.readDataToEndOfFile())
    }
  }
#endif
